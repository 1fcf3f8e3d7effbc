/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/cron_parse.c. */
#include "core/cron.h"

#include <string.h>

#include "base/bytes.h"
#include "base/time.h"
#include "support/suite.h"

static struct ctr_cron parse(const char *expression)
{
	struct ctr_cron cron;
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_cron_parse(ctr_bytes_str(expression), &cron, &text) == CENTRO_OK,
		      "%s: %s", expression, text.text);
	return cron;
}

static void assert_same(const char *expression, const char *expected)
{
	struct ctr_cron a = parse(expression), b = parse(expected);
	for (size_t i = 0; i < CTR_CRON_FIELD_COUNT; i++)
		ck_assert_msg(a.values[i] == b.values[i], "%s: field %zu: %#llx, not %#llx",
			      expression, i, (unsigned long long)a.values[i],
			      (unsigned long long)b.values[i]);
}

static void assert_refused(const char *expression, const char *expected)
{
	struct ctr_cron cron;
	struct centro_error_text text = {""};
	memset(&cron, 0xa5, sizeof(cron));
	struct ctr_cron before = cron;
	ck_assert_int_eq(ctr_cron_parse(ctr_bytes_str(expression), &cron, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, expected);
	ck_assert_mem_eq(&cron, &before, sizeof(cron));
}

START_TEST(values_lists_ranges_and_steps)
{
	struct ctr_cron cron = parse("0,30 8-10 1-9/4 * */2");
	ck_assert_uint_eq(cron.values[CTR_CRON_MINUTE], 1ull << 0 | 1ull << 30);
	ck_assert_uint_eq(cron.values[CTR_CRON_HOUR], 7u << 8);
	ck_assert_uint_eq(cron.values[CTR_CRON_DAY], 1u << 1 | 1u << 5 | 1u << 9);
	ck_assert_uint_eq(cron.values[CTR_CRON_MONTH], 0x1ffe);
	ck_assert_uint_eq(cron.values[CTR_CRON_WEEKDAY], 1u << 0 | 1u << 2 | 1u << 4 | 1u << 6);
	ck_assert(!cron.begins_with_star[CTR_CRON_HOUR]);
	ck_assert(!cron.begins_with_star[CTR_CRON_DAY]);
	ck_assert(cron.begins_with_star[CTR_CRON_WEEKDAY]);
}
END_TEST

START_TEST(one_meaning_in_many_spellings)
{
	assert_same("* * * * *", "0-59 0-23 1-31 1-12 0-6");
	assert_same("50/5 * * * *", "50,55 * * * *");
	assert_same("007 * * * *", "7 * * * *");
	assert_same("  0\t0  1 1 *\t", "0 0 1 1 *");
	assert_same("0 0 * jan,MAR,Dec *", "0 0 * 1,3,12 *");
	assert_same("0 0 * mar-may *", "0 0 * 3-5 *");
	assert_same("0 0 * * Mon-FRI", "0 0 * * 1-5");
	assert_same("0 0 * * 7", "0 0 * * 0");
	assert_same("0 0 * * fri-sun", "0 0 * * 0,5,6");
	assert_same("0 0 * * 5-7", "0 0 * * 0,5,6");
	assert_same("0 0 * * 0-7", "0 0 * * *");
	assert_same("0 0 * * 5-0/2", "0 0 * * 5,7");
	assert_same("*/60 */24 * * *", "0 0 * * *");
}
END_TEST

START_TEST(shorthands)
{
	assert_same("@yearly", "0 0 1 1 *");
	assert_same("@annually", "0 0 1 1 *");
	assert_same("@monthly", "0 0 1 * *");
	assert_same("@weekly", "0 0 * * sun");
	assert_same(" @Daily ", "0 0 * * *");
	assert_same("@midnight", "0 0 * * *");
	assert_same("@hourly", "0 * * * *");
	ck_assert(parse("@hourly").begins_with_star[CTR_CRON_HOUR]);
}
END_TEST

START_TEST(every_so_often)
{
	ck_assert_uint_eq(parse("@every 90s").every.ns, 90 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(parse("@every  1h30m ").every.ns, 5400 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(parse("@every 1s").every.ns, CTR_NS_PER_SEC);
	ck_assert_uint_eq(parse("0 0 * * *").every.ns, 0);
}
END_TEST

START_TEST(a_wrong_value_is_named_with_what_would_be_right)
{
	assert_refused("61 * * * *", "minute: 61 is above 59");
	assert_refused("99999999999999999999999 * * * *",
		       "minute: 99999999999999999999 is above 59");
	assert_refused("* 24 * * *", "hour: 24 is above 23");
	assert_refused("* * 0 * *", "day of the month: 0 is below 1");
	assert_refused("* * 1-32 * *", "day of the month: 32 is above 31");
	assert_refused("* * * 13 *", "month: 13 is above 12");
	assert_refused("* * * * 8", "day of the week: 8 is above 7");
	assert_refused("* * * foo *",
		       "month: \"foo\" is no such value; say 1 to 12, jan to dec, or *");
	assert_refused("* * * * mond", "day of the week: \"mond\" is no such value; say 0 to 7, "
				       "sun to sat, or *");
	assert_refused("mon * * * *", "minute: \"mon\" is no such value; say 0 to 59, or *");
	assert_refused("* * ? * *", "day of the month: \"?\" is no such value; say 1 to 31, or *");
	assert_refused("1,,2 * * * *", "minute: \"\" is no such value; say 0 to 59, or *");
	assert_refused("1, * * * *", "minute: \"\" is no such value; say 0 to 59, or *");
	assert_refused("5- * * * *", "minute: \"\" is no such value; say 0 to 59, or *");
	assert_refused("*-5 * * * *", "minute: \"*\" is no such value; say 0 to 59, or *");
	assert_refused("1-2-3 * * * *", "minute: \"2-3\" is no such value; say 0 to 59, or *");
	assert_refused("\x1b[2J * * * *", "minute: \"?[2J\" is no such value; say 0 to 59, or *");
}
END_TEST

START_TEST(a_wrong_range_or_step)
{
	assert_refused("50-10 * * * *",
		       "minute: \"50-10\" runs backwards; say 50-59,0-10 for both ends");
	assert_refused("0 0 * nov-feb *",
		       "month: \"nov-feb\" runs backwards; say 11-12,1-2 for both ends");
	assert_refused("*/0 * * * *", "minute: a step of 0 makes no sense; say 1 to 60");
	assert_refused("*/90 * * * *", "minute: a step of 90 makes no sense; say 1 to 60, or "
				       "@every with a length of time");
	assert_refused("*/ * * * *", "minute: \"\" is no step; behind a / stands a number");
	assert_refused("1/2/3 * * * *", "minute: \"2/3\" is no step; behind a / stands a number");
}
END_TEST

START_TEST(a_wrong_whole)
{
	assert_refused("", "there are 0 fields; say five: minute, hour, day of the month, month, "
			   "day of the week, as in 30 6 * * mon-fri");
	assert_refused("0 0 0 * * *",
		       "there are 6 fields; say five: minute, hour, day of the month, month, "
		       "day of the week, as in 30 6 * * mon-fri");
	assert_refused("@reboot", "\"@reboot\" is not known; say @hourly, @daily, @midnight, "
				  "@weekly, @monthly, @yearly, @annually or @every 90s");
	assert_refused("@daily 5", "\"@daily 5\" is not known; say @hourly, @daily, @midnight, "
				   "@weekly, @monthly, @yearly, @annually or @every 90s");
	assert_refused("@every", "@every: a length of time ought to follow, as in @every 1h30m");
	assert_refused("@every 90", "@every: a length of time ought to follow, as in @every 1h30m");
	assert_refused("@every 1h 30m",
		       "@every: a length of time ought to follow, as in @every 1h30m");
	assert_refused("@every 999ms", "@every: 999ms is below 1s");
}
END_TEST

START_TEST(as_long_as_the_limit_and_not_longer)
{
	char text[CTR_CRON_SIZE_MAX + 2];
	struct ctr_cron cron;
	memset(text, ' ', sizeof(text));
	memcpy(text, "0 0 * * *", 9);
	text[CTR_CRON_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(ctr_cron_parse(ctr_bytes_str(text), &cron, NULL), CENTRO_ERR_LIMIT);
	text[CTR_CRON_SIZE_MAX] = '\0';
	parse(text);

	memset(text, '9', CTR_CRON_SIZE_MAX);
	memcpy(text, "@every ", 7);
	ck_assert_int_eq(ctr_cron_parse(ctr_bytes_str(text), &cron, NULL), CENTRO_ERR_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cron_parse");
	TCase *tcase = tcase_create("cron_parse");

	tcase_add_test(tcase, values_lists_ranges_and_steps);
	tcase_add_test(tcase, one_meaning_in_many_spellings);
	tcase_add_test(tcase, shorthands);
	tcase_add_test(tcase, every_so_often);
	tcase_add_test(tcase, a_wrong_value_is_named_with_what_would_be_right);
	tcase_add_test(tcase, a_wrong_range_or_step);
	tcase_add_test(tcase, a_wrong_whole);
	tcase_add_test(tcase, as_long_as_the_limit_and_not_longer);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
