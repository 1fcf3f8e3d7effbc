/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/nearest.c. */
#include "codec/nearest.h"

#include "helper.h"

static const char *nearest_to(const char *wrong)
{
	static const char *const names[] = {
		"id",    "name", "queue",     "command", "count",    "time_limit",
		"lease", "env",  "resources", "tasks",   "priority",
	};
	struct ctr_nearest nearest;
	ctr_nearest_init(&nearest, ctr_bytes_str(wrong));
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		ctr_nearest_add(&nearest, names[i]);
	return nearest.name;
}

START_TEST(typing_errors_are_forgiven)
{
	ck_assert_str_eq(nearest_to("comand"), "command");   /* one is missing */
	ck_assert_str_eq(nearest_to("ccommand"), "command"); /* one too many */
	ck_assert_str_eq(nearest_to("cimmand"), "command");  /* a wrong one */
	ck_assert_str_eq(nearest_to("cmomand"), "command");  /* two swapped */
	ck_assert_str_eq(nearest_to("timelimit"), "time_limit");
	ck_assert_str_eq(nearest_to("timeLimit"), "time_limit");
	ck_assert_str_eq(nearest_to("Name"), "name");
	ck_assert_str_eq(nearest_to("proiirty"), "priority"); /* two swaps */
}
END_TEST

START_TEST(the_nearest_wins_and_then_the_first)
{
	struct ctr_nearest nearest;
	ctr_nearest_init(&nearest, ctr_bytes_str("abcd"));
	ctr_nearest_add(&nearest, "abxx");
	ck_assert_str_eq(nearest.name, "abxx");
	ctr_nearest_add(&nearest, "abcx");
	ck_assert_str_eq(nearest.name, "abcx");
	ctr_nearest_add(&nearest, "xbcd");
	ck_assert_str_eq(nearest.name, "abcx");
	ctr_nearest_add(&nearest, "abcd");
	ck_assert_str_eq(nearest.name, "abcd");
	ck_assert_uint_eq(nearest.distance, 0);
}
END_TEST

START_TEST(nothing_is_near_what_is_far)
{
	char text[5000];

	ck_assert_ptr_null(nearest_to("image"));
	ck_assert_ptr_null(nearest_to("commndxx")); /* three errors */
	ck_assert_ptr_null(nearest_to("xy"));       /* two errors in two letters … */
	ck_assert_ptr_null(nearest_to("xyv"));      /* … or in three */
	ck_assert_str_eq(nearest_to("ie"), "id");
	ck_assert_ptr_null(nearest_to(""));
	ck_assert_ptr_null(nearest_to("x"));
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_null(nearest_to(text));
	/* A name that is longer than any in the schema is not looked at. */
	struct ctr_nearest nearest;
	text[64] = '\0';
	ctr_nearest_init(&nearest, ctr_bytes_str(text));
	ctr_nearest_add(&nearest, text);
	ck_assert_ptr_null(nearest.name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/nearest");
	TCase *tcase = tcase_create("nearest");
	tcase_add_test(tcase, typing_errors_are_forgiven);
	tcase_add_test(tcase, the_nearest_wins_and_then_the_first);
	tcase_add_test(tcase, nothing_is_near_what_is_far);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
