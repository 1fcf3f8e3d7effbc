/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_METER_H
#define CTR_SIM_WHATIF_METER_H

/*
 * What a cluster's resources did over time: sums for the whole run, and a series
 * of stretches of equal length, whose number is bounded however long it takes.
 */

#include "sim/whatif/driver.h"

#define CTR_METER_STRETCHES_MAX 512 /* even */

/* Amounts times nanoseconds. */
typedef unsigned __int128 ctr_area;

struct ctr_stretch {
	ctr_area used[CTR_METER_COUNT];
	ctr_area waiting;
	uint64_t waiting_max;
};

struct ctr_meter {
	uint64_t begin_ns, now_ns;
	uint64_t capacity[CTR_METER_COUNT], used[CTR_METER_COUNT];
	uint64_t waiting, waiting_max;
	ctr_area used_area[CTR_METER_COUNT];
	ctr_area lost_area[CTR_METER_COUNT]; /* free while something waited */
	uint64_t width_ns;                   /* of a stretch; doubles when there are too many */
	size_t count;                        /* of the stretches that have begun */
	struct ctr_stretch stretches[CTR_METER_STRETCHES_MAX];
};

void ctr_meter_init(struct ctr_meter *meter, uint64_t begin_ns,
		    const uint64_t capacity[CTR_METER_COUNT]);
/* Up to now all was as it is. */
void ctr_meter_advance(struct ctr_meter *meter, uint64_t now_ns);
/* After all that happens at one instant. */
void ctr_meter_note_waiting(struct ctr_meter *meter);
void ctr_meter_take(struct ctr_meter *meter, const uint64_t amount[CTR_METER_COUNT]);
void ctr_meter_give(struct ctr_meter *meter, const uint64_t amount[CTR_METER_COUNT]);

/* area / (amount * ns) in millionths, rounded down; 0 when there is nothing to divide by. */
uint64_t ctr_area_ppm(ctr_area area, uint64_t amount, uint64_t ns);

#endif
