/* SPDX-License-Identifier: MIT */
/* The words that name jobs. */
#include "selector.h"

#include <string.h>

#include "support/suite.h"

static struct selector parse(const char *word)
{
	struct selector selector;
	const char *wrong = selector_parse(word, &selector);
	ck_assert_msg(!wrong, "%s: %s", word, wrong);
	return selector;
}

static void refuses(const char *word)
{
	struct selector selector;
	ck_assert_msg(selector_parse(word, &selector) != NULL, "%s was taken", word);
}

START_TEST(numbers_and_instances)
{
	struct selector s = parse("1234");
	ck_assert_int_eq(s.kind, SELECT_ID);
	ck_assert_uint_eq(s.id, 1234);
	ck_assert_str_eq(s.task, "");
	ck_assert(!s.has_index);
	s = parse("1234.train");
	ck_assert_str_eq(s.task, "train");
	ck_assert(!s.has_index);
	s = parse("1234.train.7");
	ck_assert(s.has_index);
	ck_assert_uint_eq(s.index, 7);
	ck_assert_uint_eq(s.attempt, 0);
	s = parse("1234.a-b_c.0/2");
	ck_assert_str_eq(s.task, "a-b_c");
	ck_assert(s.has_index);
	ck_assert_uint_eq(s.attempt, 2);
	s = parse("18446744073709551614");
	ck_assert_uint_eq(s.id, UINT64_MAX - 1);
	ck_assert_uint_eq(parse("7/3").attempt, 3);
}
END_TEST

START_TEST(ranges)
{
	struct selector s = parse("10-20");
	ck_assert_int_eq(s.kind, SELECT_RANGE);
	ck_assert_uint_eq(s.id, 10);
	ck_assert_uint_eq(s.id_last, 20);
	ck_assert_uint_eq(parse("5-5").id_last, 5);
	refuses("20-10");
	refuses("10-");
	refuses("10-20x");
	refuses("10-20-30");
}
END_TEST

START_TEST(names_and_last)
{
	ck_assert_int_eq(parse("@last").kind, SELECT_LAST);
	struct selector s = parse("nightly");
	ck_assert_int_eq(s.kind, SELECT_NAME);
	ck_assert_str_eq(s.name, "nightly");
	ck_assert_int_eq(parse("2fast").kind, SELECT_NAME);
	ck_assert_int_eq(parse("-").kind, SELECT_NAME);
	refuses("@first");
	refuses("");
}
END_TEST

START_TEST(which_instances_it_takes)
{
	struct selector s = parse("7");
	ck_assert(selector_takes(&s, "a", 3));
	s = parse("7.a");
	ck_assert(selector_takes(&s, "a", 3));
	ck_assert(!selector_takes(&s, "b", 3));
	s = parse("7.a.0");
	ck_assert(selector_takes(&s, "a", 0));
	ck_assert(!selector_takes(&s, "a", 3));
}
END_TEST

START_TEST(what_is_none)
{
	char task[100] = "1.";
	refuses("0");
	refuses("1.");
	refuses("1..2");
	refuses("1.a.");
	refuses("1.a.x");
	refuses("1.a.4294967296");
	refuses("1.a.1/");
	refuses("1.a.1/0");
	refuses("1.a.1/2/3");
	refuses("99999999999999999999");
	memset(task + 2, 'a', TASK_NAME_SIZE);
	refuses(task);
	task[2 + TASK_NAME_SIZE - 1] = '\0';
	ck_assert_uint_eq(strlen(parse(task).task), TASK_NAME_SIZE - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/selector");
	TCase *tcase = tcase_create("selector");
	tcase_add_test(tcase, numbers_and_instances);
	tcase_add_test(tcase, ranges);
	tcase_add_test(tcase, names_and_last);
	tcase_add_test(tcase, which_instances_it_takes);
	tcase_add_test(tcase, what_is_none);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
