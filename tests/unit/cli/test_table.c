/* SPDX-License-Identifier: MIT */
/* Tables: widths, escapes, colours. */
#include "table.h"

#include "capture.h"
#include "support/suite.h"

static const char *const titles[] = {"ID", "NAME", "REASON"};

static void print(const struct table *table, const struct cli *cli, const char *expected)
{
	struct capture capture;
	capture_begin(&capture, stdout);
	table_print(table, cli);
	ck_assert_str_eq(capture_end(&capture), expected);
}

START_TEST(columns_are_as_wide_as_their_widest)
{
	struct cli cli = {0};
	struct table table;
	table_init(&table, titles, 3);
	print(&table, &cli, "ID  NAME  REASON\n");
	table_add(&table, TINT_NONE, "%d", 1234);
	table_add(&table, TINT_NONE, "%s", "é");
	table_add(&table, TINT_BAD, "%s", "");
	table_add(&table, TINT_NONE, "%d", 7);
	table_add(&table, TINT_NONE, "%s", "x\ny");
	table_add(&table, TINT_NONE, "%s", "waits for 64 cores");
	print(&table, &cli,
	      "ID    NAME    REASON\n"
	      "1234  é       -\n"
	      "7     x\\x0ay  waits for 64 cores\n");
	table_free(&table);
}
END_TEST

START_TEST(colours_take_no_room)
{
	struct cli cli = {.is_colored = true};
	struct table table;
	table_init(&table, titles, 2);
	table_add(&table, tint_of_state("failed"), "%s", "failed");
	table_add(&table, tint_of_state("blocked"), "%s", "x");
	print(&table, &cli, "ID      NAME\n\033[31mfailed\033[0m  x\n");
	table_free(&table);
	ck_assert_int_eq(tint_of_state("succeeded"), TINT_GOOD);
	ck_assert_int_eq(tint_of_state("running"), TINT_BUSY);
	ck_assert_int_eq(tint_of_state(""), TINT_NONE);
}
END_TEST

START_TEST(many_rows)
{
	struct cli cli = {0};
	struct table table;
	struct capture capture;
	table_init(&table, titles, 1);
	for (int i = 0; i < 1000; i++)
		table_add(&table, TINT_NONE, "%d", i);
	capture_begin(&capture, stdout);
	table_print(&table, &cli);
	const char *text = capture_end(&capture);
	ck_assert_ptr_nonnull(strstr(text, "\n999\n"));
	table_free(&table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/table");
	TCase *tcase = tcase_create("table");
	tcase_add_test(tcase, columns_are_as_wide_as_their_widest);
	tcase_add_test(tcase, colours_take_no_room);
	tcase_add_test(tcase, many_rows);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
