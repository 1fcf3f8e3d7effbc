/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/problems.c. */
#include "base/problems.h"

#include <centro/error.h>
#include <string.h>

#include "support/suite.h"

static struct ctr_problems problems;
static char told[CTR_PROBLEMS_TOLD_SIZE_MAX];

static void setup(void)
{
	ctr_problems_init(&problems);
}

static void add_many(size_t count)
{
	for (size_t i = 0; i < count; i++)
		ctr_problems_add(&problems, "field[%zu]: wrong", i);
}

START_TEST(none_is_fine)
{
	struct centro_error_text text = {"untouched"};
	ck_assert_int_eq(ctr_problems_status(&problems, &text), CENTRO_OK);
	ck_assert_str_eq(text.text, "untouched");
	ck_assert_str_eq(ctr_problems_tell(&problems, told, sizeof(told)), "");
}
END_TEST

START_TEST(one_a_line)
{
	struct centro_error_text text;
	add_many(3);
	ck_assert_int_eq(ctr_problems_status(&problems, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "field[0]: wrong\nfield[1]: wrong\nfield[2]: wrong");
	ck_assert_str_eq(ctr_problems_tell(&problems, told, sizeof(told)), text.text);
	ck_assert_int_eq(ctr_problems_status(&problems, NULL), CENTRO_ERR_INVALID);
}
END_TEST

START_TEST(the_limit_is_twenty)
{
	add_many(CTR_PROBLEMS_MAX);
	ck_assert_ptr_null(strstr(ctr_problems_tell(&problems, told, sizeof(told)), "more"));
	add_many(7);
	ck_assert_uint_eq(problems.count, CTR_PROBLEMS_MAX + 7);
	ctr_problems_tell(&problems, told, sizeof(told));
	ck_assert_ptr_nonnull(strstr(told, "field[19]: wrong\nand 7 more"));
}
END_TEST

START_TEST(a_small_buffer_has_whole_lines)
{
	char small[64];
	add_many(9);
	/* Of 64 bytes 32 are for the last line, and a line has 15. */
	ck_assert_str_eq(ctr_problems_tell(&problems, small, sizeof(small)),
			 "field[0]: wrong\nfield[1]: wrong\nand 7 more");
}
END_TEST

START_TEST(the_lines_have_a_limit_together)
{
	ctr_problems_add(&problems, "%*s", CTR_PROBLEMS_SIZE_MAX - 10, "x");
	ctr_problems_add(&problems, "%s", "more than nine bytes");
	ctr_problems_add(&problems, "%s", "short");
	ck_assert_uint_eq(problems.count, 3);
	ck_assert_uint_eq(problems.shown, 1);
	ctr_problems_tell(&problems, told, sizeof(told));
	ck_assert_str_eq(told + CTR_PROBLEMS_SIZE_MAX - 10, "\nand 2 more");
}
END_TEST

START_TEST(a_long_one_is_cut_between_characters)
{
	struct centro_error_text text;
	char large[601];
	for (size_t i = 0; i < 600; i += 2)
		memcpy(large + i, "\xc3\xa4", 3);
	ctr_problems_add(&problems, "%s", large);
	ctr_problems_add(&problems, "b");
	ctr_problems_status(&problems, &text);
	ck_assert_str_eq(text.text + 480, "\nand 1 more");
	ck_assert_int_eq(memcmp(text.text, large, 480), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("problems");
	TCase *tcase = tcase_create("problems");
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, none_is_fine);
	tcase_add_test(tcase, one_a_line);
	tcase_add_test(tcase, the_limit_is_twenty);
	tcase_add_test(tcase, a_small_buffer_has_whole_lines);
	tcase_add_test(tcase, the_lines_have_a_limit_together);
	tcase_add_test(tcase, a_long_one_is_cut_between_characters);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
