/* SPDX-License-Identifier: MIT */
/* I4: at the end of its lease an attempt is gone, whatever became of the agent. */
#include "io/runner.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"
#include "runner_fixture.h"
#include "support/suite.h"

/* What a loaded machine may take to do what is due now. */
#define SLACK_MS 1500

static struct run_fixture fixture;
static char own_dir[160];

static void set_up(void)
{
	run_fixture_init(&fixture);
	snprintf(own_dir, sizeof(own_dir), "X=%s.x", fixture.dir);
}

static void tear_down(void)
{
	run_fixture_fini(&fixture);
}

static uint32_t start(const char *script, struct run_what what)
{
	const char *const env[] = {"PATH=/usr/bin:/bin", own_dir, NULL};
	what.env = env;
	what.script = script;
	return run_start(&fixture, &what, NULL);
}

static uint64_t ms_since(struct centro_instant begin)
{
	return ctr_between(begin, ctr_clock_now().steady).ns / CTR_NS_PER_MS;
}

#define STUBBORN "trap '' TERM; echo $$ >$X/main; while :; do sleep 0.02; done"

/*
 * Another process is the agent. Every 100 ms it extends the lease to `extend_ms`
 * from then, or never if that is 0.
 */
static pid_t fork_agent(uint64_t lease_left_ms, uint64_t extend_ms)
{
	run_fixture_close_runner(&fixture);
	pid_t agent = fork();
	ck_assert_int_ge(agent, 0);
	if (agent > 0)
		return agent;
	run_fixture_open_runner(&fixture);
	uint32_t handle = start(STUBBORN, (struct run_what){.lease_left_ms = lease_left_ms});
	for (;;) {
		run_turn(&fixture, 100);
		if (extend_ms > 0)
			ctr_runner_host()->set_lease(fixture.runner, handle, run_in(extend_ms));
	}
}

static void expect_lease_expired(void)
{
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted_count, 1);
	ck_assert(fixture.adopted[0].has_ended);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_uint_eq(fixture.adopted[0].end.signal, SIGKILL);
}

START_TEST(test_agent_is_killed)
{
	struct centro_instant begin = ctr_clock_now().steady;
	pid_t agent = fork_agent(1000, 0);
	pid_t pid = (pid_t)run_read_number(&fixture, "main");
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	ck_assert_uint_lt(ms_since(begin), 1000);
	ck_assert(run_is_alive(pid));
	ck_assert(run_wait_gone(pid, 1000 + SLACK_MS));
	ck_assert_uint_ge(ms_since(begin), 1000);
	run_sleep(200);
	expect_lease_expired();
}
END_TEST

START_TEST(test_agent_is_stopped)
{
	struct centro_instant begin = ctr_clock_now().steady;
	pid_t agent = fork_agent(1000, 0);
	pid_t pid = (pid_t)run_read_number(&fixture, "main");
	kill(agent, SIGSTOP);
	ck_assert(run_is_alive(pid));
	ck_assert(run_wait_gone(pid, 1000 + SLACK_MS));
	ck_assert_uint_ge(ms_since(begin), 1000);
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	run_sleep(200);
	expect_lease_expired();
}
END_TEST

START_TEST(test_extended_until_the_agent_stops)
{
	pid_t agent = fork_agent(700, 700);
	pid_t pid = (pid_t)run_read_number(&fixture, "main");
	run_sleep(2000);
	ck_assert(run_is_alive(pid));
	kill(agent, SIGSTOP);
	struct centro_instant stopped = ctr_clock_now().steady;
	ck_assert(run_wait_gone(pid, 700 + SLACK_MS));
	ck_assert_uint_ge(ms_since(stopped), 500);
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	run_sleep(200);
	expect_lease_expired();
}
END_TEST

/* TERM comes before the end, and what listens has time to put its things in order. */
START_TEST(test_notice)
{
	struct centro_instant begin = ctr_clock_now().steady;
	uint32_t handle = start("trap 'exit 4' TERM; while :; do sleep 0.02; done",
				(struct run_what){.lease_left_ms = 3000, .lease_notice_ms = 2500});
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_int_eq(end->exit_code, 4);
	ck_assert_uint_ge(ms_since(begin), 500);
	ck_assert_uint_lt(ms_since(begin), 3000);
}
END_TEST

/* It has been told to go: a late extension does not undo that. */
START_TEST(test_no_way_back_after_the_notice)
{
	struct centro_instant begin = ctr_clock_now().steady;
	uint32_t handle =
		start(STUBBORN, (struct run_what){.lease_left_ms = 1500, .lease_notice_ms = 1200});
	run_turn(&fixture, 700);
	ctr_runner_host()->set_lease(fixture.runner, handle, run_in(60000));
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_uint_lt(ms_since(begin), 1500 + SLACK_MS);
}
END_TEST

/* A grace that reaches beyond the lease is cut there. */
START_TEST(test_grace_ends_with_the_lease)
{
	struct centro_instant begin = ctr_clock_now().steady;
	uint32_t handle = start(STUBBORN, (struct run_what){.lease_left_ms = 1000});
	run_read_number(&fixture, "main");
	ctr_runner_host()->kill(fixture.runner, handle, CENTRO_CAUSE_CANCEL, ctr_span_ms(60000));
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_ge(ms_since(begin), 1000);
	ck_assert_uint_lt(ms_since(begin), 1000 + SLACK_MS);
}
END_TEST

START_TEST(test_nothing_starts_after_the_lease)
{
	struct centro_error_text text;
	struct centro_attempt_ref ref;
	uint32_t handle = run_prepare(&fixture, &(struct run_what){.script = "echo x"}, &ref);
	ck_assert_int_eq(ctr_runner_host()->start(fixture.runner, handle, run_in(0), &text),
			 CENTRO_OK);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_uint_eq(end->start_wall.ns, 0);
	ck_assert_uint_eq(fixture.starts[handle], 0);
}
END_TEST

START_TEST(test_lease_without_end)
{
	struct centro_error_text text;
	uint32_t handle = run_prepare(&fixture, &(struct run_what){.script = "sleep 0.2"}, NULL);
	ck_assert_int_eq(ctr_runner_host()->start(fixture.runner, handle, CTR_NEVER, &text),
			 CENTRO_OK);
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_EXITED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/runner_lease");
	TCase *test_case = tcase_create("lease");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_agent_is_killed);
	tcase_add_test(test_case, test_agent_is_stopped);
	tcase_add_test(test_case, test_extended_until_the_agent_stops);
	tcase_add_test(test_case, test_notice);
	tcase_add_test(test_case, test_no_way_back_after_the_notice);
	tcase_add_test(test_case, test_grace_ends_with_the_lease);
	tcase_add_test(test_case, test_nothing_starts_after_the_lease);
	tcase_add_test(test_case, test_lease_without_end);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
