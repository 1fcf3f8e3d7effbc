/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/error.c. */
#include <centro/error.h>

#include <string.h>

#include "support/suite.h"

static const struct {
	int value;
	const char *name;
} errors[] = {
#define X(name, value, short_name, help) {CENTRO_ERR_##name, short_name},
	CENTRO_ERROR_MAP(X)
#undef X
};
#define ERRORS (sizeof(errors) / sizeof(errors[0]))

START_TEST(every_error_has_its_own_name)
{
	for (size_t i = 0; i < ERRORS; i++) {
		ck_assert_int_lt(errors[i].value, 0);
		ck_assert_str_eq(centro_error_name(errors[i].value), errors[i].name);
		ck_assert_uint_gt(strlen(centro_error_help(errors[i].value)), 5);
		for (size_t j = 0; j < i; j++) {
			ck_assert_int_ne(errors[i].value, errors[j].value);
			ck_assert_str_ne(errors[i].name, errors[j].name);
		}
	}
}
END_TEST

START_TEST(what_is_no_error)
{
	ck_assert_str_eq(centro_error_name(CENTRO_OK), "ok");
	ck_assert_str_eq(centro_error_name(-1), "unknown");
	ck_assert_str_eq(centro_error_name(1), "unknown");
	ck_assert_ptr_nonnull(centro_error_help(CENTRO_OK));
	ck_assert_ptr_nonnull(centro_error_help(-1));
}
END_TEST

START_TEST(what_may_pass_by_itself)
{
	ck_assert(centro_error_is_retryable(CENTRO_ERR_UNAVAILABLE));
	ck_assert(centro_error_is_retryable(CENTRO_ERR_NOMEM));
	ck_assert(!centro_error_is_retryable(CENTRO_ERR_INVALID));
	ck_assert(!centro_error_is_retryable(CENTRO_ERR_CORRUPT));
	ck_assert(!centro_error_is_retryable(CENTRO_OK));
	ck_assert(!centro_error_is_retryable(-1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/error");
	TCase *tcase = tcase_create("error");
	tcase_add_test(tcase, every_error_has_its_own_name);
	tcase_add_test(tcase, what_is_no_error);
	tcase_add_test(tcase, what_may_pass_by_itself);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
