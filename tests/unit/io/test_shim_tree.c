/* SPDX-License-Identifier: MIT */
/* The shim's walk over its descendants, with and without the kernel's lists of children. */
#include "../../../cli/shim.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

/*
 * The command: in a session of its own, as the shim starts it. Each of `ready`
 * processes says through descriptor 9 that it is there.
 */
static struct shim_tree start_main(const char *script, bool use_lists, int ready)
{
	struct shim_tree tree;
	int pipe_fds[2];
	char byte;
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	shim_tree_init(&tree);
	tree.has_lists = tree.has_lists && use_lists;
	ck_assert_int_eq(pipe(pipe_fds), 0);
	tree.main = fork();
	if (tree.main == 0) {
		setsid();
		dup2(pipe_fds[1], 9);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < ready; i++)
		ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return tree;
}

#define SLEEP "echo >&9; exec sleep 100"

/* Repeat a signal until nothing is left. */
static void signal_until_gone(struct shim_tree *tree, int number)
{
	for (int i = 0; shim_tree_reap(tree); i++) {
		ck_assert_int_lt(i, 500);
		shim_tree_signal(tree, number);
		usleep(10000);
	}
	ck_assert(tree->main_ended && tree->main_reaped);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(test_kill)
{
	struct shim_tree tree = start_main(
		"trap '' TERM; (" SLEEP ") & "
		"setsid sh -c 'trap \"\" TERM; setsid sh -c \"" SLEEP "\" & " SLEEP "' & "
		"(setsid sh -c '" SLEEP "' &); echo >&9; wait; sleep 100",
		_i, 5);
	ck_assert(shim_tree_reap(&tree));
	signal_until_gone(&tree, SIGKILL);
	ck_assert(WIFSIGNALED(tree.main_status));
}
END_TEST

/* One TERM is enough for those that listen, wherever they stand, and comes once. */
START_TEST(test_term_reaches_all)
{
	struct shim_tree tree = start_main(
		"setsid sh -c 'setsid sh -c \"(" SLEEP ") & wait\" & (" SLEEP ") & wait' & "
		"(setsid sh -c '" SLEEP "' &); "
		"trap 'n=$((n+1))' TERM; echo >&9; "
		"i=0; while [ $i -lt 40 ]; do sleep 0.02 & wait $!; i=$((i+1)); done; exit $n",
		_i, 4);
	shim_tree_signal(&tree, SIGTERM);
	for (int i = 0; shim_tree_reap(&tree); i++) {
		ck_assert_int_lt(i, 5000); /* a busy machine is slow to start forty commands */
		usleep(10000);
	}
	ck_assert(WIFEXITED(tree.main_status));
	ck_assert_int_eq(WEXITSTATUS(tree.main_status), 1);
}
END_TEST

/* The command has ended, and stays a zombie while others are left. */
START_TEST(test_number_is_kept)
{
	struct shim_tree tree = start_main("setsid sh -c '" SLEEP "' & sleep 0.05; exit 3", _i, 1);
	for (int i = 0; !tree.main_ended; i++) {
		ck_assert_int_lt(i, 500);
		ck_assert(shim_tree_reap(&tree));
		usleep(10000);
	}
	ck_assert(shim_tree_reap(&tree));
	ck_assert(!tree.main_reaped);
	ck_assert_int_eq(WEXITSTATUS(tree.main_status), 3);
	ck_assert_int_eq(kill(tree.main, 0), 0);
	signal_until_gone(&tree, SIGKILL);
	ck_assert_int_eq(kill(tree.main, 0), -1);
}
END_TEST

/* More children than one list holds. */
START_TEST(test_many_children)
{
	struct shim_tree tree = start_main("i=0; while [ $i -lt 300 ]; do "
					   "(setsid sh -c '" SLEEP "' &); i=$((i+1)); done; "
					   "echo >&9; sleep 100",
					   true, 301);
	signal_until_gone(&tree, SIGKILL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/shim_tree");
	TCase *test_case = tcase_create("shim_tree");
	tcase_set_timeout(test_case, 60);
	tcase_add_loop_test(test_case, test_kill, 0, 2);
	tcase_add_loop_test(test_case, test_term_reaches_all, 0, 2);
	tcase_add_loop_test(test_case, test_number_is_kept, 0, 2);
	tcase_add_test(test_case, test_many_children);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
