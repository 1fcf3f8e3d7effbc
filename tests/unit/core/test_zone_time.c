/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/zone_time.c. */
#include "core/zone_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/suite.h"
#include "zone_file.h"

#define YEAR_2500 INT64_C(16725225600)

static const int32_t hours[] = {0, 3600, 7200};

static int parse(const struct zone_file *made, struct ctr_zone_time *ret_zone,
		 struct ctr_buf *ret_file, struct centro_error_text *text)
{
	*ret_file = zone_file_write(made);
	return ctr_zone_time_parse(ctr_buf_bytes(ret_file), ret_zone, text);
}

static void assert_refused(const struct zone_file *made, int error, const char *expected)
{
	struct ctr_zone_time zone;
	struct ctr_buf file;
	struct centro_error_text text = {""};
	ck_assert_int_eq(parse(made, &zone, &file, &text), error);
	ck_assert_str_eq(text.text, expected);
	ctr_buf_fini(&file);
}

static void assert_span(const struct ctr_zone_time *zone, int64_t utc, int64_t from, int64_t until,
			int32_t offset)
{
	struct ctr_zone_span span = ctr_zone_time_at(zone, utc);
	ck_assert_int_eq(span.from, from);
	ck_assert_int_eq(span.until, until);
	ck_assert_int_eq(span.offset, offset);
}

START_TEST(utc_needs_no_file)
{
	struct ctr_zone_time zone = CTR_ZONE_UTC;
	assert_span(&zone, 0, INT64_MIN, INT64_MAX, 0);
	assert_span(&zone, YEAR_2500, INT64_MIN, INT64_MAX, 0);
}
END_TEST

START_TEST(changes_and_then_a_rule)
{
	static const struct zone_file_change changes[] = {{1000, 1}, {2000, 2}};
	struct zone_file made = {2, changes, 2, hours, 3, "AAA-5", 0};
	struct ctr_zone_time zone;
	struct ctr_buf file;
	for (made.version = 2; made.version <= 4; made.version++) {
		ck_assert_int_eq(parse(&made, &zone, &file, NULL), CENTRO_OK);
		assert_span(&zone, 999, INT64_MIN, 1000, 0);
		assert_span(&zone, 1000, 1000, 2000, 3600);
		assert_span(&zone, 1999, 1000, 2000, 3600);
		assert_span(&zone, 2000, 2000, INT64_MAX, 5 * 3600);
		ctr_buf_fini(&file);
	}

	made.version = 2;
	made.tz = "";
	ck_assert_int_eq(parse(&made, &zone, &file, NULL), CENTRO_OK);
	assert_span(&zone, 2000, 2000, INT64_MAX, 7200);
	ctr_buf_fini(&file);

	made.change_count = 0;
	made.tz = "AAA-5";
	ck_assert_int_eq(parse(&made, &zone, &file, NULL), CENTRO_OK);
	assert_span(&zone, 999, INT64_MIN, INT64_MAX, 5 * 3600);
	ctr_buf_fini(&file);
}
END_TEST

START_TEST(the_first_version_has_short_times_and_no_rule)
{
	static const struct zone_file_change changes[] = {{-1000, 1}, {2000, 2}};
	struct zone_file made = {1, changes, 2, hours, 3, NULL, 0};
	struct ctr_zone_time zone;
	struct ctr_buf file;
	ck_assert_int_eq(parse(&made, &zone, &file, NULL), CENTRO_OK);
	assert_span(&zone, -1001, INT64_MIN, -1000, 0);
	assert_span(&zone, -1000, -1000, 2000, 3600);
	assert_span(&zone, YEAR_2500, 2000, INT64_MAX, 7200);
	ctr_buf_fini(&file);
}
END_TEST

START_TEST(what_makes_no_sense)
{
	static const struct zone_file_change changes[] = {{1000, 1}, {1000, 2}};
	static const struct zone_file_change early[] = {{-(INT64_C(1) << 59) - 1, 0}};
	static const int32_t odd[] = {93600};
	struct zone_file made = {2, changes, 2, hours, 3, "AAA-5", 0};
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "the zone file makes no sense: its changes do not ascend");
	made.change_count = 1;
	made.type_count = 1;
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "the zone file makes no sense: a change is to a type that there is not");
	made.change_count = made.type_count = 0;
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "the zone file makes no sense: it has no local time");
	made = (struct zone_file){2, early, 1, hours, 3, "AAA-5", 0};
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "the zone file makes no sense: a change is before the Big Bang, or as far "
		       "ahead");
	made = (struct zone_file){2, NULL, 0, odd, 1, "AAA-5", 0};
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "the zone file makes no sense: local time is more than a day off");
	made = (struct zone_file){2, NULL, 0, hours, 1, "AAA", 0};
	assert_refused(&made, CENTRO_ERR_CORRUPT,
		       "\"AAA\" is no rule for a time zone; one is CET-1CEST,M3.5.0,M10.5.0/3");
	made.tz = "AAA-5";
	made.leaps = 1;
	assert_refused(&made, CENTRO_ERR_INVALID,
		       "the zone file counts leap seconds; take the one that does not");
	made.leaps = 0;
	made.version = 5;
	assert_refused(&made, CENTRO_ERR_VERSION,
		       "the zone file is of an unknown version; known are 1 to 4");
}
END_TEST

START_TEST(as_many_changes_as_the_limit_and_no_more)
{
	static struct zone_file_change changes[CTR_ZONE_CHANGES_MAX + 1];
	struct zone_file made = {2, changes, CTR_ZONE_CHANGES_MAX, hours, 3, "", 0};
	struct ctr_zone_time zone;
	struct ctr_buf file;
	for (size_t i = 0; i < CTR_ZONE_CHANGES_MAX + 1; i++)
		changes[i] = (struct zone_file_change){(int64_t)i, i % 3};
	ck_assert_int_eq(parse(&made, &zone, &file, NULL), CENTRO_OK);
	assert_span(&zone, 1000, 1000, 1001, 3600);
	ctr_buf_fini(&file);
	made.change_count++;
	assert_refused(&made, CENTRO_ERR_LIMIT,
		       "the zone file has 1025 changes; at most 1024 are read");
}
END_TEST

/* Every cut of a real file is refused, and reads nothing behind its end (see the sanitizers). */
START_TEST(a_file_that_was_cut)
{
	struct ctr_buf file = zone_file_read("Europe/Berlin");
	struct ctr_zone_time zone;
	for (size_t size = 0; size < file.size; size++) {
		struct ctr_buf cut;
		ctr_buf_init(&cut, NULL, 0);
		ck_assert_int_eq(ctr_buf_append(&cut, file.data, size), CENTRO_OK);
		ck_assert_int_eq(ctr_zone_time_parse(ctr_buf_bytes(&cut), &zone, NULL),
				 CENTRO_ERR_CORRUPT);
		ctr_buf_fini(&cut);
	}
	ctr_buf_fini(&file);
}
END_TEST

/* At random seconds until 2500, and at the edges of the spans that they are in. */
static void assert_as_libc(const char *name)
{
	struct ctr_buf file;
	struct ctr_zone_time zone = zone_file_parse(name, &file);
	struct ctr_prng prng;
	ctr_prng_init(&prng, file.size);
	setenv("TZ", name, 1);
	tzset();
	for (int i = 0; i < 1000; i++) {
		struct tm tm;
		time_t utc = (time_t)ctr_prng_below(&prng, YEAR_2500);
		if (i % 3 == 0)
			utc /= 8; /* where most changes are */
		struct ctr_zone_span span = ctr_zone_time_at(&zone, utc);
		if (i % 2 == 0 && span.until < YEAR_2500)
			utc = (time_t)span.until - (i % 4 == 0);
		localtime_r(&utc, &tm);
		ck_assert_msg(ctr_zone_time_at(&zone, utc).offset == tm.tm_gmtoff, "%s at %lld",
			      name, (long long)utc);
	}
	ctr_buf_fini(&file);
}

START_TEST(as_the_c_library_has_it)
{
	char line[512], name[128];
	int count = 0;
	FILE *list = fopen(ZONE_FILES "tzdata.zi", "r");
	if (!list)
		list = fopen(ZONE_FILES "zone1970.tab", "r");
	ck_assert_ptr_nonnull(list);
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "Z %127s", name) != 1 &&
		    sscanf(line, "%*[A-Z,] %*[0-9+-] %127s", name) != 1)
			continue;
		assert_as_libc(name);
		count++;
	}
	fclose(list);
	ck_assert_int_gt(count, 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone_time");
	TCase *tcase = tcase_create("zone_time");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, utc_needs_no_file);
	tcase_add_test(tcase, changes_and_then_a_rule);
	tcase_add_test(tcase, the_first_version_has_short_times_and_no_rule);
	tcase_add_test(tcase, what_makes_no_sense);
	tcase_add_test(tcase, as_many_changes_as_the_limit_and_no_more);
	tcase_add_test(tcase, a_file_that_was_cut);
	tcase_add_test(tcase, as_the_c_library_has_it);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
