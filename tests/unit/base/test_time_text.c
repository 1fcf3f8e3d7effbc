/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/time_text.c. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define SECONDS_MIN INT64_C(-62135596800)
#define SECONDS_MAX INT64_C(253402300799)

static void assert_formats(int64_t seconds, int32_t nanos, const char *expected)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_time_format(&buf, seconds, nanos), CENTRO_OK);
	char *text = ctr_buf_take_str(&buf);
	ck_assert_str_eq(text, expected);

	int64_t parsed_seconds;
	int32_t parsed_nanos;
	ck_assert(ctr_time_parse(ctr_bytes_str(text), &parsed_seconds, &parsed_nanos));
	ck_assert_int_eq(parsed_seconds, seconds);
	ck_assert_int_eq(parsed_nanos, nanos);
	ctr_free(NULL, text);
}

START_TEST(as_many_decimals_as_needed)
{
	assert_formats(0, 0, "1970-01-01T00:00:00Z");
	assert_formats(0, 120000000, "1970-01-01T00:00:00.120Z");
	assert_formats(0, 1000, "1970-01-01T00:00:00.000001Z");
	assert_formats(0, 1, "1970-01-01T00:00:00.000000001Z");
	assert_formats(0, 999999999, "1970-01-01T00:00:00.999999999Z");
	assert_formats(1796000000, 0, "2026-11-30T00:53:20Z");
}
END_TEST

START_TEST(the_edges_of_the_calendar)
{
	assert_formats(-1, 0, "1969-12-31T23:59:59Z");
	assert_formats(SECONDS_MIN, 0, "0001-01-01T00:00:00Z");
	assert_formats(SECONDS_MAX, 999999999, "9999-12-31T23:59:59.999999999Z");
	assert_formats(951782400, 0, "2000-02-29T00:00:00Z");
	assert_formats(951868800, 0, "2000-03-01T00:00:00Z");
	assert_formats(-2203891200, 0, "1900-03-01T00:00:00Z");
	assert_formats(-2203977600, 0, "1900-02-28T00:00:00Z");
}
END_TEST

/* A day in every hundred or so of all ten thousand years, against the C library. */
START_TEST(days_agree_with_the_c_library)
{
	for (int64_t seconds = SECONDS_MIN; seconds <= SECONDS_MAX; seconds += 86400 * 97 + 3601) {
		time_t given = (time_t)seconds;
		struct tm tm;
		char expected[64];
		ck_assert_ptr_nonnull(gmtime_r(&given, &tm));
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec);
		assert_formats(seconds, 0, expected);
	}
}
END_TEST

START_TEST(what_cannot_be_formatted)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_time_format(&buf, SECONDS_MIN - 1, 0), CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_time_format(&buf, SECONDS_MAX + 1, 0), CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_time_format(&buf, 0, -1), CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_time_format(&buf, 0, 1000000000), CENTRO_ERR_INVALID);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);

	/* All or nothing, also at the buffer's limit. */
	ctr_buf_init(&buf, NULL, 19);
	ck_assert_int_eq(ctr_time_format(&buf, 0, 0), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);

	struct failing_allocator failing;
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_time_format(&buf, 0, 0), CENTRO_ERR_NOMEM);
	ctr_buf_fini(&buf);
}
END_TEST

static void assert_parses(const char *text, int64_t seconds, int32_t nanos)
{
	int64_t parsed_seconds;
	int32_t parsed_nanos;
	ck_assert_msg(ctr_time_parse(ctr_bytes_str(text), &parsed_seconds, &parsed_nanos), "%s",
		      text);
	ck_assert_int_eq(parsed_seconds, seconds);
	ck_assert_int_eq(parsed_nanos, nanos);
}

START_TEST(offsets_and_decimals_are_accepted)
{
	assert_parses("1970-01-01T02:00:00+02:00", 0, 0);
	assert_parses("1969-12-31T18:30:00-05:30", 0, 0);
	assert_parses("1970-01-01T00:00:00-00:00", 0, 0);
	assert_parses("1970-01-01T00:00:00.5Z", 0, 500000000);
	assert_parses("1970-01-01T00:00:00.123456789+00:00", 0, 123456789);
	/* An offset may lead out of the year 0 and into the first. */
	assert_parses("0000-12-31T23:00:00-01:00", SECONDS_MIN, 0);
}
END_TEST

START_TEST(what_is_no_time)
{
	static const char *const texts[] = {
		"",
		"1970-01-01",
		"1970-01-01T00:00:00",
		"1970-01-01T00:00Z",
		"1970-01-01 00:00:00Z",
		"1970-01-01t00:00:00Z",
		"1970-01-01T00:00:00z",
		"1970-01-01T00:00:00ZZ",
		"1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00.1234567890Z",
		"1970-01-01T00:00:00,5Z",
		"1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z",
		"1970-01-01T00:00:60Z",
		"1970-00-01T00:00:00Z",
		"1970-13-01T00:00:00Z",
		"1970-01-00T00:00:00Z",
		"1970-01-32T00:00:00Z",
		"1970-04-31T00:00:00Z",
		"1970-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"70-01-01T00:00:00Z",
		"+970-01-01T00:00:00Z",
		" 1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00+0200",
		"1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00+00:60",
		"1970-01-01T00:00:00+02",
		"0000-12-31T23:59:59Z",
		"0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
	};
	int64_t seconds = 7;
	int32_t nanos = 7;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!ctr_time_parse(ctr_bytes_str(texts[i]), &seconds, &nanos), "%s",
			      texts[i]);
	ck_assert_int_eq(seconds, 7);
	ck_assert_int_eq(nanos, 7);
}
END_TEST

/* No prefix of a time is one, and none is read past its end. */
START_TEST(every_prefix_is_refused)
{
	const char *text = "1970-01-01T00:00:00.123+02:00";
	for (size_t size = 0; size < strlen(text); size++) {
		char *prefix = malloc(size > 0 ? size : 1);
		memcpy(prefix, text, size);
		int64_t seconds;
		int32_t nanos;
		ck_assert(!ctr_time_parse(ctr_bytes(prefix, size), &seconds, &nanos));
		free(prefix);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/time_text");
	TCase *tcase = tcase_create("time_text");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, as_many_decimals_as_needed);
	tcase_add_test(tcase, the_edges_of_the_calendar);
	tcase_add_test(tcase, days_agree_with_the_c_library);
	tcase_add_test(tcase, what_cannot_be_formatted);
	tcase_add_test(tcase, offsets_and_decimals_are_accepted);
	tcase_add_test(tcase, what_is_no_time);
	tcase_add_test(tcase, every_prefix_is_refused);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
