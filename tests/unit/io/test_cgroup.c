/* SPDX-License-Identifier: MIT */
#include "io/cgroup.h"

#include "support/suite.h"
#include "temp_dir.h"

static struct temp_dir temp;

static void set_up(void)
{
	temp_dir_init(&temp);
}

static void tear_down(void)
{
	temp_dir_fini(&temp);
}

static void put(const char *path, const char *content)
{
	char full[512], command[600];
	snprintf(full, sizeof(full), "%s%s", temp.path, path);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", full);
	ck_assert_int_eq(system(command), 0);
	FILE *file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(content, file);
	fclose(file);
}

static void expect(uint64_t memory_bytes, uint64_t cpu_milli)
{
	struct ctr_cgroup_limits limits = ctr_cgroup_read_limits(temp.path);
	ck_assert_uint_eq(limits.memory_bytes, memory_bytes);
	ck_assert_uint_eq(limits.cpu_milli, cpu_milli);
}

START_TEST(test_none)
{
	expect(UINT64_MAX, UINT64_MAX);
	put("/proc/self/mountinfo", "31 23 0:28 / /sys rw - sysfs sysfs rw\ngarbage\n");
	put("/proc/self/cgroup", "0::/\n");
	expect(UINT64_MAX, UINT64_MAX);
}
END_TEST

/* The least on the way up. */
START_TEST(test_v2)
{
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n");
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	expect(UINT64_MAX, UINT64_MAX);
	put("/sys/fs/cgroup/a/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	expect(1073741824, 1500);
	put("/sys/fs/cgroup/a/b/memory.max", "1000\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "25000 100000\n");
	expect(1000, 250);
	put("/sys/fs/cgroup/memory.max", "7\n"); /* a container's root has one */
	expect(7, 250);
}
END_TEST

START_TEST(test_v1_and_hybrid)
{
	put("/proc/self/mountinfo", "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
				    "33 31 0:30 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"
				    "35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
				    "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	put("/proc/self/cgroup", "4:memory:/m\n3:cpuset:/other\n2:cpu,cpuacct:/c/d\n0::/u\n");
	put("/cg/memory/m/memory.limit_in_bytes", "9223372036854771712\n");
	put("/cg/cpu/c/d/cpu.cfs_quota_us", "-1\n");
	put("/cg/cpu/c/d/cpu.cfs_period_us", "100000\n");
	put("/cg/cpu/c/cpu.cfs_quota_us", "200000\n");
	put("/cg/cpu/c/cpu.cfs_period_us", "100000\n");
	expect(UINT64_C(9223372036854771712), 2000);
	put("/cg/unified/u/memory.max", "4096\n");
	expect(4096, 2000);
}
END_TEST

/* Mounted from below its root, as in a container, with and without its own view. */
START_TEST(test_mounted_from_below)
{
	put("/proc/self/mountinfo", "31 23 0:28 /docker/x /cg rw - cgroup2 cgroup2 rw\n");
	put("/cg/memory.max", "500\n");
	put("/cg/y/memory.max", "300\n");
	put("/proc/self/cgroup", "0::/docker/x/y\n");
	expect(300, UINT64_MAX);
	put("/proc/self/cgroup", "0::/docker/xy\n");
	expect(500, UINT64_MAX);
	put("/proc/self/mountinfo", "31 23 0:28 / /cg rw - cgroup2 cgroup2 rw\n");
	put("/proc/self/cgroup", "0::/../other\n");
	expect(500, UINT64_MAX);
}
END_TEST

START_TEST(test_this_machine)
{
	struct ctr_cgroup_limits limits = ctr_cgroup_read_limits("");
	ck_assert_uint_gt(limits.memory_bytes, 0);
	ck_assert_uint_gt(limits.cpu_milli, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/cgroup");
	TCase *test_case = tcase_create("cgroup");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_none);
	tcase_add_test(test_case, test_v2);
	tcase_add_test(test_case, test_v1_and_hybrid);
	tcase_add_test(test_case, test_mounted_from_below);
	tcase_add_test(test_case, test_this_machine);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
