/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/version.c. */
#include <centro/version.h>

#include <stdio.h>

#include "support/suite.h"

START_TEST(the_parts_make_the_whole)
{
	char text[32];
	snprintf(text, sizeof(text), "%d.%d.%d", CENTRO_VERSION_MAJOR, CENTRO_VERSION_MINOR,
		 CENTRO_VERSION_PATCH);
	ck_assert_str_eq(text, CENTRO_VERSION_STRING);
	ck_assert_str_eq(text, centro_version());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/version");
	TCase *tcase = tcase_create("version");
	tcase_add_test(tcase, the_parts_make_the_whole);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
