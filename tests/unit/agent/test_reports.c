/* SPDX-License-Identifier: MIT */
/* What became of attempts is told until the server has answered. */
#include "base/assert.h"
#include "base/bytes.h"
#include "script.h"
#include "support/suite.h"

static struct script script;

static void set_up(void)
{
	script_open(&script);
}

static void tear_down(void)
{
	script_close(&script);
}

static void start_job(centro_job_id job)
{
	script_assign(&script, job);
	script_forget_transcript(&script);
}

static void run_job(centro_job_id job)
{
	start_job(job);
	script_started(&script, job);
	script_forget_transcript(&script);
}

START_TEST(test_start_and_end)
{
	start_job(1);
	script_started(&script, 1);
	script_expect(&script, "update 1.0.0.1 running\n");
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 7);
	script_expect(&script, "update 1.0.0.1 ended exited 7\nforget 1.0.0.1\n");
}
END_TEST

/* Too quick for its start to be told apart. */
START_TEST(test_both_in_one)
{
	start_job(1);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "update 1.0.0.1 running\nupdate 1.0.0.1 ended exited 0\n"
			       "forget 1.0.0.1\n");
	ck_assert_uint_eq(script.reports, 1);
}
END_TEST

/* It ends while its start is being told: the end waits its turn. */
START_TEST(test_end_while_the_start_is_told)
{
	start_job(1);
	script.report = HOLD;
	script_started(&script, 1);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "update 1.0.0.1 running\n");
	script.report = ANSWER;
	script_release(&script);
	script_expect(&script, "update 1.0.0.1 ended exited 0\nforget 1.0.0.1\n");
}
END_TEST

START_TEST(test_told_again_after_the_connection_broke)
{
	run_job(1);
	script.report = HOLD;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 7);
	script_expect(&script, "update 1.0.0.1 ended exited 7\n");
	channel_net_cut(&script.net);
	script.report = ANSWER;
	script_wait(&script, 1000);
	/* It is held until its end is acknowledged. */
	script_expect(&script, "heartbeat held=1.0.0.1\norders\nupdate 1.0.0.1 ended exited 7\n"
			       "forget 1.0.0.1\n");
}
END_TEST

/* Both were told, and the answer was lost: both are told again, in order. */
START_TEST(test_start_and_end_told_again)
{
	start_job(1);
	script.report = UNAVAILABLE;
	script_started(&script, 1);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_forget_transcript(&script);
	script.report = ANSWER;
	script_wait(&script, 600);
	script_expect(&script, "update 1.0.0.1 running\nupdate 1.0.0.1 ended exited 0\n"
			       "forget 1.0.0.1\n");
}
END_TEST

START_TEST(test_answer_that_makes_no_sense)
{
	run_job(1);
	script.report = GARBAGE;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 1);
	script.report = ANSWER;
	script_wait(&script, 600);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

/* ---- verdicts ---- */

START_TEST(test_stale_start_is_killed_and_forgotten)
{
	start_job(1);
	script.stale = script_ref(1);
	script_started(&script, 1);
	script_expect(&script, "update 1.0.0.1 running\nkill 1.0.0.1 lease_expired 0\n");
	script_ended(&script, 1, CENTRO_CAUSE_LEASE_EXPIRED, 137);
	script_expect(&script, "forget 1.0.0.1\n");
	ck_assert_uint_eq(script.reports, 1);
}
END_TEST

START_TEST(test_stale_end_is_forgotten)
{
	run_job(1);
	script.stale = script_ref(1);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "update 1.0.0.1 ended exited 0\nforget 1.0.0.1\n");
}
END_TEST

/* The verdict on its start comes when it has ended. */
START_TEST(test_stale_start_of_what_has_ended)
{
	start_job(1);
	script.stale = script_ref(1);
	script.report = HOLD;
	script_started(&script, 1);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script.report = ANSWER;
	script_release(&script);
	script_expect(&script, "update 1.0.0.1 running\nforget 1.0.0.1\n");
}
END_TEST

/* One that the server calls wrong holds up nobody, and is given up. */
START_TEST(test_wrong_report)
{
	for (centro_job_id job = 1; job <= 4; job++)
		run_job(job);
	script.report = HOLD;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script.report = ANSWER;
	for (centro_job_id job = 2; job <= 4; job++)
		script_ended(&script, job, CENTRO_CAUSE_EXITED, 0);
	script.invalid = script_ref(3);
	script_release(&script);
	script_wait(&script, 5000);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
	/* And those after it go together again. */
	script.invalid = (struct centro_attempt_ref){0};
	run_job(5);
	run_job(6);
	script.report = HOLD;
	script_ended(&script, 5, CENTRO_CAUSE_EXITED, 0);
	script.reports = 0;
	script.report = ANSWER;
	script_ended(&script, 6, CENTRO_CAUSE_EXITED, 0);
	script_release(&script);
	ck_assert_uint_eq(script.reports, 1);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

/* ---- batches ---- */

START_TEST(test_many_share_a_report)
{
	script.is_quiet = true;
	for (centro_job_id job = 1; job <= 1300; job++)
		script_assign_only(&script, job);
	script_run(&script);
	script.reports = 0;
	script.report = HOLD;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	for (centro_job_id job = 2; job <= 1300; job++) {
		const struct ctr_attempt_end end = {
			.cause = CENTRO_CAUSE_EXITED, .start_wall = {1}, .end_wall = {2}};
		ctr_agent_ended(script.agent, (uint32_t)job, &end);
	}
	script_run(&script);
	ck_assert_uint_eq(script.reports, 1);
	script.report = ANSWER;
	script_release(&script);
	/* Two updates each, a thousand at a time. */
	ck_assert_uint_eq(script.reports, 1 + 3);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

/* ---- what an earlier agent left ---- */

START_TEST(test_adopted)
{
	struct ctr_adopted_attempt left[] = {
		{.ref = script_ref(1), .handle = 1, .start_wall = {5}},
		{.ref = script_ref(2),
		 .handle = 2,
		 .has_ended = true,
		 .end = {.cause = CENTRO_CAUSE_EXITED, .exit_code = 7, .start_wall = {5}}},
		{.ref = script_ref(3),
		 .handle = 3,
		 .has_ended = true,
		 .end = {.cause = CENTRO_CAUSE_REVOKED}},
	};
	script_close(&script);
	script_open_quietly(&script, NULL);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(left); i++) {
		script.runs[script.run_count++] = left[i].ref;
		ck_assert_int_eq(ctr_agent_adopt(script.agent, &left[i]), CENTRO_OK);
	}
	script.log_bytes[CTR_LOG_OUT] = 10;
	script_run(&script);
	script_expect(&script, "heartbeat held=1.0.0.1,2.0.0.1,3.0.0.1\nlease 1.0.0.1 300000\n"
			       "orders\npush 0 2.0.0.1 out 0+10 end\npush 0 3.0.0.1 out 0+10 end\n"
			       "update 1.0.0.1 running\n"
			       "update 2.0.0.1 running\nupdate 2.0.0.1 ended exited 7\n"
			       "update 3.0.0.1 ended revoked 0\nforget 2.0.0.1\nforget 3.0.0.1\n");
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 3);
	script_expect(&script, "push 0 1.0.0.1 out 0+10 end\nupdate 1.0.0.1 ended exited 3\n"
			       "forget 1.0.0.1\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent/reports");
	TCase *test_case = tcase_create("reports");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_start_and_end);
	tcase_add_test(test_case, test_both_in_one);
	tcase_add_test(test_case, test_end_while_the_start_is_told);
	tcase_add_test(test_case, test_told_again_after_the_connection_broke);
	tcase_add_test(test_case, test_start_and_end_told_again);
	tcase_add_test(test_case, test_answer_that_makes_no_sense);
	tcase_add_test(test_case, test_stale_start_is_killed_and_forgotten);
	tcase_add_test(test_case, test_stale_end_is_forgotten);
	tcase_add_test(test_case, test_stale_start_of_what_has_ended);
	tcase_add_test(test_case, test_wrong_report);
	tcase_add_test(test_case, test_many_share_a_report);
	tcase_add_test(test_case, test_adopted);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
