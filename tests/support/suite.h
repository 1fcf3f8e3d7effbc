/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_SUPPORT_SUITE_H
#define CTR_TESTS_SUPPORT_SUITE_H

/* What every unit test's main() does. */

#include <check.h>
#include <stdlib.h>

static inline int ctr_suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
