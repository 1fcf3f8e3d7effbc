/* SPDX-License-Identifier: MIT */
#include "io/clock.h"

#include <time.h>

#include "base/time.h"
#include "support/suite.h"

START_TEST(test_both_lines)
{
	struct centro_time before = ctr_clock_now();
	struct timespec boot;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	struct centro_time after = ctr_clock_now();
	uint64_t boot_ns = (uint64_t)boot.tv_sec * CTR_NS_PER_SEC + (uint64_t)boot.tv_nsec;
	ck_assert_uint_le(before.steady.ns, boot_ns);
	ck_assert_uint_ge(after.steady.ns, boot_ns);
	ck_assert_uint_ge(after.wall.ns / CTR_NS_PER_SEC, (uint64_t)time(NULL) - 1);
}
END_TEST

START_TEST(test_entropy)
{
	uint64_t a = ctr_entropy_u64(), b = ctr_entropy_u64();
	ck_assert_uint_ne(a, 0);
	ck_assert_uint_ne(b, 0);
	ck_assert_uint_ne(a, b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/clock");
	TCase *test_case = tcase_create("clock");
	tcase_add_test(test_case, test_both_lines);
	tcase_add_test(test_case, test_entropy);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
