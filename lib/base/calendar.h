/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_CALENDAR_H
#define CTR_BASE_CALENDAR_H

/* The proleptic Gregorian calendar: days as dates, and back. */

#include <stdbool.h>
#include <stdint.h>

#define CTR_SECONDS_PER_DAY 86400

struct ctr_date {
	int year, month, day; /* month and day from 1 */
};

/* Days since 1970-01-01 of a date in the years 0 and up. */
int64_t ctr_days_from_date(struct ctr_date date);
/* The inverse. */
struct ctr_date ctr_date_from_days(int64_t days);
bool ctr_is_leap_year(int year);
/* 28 to 31. `month` is one of 1 to 12. */
int ctr_days_in_month(int year, int month);
/* Of a day since 1970-01-01: Sunday is 0. */
int ctr_weekday(int64_t days);
/* The day of a second since 1970, rounded down also before it. */
int64_t ctr_day_of_seconds(int64_t seconds);

#endif
