/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/json_time.c. */
#include "codec/json_time.h"

#include "codec/message.h"
#include "helper.h"

static const char *duration_text(struct helper *helper, int64_t seconds, int32_t nanos)
{
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
	duration.seconds = seconds;
	duration.nanos = nanos;
	ctr_buf_clear(&helper->buf);
	if (ctr_json_time_append(&duration.base, &helper->buf) != CENTRO_OK)
		return NULL;
	ctr_buf_append_char(&helper->buf, '\0');
	return (const char *)helper->buf.data;
}

START_TEST(durations_are_seconds)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_str_eq(duration_text(&helper, 0, 0), "0s");
	ck_assert_str_eq(duration_text(&helper, 300, 0), "300s");
	ck_assert_str_eq(duration_text(&helper, 1, 500000000), "1.500s");
	ck_assert_str_eq(duration_text(&helper, 0, 1000), "0.000001s");
	ck_assert_str_eq(duration_text(&helper, 0, 1), "0.000000001s");
	ck_assert_str_eq(duration_text(&helper, -1, -500000000), "-1.500s");
	ck_assert_str_eq(duration_text(&helper, 0, -1), "-0.000000001s");
	ck_assert_str_eq(duration_text(&helper, 315576000000, 999999999),
			 "315576000000.999999999s");
	ck_assert_ptr_null(duration_text(&helper, 315576000001, 0));
	ck_assert_ptr_null(duration_text(&helper, INT64_MIN, 0));
	ck_assert_ptr_null(duration_text(&helper, 0, 1000000000));
	ck_assert_ptr_null(duration_text(&helper, 1, -1));
	ck_assert_ptr_null(duration_text(&helper, -1, 1));
	ck_assert_uint_eq(helper.buf.size, 0);
	helper_fini(&helper);
}
END_TEST

static bool parse_duration(const char *text, int64_t *ret_seconds, int32_t *ret_nanos)
{
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
	const char *expected;
	bool is_read = ctr_json_time_parse(ctr_bytes_str(text), &duration.base, &expected);
	*ret_seconds = duration.seconds;
	*ret_nanos = duration.nanos;
	return is_read;
}

START_TEST(durations_are_read_as_proto3_and_as_people_write_them)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int32_t nanos;
	} right[] = {
		{"0s", 0, 0},
		{"90s", 90, 0},
		{"1.5s", 1, 500000000},
		{"0.000000001s", 0, 1},
		{"-1.5s", -1, -500000000},
		{"-0.000000001s", 0, -1},
		{"315576000000.999999999s", 315576000000, 999999999},
		{"1h30m", 5400, 0},
		{"250ms", 0, 250000000},
		{"2d", 172800, 0},
		{"1m0.5s", 60, 500000000},
		{"-1h", -3600, 0},
		{"0", 0, 0},
	};
	static const char *const wrong[] = {
		"",
		"s",
		"90",
		"1,5s",
		"1.s",
		".5s",

		"1 s",
		"- 1s",
		"--1s",
		"+1s",
		"315576000001s",
		"99999999999999999999s",
		"1h-30m",
		"never",
		"1s ",
		"0000000000000000000000000000000000000000000000000000000000000000000000001h",
	};
	int64_t seconds;
	int32_t nanos;
	for (size_t i = 0; i < CTR_ARRAY_SIZE(right); i++) {
		ck_assert_msg(parse_duration(right[i].text, &seconds, &nanos), "%s", right[i].text);
		ck_assert_int_eq(seconds, right[i].seconds);
		ck_assert_int_eq(nanos, right[i].nanos);
	}
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++)
		ck_assert_msg(!parse_duration(wrong[i], &seconds, &nanos), "%s", wrong[i]);
}
END_TEST

START_TEST(timestamps_are_rfc_3339)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct helper helper;
	const char *expected;

	helper_init(&helper);
	ck_assert(ctr_json_time_parse(ctr_bytes_str("2026-11-24T15:00:00.25+02:00"), &time.base,
				      &expected));
	ck_assert_int_eq(ctr_json_time_append(&time.base, &helper.buf), CENTRO_OK);
	ck_assert_bytes_eq(ctr_buf_bytes(&helper.buf), BYTES("2026-11-24T13:00:00.250Z"));
	ck_assert(!ctr_json_time_parse(ctr_bytes_str("2026-11-24"), &time.base, &expected));
	ck_assert_str_eq(expected, "a time like \"2026-11-24T13:00:00Z\"");
	helper_fini(&helper);
}
END_TEST

START_TEST(ranges_are_those_of_protobuf)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Centro__V1__Ids other = CENTRO__V1__IDS__INIT;
	const char *fault;

	ck_assert(ctr_message_time_is_valid(&other.base, &fault));
	ck_assert(ctr_message_time_is_valid(&time.base, &fault));
	time.seconds = 253402300799;
	time.nanos = 999999999;
	ck_assert(ctr_message_time_is_valid(&time.base, &fault));
	time.nanos = 1000000000;
	ck_assert(!ctr_message_time_is_valid(&time.base, &fault));
	time.nanos = -1;
	ck_assert(!ctr_message_time_is_valid(&time.base, &fault));
	time.nanos = 0;
	time.seconds++;
	ck_assert(!ctr_message_time_is_valid(&time.base, &fault));
	time.seconds = -62135596800;
	ck_assert(ctr_message_time_is_valid(&time.base, &fault));
	time.seconds--;
	ck_assert(!ctr_message_time_is_valid(&time.base, &fault));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_time");
	TCase *tcase = tcase_create("json_time");
	tcase_add_test(tcase, durations_are_seconds);
	tcase_add_test(tcase, durations_are_read_as_proto3_and_as_people_write_them);
	tcase_add_test(tcase, timestamps_are_rfc_3339);
	tcase_add_test(tcase, ranges_are_those_of_protobuf);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
