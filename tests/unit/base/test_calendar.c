/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/calendar.c, against the C library's calendar. */
#include "base/calendar.h"

#include <time.h>

#include "support/suite.h"

static void assert_day(int64_t days)
{
	time_t seconds = (time_t)days * CTR_SECONDS_PER_DAY;
	struct tm tm;
	gmtime_r(&seconds, &tm);

	struct ctr_date date = ctr_date_from_days(days);
	bool is_right = date.year == tm.tm_year + 1900 && date.month == tm.tm_mon + 1 &&
			date.day == tm.tm_mday && ctr_weekday(days) == tm.tm_wday &&
			ctr_days_from_date(date) == days;
	/* One check a day, since each writes to a pipe. */
	ck_assert_msg(is_right, "day %lld is %d-%d-%d", (long long)days, date.year, date.month,
		      date.day);
}

/* 400 years, after which all repeats, and the turns of the years around them. */
START_TEST(every_day_of_a_cycle)
{
	for (int64_t days = -40000; days < 146097 + 40000; days++)
		assert_day(days);
}
END_TEST

START_TEST(months_end_where_the_next_begins)
{
	for (int year = 1600; year < 2400; year++) {
		for (int month = 1; month <= 12; month++) {
			struct ctr_date first = {year, month, 1};
			struct ctr_date next = {year + month / 12, month % 12 + 1, 1};
			ck_assert_int_eq(ctr_days_from_date(next) - ctr_days_from_date(first),
					 ctr_days_in_month(year, month));
		}
	}
	ck_assert(ctr_is_leap_year(2000) && ctr_is_leap_year(2024));
	ck_assert(!ctr_is_leap_year(1900) && !ctr_is_leap_year(2026));
}
END_TEST

START_TEST(seconds_belong_to_the_day_that_began_before_them)
{
	ck_assert_int_eq(ctr_day_of_seconds(0), 0);
	ck_assert_int_eq(ctr_day_of_seconds(86399), 0);
	ck_assert_int_eq(ctr_day_of_seconds(86400), 1);
	ck_assert_int_eq(ctr_day_of_seconds(-1), -1);
	ck_assert_int_eq(ctr_day_of_seconds(-86400), -1);
	ck_assert_int_eq(ctr_day_of_seconds(-86401), -2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tcase = tcase_create("calendar");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_day_of_a_cycle);
	tcase_add_test(tcase, months_end_where_the_next_begins);
	tcase_add_test(tcase, seconds_belong_to_the_day_that_began_before_them);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
