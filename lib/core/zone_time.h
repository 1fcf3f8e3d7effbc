/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_ZONE_TIME_H
#define CTR_CORE_ZONE_TIME_H

/*
 * Time zones, out of the bytes of a zone file: TZif, versions 1 to 4 (RFC 9636). What is
 * read is a view: nothing is copied, and the bytes must outlive it.
 */

#include "core/zone_rule.h"

/* More than twice what any zone has; what a search over changes costs is bounded by it. */
#define CTR_ZONE_CHANGES_MAX 1024

struct ctr_zone_time {
	const uint8_t *times;   /* of the changes, ascending, big-endian */
	const uint8_t *indexes; /* of each change: which type begins */
	const uint8_t *types;   /* offset, is it daylight time, name: six bytes each */
	uint32_t change_count, type_count;
	uint8_t time_size; /* 4 or 8 bytes */
	bool has_rule;     /* what holds from the last change on */
	struct ctr_zone_rule rule;
};

/* Without changes, types and rule. */
#define CTR_ZONE_UTC ((struct ctr_zone_time){0})

/*
 * Safe for any bytes. `tzif` is borrowed for as long as the zone is used.
 *
 * CORRUPT: it is no such file, or does not make sense. LIMIT: it has more changes than
 * CTR_ZONE_CHANGES_MAX. VERSION: newer than version 4. INVALID: it counts leap seconds
 * ("right/..."), which the clock of a computer does not.
 */
int ctr_zone_time_parse(struct centro_bytes tzif, struct ctr_zone_time *ret_zone,
			struct centro_error_text *text);
/* The span of one offset that `utc` is in. `utc`: any second of the years 1 to 9999. */
struct ctr_zone_span ctr_zone_time_at(const struct ctr_zone_time *zone, int64_t utc);

#endif
