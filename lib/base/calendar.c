/* SPDX-License-Identifier: MIT */
/*
 * calendar.c - days as dates of the Gregorian calendar.
 *
 * Days are counted by Howard Hinnant's algorithm: a year that starts in March has
 * its leap day at its end, so the day of the year needs no table.
 *
 * Layer: base.
 */
#include "base/calendar.h"

#include "base/assert.h"

#define DAYS_PER_ERA     146097 /* 400 years */
#define DAYS_BEFORE_1970 719468 /* since 0000-03-01 */
#define DAYS_PER_WEEK    7
#define THURSDAY         4 /* 1970-01-01 */

int64_t ctr_days_from_date(struct ctr_date date)
{
	int year = date.month <= 2 ? date.year - 1 : date.year;
	int era = (year >= 0 ? year : year - 399) / 400;
	int year_of_era = year - era * 400;
	int month_from_march = (date.month + 9) % 12;
	int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return (int64_t)era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

struct ctr_date ctr_date_from_days(int64_t days)
{
	int64_t from_march = days + DAYS_BEFORE_1970;
	int era = (int)(from_march / DAYS_PER_ERA);
	int day_of_era = (int)(from_march % DAYS_PER_ERA);
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month_from_march = (5 * day_of_year + 2) / 153;

	struct ctr_date date = {
		.day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
		.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
		.year = year_of_era + era * 400,
	};
	if (date.month <= 2)
		date.year++;
	return date;
}

bool ctr_is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int ctr_days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	CTR_ASSERT(month >= 1 && month <= 12);

	return days[month - 1] + (month == 2 && ctr_is_leap_year(year));
}

int ctr_weekday(int64_t days)
{
	int weekday = (int)((days + THURSDAY) % DAYS_PER_WEEK);
	return weekday < 0 ? weekday + DAYS_PER_WEEK : weekday;
}

int64_t ctr_day_of_seconds(int64_t seconds)
{
	int64_t days = seconds / CTR_SECONDS_PER_DAY;
	return seconds % CTR_SECONDS_PER_DAY < 0 ? days - 1 : days;
}
