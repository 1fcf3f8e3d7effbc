/* SPDX-License-Identifier: MIT */
/* The end of an attempt takes all of its processes along, and nobody else. */
#include "io/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/time.h"
#include "io/clock.h"
#include "runner_fixture.h"
#include "support/suite.h"

static struct run_fixture fixture;

static void set_up(void)
{
	run_fixture_init(&fixture);
}

static void tear_down(void)
{
	run_fixture_fini(&fixture);
}

/* A script with the directory of the test's own files as $X. */
static uint32_t start(const char *script, struct run_what what)
{
	static char env[160];
	snprintf(env, sizeof(env), "X=%s.x", fixture.dir);
	const char *const strings[] = {"PATH=/usr/bin:/bin", env, NULL};
	what.env = strings;
	what.script = script;
	return run_start(&fixture, &what, NULL);
}

static void kill_it(uint32_t handle, uint64_t grace_ms)
{
	ctr_runner_host()->kill(fixture.runner, handle, CENTRO_CAUSE_CANCEL, ctr_span_ms(grace_ms));
}

static uint64_t ms_since(struct centro_instant begin)
{
	return ctr_between(begin, ctr_clock_now().steady).ns / CTR_NS_PER_MS;
}

/* TERM is enough for one that listens, and its exit code is kept. */
START_TEST(test_term_is_enough)
{
	uint32_t handle =
		start("trap 'exit 5' TERM; echo $$ >$X/main; while :; do sleep 0.05; done",
		      (struct run_what){0});
	run_read_number(&fixture, "main");
	struct centro_instant begin = ctr_clock_now().steady;
	kill_it(handle, 10000);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_CANCEL);
	ck_assert_int_eq(end->exit_code, 5);
	ck_assert_uint_lt(ms_since(begin), 5000);
}
END_TEST

/* Sessions of their own, orphans, daemons, and nobody obeys TERM. */
START_TEST(test_kill_takes_everything)
{
	static const char *const names[] = {"main", "child", "session", "daemon", "deep"};
	pid_t pids[CTR_ARRAY_SIZE(names)];
	uint32_t handle =
		start("trap '' TERM HUP\n"
		      "say() { echo $2 >$X/$1; }\n"
		      "sleep 1000 & say child $!\n"
		      "setsid sh -c 'echo $$ >$X/session; exec sleep 1000' &\n"
		      "(setsid sh -c 'sh -c \"echo \\$\\$ >$X/daemon; exec sleep 1000\" &' &)\n"
		      "setsid sh -c 'setsid sh -c \"setsid sh -c \\\"sleep 1000 & echo \\\\\\$! "
		      ">$X/deep; "
		      "wait\\\" & wait\" & wait' &\n"
		      "say main $$\n"
		      "while :; do wait; done\n",
		      (struct run_what){0});
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		pids[i] = (pid_t)run_read_number(&fixture, names[i]);
		ck_assert_msg(run_is_alive(pids[i]), "%s", names[i]);
	}
	struct centro_instant begin = ctr_clock_now().steady;
	kill_it(handle, 300);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_eq(end->signal, SIGKILL);
	ck_assert_int_eq(end->exit_code, 128 + SIGKILL);
	ck_assert_uint_ge(ms_since(begin), 300);
	ck_assert_uint_lt(ms_since(begin), 5000);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		ck_assert_msg(!run_is_alive(pids[i]), "%s", names[i]);
}
END_TEST

/* Whoever is stopped could not see TERM. */
START_TEST(test_stopped_process_gets_term)
{
	uint32_t handle = start("trap 'exit 6' TERM; echo $$ >$X/main; kill -STOP $$; sleep 1000",
				(struct run_what){0});
	run_read_number(&fixture, "main");
	run_turn(&fixture, 100);
	struct centro_instant begin = ctr_clock_now().steady;
	kill_it(handle, 10000);
	ck_assert_int_eq(run_wait(&fixture, handle)->exit_code, 6);
	ck_assert_uint_lt(ms_since(begin), 5000);
}
END_TEST

START_TEST(test_what_the_command_leaves_behind_goes)
{
	uint32_t handle =
		start("sleep 1000 & echo $! >$X/child\n"
		      "setsid sh -c 'trap \"\" TERM; echo $$ >$X/daemon; sleep 1000 & wait; "
		      "sleep 1000' &\n"
		      "while [ ! -s $X/daemon ]; do sleep 0.01; done; exit 7",
		      (struct run_what){.grace_ms = 200});
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_EXITED);
	ck_assert_int_eq(end->exit_code, 7);
	ck_assert(!run_is_alive((pid_t)run_read_number(&fixture, "child")));
	ck_assert(!run_is_alive((pid_t)run_read_number(&fixture, "daemon")));
}
END_TEST

START_TEST(test_time_limit)
{
	struct centro_instant begin = ctr_clock_now().steady;
	uint32_t handle = start("trap '' TERM; sleep 1000 & wait; sleep 1000",
				(struct run_what){.time_limit_ms = 300, .grace_ms = 200});
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_TIME_LIMIT);
	ck_assert_uint_eq(end->signal, SIGKILL);
	ck_assert_uint_ge(ms_since(begin), 500);
	ck_assert_uint_lt(ms_since(begin), 5000);

	handle = start("exit 3", (struct run_what){.time_limit_ms = 60000});
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_EXITED);
}
END_TEST

/* A second order can only hurry; the first one's cause stands. */
START_TEST(test_second_order_hurries)
{
	uint32_t handle = start("trap '' TERM; echo $$ >$X/main; while :; do sleep 0.1; done",
				(struct run_what){0});
	run_read_number(&fixture, "main");
	struct centro_instant begin = ctr_clock_now().steady;
	kill_it(handle, 600000);
	run_turn(&fixture, 200);
	ck_assert_uint_eq(fixture.ends[handle], 0);
	ctr_runner_host()->kill(fixture.runner, handle, CENTRO_CAUSE_LEASE_EXPIRED,
				ctr_span_ms(100));
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_lt(ms_since(begin), 5000);
}
END_TEST

/* An order that comes before the shim has so much as looked. */
START_TEST(test_order_before_the_start)
{
	uint32_t handle = start("echo x >$X/ran; sleep 1000", (struct run_what){0});
	kill_it(handle, 0);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_CANCEL);
}
END_TEST

/* Each of many in a session of its own, while more are made. */
START_TEST(test_many_that_multiply)
{
	char line[64];
	size_t count = 0;
	uint32_t handle = start("trap '' TERM\n"
				"n=0; while [ $n -lt 60 ]; do n=$((n+1)); "
				"setsid sh -c 'trap \"\" TERM; echo $$ >>$X/all; "
				"(setsid sleep 1000 & echo $! >>$X/all); sleep 1000' & done\n"
				"echo $$ >$X/main; while :; do (sleep 0.01 &); done",
				(struct run_what){0});
	run_read_number(&fixture, "main");
	run_turn(&fixture, 300);
	kill_it(handle, 0);
	run_wait(&fixture, handle);
	FILE *file = fopen(run_path(&fixture, "all"), "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		count++;
		ck_assert(!run_is_alive((pid_t)strtol(line, NULL, 10)));
	}
	fclose(file);
	ck_assert_uint_ge(count, 60);
}
END_TEST

static pid_t shim_pid(uint32_t handle)
{
	char path[64], line[128];
	int pid = 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		 ctr_runner_get_pidfd(fixture.runner, handle));
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	}
	fclose(file);
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Orphans end long before the command does; nobody else would wait for them. */
START_TEST(test_orphans_are_reaped)
{
	char command[200];
	uint32_t handle =
		start("for i in 1 2 3 4 5; do (true &); done; echo $$ >$X/main; sleep 1000",
		      (struct run_what){0});
	run_read_number(&fixture, "main");
	run_turn(&fixture, 300);
	snprintf(command, sizeof(command), "test $(ps -o pid= --ppid %d | wc -l) -eq 1",
		 shim_pid(handle));
	ck_assert_int_eq(system(command), 0);
	kill_it(handle, 0);
	run_wait(&fixture, handle);
}
END_TEST

/* The shim itself is killed: the command must not go on without its guard. */
START_TEST(test_command_does_not_outlive_its_shim)
{
	uint32_t handle = start("setsid sh -c 'sleep 1000 & echo $! >$X/daemon; wait' &\n"
				"echo $$ >$X/main; sleep 1000",
				(struct run_what){0});
	pid_t pid = (pid_t)run_read_number(&fixture, "main");
	pid_t daemon_pid = (pid_t)run_read_number(&fixture, "daemon");
	ck_assert_int_eq(kill(shim_pid(handle), SIGKILL), 0);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_str_eq(end->message,
			 "its shim was killed by signal 9 without a record of the end");
	ck_assert(!run_is_alive(pid));
	ck_assert(!run_is_alive(daemon_pid));
}
END_TEST

static volatile sig_atomic_t decoy_signals;

static void on_decoy_signal(int signal)
{
	decoy_signals++;
}

/* Others with the same user, name and group leader's habits are left in peace. */
START_TEST(test_decoys_are_left_alone)
{
	pid_t decoy = fork();
	if (decoy == 0) {
		setsid();
		execlp("sleep", "sleep", "1000", (char *)NULL);
		_exit(127);
	}
	struct sigaction action = {.sa_handler = on_decoy_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	uint32_t handle = start("sleep 1000 & echo $! >$X/main; wait", (struct run_what){0});
	run_read_number(&fixture, "main");
	kill_it(handle, 0);
	run_wait(&fixture, handle);
	ck_assert(run_is_alive(decoy));
	ck_assert_int_eq(decoy_signals, 0);
	kill(decoy, SIGKILL);
	waitpid(decoy, NULL, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/runner_tree");
	TCase *test_case = tcase_create("tree");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_term_is_enough);
	tcase_add_test(test_case, test_kill_takes_everything);
	tcase_add_test(test_case, test_stopped_process_gets_term);
	tcase_add_test(test_case, test_what_the_command_leaves_behind_goes);
	tcase_add_test(test_case, test_time_limit);
	tcase_add_test(test_case, test_second_order_hurries);
	tcase_add_test(test_case, test_order_before_the_start);
	tcase_add_test(test_case, test_many_that_multiply);
	tcase_add_test(test_case, test_orphans_are_reaped);
	tcase_add_test(test_case, test_command_does_not_outlive_its_shim);
	tcase_add_test(test_case, test_decoys_are_left_alone);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
