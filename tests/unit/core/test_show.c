/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/show.c. */
#include "core/show.h"

#include <string.h>

#include "base/bytes.h"
#include "support/suite.h"

START_TEST(plain_text_is_quoted)
{
	ck_assert_str_eq(ctr_show(ctr_bytes_str("Train 7")).text, "\"Train 7\"");
	ck_assert_str_eq(ctr_show(ctr_bytes_str("")).text, "\"\"");
	ck_assert_str_eq(ctr_show((struct centro_bytes){0}).text, "\"\"");
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_not_shown)
{
	ck_assert_str_eq(ctr_show(ctr_bytes("a\x1b[2J\x80\x00z", 8)).text, "\"a?[2J??z\"");
}
END_TEST

START_TEST(long_text_is_cut)
{
	char text[200];
	memset(text, 'x', sizeof(text));
	struct ctr_shown shown = ctr_show(ctr_bytes(text, sizeof(text)));

	ck_assert_uint_lt(strlen(shown.text), sizeof(shown.text));
	ck_assert_str_eq(shown.text + strlen(shown.text) - 5, "x...\"");
	shown = ctr_show(ctr_bytes(text, 60));
	ck_assert_uint_eq(strlen(shown.text), 62);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show");
	TCase *tcase = tcase_create("show");

	tcase_add_test(tcase, plain_text_is_quoted);
	tcase_add_test(tcase, what_a_terminal_would_obey_is_not_shown);
	tcase_add_test(tcase, long_text_is_cut);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
