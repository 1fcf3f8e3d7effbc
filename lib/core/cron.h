/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_CRON_H
#define CTR_CORE_CRON_H

/*
 * When something that recurs is due next: the five fields of cron, and "@every".
 *
 * A schedule whose hour field begins with * is meant in real time: it is due whenever the
 * clock on the wall shows one of its times, so twice where a clock is put back, and not at
 * all at what a clock that is put forward leaves out.
 *
 * Any other one names its hours, and each time that it names is met once: at the first
 * instant at which the clock shows it, or has just passed it. What a clock that is put
 * forward leaves out is due at once when it is, and all of it together once; what comes
 * twice is due the first time.
 */

#include "core/zone_time.h"

enum ctr_cron_field {
	CTR_CRON_MINUTE,
	CTR_CRON_HOUR,
	CTR_CRON_DAY,
	CTR_CRON_MONTH,
	CTR_CRON_WEEKDAY,
	CTR_CRON_FIELD_COUNT
};

#define CTR_CRON_SIZE_MAX 256 /* bytes of text */

struct ctr_cron {
	uint64_t values[CTR_CRON_FIELD_COUNT]; /* bit n: the value n; Sunday is 0 */
	bool begins_with_star[CTR_CRON_FIELD_COUNT];
	struct centro_span every; /* of "@every"; 0: the fields hold */
};

/*
 * Five fields, "@daily" and the like, or "@every 1h30m" (at least a second). The text
 * says the field, the value, and what would be right. OK, INVALID or LIMIT.
 */
int ctr_cron_parse(struct centro_bytes expression, struct ctr_cron *ret_cron,
		   struct centro_error_text *text);
/*
 * The first instant behind `after` that is due; CTR_NEVER: none that can be told, which
 * is until the year 2554. All are of the wall clock. `anchor` is what "@every" counts
 * from, whose first instant is one length behind it; else it is not looked at.
 */
struct centro_instant ctr_cron_next(const struct ctr_cron *cron, const struct ctr_zone_time *zone,
				    struct centro_instant anchor, struct centro_instant after);

#endif
