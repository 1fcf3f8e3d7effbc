/* SPDX-License-Identifier: MIT */
/* Text for people: escapes, widths, quotes, ages and times. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static void escapes(const char *text, const char *shown)
{
	char *result = text_escaped(text);
	ck_assert_str_eq(result, shown);
	free(result);
}

START_TEST(what_acts_on_a_terminal_is_shown)
{
	escapes("plain é 漢 😀", "plain é 漢 😀");
	escapes("\033[31mred", "\\x1b[31mred");
	escapes("a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f");
	escapes("\xc2\x9b"
		"31m",
		"\\xc2\\x9b31m"); /* C1's CSI */
	escapes("\xff\xc0\x80", "\\xff\\xc0\\x80");
	escapes("cut \xe6\xbc", "cut \\xe6\\xbc");
	escapes("\xed\xa0\x80", "\\xed\\xa0\\x80");
	escapes("", "");
}
END_TEST

START_TEST(widths_are_counted_in_characters)
{
	ck_assert_uint_eq(text_width(""), 0);
	ck_assert_uint_eq(text_width("abc"), 3);
	ck_assert_uint_eq(text_width("é"), 1);
	ck_assert_uint_eq(text_width("e\xcc\x81"), 1); /* with a combining accent */
	ck_assert_uint_eq(text_width("😀"), 1);
}
END_TEST

static void quotes(const char *word, const char *quoted)
{
	char *result = text_shell_quoted(word);
	ck_assert_str_eq(result, quoted);
	free(result);
}

START_TEST(words_as_a_shell_takes_them)
{
	quotes("make", "make");
	quotes("-j4", "-j4");
	quotes("", "''");
	quotes("two words", "'two words'");
	quotes("it's", "'it'\\''s'");
	quotes("$HOME", "'$HOME'");
	quotes("é", "'é'");
}
END_TEST

static const char *age(uint64_t ms)
{
	static char buffer[32];
	return text_age(ms * 1000000, buffer, sizeof(buffer));
}

START_TEST(ages)
{
	ck_assert_str_eq(age(0), "0.0s");
	ck_assert_str_eq(age(440), "0.4s");
	ck_assert_str_eq(age(9999), "9.9s");
	ck_assert_str_eq(age(10000), "10s");
	ck_assert_str_eq(age(59999), "59s");
	ck_assert_str_eq(age(192000), "3m12s");
	ck_assert_str_eq(age(60000), "1m00s");
	ck_assert_str_eq(age(7500000), "2h05m");
	ck_assert_str_eq(age(UINT64_C(356400000)), "4d3h");
}
END_TEST

START_TEST(times)
{
	char buffer[40];
	ck_assert_uint_eq(text_parse_time("2026-01-31T09:30:00Z"), UINT64_C(1769851800000000000));
	ck_assert_uint_eq(text_parse_time("2026-01-31T09:30:00.123Z"),
			  UINT64_C(1769851800123000000));
	ck_assert_uint_eq(text_parse_time("2026-01-31T09:30:00.000000001Z"),
			  UINT64_C(1769851800000000001));
	ck_assert_uint_eq(text_parse_time(""), 0);
	ck_assert_uint_eq(text_parse_time("soon"), 0);
	ck_assert_uint_eq(text_parse_time("1969-01-01T00:00:00Z"), 0);
	ck_assert_str_eq(text_time(UINT64_C(1769851800123000000), buffer, sizeof(buffer)),
			 "2026-01-31 09:30:00 UTC");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/text");
	TCase *tcase = tcase_create("text");
	tcase_add_test(tcase, what_acts_on_a_terminal_is_shown);
	tcase_add_test(tcase, widths_are_counted_in_characters);
	tcase_add_test(tcase, words_as_a_shell_takes_them);
	tcase_add_test(tcase, ages);
	tcase_add_test(tcase, times);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
