/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/cron.c. */
#include "core/cron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/prng.h"
#include "base/str.h"
#include "base/time.h"
#include "support/suite.h"
#include "zone_file.h"

static struct ctr_cron parse(const char *expression)
{
	struct ctr_cron cron;
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_cron_parse(ctr_bytes_str(expression), &cron, &text) == CENTRO_OK,
		      "%s: %s", expression, text.text);
	return cron;
}

static struct centro_instant instant(const char *text)
{
	int64_t seconds;
	int32_t nanos;
	ck_assert_msg(ctr_time_parse(ctr_bytes_str(text), &seconds, &nanos), "%s", text);
	return (struct centro_instant){(uint64_t)seconds * CTR_NS_PER_SEC + (uint64_t)nanos};
}

/* `times`: the first is `after`, and each of the others is the next one. Ends with NULL. */
static void assert_times(const char *name, const char *expression, const char *const *times)
{
	struct ctr_buf file;
	struct ctr_zone_time zone = zone_file_parse(name, &file);
	struct ctr_cron cron = parse(expression);
	struct centro_instant at = instant(times[0]);
	for (size_t i = 1; times[i]; i++) {
		struct centro_instant next =
			ctr_cron_next(&cron, &zone, (struct centro_instant){0}, at);
		ck_assert_msg(next.ns == instant(times[i]).ns, "%s: %llu s after %s, and not %s",
			      expression, (unsigned long long)((next.ns - at.ns) / CTR_NS_PER_SEC),
			      times[i - 1], times[i]);
		at = next;
	}
	ctr_buf_fini(&file);
}

#define ASSERT_TIMES(zone, expression, ...) \
	assert_times(zone, expression, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(plain_times)
{
	ASSERT_TIMES("UTC", "30 6 * * *", "2026-11-24T06:29:59Z", "2026-11-24T06:30:00Z",
		     "2026-11-25T06:30:00Z");
	ASSERT_TIMES("UTC", "*/15 * * * *", "2026-12-31T23:30:00Z", "2026-12-31T23:45:00Z",
		     "2027-01-01T00:00:00Z", "2027-01-01T00:15:00Z");
	ASSERT_TIMES("UTC", "0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z",
		     "2026-05-31T00:00:00Z");
	ASSERT_TIMES("UTC", "59 23 * * sun", "2026-11-24T00:00:00Z", "2026-11-29T23:59:00Z");
	ASSERT_TIMES("UTC", "0 12 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T12:00:00Z",
		     "2032-02-29T12:00:00Z");
	ASSERT_TIMES("UTC", "0 12 29 feb *", "2096-03-01T00:00:00Z", "2104-02-29T12:00:00Z");
	ASSERT_TIMES("Asia/Kathmandu", "0 9 * * *", "2026-11-24T09:00:00+05:45",
		     "2026-11-25T09:00:00+05:45");
	ASSERT_TIMES("UTC", "0 6 * * *", "2026-11-24T05:59:59.999999999Z", "2026-11-24T06:00:00Z");
	ASSERT_TIMES("UTC", "0 6 * * *", "2026-11-24T06:00:00.000000001Z", "2026-11-25T06:00:00Z");
}
END_TEST

/* Either, when both are restricted; both, when one begins with a star. */
START_TEST(days_of_the_month_and_of_the_week)
{
	ASSERT_TIMES("UTC", "0 0 13 * fri", "2026-11-08T00:00:00Z", "2026-11-13T00:00:00Z",
		     "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z",
		     "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z");
	ASSERT_TIMES("UTC", "0 0 */2 * fri", "2026-11-01T00:00:00Z", "2026-11-13T00:00:00Z",
		     "2026-11-27T00:00:00Z", "2026-12-11T00:00:00Z");
	ASSERT_TIMES("UTC", "0 0 29 2 */7", "2026-01-01T00:00:00Z", "2032-02-29T00:00:00Z",
		     "2060-02-29T00:00:00Z", "2088-02-29T00:00:00Z", "2128-02-29T00:00:00Z");
}
END_TEST

/* Berlin, 29 March 2026: 01:59:59 is followed by 03:00:00. */
START_TEST(a_clock_that_is_put_forward)
{
	ASSERT_TIMES("Europe/Berlin", "30 2 * * *", "2026-03-28T02:30:00+01:00",
		     "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "0,20,40 2 * * *", "2026-03-28T03:00:00+01:00",
		     "2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "0,30 2,3 * * *", "2026-03-29T00:00:00+01:00",
		     "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00",
		     "2026-03-30T02:00:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "*/10 2 * * *", "2026-03-29T00:00:00+01:00",
		     "2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "30 * * * *", "2026-03-29T00:30:00+01:00",
		     "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "0 */2 * * *", "2026-03-28T22:00:00+01:00",
		     "2026-03-29T00:00:00+01:00", "2026-03-29T04:00:00+02:00");
	ASSERT_TIMES("Europe/Berlin", "*/15 * * * *", "2026-03-29T01:30:00+01:00",
		     "2026-03-29T01:45:00+01:00", "2026-03-29T03:00:00+02:00");
}
END_TEST

/* Berlin, 25 October 2026: 02:59:59 is followed by 02:00:00. */
START_TEST(a_clock_that_is_put_back)
{
	ASSERT_TIMES("Europe/Berlin", "30 2 * * *", "2026-10-24T02:30:00+02:00",
		     "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00");
	/* Also for one who asks in the second of the two hours. */
	ASSERT_TIMES("Europe/Berlin", "30 2 * * *", "2026-10-25T02:00:00+01:00",
		     "2026-10-26T02:30:00+01:00");
	ASSERT_TIMES("Europe/Berlin", "*/30 2 * * *", "2026-10-25T00:00:00+02:00",
		     "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00",
		     "2026-10-26T02:00:00+01:00");
	ASSERT_TIMES("Europe/Berlin", "0 3 * * *", "2026-10-25T00:00:00+02:00",
		     "2026-10-25T03:00:00+01:00");
	ASSERT_TIMES("Europe/Berlin", "30 * * * *", "2026-10-25T01:30:00+02:00",
		     "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00",
		     "2026-10-25T03:30:00+01:00");
	ASSERT_TIMES("Europe/Berlin", "0 * * * *", "2026-10-25T02:30:00+02:00",
		     "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00");
}
END_TEST

START_TEST(changes_of_another_size)
{
	/* Half an hour; and a day that Samoa did not have. */
	ASSERT_TIMES("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T02:15:00+10:30",
		     "2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00");
	ASSERT_TIMES("Pacific/Apia", "0 9 * * *", "2011-12-29T09:00:00-10:00",
		     "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00");
	/* Liberia was not on the minute until 1972. */
	ASSERT_TIMES("Africa/Monrovia", "0 9 * * *", "1971-06-01T00:00:00Z", "1971-06-01T09:44:30Z",
		     "1971-06-02T09:44:30Z");
}
END_TEST

START_TEST(never)
{
	static const char *const expressions[] = {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *"};
	struct ctr_zone_time utc = CTR_ZONE_UTC;
	struct ctr_buf file;
	struct ctr_zone_time berlin = zone_file_parse("Europe/Berlin", &file);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(expressions); i++) {
		struct ctr_cron cron = parse(expressions[i]);
		struct centro_instant now = instant("2026-11-24T00:00:00Z"), zero = {0};
		ck_assert_uint_eq(ctr_cron_next(&cron, &utc, zero, now).ns, CTR_NEVER.ns);
		ck_assert_uint_eq(ctr_cron_next(&cron, &berlin, zero, now).ns, CTR_NEVER.ns);
	}
	ctr_buf_fini(&file);
}
END_TEST

START_TEST(the_end_of_what_an_instant_can_tell)
{
	struct ctr_cron cron = parse("* * * * *");
	struct ctr_zone_time utc = CTR_ZONE_UTC;
	struct centro_instant zero = {0}, last = {UINT64_C(18446744040) * CTR_NS_PER_SEC};
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, zero, (struct centro_instant){last.ns - 1}).ns,
			  last.ns);
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, zero, last).ns, CTR_NEVER.ns);
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, zero, CTR_NEVER).ns, CTR_NEVER.ns);
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, zero, zero).ns, 60 * CTR_NS_PER_SEC);
}
END_TEST

START_TEST(every_length_from_the_anchor_on)
{
	struct ctr_cron cron = parse("@every 90s");
	struct ctr_zone_time utc = CTR_ZONE_UTC;
	struct centro_instant anchor = {1000 * CTR_NS_PER_SEC + 5}, at = anchor;
	const struct {
		uint64_t after, next;
	} cases[] = {{1000, 1090}, {1089, 1090}, {1090, 1090}, {1091, 1180}};
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, anchor, (struct centro_instant){0}).ns,
			  anchor.ns + 90 * CTR_NS_PER_SEC);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		at.ns = cases[i].after * CTR_NS_PER_SEC;
		ck_assert_uint_eq(ctr_cron_next(&cron, &utc, anchor, at).ns,
				  cases[i].next * CTR_NS_PER_SEC + 5);
	}
	at.ns = 1090 * CTR_NS_PER_SEC + 5;
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, anchor, at).ns, 1180 * CTR_NS_PER_SEC + 5);
	ck_assert_uint_eq(ctr_cron_next(&cron, &utc, anchor, CTR_NEVER).ns, CTR_NEVER.ns);
}
END_TEST

/* ---- against a search minute by minute, with the C library's clock ---- */

#define VALUES_MAX 60
#define TEXT_SIZE  40
#define MINUTE_NS  (60 * CTR_NS_PER_SEC)

struct wanted {
	char text[CTR_CRON_FIELD_COUNT][TEXT_SIZE];
	bool values[CTR_CRON_FIELD_COUNT][VALUES_MAX];
};

static void draw_item(struct ctr_prng *prng, struct wanted *wanted, enum ctr_cron_field field,
		      int min, int max)
{
	char *text = wanted->text[field];
	int span = max - min + 1;
	int low = min + (int)ctr_prng_below(prng, (uint64_t)span);
	int high = low + (int)ctr_prng_below(prng, (uint64_t)(max - low + 1));
	int step = 1 + (int)ctr_prng_below(prng, (uint64_t)span);
	size_t size = strlen(text);
	switch (ctr_prng_below(prng, 4)) {
	case 0:
		high = low;
		step = 1;
		snprintf(text + size, TEXT_SIZE - size, "%d", low);
		break;
	case 1:
		step = 1;
		snprintf(text + size, TEXT_SIZE - size, "%d-%d", low, high);
		break;
	case 2:
		snprintf(text + size, TEXT_SIZE - size, "%d-%d/%d", low, high, step);
		break;
	default:
		low = min;
		high = max;
		snprintf(text + size, TEXT_SIZE - size, "*/%d", step);
	}
	for (int value = low; value <= high; value += step)
		wanted->values[field][value] = true;
}

/* Days and months are mostly free, so that there is something to find. */
static void draw_field(struct ctr_prng *prng, struct wanted *wanted, enum ctr_cron_field field,
		       int min, int max, int restricted_percent)
{
	if ((int)ctr_prng_below(prng, 100) >= restricted_percent) {
		strcpy(wanted->text[field], "*");
		for (int value = min; value <= max; value++)
			wanted->values[field][value] = true;
		return;
	}
	size_t items = 1 + ctr_prng_below(prng, 3);
	for (size_t i = 0; i < items; i++) {
		if (i > 0)
			strcat(wanted->text[field], ",");
		draw_item(prng, wanted, field, min, max);
	}
}

static struct wanted draw(struct ctr_prng *prng)
{
	struct wanted wanted = {0};
	draw_field(prng, &wanted, CTR_CRON_MINUTE, 0, 59, 90);
	draw_field(prng, &wanted, CTR_CRON_HOUR, 0, 23, 70);
	draw_field(prng, &wanted, CTR_CRON_DAY, 1, 31, 20);
	draw_field(prng, &wanted, CTR_CRON_MONTH, 1, 12, 10);
	draw_field(prng, &wanted, CTR_CRON_WEEKDAY, 0, 6, 20);
	return wanted;
}

static bool is_wanted(const struct wanted *wanted, const struct tm *tm)
{
	bool of_month = wanted->values[CTR_CRON_DAY][tm->tm_mday];
	bool of_week = wanted->values[CTR_CRON_WEEKDAY][tm->tm_wday];
	bool is_either =
		wanted->text[CTR_CRON_DAY][0] != '*' && wanted->text[CTR_CRON_WEEKDAY][0] != '*';
	return wanted->values[CTR_CRON_MINUTE][tm->tm_min] &&
	       wanted->values[CTR_CRON_HOUR][tm->tm_hour] &&
	       wanted->values[CTR_CRON_MONTH][tm->tm_mon + 1] &&
	       (is_either ? of_month || of_week : of_month && of_week);
}

/*
 * Whether the minute that begins at `utc` is due. *clock: up to where the clock of a
 * schedule that names its hours has come, which never goes back.
 */
static bool is_due(const struct wanted *wanted, time_t utc, time_t *clock)
{
	struct tm tm;
	localtime_r(&utc, &tm);
	if (wanted->text[CTR_CRON_HOUR][0] == '*')
		return is_wanted(wanted, &tm);
	bool is_found = false;
	for (; *clock <= utc + tm.tm_gmtoff; *clock += 60) {
		struct tm shown;
		gmtime_r(clock, &shown);
		is_found = is_found || is_wanted(wanted, &shown);
	}
	return is_found;
}

/* The first minute behind `after`, or 0: none within `days`. */
static time_t search(const struct wanted *wanted, time_t after, int days)
{
	struct tm tm;
	time_t utc = after - 2 * 86400;
	localtime_r(&utc, &tm);
	time_t clock = utc + tm.tm_gmtoff;
	for (; utc <= after + days * 86400; utc += 60) {
		if (is_due(wanted, utc, &clock) && utc > after)
			return utc;
	}
	return 0;
}

static void try_one(struct ctr_prng *prng, const struct ctr_zone_time *zone, const char *name)
{
	struct wanted wanted = draw(prng);
	char expression[CTR_CRON_SIZE_MAX];
	snprintf(expression, sizeof(expression), "%s %s %s %s %s", wanted.text[0], wanted.text[1],
		 wanted.text[2], wanted.text[3], wanted.text[4]);
	/* Of the years 1973 to 2073; two in three within a day of a change of the clock. */
	time_t after = 94694400 + (time_t)ctr_prng_below(prng, 3155695200) / 60 * 60;
	struct ctr_zone_span span = ctr_zone_time_at(zone, after);
	if (ctr_prng_below(prng, 3) > 0 && span.until < 4000000000)
		after = (time_t)span.until / 60 * 60 + (time_t)ctr_prng_below(prng, 2880) * 60 -
			86400;

	struct ctr_cron cron = parse(expression);
	struct centro_instant at = {(uint64_t)after * CTR_NS_PER_SEC}, zero = {0};
	struct centro_instant next = ctr_cron_next(&cron, zone, zero, at);
	time_t expected = search(&wanted, after, 3);
	ck_assert_uint_gt(next.ns, at.ns);
	if (expected == 0)
		ck_assert_msg(next.ns > at.ns + 3 * 1440 * MINUTE_NS, "%s in %s after %lld: %llu",
			      expression, name, (long long)after,
			      (unsigned long long)(next.ns / CTR_NS_PER_SEC));
	else
		ck_assert_msg(next.ns == (uint64_t)expected * CTR_NS_PER_SEC,
			      "%s in %s after %lld: %llu, and not %lld", expression, name,
			      (long long)after, (unsigned long long)(next.ns / CTR_NS_PER_SEC),
			      (long long)expected);
}

START_TEST(nothing_is_due_before_the_next)
{
	static const char *const names[] = {
		"UTC",          "Europe/Berlin",    "America/New_York",  "Australia/Lord_Howe",
		"Asia/Tehran",  "America/St_Johns", "Pacific/Apia",      "Africa/Casablanca",
		"Asia/Gaza",    "Antarctica/Troll", "America/Sao_Paulo", "Europe/Dublin",
		"Asia/Kolkata", "Pacific/Chatham",
	};
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		struct ctr_buf file;
		struct ctr_zone_time zone = zone_file_parse(names[i], &file);
		setenv("TZ", names[i], 1);
		tzset();
		for (int n = 0; n < 200; n++)
			try_one(&prng, &zone, names[i]);
		ctr_buf_fini(&file);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cron");
	TCase *tcase = tcase_create("cron");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, plain_times);
	tcase_add_test(tcase, days_of_the_month_and_of_the_week);
	tcase_add_test(tcase, a_clock_that_is_put_forward);
	tcase_add_test(tcase, a_clock_that_is_put_back);
	tcase_add_test(tcase, changes_of_another_size);
	tcase_add_test(tcase, never);
	tcase_add_test(tcase, the_end_of_what_an_instant_can_tell);
	tcase_add_test(tcase, every_length_from_the_anchor_on);
	tcase_add_test(tcase, nothing_is_due_before_the_next);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
