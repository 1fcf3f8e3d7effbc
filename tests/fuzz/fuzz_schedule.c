/* SPDX-License-Identifier: MIT */
/*
 * fuzz_schedule.c - cron expressions and zone files, of anybody.
 *
 *	1 byte   the expression's size
 *	         the expression
 *	8 bytes  when (modulo the instants that there are)
 *	         the zone file
 *
 * What is refused is refused with a text. What is taken goes on, and on: each time is
 * behind the one before, within the span that its zone has there, and the next one also
 * for who asks just before it.
 */
#include "fuzz.h"

#include "base/time.h"
#include "core/cron.h"

#define TIMES_MAX 20
#define SPANS_MAX 50
#define UTC_MAX   ((int64_t)(UINT64_MAX / CTR_NS_PER_SEC))

static bool parse_cron(struct centro_bytes expression, struct ctr_cron *cron)
{
	struct centro_error_text why = {""};
	if (ctr_cron_parse(expression, cron, &why) == CENTRO_OK)
		return true;
	ck_assert_str_ne(why.text, "");
	ck_assert(ctr_utf8_is_valid(ctr_bytes_str(why.text)));
	return false;
}

/* UTC, when it is no zone. */
static struct ctr_zone_time parse_zone(struct centro_bytes file)
{
	struct ctr_zone_time zone;
	struct centro_error_text why = {""};
	if (ctr_zone_time_parse(file, &zone, &why) == CENTRO_OK)
		return zone;
	ck_assert_str_ne(why.text, "");
	return CTR_ZONE_UTC;
}

/* Spans have no holes between them. */
static void walk_spans(const struct ctr_zone_time *zone, int64_t utc)
{
	struct ctr_zone_span span = ctr_zone_time_at(zone, utc);
	for (int i = 0; i < SPANS_MAX && span.until <= UTC_MAX; i++) {
		struct ctr_zone_span next = ctr_zone_time_at(zone, span.until);
		ck_assert_int_eq(next.from, span.until);
		ck_assert_int_lt(next.from, next.until);
		ck_assert_int_ge(next.offset, CTR_ZONE_OFFSET_MIN);
		ck_assert_int_le(next.offset, CTR_ZONE_OFFSET_MAX);
		span = next;
	}
}

static void walk_times(const struct ctr_cron *cron, const struct ctr_zone_time *zone,
		       struct centro_instant anchor)
{
	struct centro_instant at = anchor;
	for (int i = 0; i < TIMES_MAX; i++) {
		struct centro_instant next = ctr_cron_next(cron, zone, anchor, at), again;
		if (next.ns == CTR_NEVER.ns)
			return;
		ck_assert_uint_gt(next.ns, at.ns);
		again = ctr_cron_next(cron, zone, anchor, (struct centro_instant){next.ns - 1});
		ck_assert_uint_eq(again.ns, next.ns);
		at = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct centro_bytes expression = fuzz_take(&input, fuzz_u8(&input));
	struct centro_instant when = {fuzz_uint(&input, 8)};
	struct ctr_zone_time zone = parse_zone(fuzz_take(&input, input.size));
	struct ctr_cron cron;
	walk_spans(&zone, (int64_t)(when.ns / CTR_NS_PER_SEC));
	if (parse_cron(expression, &cron))
		walk_times(&cron, &zone, when);
	return 0;
}
