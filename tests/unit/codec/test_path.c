/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/path.c. */
#include "codec/path.h"

#include "helper.h"

START_TEST(an_error_names_its_place)
{
	struct centro_error_text text;
	struct ctr_path task = {NULL, "tasks", 2};
	struct ctr_path env = {&task, "env", CTR_PATH_NO_INDEX};
	struct ctr_path key = {&env, "PA\nTH", CTR_PATH_NO_INDEX};

	ck_assert_int_eq(ctr_path_error(&key, &text, CENTRO_ERR_INVALID, "must be %d", 3),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "tasks[2].env.PA\\x0aTH: must be 3");
	ctr_path_error(NULL, &text, CENTRO_ERR_INVALID, "wrong");
	ck_assert_str_eq(text.text, "wrong");
	ck_assert_int_eq(ctr_path_error(&key, NULL, CENTRO_ERR_LIMIT, "wrong"), CENTRO_ERR_LIMIT);
}
END_TEST

START_TEST(an_error_may_quote_the_one_before)
{
	struct centro_error_text text = {"the old one"};
	struct ctr_path step = {NULL, "name", CTR_PATH_NO_INDEX};
	ctr_path_error(&step, &text, CENTRO_ERR_INVALID, "%s", text.text);
	ck_assert_str_eq(text.text, "name: the old one");
}
END_TEST

START_TEST(a_long_path_is_cut_at_a_character)
{
	struct ctr_path steps[40];
	struct centro_error_text text;

	for (size_t i = 0; i < CTR_ARRAY_SIZE(steps); i++)
		steps[i] = (struct ctr_path){i > 0 ? &steps[i - 1] : NULL, "ääääääää", i};
	ctr_path_error(&steps[39], &text, CENTRO_ERR_INVALID, "wrong");
	ck_assert_uint_ge(strlen(text.text), sizeof(text.text) - 4);
	ck_assert(ctr_utf8_is_valid(ctr_bytes_str(text.text)));
}
END_TEST

START_TEST(a_quote_is_harmless_and_short)
{
	struct ctr_quote quote;
	char text[1000];

	ck_assert_str_eq(ctr_quote(&quote, ctr_bytes_str("plain")), "plain");
	ck_assert_str_eq(ctr_quote(&quote, BYTES("\x1b[31m\xff")), "\\x1b[31m\\xff");
	ck_assert_str_eq(ctr_quote(&quote, BYTES("")), "");
	memset(text, 0x01, sizeof(text));
	const char *quoted = ctr_quote(&quote, ctr_bytes(text, sizeof(text)));
	ck_assert_uint_eq(strlen(quoted), 4 * CTR_QUOTE_SIZE_MAX + strlen("…"));
}
END_TEST

START_TEST(the_cap_and_the_lack_of_memory_differ)
{
	struct ctr_arena arena;
	struct centro_error_text text;

	ctr_arena_init(&arena, NULL, 64);
	ck_assert_int_eq(ctr_arena_error(&arena, 65, &text), CENTRO_ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(text.text, "64 bytes"));
	ck_assert_int_eq(ctr_arena_error(&arena, SIZE_MAX, &text), CENTRO_ERR_LIMIT);
	ck_assert_int_eq(ctr_arena_error(&arena, 16, &text), CENTRO_ERR_NOMEM);
	ck_assert_str_eq(text.text, "out of memory");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/path");
	TCase *tcase = tcase_create("path");
	tcase_add_test(tcase, an_error_names_its_place);
	tcase_add_test(tcase, an_error_may_quote_the_one_before);
	tcase_add_test(tcase, a_long_path_is_cut_at_a_character);
	tcase_add_test(tcase, a_quote_is_harmless_and_short);
	tcase_add_test(tcase, the_cap_and_the_lack_of_memory_differ);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
