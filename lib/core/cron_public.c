/* SPDX-License-Identifier: MIT */
/*
 * cron_public.c - centro/cron.h: schedules and zones for those outside.
 *
 * Both are read anew in each call, which takes microseconds, so there is nothing to own.
 *
 * Layer: core.
 */
#include <centro/cron.h>

#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/cron.h"

static int parse_zone(struct centro_bytes tzif, struct ctr_zone_time *ret_zone,
		      struct centro_error_text *text)
{
	if (tzif.size > 0)
		return ctr_zone_time_parse(tzif, ret_zone, text);
	*ret_zone = CTR_ZONE_UTC;
	return CENTRO_OK;
}

int centro_cron_next(const char *expression, struct centro_bytes zone, struct centro_instant anchor,
		     struct centro_instant after, struct centro_instant *ret_next,
		     struct centro_error_text *text)
{
	struct ctr_cron cron;
	struct ctr_zone_time parsed;
	int error = ctr_cron_parse(ctr_bytes_str(expression), &cron, text);
	if (error == CENTRO_OK)
		error = parse_zone(zone, &parsed, text);
	if (error != CENTRO_OK)
		return error;

	struct centro_instant next = ctr_cron_next(&cron, &parsed, anchor, after);
	if (next.ns == CTR_NEVER.ns)
		return ctr_error(text, CENTRO_ERR_NOT_FOUND,
				 "there is no such time, or none before the year 2554");
	*ret_next = next;
	return CENTRO_OK;
}

int centro_zone_offset(struct centro_bytes zone, struct centro_instant at, int32_t *ret_offset_s,
		       struct centro_error_text *text)
{
	struct ctr_zone_time parsed;
	int error = parse_zone(zone, &parsed, text);
	if (error != CENTRO_OK)
		return error;
	*ret_offset_s = ctr_zone_time_at(&parsed, (int64_t)(at.ns / CTR_NS_PER_SEC)).offset;
	return CENTRO_OK;
}
