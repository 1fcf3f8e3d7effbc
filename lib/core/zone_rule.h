/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_ZONE_RULE_H
#define CTR_CORE_ZONE_RULE_H

/*
 * The rule by which a time zone goes on for ever, as POSIX writes it in TZ and as it
 * stands at the end of a zone file: "CET-1CEST,M3.5.0,M10.5.0/3".
 */

#include <centro/error.h>

/* From `from`, and before `until`, both in seconds since 1970. */
struct ctr_zone_span {
	int64_t from, until; /* INT64_MIN, INT64_MAX: for ever */
	int32_t offset;      /* what local time is ahead of UTC, in seconds */
};

enum ctr_zone_day_kind {
	CTR_ZONE_DAY_OF_YEAR,  /* n: 0 to 365 */
	CTR_ZONE_DAY_NO_LEAP,  /* Jn: 1 to 365, and never the 29th of February */
	CTR_ZONE_DAY_OF_MONTH, /* Mm.w.d: the w-th d of the month, the fifth being the last */
};

/* When in a year the clock is changed, by the clock as it was before. */
struct ctr_zone_day {
	enum ctr_zone_day_kind kind;
	int month, week, day;
	int32_t seconds; /* from midnight; a week each way */
};

struct ctr_zone_rule {
	int32_t standard, daylight; /* ahead of UTC, in seconds */
	bool has_daylight;
	struct ctr_zone_day start, end; /* of daylight time */
};

#define CTR_ZONE_OFFSET_MIN (-89999) /* RFC 9636, section 3.2 */
#define CTR_ZONE_OFFSET_MAX 93599

/* With the hours of version 3 and up, -167 to 167. OK or CORRUPT. */
int ctr_zone_rule_parse(struct centro_bytes tz, struct ctr_zone_rule *ret_rule,
			struct centro_error_text *text);
/* The span that `utc` is in. `utc`: any second of the years 1 to 9999. */
struct ctr_zone_span ctr_zone_rule_at(const struct ctr_zone_rule *rule, int64_t utc);

#endif
