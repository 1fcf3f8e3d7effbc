/* SPDX-License-Identifier: MIT */
/*
 * cron.c - which instant is due next.
 *
 * Between two changes of its offset a zone's clock runs evenly, so the next time that the
 * fields name is sought on that clock: by days first, then within one. Where the clock is
 * changed, the search goes on with the clock that follows, from where the one before had
 * come to (hours that are named) or from what it shows (real time).
 *
 * Work is bounded: the search ends with the last day that an instant can tell, and a
 * change begins it anew only when it is put before what was found or searched.
 *
 * Layer: core.
 */
#include "core/cron.h"

#include "base/assert.h"
#include "base/calendar.h"
#include "base/time.h"

#define SECONDS_PER_MINUTE 60
#define MINUTES_PER_HOUR   60
#define HOURS_PER_DAY      24
#define SECONDS_LAST       ((int64_t)(UINT64_MAX / CTR_NS_PER_SEC)) /* in the year 2554 */
#define DAY_LAST           (SECONDS_LAST / CTR_SECONDS_PER_DAY + 2) /* on any clock */

static bool has(const struct ctr_cron *cron, enum ctr_cron_field field, int value)
{
	return (cron->values[field] >> value & 1) != 0;
}

/* Of two days that are both restricted, either will do. */
static bool is_on_day(const struct ctr_cron *cron, int day, int64_t days)
{
	bool of_month = has(cron, CTR_CRON_DAY, day);
	bool of_week = has(cron, CTR_CRON_WEEKDAY, ctr_weekday(days));
	if (cron->begins_with_star[CTR_CRON_DAY] || cron->begins_with_star[CTR_CRON_WEEKDAY])
		return of_month && of_week;
	return of_month || of_week;
}

/* The first day from `days` on. False: none up to DAY_LAST. */
static bool find_day(const struct ctr_cron *cron, int64_t days, int64_t *ret_days)
{
	struct ctr_date date = ctr_date_from_days(days);
	while (days <= DAY_LAST) {
		int length = ctr_days_in_month(date.year, date.month);
		for (; has(cron, CTR_CRON_MONTH, date.month) && date.day <= length; date.day++) {
			if (is_on_day(cron, date.day, days)) {
				*ret_days = days;
				return true;
			}
			days++;
		}
		days += length - date.day + 1;
		date = (struct ctr_date){date.year + date.month / 12, date.month % 12 + 1, 1};
	}
	return false;
}

/* The first minute of a day from `minute` on; -1: none. */
static int find_minute(const struct ctr_cron *cron, int minute)
{
	int first = minute % MINUTES_PER_HOUR;
	for (int hour = minute / MINUTES_PER_HOUR; hour < HOURS_PER_DAY; hour++, first = 0) {
		uint64_t left = cron->values[CTR_CRON_MINUTE] >> first;
		if (left != 0 && has(cron, CTR_CRON_HOUR, hour))
			return hour * MINUTES_PER_HOUR + first + __builtin_ctzll(left);
	}
	return -1;
}

/* The first second of a clock from `clock` on. False: none up to DAY_LAST. */
static bool find_time(const struct ctr_cron *cron, int64_t clock, int64_t *ret_clock)
{
	int64_t today = ctr_day_of_seconds(clock), days;
	int second = (int)(clock - today * CTR_SECONDS_PER_DAY);
	int minute = (second + SECONDS_PER_MINUTE - 1) / SECONDS_PER_MINUTE;
	if (!find_day(cron, today, &days))
		return false;
	int found = find_minute(cron, days == today ? minute : 0);
	if (found < 0) {
		if (!find_day(cron, days + 1, &days))
			return false;
		found = find_minute(cron, 0);
	}
	CTR_ASSERT(found >= 0);
	*ret_clock = days * CTR_SECONDS_PER_DAY + (int64_t)found * SECONDS_PER_MINUTE;
	return true;
}

/* A clock that is followed from one change to the next. */
struct walk {
	const struct ctr_cron *cron;
	const struct ctr_zone_time *zone;
	struct ctr_zone_span span;
	int64_t searched, found; /* on the clock: no time is due between them */
};

/* Seek on from `clock`, unless what is known says it already. */
static bool seek(struct walk *walk, int64_t clock)
{
	if (clock >= walk->searched && clock <= walk->found)
		return true;
	walk->searched = clock;
	return find_time(walk->cron, clock, &walk->found);
}

static bool is_real_time(const struct ctr_cron *cron)
{
	return cron->begins_with_star[CTR_CRON_HOUR];
}

/* From where on the clock the times of the span are due that begins with a change. */
static int64_t clock_after_change(const struct walk *walk, int32_t offset_before)
{
	return walk->span.from + (is_real_time(walk->cron) ? walk->span.offset : offset_before);
}

/* The same for a span that `utc` is in. Changes before 1970 are over. */
static int64_t clock_within(const struct walk *walk, int64_t utc)
{
	int64_t clock = utc + walk->span.offset;
	if (walk->span.from <= 0)
		return clock;
	int32_t before = ctr_zone_time_at(walk->zone, walk->span.from - 1).offset;
	int64_t begin = clock_after_change(walk, before);
	return utc == walk->span.from || begin > clock ? begin : clock;
}

/* The first second from `utc` on. */
static bool find_instant(struct walk *walk, int64_t utc, int64_t *ret_utc)
{
	walk->span = ctr_zone_time_at(walk->zone, utc);
	bool is_found = seek(walk, clock_within(walk, utc));
	while (is_found) {
		/* What the clock left out is due when it was changed. */
		int64_t due = walk->found - walk->span.offset;
		if (due < walk->span.from)
			due = walk->span.from;
		if (due > SECONDS_LAST)
			return false;
		if (due < walk->span.until) {
			*ret_utc = due;
			return true;
		}
		int32_t before = walk->span.offset;
		walk->span = ctr_zone_time_at(walk->zone, walk->span.until);
		is_found = seek(walk, clock_after_change(walk, before));
	}
	return false;
}

static struct centro_instant next_multiple(struct centro_span every, struct centro_instant anchor,
					   struct centro_instant after)
{
	uint64_t passed = ctr_between(anchor, after).ns;
	uint64_t rest = every.ns - passed % every.ns;
	return ctr_after(after.ns > anchor.ns ? after : anchor, (struct centro_span){rest});
}

struct centro_instant ctr_cron_next(const struct ctr_cron *cron, const struct ctr_zone_time *zone,
				    struct centro_instant anchor, struct centro_instant after)
{
	if (cron->every.ns > 0)
		return next_multiple(cron->every, anchor, after);

	struct walk walk = {.cron = cron, .zone = zone, .searched = 1};
	int64_t utc = (int64_t)(after.ns / CTR_NS_PER_SEC) + 1;
	if (!find_instant(&walk, utc, &utc))
		return CTR_NEVER;
	return (struct centro_instant){(uint64_t)utc * CTR_NS_PER_SEC};
}
