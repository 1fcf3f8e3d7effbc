/* SPDX-License-Identifier: MIT */
#include "io/machine.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"

START_TEST(test_detect)
{
	struct ctr_machine machine;
	char name[256] = "";
	ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
	ctr_machine_detect("/", &machine);
	ck_assert_str_eq(machine.name, name);
	ck_assert_uint_gt(machine.cpu_milli, 0);
	ck_assert_uint_gt(machine.memory_mib, 0);
	ck_assert_uint_gt(machine.disk_mib, 0);
	ck_assert_int_eq(strncmp(machine.kernel, "Linux ", 6), 0);
	ck_assert_uint_eq(strlen(machine.boot_id), 36);
}
END_TEST

/* No more than this process may use. */
START_TEST(test_affinity)
{
	struct ctr_machine machine;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	ctr_machine_detect("/no/such", &machine);
	ck_assert_uint_le(machine.cpu_milli, 1000);
	ck_assert_uint_eq(machine.disk_mib, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/machine");
	TCase *test_case = tcase_create("machine");
	tcase_add_test(test_case, test_detect);
	tcase_add_test(test_case, test_affinity);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
