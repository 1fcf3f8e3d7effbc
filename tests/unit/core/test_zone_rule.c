/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/zone_rule.c. */
#include "core/zone_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/suite.h"

#define SECONDS_PER_YEAR 31556952

static struct ctr_zone_rule parse(const char *tz)
{
	struct ctr_zone_rule rule;
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_zone_rule_parse(ctr_bytes_str(tz), &rule, &text) == CENTRO_OK, "%s",
		      text.text);
	return rule;
}

static void assert_refused(const char *tz)
{
	struct ctr_zone_rule rule;
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_zone_rule_parse(ctr_bytes_str(tz), &rule, &text) == CENTRO_ERR_CORRUPT,
		      "%s is taken", tz);
	ck_assert_str_ne(text.text, "");
}

START_TEST(central_europe)
{
	struct ctr_zone_rule rule = parse("CET-1CEST,M3.5.0,M10.5.0/3");
	ck_assert_int_eq(rule.standard, 3600);
	ck_assert_int_eq(rule.daylight, 7200);
	ck_assert(rule.has_daylight);

	/* 2026: from 29 March to 25 October, both at 01:00 UTC. */
	struct ctr_zone_span span = ctr_zone_rule_at(&rule, 1780000000);
	ck_assert_int_eq(span.from, 1774746000);
	ck_assert_int_eq(span.until, 1792890000);
	ck_assert_int_eq(span.offset, 7200);
	ck_assert_int_eq(ctr_zone_rule_at(&rule, 1774745999).offset, 3600);
	ck_assert_int_eq(ctr_zone_rule_at(&rule, 1774746000).offset, 7200);
	ck_assert_int_eq(ctr_zone_rule_at(&rule, 1792889999).offset, 7200);
	ck_assert_int_eq(ctr_zone_rule_at(&rule, 1792890000).offset, 3600);
}
END_TEST

START_TEST(without_daylight_time_for_ever)
{
	struct ctr_zone_rule rule = parse("<+0545>-5:45");
	struct ctr_zone_span span = ctr_zone_rule_at(&rule, 0);
	ck_assert_int_eq(span.offset, 20700);
	ck_assert(span.from == INT64_MIN && span.until == INT64_MAX);
}
END_TEST

/* RFC 9636, section 3.3.1: daylight time all year. */
START_TEST(daylight_time_all_year)
{
	struct ctr_zone_rule rule = parse("XXX3EDT4,0/0,J365/23");
	for (int64_t utc = 0; utc < INT64_C(3000) * 86400; utc += 3 * 3600)
		ck_assert_int_eq(ctr_zone_rule_at(&rule, utc).offset, -4 * 3600);
}
END_TEST

/* Any second of any year is within its span, and spans follow one another. */
START_TEST(spans_have_no_holes)
{
	struct ctr_zone_rule rule = parse("AAA+5BBB,M1.1.1/-167,M12.5.6/167");
	struct ctr_zone_span span = ctr_zone_rule_at(&rule, 0);
	for (int i = 0; i < 2000; i++) {
		struct ctr_zone_span next = ctr_zone_rule_at(&rule, span.until);
		ck_assert_int_eq(next.from, span.until);
		ck_assert_int_lt(next.from, next.until);
		ck_assert_int_ne(next.offset, span.offset);
		ck_assert_int_eq(ctr_zone_rule_at(&rule, next.until - 1).from, next.from);
		span = next;
	}
}
END_TEST

/* The C library reads the same text. */
static void assert_as_libc(const char *tz, uint64_t seed)
{
	struct ctr_zone_rule rule = parse(tz);
	struct ctr_prng prng;
	ctr_prng_init(&prng, seed);
	setenv("TZ", tz, 1);
	tzset();
	for (int i = 0; i < 4000; i++) {
		time_t utc = (time_t)ctr_prng_below(&prng, (uint64_t)SECONDS_PER_YEAR * 580);
		/* And at the very edges. */
		struct ctr_zone_span span = ctr_zone_rule_at(&rule, utc);
		if (i % 2 == 0 && rule.has_daylight)
			utc = (time_t)span.until - (i % 4 == 0);
		struct tm tm;
		localtime_r(&utc, &tm);
		ck_assert_msg(ctr_zone_rule_at(&rule, utc).offset == tm.tm_gmtoff, "%s at %lld", tz,
			      (long long)utc);
	}
}

START_TEST(as_the_c_library_has_it)
{
	static const char *const rules[] = {
		"CET-1CEST,M3.5.0,M10.5.0/3",           "EST5EDT,M3.2.0,M11.1.0",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* half an hour, and in the south */
		"IST-1GMT0,M10.5.0,M3.5.0/1",           /* less in winter */
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0",      "EET-2EEST,M3.4.4/50,M10.4.4/50",
		"AAA3BBB,J60/2,J300/3:30:15",           "AAA3BBB,59/2,299/3",
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		assert_as_libc(rules[i], i);
}
END_TEST

START_TEST(what_is_no_rule)
{
	static const char *const wrong[] = {
		"",
		"CE-1",
		"CET",
		"<+05-5",
		"<>-5",
		"CET-1CEST", /* when? Every system has its own idea of that. */
		"CET-25",
		"CET-1:60",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,J0,J365",
		"CET-1CEST,J1,J366",
		"CET-1CEST,0,366",
		"CET-1CEST,M3.5.0/168,M10.5.0/3",
		"CET-1CEST,M3.5.0,M10.5.0/3 ",
		"CET-1CEST,M3.5.0,M10.5.0/3,",
		"\x1b[2J",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone_rule");
	TCase *tcase = tcase_create("zone_rule");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, central_europe);
	tcase_add_test(tcase, without_daylight_time_for_ever);
	tcase_add_test(tcase, daylight_time_all_year);
	tcase_add_test(tcase, spans_have_no_holes);
	tcase_add_test(tcase, as_the_c_library_has_it);
	tcase_add_test(tcase, what_is_no_rule);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
