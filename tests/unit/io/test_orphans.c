/* SPDX-License-Identifier: MIT */
#include "io/orphans.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

static const struct centro_attempt_ref ref = {.job = 7, .task = 1, .index = 2, .attempt = 3};

static void wait_exec(pid_t pid)
{
	char path[64], name[32] = "";
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	for (int i = 0; i < 2000 && strcmp(name, "sleep\n") != 0; i++) {
		FILE *file = fopen(path, "r");
		if (!file || !fgets(name, sizeof(name), file))
			name[0] = '\0';
		if (file)
			fclose(file);
		usleep(2000);
	}
}

/* `padding` bytes of environment stand before the mark. */
static pid_t sleeper(const char *mark, size_t padding)
{
	pid_t pid = fork();
	if (pid == 0) {
		char *pad = calloc(1, padding + 3);
		memcpy(pad, "P=", 2);
		memset(pad + 2, 'p', padding);
		const char *const env[] = {pad, mark, "Z=1", NULL};
		const char *const argv[] = {"sleep", "100", NULL};
		execve("/bin/sleep", (char *const *)argv, (char *const *)env);
		_exit(127);
	}
	wait_exec(pid);
	return pid;
}

static bool is_gone(pid_t pid)
{
	int status;
	return waitpid(pid, &status, WNOHANG) == pid;
}

static void expect_killed(pid_t pid)
{
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(test_only_the_marked)
{
	char mark[CTR_ORPHAN_MARK_SIZE], other[CTR_ORPHAN_MARK_SIZE], longer[128], inside[128];
	struct centro_attempt_ref other_ref = ref;
	other_ref.attempt++;
	ctr_orphan_mark(0xabc, &ref, mark);
	ctr_orphan_mark(0xabc, &other_ref, other);
	ck_assert_str_eq(mark, "CENTRO_MARK=0000000000000abc.7.1.2.3");
	snprintf(longer, sizeof(longer), "%s1", mark);
	snprintf(inside, sizeof(inside), "A=%s", mark);
	pid_t others[] = {sleeper(other, 0), sleeper(longer, 0), sleeper(inside, 0),
			  sleeper("CENTRO_MARK=", 0)};
	pid_t marked[] = {sleeper(mark, 0), sleeper(mark, 100000)};
	ck_assert_uint_eq(ctr_orphans_kill(mark), 2);
	expect_killed(marked[0]);
	expect_killed(marked[1]);
	ck_assert_uint_eq(ctr_orphans_kill(mark), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert(!is_gone(others[i]));
		kill(others[i], SIGKILL);
		waitpid(others[i], NULL, 0);
	}
}
END_TEST

/* Wherever the mark lies in what one read gives. */
START_TEST(test_across_reads)
{
	char mark[CTR_ORPHAN_MARK_SIZE];
	ctr_orphan_mark(1, &ref, mark);
	for (size_t padding = 16384 - 60; padding < 16384 + 4; padding += 3) {
		pid_t pid = sleeper(mark, padding);
		ck_assert_msg(ctr_orphans_kill(mark) == 1, "%zu", padding);
		expect_killed(pid);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/orphans");
	TCase *test_case = tcase_create("orphans");
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_only_the_marked);
	tcase_add_test(test_case, test_across_reads);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
