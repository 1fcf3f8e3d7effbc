/* SPDX-License-Identifier: MIT */
/* From an assignment to a start: once, and only with the server's word. */
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

START_TEST(test_prepared_claimed_started)
{
	script_assign(&script, 1);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nstart 1.0.0.1 lease=300000\n");
}
END_TEST

/* A first lease counts from when the claim was sent. */
START_TEST(test_first_lease)
{
	script.claim = HOLD;
	script_assign(&script, 1);
	script_wait(&script, 2000);
	script_release(&script);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nstart 1.0.0.1 lease=298000\n");
}
END_TEST

START_TEST(test_not_granted_is_forgotten)
{
	script.grants = false;
	script_assign(&script, 1);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nforget 1.0.0.1\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

START_TEST(test_assignment_that_comes_again)
{
	script.claim = HOLD;
	script_assign(&script, 1);
	script_assign(&script, 1);
	script_release(&script);
	script_assign(&script, 1);
	script_started(&script, 1);
	script_assign(&script, 1);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nstart 1.0.0.1 lease=300000\n"
			       "update 1.0.0.1 running\n");
}
END_TEST

/* The claim was answered, and the answer lost: it is claimed again, and started once. */
START_TEST(test_lost_answer)
{
	script.claim = HOLD;
	script_assign(&script, 1);
	channel_net_cut(&script.net);
	script.claim = ANSWER;
	script_wait(&script, 1000);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nheartbeat held=\norders\n"
			       "claim 1.0.0.1\nstart 1.0.0.1 lease=300000\n");
}
END_TEST

START_TEST(test_answer_that_makes_no_sense)
{
	script.claim = GARBAGE;
	script_assign(&script, 1);
	script.claim = ANSWER;
	script_wait(&script, 1000);
	ck_assert_uint_ge(script.claims, 2);
	script_forget_transcript(&script);
	script_started(&script, 1);
	script_expect(&script, "update 1.0.0.1 running\n");
}
END_TEST

/* The session is not the server's any more: register, then claim again. */
START_TEST(test_stale_session)
{
	script.claim = STALE;
	script_assign(&script, 1);
	script.claim = ANSWER;
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\n");
	ck_assert(!ctr_agent_is_registered(script.agent));
	script_wait(&script, 600);
	script_expect(&script, "heartbeat held=\nclaim 1.0.0.1\nstart 1.0.0.1 lease=300000\n");
}
END_TEST

/* What comes while a claim is under way goes into the next one, all together. */
START_TEST(test_many_share_a_claim)
{
	script.is_quiet = true;
	script.claim = HOLD;
	script_assign(&script, 1);
	for (centro_job_id job = 2; job <= 1500; job++) {
		script_assign_only(&script, job);
		if (job % 100 == 0)
			script_run(&script);
	}
	script_run(&script);
	ck_assert_uint_eq(script.claims, 1);
	script.claim = ANSWER;
	script_release(&script);
	script_run(&script);
	ck_assert_uint_eq(script.claims, 3); /* 1,000 and 499 */
	ck_assert_uint_eq(script.run_count, 1500);
}
END_TEST

START_TEST(test_cannot_be_prepared)
{
	script.prepare_error = CENTRO_ERR_IO;
	script_assign(&script, 1);
	script_expect(&script, "update 1.0.0.1 ended start_failed 0 not prepared\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

START_TEST(test_cannot_be_started)
{
	script.start_error = CENTRO_ERR_IO;
	script_assign(&script, 1);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nstart 1.0.0.1 lease=300000\n"
			       "update 1.0.0.1 ended start_failed 0 not started\nforget 1.0.0.1\n");
}
END_TEST

/* ---- kills ---- */

START_TEST(test_kill_of_what_runs)
{
	script_assign(&script, 1);
	script_started(&script, 1);
	script_forget_transcript(&script);
	script_kill(&script, 1);
	script_expect(&script, "kill 1.0.0.1 cancel 4000\n");
	script_ended(&script, 1, CENTRO_CAUSE_CANCEL, 143);
	script_expect(&script, "update 1.0.0.1 ended cancel 143\nforget 1.0.0.1\n");
	/* Told again: it is not here, and that is said. */
	script_kill(&script, 1);
	script_expect(&script, "update 1.0.0.1 ended cancel 0\n");
}
END_TEST

START_TEST(test_kill_while_claiming)
{
	script.claim = HOLD;
	script_assign(&script, 1);
	script_kill(&script, 1);
	script_release(&script);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nupdate 1.0.0.1 ended cancel 0\n"
			       "forget 1.0.0.1\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

/* An agent that was restarted between claim and start knows nothing of it. */
START_TEST(test_kill_of_the_unknown)
{
	script_kill(&script, 7);
	script_expect(&script, "update 7.0.0.1 ended cancel 0\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

START_TEST(test_stop)
{
	script_assign(&script, 1);
	script_started(&script, 1);
	script.claim = HOLD;
	script_assign(&script, 2);
	script_forget_transcript(&script);
	ctr_agent_stop(script.agent);
	script_assign(&script, 3);
	script_ended(&script, 1, CENTRO_CAUSE_LEASE_EXPIRED, 143);
	script_expect(&script, "kill 1.0.0.1 lease_expired 5000\n"
			       "update 2.0.0.1 ended lease_expired 0\nforget 2.0.0.1\n"
			       "update 1.0.0.1 ended lease_expired 143\nforget 1.0.0.1\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent/claims");
	TCase *test_case = tcase_create("claims");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_prepared_claimed_started);
	tcase_add_test(test_case, test_first_lease);
	tcase_add_test(test_case, test_not_granted_is_forgotten);
	tcase_add_test(test_case, test_assignment_that_comes_again);
	tcase_add_test(test_case, test_lost_answer);
	tcase_add_test(test_case, test_answer_that_makes_no_sense);
	tcase_add_test(test_case, test_stale_session);
	tcase_add_test(test_case, test_many_share_a_claim);
	tcase_add_test(test_case, test_cannot_be_prepared);
	tcase_add_test(test_case, test_cannot_be_started);
	tcase_add_test(test_case, test_kill_of_what_runs);
	tcase_add_test(test_case, test_kill_while_claiming);
	tcase_add_test(test_case, test_kill_of_the_unknown);
	tcase_add_test(test_case, test_stop);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
