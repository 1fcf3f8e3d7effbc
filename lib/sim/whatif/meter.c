/* SPDX-License-Identifier: MIT */
/*
 * meter.c - amounts over time, summed up.
 *
 * Invariant: the stretches cover the time from `begin_ns` to `now_ns` without a
 * gap; each but the last is `width_ns` long.
 *
 * Layer: sim.
 */
#include "sim/whatif/meter.h"

#include "base/assert.h"
#include "base/time.h"

#define PPM 1000000

void ctr_meter_init(struct ctr_meter *meter, uint64_t begin_ns,
		    const uint64_t capacity[CTR_METER_COUNT])
{
	*meter = (struct ctr_meter){
		.begin_ns = begin_ns,
		.now_ns = begin_ns,
		.width_ns = CTR_NS_PER_SEC,
	};
	for (size_t i = 0; i < CTR_METER_COUNT; i++)
		meter->capacity[i] = capacity[i];
}

static void merge(struct ctr_stretch *to, const struct ctr_stretch *more)
{
	for (size_t i = 0; i < CTR_METER_COUNT; i++)
		to->used[i] += more->used[i];
	to->waiting += more->waiting;
	if (to->waiting_max < more->waiting_max)
		to->waiting_max = more->waiting_max;
}

/* Two stretches become one. */
static void double_width(struct ctr_meter *meter)
{
	for (size_t i = 0; i < CTR_METER_STRETCHES_MAX / 2; i++) {
		struct ctr_stretch both = meter->stretches[2 * i];
		merge(&both, &meter->stretches[2 * i + 1]);
		meter->stretches[i] = both;
	}
	for (size_t i = CTR_METER_STRETCHES_MAX / 2; i < CTR_METER_STRETCHES_MAX; i++)
		meter->stretches[i] = (struct ctr_stretch){0};
	meter->width_ns *= 2;
	meter->count = (meter->count + 1) / 2;
}

static void add(struct ctr_meter *meter, struct ctr_stretch *stretch, uint64_t ns)
{
	struct ctr_stretch more = {.waiting = (ctr_area)meter->waiting * ns,
				   .waiting_max = meter->waiting};
	for (size_t i = 0; i < CTR_METER_COUNT; i++) {
		more.used[i] = (ctr_area)meter->used[i] * ns;
		meter->used_area[i] += more.used[i];
		if (meter->waiting > 0)
			meter->lost_area[i] += (ctr_area)(meter->capacity[i] - meter->used[i]) * ns;
	}
	merge(stretch, &more);
}

void ctr_meter_advance(struct ctr_meter *meter, uint64_t now_ns)
{
	CTR_ASSERT(now_ns >= meter->now_ns);
	CTR_ASSERT(now_ns <= INT64_MAX); /* so that no width below overflows */

	uint64_t end = now_ns - meter->begin_ns;
	while (end > meter->width_ns * CTR_METER_STRETCHES_MAX)
		double_width(meter);
	for (uint64_t at = meter->now_ns - meter->begin_ns; at < end;) {
		size_t index = at / meter->width_ns;
		uint64_t next = (index + 1) * meter->width_ns;
		next = next < end ? next : end;
		add(meter, &meter->stretches[index], next - at);
		meter->count = index + 1;
		at = next;
	}
	meter->now_ns = now_ns;
}

void ctr_meter_note_waiting(struct ctr_meter *meter)
{
	if (meter->waiting_max < meter->waiting)
		meter->waiting_max = meter->waiting;
}

void ctr_meter_take(struct ctr_meter *meter, const uint64_t amount[CTR_METER_COUNT])
{
	for (size_t i = 0; i < CTR_METER_COUNT; i++) {
		CTR_ASSERT(amount[i] <= meter->capacity[i] - meter->used[i]);
		meter->used[i] += amount[i];
	}
}

void ctr_meter_give(struct ctr_meter *meter, const uint64_t amount[CTR_METER_COUNT])
{
	for (size_t i = 0; i < CTR_METER_COUNT; i++) {
		CTR_ASSERT(amount[i] <= meter->used[i]);
		meter->used[i] -= amount[i];
	}
}

uint64_t ctr_area_ppm(ctr_area area, uint64_t amount, uint64_t ns)
{
	ctr_area whole = (ctr_area)amount * ns;
	/* What is cut off does not reach a millionth of what is left. */
	while (area >> 100) {
		area >>= 1;
		whole >>= 1;
	}
	return whole > 0 ? (uint64_t)(area * PPM / whole) : 0;
}
