/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/str.c. */
#include "base/str.h"

#include <string.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(decimal_numbers)
{
	uint64_t value = 7;
	ck_assert(ctr_parse_u64(ctr_bytes_str("0"), &value));
	ck_assert_uint_eq(value, 0);
	ck_assert(ctr_parse_u64(ctr_bytes_str("1234"), &value));
	ck_assert_uint_eq(value, 1234);
	ck_assert(ctr_parse_u64(ctr_bytes_str("18446744073709551615"), &value));
	ck_assert_uint_eq(value, UINT64_MAX);
}
END_TEST

START_TEST(what_is_no_decimal_number)
{
	static const char *const texts[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"00",
		"01",
		"1.0",
		"1e3",
		"0x1",
		"a",
		"12a",
		"18446744073709551616",
		"99999999999999999999",
		"184467440737095516150",
	};
	uint64_t value = 7;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!ctr_parse_u64(ctr_bytes_str(texts[i]), &value), "%s", texts[i]);
	ck_assert(!ctr_parse_u64(ctr_bytes("1\0", 2), &value));
	ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(signed_numbers)
{
	int64_t value = 7;
	ck_assert(ctr_parse_i64(ctr_bytes_str("9223372036854775807"), &value));
	ck_assert_int_eq(value, INT64_MAX);
	ck_assert(ctr_parse_i64(ctr_bytes_str("-9223372036854775808"), &value));
	ck_assert_int_eq(value, INT64_MIN);
	ck_assert(ctr_parse_i64(ctr_bytes_str("-1"), &value));
	ck_assert_int_eq(value, -1);
	ck_assert(ctr_parse_i64(ctr_bytes_str("0"), &value));
	ck_assert_int_eq(value, 0);

	value = 7;
	ck_assert(!ctr_parse_i64(ctr_bytes_str("9223372036854775808"), &value));
	ck_assert(!ctr_parse_i64(ctr_bytes_str("-9223372036854775809"), &value));
	ck_assert(!ctr_parse_i64(ctr_bytes_str("-"), &value));
	ck_assert(!ctr_parse_i64(ctr_bytes_str("--1"), &value));
	ck_assert(!ctr_parse_i64(ctr_bytes_str("-0"), &value));
	ck_assert(!ctr_parse_i64(ctr_bytes_str(""), &value));
	ck_assert_int_eq(value, 7);
}
END_TEST

START_TEST(names)
{
	char longest[CTR_NAME_SIZE_MAX + 2];
	memset(longest, 'a', sizeof(longest));

	ck_assert(ctr_is_name(ctr_bytes_str("a")));
	ck_assert(ctr_is_name(ctr_bytes_str("train_2-b")));
	ck_assert(ctr_is_name(ctr_bytes(longest, CTR_NAME_SIZE_MAX)));

	ck_assert(!ctr_is_name(ctr_bytes(longest, CTR_NAME_SIZE_MAX + 1)));
	ck_assert(!ctr_is_name(ctr_bytes_str("")));
	ck_assert(!ctr_is_name(ctr_bytes_str("1a")));
	ck_assert(!ctr_is_name(ctr_bytes_str("-a")));
	ck_assert(!ctr_is_name(ctr_bytes_str("_a")));
	ck_assert(!ctr_is_name(ctr_bytes_str("aB")));
	ck_assert(!ctr_is_name(ctr_bytes_str("a.b")));
	ck_assert(!ctr_is_name(ctr_bytes_str("a b")));
	ck_assert(!ctr_is_name(ctr_bytes_str("\xc3\xa4")));
	ck_assert(!ctr_is_name(ctr_bytes("a\0", 2)));
}
END_TEST

static void assert_escaped(struct centro_bytes text, size_t size_max, const char *expected)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_escape(&buf, text, size_max), CENTRO_OK);
	char *escaped = ctr_buf_take_str(&buf);
	ck_assert_str_eq(escaped, expected);
	ctr_free(NULL, escaped);
}

START_TEST(escaped_text)
{
	assert_escaped(ctr_bytes_str(""), 10, "");
	assert_escaped(ctr_bytes_str("plain ä€😀"), 100, "plain ä€😀");
	assert_escaped(ctr_bytes("a\0b\n\x1b[1m\x7f", 9), 100, "a\\x00b\\x0a\\x1b[1m\\x7f");
	assert_escaped(ctr_bytes_str("\xff\xe2\x82"), 100, "\\xff\\xe2\\x82");
	/* U+009B starts a control sequence on some terminals; U+00A0 is a space. */
	assert_escaped(ctr_bytes_str("\xc2\x9b\xc2\xa0"), 100, "\\xc2\\x9b\xc2\xa0");
}
END_TEST

START_TEST(escaped_text_is_cut_at_a_character)
{
	assert_escaped(ctr_bytes_str("abc"), 3, "abc");
	assert_escaped(ctr_bytes_str("abcd"), 3, "abc…");
	assert_escaped(ctr_bytes_str("a€b"), 3, "a…");
	assert_escaped(ctr_bytes_str("a€b"), 4, "a€…");
	assert_escaped(ctr_bytes_str("a"), 0, "…");
}
END_TEST

START_TEST(escaping_obeys_the_buffer)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 5);
	ck_assert_int_eq(ctr_escape(&buf, ctr_bytes_str("a\n\n"), 10), CENTRO_ERR_LIMIT);
	ctr_buf_fini(&buf);

	struct failing_allocator failing;
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_escape(&buf, ctr_bytes_str("a"), 10), CENTRO_ERR_NOMEM);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(error_texts)
{
	struct centro_error_text text;
	ck_assert_int_eq(ctr_error(NULL, CENTRO_ERR_IO, "%d", 1), CENTRO_ERR_IO);
	ck_assert_int_eq(ctr_error(&text, CENTRO_ERR_IO, "%s %d", "line", 1), CENTRO_ERR_IO);
	ck_assert_str_eq(text.text, "line 1");
}
END_TEST

START_TEST(a_long_error_text_is_cut_at_a_character)
{
	struct centro_error_text text;
	char euros[3 * 300 + 1] = "";
	for (int i = 0; i < 300; i++)
		memcpy(euros + 3 * i, "€", 4);

	ctr_error(&text, CENTRO_ERR_IO, "%s", euros);
	ck_assert_uint_eq(strlen(text.text), 510);
	ck_assert(ctr_utf8_is_valid(ctr_bytes_str(text.text)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/str");
	TCase *tcase = tcase_create("str");
	tcase_add_test(tcase, decimal_numbers);
	tcase_add_test(tcase, what_is_no_decimal_number);
	tcase_add_test(tcase, signed_numbers);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, escaped_text);
	tcase_add_test(tcase, escaped_text_is_cut_at_a_character);
	tcase_add_test(tcase, escaping_obeys_the_buffer);
	tcase_add_test(tcase, error_texts);
	tcase_add_test(tcase, a_long_error_text_is_cut_at_a_character);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
