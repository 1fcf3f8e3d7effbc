/* SPDX-License-Identifier: MIT */
/*
 * zone_rule.c - daylight-saving time by a rule, year after year.
 *
 * A change is reckoned in local time, so one that a rule gives to a year may lie up to a
 * week outside of it, and in a zone that is always ahead the end of one year's daylight
 * time is the start of the next one's. Therefore the changes of three years are laid side
 * by side, and the last one that is not after the instant counts; of two at once, the
 * later year's.
 *
 * Layer: core.
 */
#include "core/zone_rule.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/calendar.h"
#include "base/str.h"
#include "core/show.h"

#define NAME_SIZE_MIN     3
#define RULE_HOURS_MAX    167
#define OFFSET_HOURS_MAX  24
#define DAYS_PER_WEEK     7
#define DAYS_BEFORE_MARCH 59
#define CHANGE_DEFAULT    (2 * 3600)
#define UTC_SECONDS_MIN   INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define UTC_SECONDS_MAX   INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* ---- reading ---- */

static bool take_char(struct centro_bytes *tz, char c)
{
	if (tz->size == 0 || tz->data[0] != (uint8_t)c)
		return false;
	*tz = ctr_bytes(tz->data + 1, tz->size - 1);
	return true;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One to three digits. */
static bool take_number(struct centro_bytes *tz, int min, int max, int *ret_number)
{
	int number = 0;
	size_t size = 0;
	while (size < tz->size && size < 3 && is_digit(tz->data[size]))
		number = number * 10 + (tz->data[size++] - '0');
	if (size == 0 || number < min || number > max)
		return false;
	*tz = ctr_bytes(tz->data + size, tz->size - size);
	*ret_number = number;
	return true;
}

/* "CET" or "<+0530>". Nobody is shown it, so it is only passed over. */
static bool take_name(struct centro_bytes *tz)
{
	bool is_quoted = take_char(tz, '<');
	size_t size = 0;
	while (size < tz->size && (is_letter(tz->data[size]) ||
				   (is_quoted && (is_digit(tz->data[size]) ||
						  tz->data[size] == '+' || tz->data[size] == '-'))))
		size++;
	*tz = ctr_bytes(tz->data + size, tz->size - size);
	return size >= NAME_SIZE_MIN && (!is_quoted || take_char(tz, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_clock(struct centro_bytes *tz, int hours_max, int32_t *ret_seconds)
{
	bool is_negative = take_char(tz, '-');
	int hours, minutes = 0, seconds = 0;
	if (!is_negative)
		take_char(tz, '+');
	if (!take_number(tz, 0, hours_max, &hours))
		return false;
	if (take_char(tz, ':')) {
		if (!take_number(tz, 0, 59, &minutes))
			return false;
		if (take_char(tz, ':') && !take_number(tz, 0, 59, &seconds))
			return false;
	}
	int32_t total = hours * 3600 + minutes * 60 + seconds;
	*ret_seconds = is_negative ? -total : total;
	return true;
}

/* POSIX counts what is to be added to local time: the other way round. */
static bool take_offset(struct centro_bytes *tz, int32_t *ret_offset)
{
	int32_t behind;
	if (!take_clock(tz, OFFSET_HOURS_MAX, &behind))
		return false;
	*ret_offset = -behind;
	return *ret_offset >= CTR_ZONE_OFFSET_MIN && *ret_offset <= CTR_ZONE_OFFSET_MAX;
}

static bool take_month_day(struct centro_bytes *tz, struct ctr_zone_day *day)
{
	return take_number(tz, 1, 12, &day->month) && take_char(tz, '.') &&
	       take_number(tz, 1, 5, &day->week) && take_char(tz, '.') &&
	       take_number(tz, 0, 6, &day->day);
}

/* ",date[/time]" */
static bool take_day(struct centro_bytes *tz, struct ctr_zone_day *ret_day)
{
	struct ctr_zone_day day = {.seconds = CHANGE_DEFAULT};
	bool ok = take_char(tz, ',');
	if (ok && take_char(tz, 'M')) {
		day.kind = CTR_ZONE_DAY_OF_MONTH;
		ok = take_month_day(tz, &day);
	} else if (ok && take_char(tz, 'J')) {
		day.kind = CTR_ZONE_DAY_NO_LEAP;
		ok = take_number(tz, 1, 365, &day.day);
	} else if (ok) {
		day.kind = CTR_ZONE_DAY_OF_YEAR;
		ok = take_number(tz, 0, 365, &day.day);
	}
	if (ok && take_char(tz, '/'))
		ok = take_clock(tz, RULE_HOURS_MAX, &day.seconds);
	if (ok)
		*ret_day = day;
	return ok;
}

/* What follows the name of standard time and its offset, if anything does. */
static bool take_daylight(struct centro_bytes *tz, struct ctr_zone_rule *rule)
{
	if (tz->size == 0)
		return true;
	rule->has_daylight = true;
	rule->daylight = rule->standard + 3600;
	if (!take_name(tz))
		return false;
	if (tz->size > 0 && tz->data[0] != ',' && !take_offset(tz, &rule->daylight))
		return false;
	return take_day(tz, &rule->start) && take_day(tz, &rule->end) && tz->size == 0;
}

int ctr_zone_rule_parse(struct centro_bytes tz, struct ctr_zone_rule *ret_rule,
			struct centro_error_text *text)
{
	struct ctr_zone_rule rule = {0};
	struct centro_bytes rest = tz;
	if (!take_name(&rest) || !take_offset(&rest, &rule.standard) ||
	    !take_daylight(&rest, &rule))
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "%s is no rule for a time zone; one is CET-1CEST,M3.5.0,M10.5.0/3",
				 ctr_show(tz).text);
	*ret_rule = rule;
	return CENTRO_OK;
}

/* ---- reckoning ---- */

static int64_t day_of_month_rule(const struct ctr_zone_day *day, int year)
{
	struct ctr_date date = {year, day->month, 1};
	int64_t first = ctr_days_from_date(date);
	int ahead = (day->day - ctr_weekday(first) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
	ahead += (day->week - 1) * DAYS_PER_WEEK;
	while (ahead >= ctr_days_in_month(year, day->month))
		ahead -= DAYS_PER_WEEK;
	return first + ahead;
}

static int64_t day_of_rule(const struct ctr_zone_day *day, int year)
{
	if (day->kind == CTR_ZONE_DAY_OF_MONTH)
		return day_of_month_rule(day, year);

	int64_t first = ctr_days_from_date((struct ctr_date){year, 1, 1});
	if (day->kind == CTR_ZONE_DAY_OF_YEAR)
		return first + day->day;
	bool is_behind_leap_day = day->day > DAYS_BEFORE_MARCH && ctr_is_leap_year(year);
	return first + day->day - 1 + is_behind_leap_day;
}

/* In seconds since 1970. `offset`: of the clock that is changed. */
static int64_t change_at(const struct ctr_zone_day *day, int year, int32_t offset)
{
	return day_of_rule(day, year) * CTR_SECONDS_PER_DAY + day->seconds - offset;
}

/* A change at `at`: it narrows the span that `utc` is in on one side. */
static void narrow(struct ctr_zone_span *span, int64_t utc, int64_t at, int32_t offset)
{
	if (at > utc) {
		if (at < span->until)
			span->until = at;
	} else if (at >= span->from) {
		span->from = at;
		span->offset = offset;
	}
}

struct ctr_zone_span ctr_zone_rule_at(const struct ctr_zone_rule *rule, int64_t utc)
{
	CTR_ASSERT(utc >= UTC_SECONDS_MIN && utc <= UTC_SECONDS_MAX);

	struct ctr_zone_span span = {INT64_MIN, INT64_MAX, rule->standard};
	if (!rule->has_daylight)
		return span;
	int year = ctr_date_from_days(ctr_day_of_seconds(utc)).year;
	for (int y = year - 1; y <= year + 1; y++) {
		narrow(&span, utc, change_at(&rule->start, y, rule->standard), rule->daylight);
		narrow(&span, utc, change_at(&rule->end, y, rule->daylight), rule->standard);
	}
	return span;
}
