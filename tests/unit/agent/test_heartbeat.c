/* SPDX-License-Identifier: MIT */
/* Registration, leases and terms. */
#include <stdio.h>
#include <string.h>

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

static void run_job(centro_job_id job)
{
	script_assign(&script, job);
	script_started(&script, job);
	script_forget_transcript(&script);
}

START_TEST(test_interval_is_the_servers_but_at_most_ours)
{
	script.is_quiet = true;
	script.interval_ms = 1000;
	script_wait(&script, 5000); /* the first one was asked for by the older word */
	script.heartbeats = 0;
	script_wait(&script, 10000);
	ck_assert_uint_ge(script.heartbeats, 9);
	ck_assert_uint_le(script.heartbeats, 11);
	script.interval_ms = 60000;
	script_wait(&script, 2000);
	script.heartbeats = 0;
	script_wait(&script, 20000);
	ck_assert_uint_ge(script.heartbeats, 3);
	ck_assert_uint_le(script.heartbeats, 5);
}
END_TEST

/* Soon enough for the first renewal, although the server could not know of the job. */
START_TEST(test_short_lease_is_renewed_in_time)
{
	script.lease_ms = 3000;
	run_job(1);
	script_wait(&script, 1050);
	script_expect(&script, "heartbeat held=1.0.0.1\nlease 1.0.0.1 3000\n");
}
END_TEST

/* The answer takes its time: the lease counts from the question. */
START_TEST(test_lease_counts_from_the_sending)
{
	run_job(1);
	script.heartbeat = HOLD;
	script_wait(&script, 5000);
	script_expect(&script, "heartbeat held=1.0.0.1\n");
	script_wait(&script, 2000);
	script_release(&script);
	ctr_buf_append_char(&script.transcript, '\0');
	unsigned long long left;
	ck_assert_int_eq(sscanf((char *)script.transcript.data, "lease 1.0.0.1 %llu", &left), 1);
	ck_assert_uint_le(left, 298000);
	ck_assert_uint_ge(left, 297900);
}
END_TEST

/* Its lease counts from its claim: the server has not renewed it. */
START_TEST(test_what_started_since_is_not_renewed)
{
	run_job(1);
	run_job(2);
	script.heartbeat = HOLD;
	script_wait(&script, 5000);
	script_expect(&script, "heartbeat held=1.0.0.1,2.0.0.1\n");
	run_job(3);
	script_wait(&script, 500);
	script.is_quiet = false;
	script_release(&script);
	ctr_buf_append_char(&script.transcript, '\0');
	const char *told = (char *)script.transcript.data;
	ck_assert_ptr_nonnull(strstr(told, "lease 1.0.0.1 "));
	ck_assert_ptr_nonnull(strstr(told, "lease 2.0.0.1 "));
	ck_assert_ptr_null(strstr(told, "lease 3.0.0.1 "));
}
END_TEST

/* All of itself once, then its number, and all again when something went wrong. */
START_TEST(test_introduces_itself_once)
{
	ck_assert_uint_eq(script.introductions, 1);
	script.is_quiet = true;
	script_wait(&script, 60000);
	ck_assert_uint_ge(script.heartbeats, 10);
	ck_assert_uint_eq(script.introductions, 1);
	script.heartbeat = STALE;
	script_wait(&script, 5000);
	script.heartbeat = ANSWER;
	ck_assert_uint_eq(script.introductions, 1);
	script_wait(&script, 60000);
	ck_assert_uint_eq(script.introductions, 2);
}
END_TEST

START_TEST(test_revoked_is_killed_and_not_reported)
{
	run_job(1);
	run_job(2);
	script.revoked = script_ref(1);
	script_wait(&script, 5050);
	script_expect(&script, "heartbeat held=1.0.0.1,2.0.0.1\nlease 2.0.0.1 300000\n"
			       "kill 1.0.0.1 lease_expired 0\n");
	/* It is not held any more, though it takes its time. */
	script_wait(&script, 5050);
	script_expect(&script, "heartbeat held=2.0.0.1\nlease 2.0.0.1 300000\n");
	script_ended(&script, 1, CENTRO_CAUSE_LEASE_EXPIRED, 137);
	script_expect(&script, "forget 1.0.0.1\n");
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 1);
}
END_TEST

/* It runs on whatever becomes of the server, so nothing is to be renewed. */
START_TEST(test_endless_lease)
{
	script.keep = true;
	script_assign(&script, 1);
	script_expect(&script, "prepare 1.0.0.1\nclaim 1.0.0.1\nstart 1.0.0.1 lease=never\n");
	script_wait(&script, 5050);
	script_expect(&script, "heartbeat held=1.0.0.1\n");
	/* An agent that comes back finds it so. */
	const struct ctr_adopted_attempt left = {
		.ref = script_ref(2), .handle = ++script.run_count, .lease = {UINT64_MAX}};
	script.runs[left.handle - 1] = left.ref;
	ck_assert_int_eq(ctr_agent_adopt(script.agent, &left), CENTRO_OK);
	script_wait(&script, 5000);
	script_expect(&script, "heartbeat held=1.0.0.1,2.0.0.1\n");
}
END_TEST

/* One heartbeat is lost: the next one comes soon. */
START_TEST(test_failed_heartbeat_is_tried_again)
{
	run_job(1);
	script.heartbeat = GARBAGE;
	script_wait(&script, 5050);
	script.heartbeat = ANSWER;
	script_expect(&script, "heartbeat held=1.0.0.1\n");
	script_wait(&script, 5050);
	script_expect(&script, "heartbeat held=1.0.0.1\nlease 1.0.0.1 300000\n");
	script.heartbeat = INVALID;
	script_wait(&script, 5000);
	script.heartbeat = ANSWER;
	script_forget_transcript(&script);
	script_wait(&script, 550);
	script_expect(&script, "heartbeat held=1.0.0.1\nlease 1.0.0.1 300000\n");
	ck_assert(ctr_agent_is_registered(script.agent));
}
END_TEST

/* A server that stands and does not serve: perhaps another one does. */
START_TEST(test_unavailable_server_is_left)
{
	run_job(1);
	script.heartbeat = UNAVAILABLE;
	size_t attempts = script.net.attempts;
	script_wait(&script, 5050);
	script.heartbeat = ANSWER;
	script_wait(&script, 1000);
	ck_assert_uint_gt(script.net.attempts, attempts);
	ck_assert_ptr_nonnull(strstr(script.net.tried, " 127.0.0.1:2"));
	ck_assert(ctr_agent_is_registered(script.agent));
}
END_TEST

START_TEST(test_a_name_that_is_taken)
{
	ck_assert_int_eq(ctr_agent_error(script.agent), CENTRO_OK);
	script.heartbeat = EXISTS;
	script_wait(&script, 5050);
	ck_assert_int_eq(ctr_agent_error(script.agent), CENTRO_ERR_EXISTS);
}
END_TEST

/* I5: whatever an older server says is not done. */
START_TEST(test_older_term)
{
	script.is_quiet = true;
	run_job(1);
	script.is_quiet = false;
	script.term = 5;
	script_wait(&script, 5050);
	script_expect(&script, "heartbeat held=1.0.0.1\nlease 1.0.0.1 300000\n");
	script.term = 4;
	script.revoked = script_ref(1);
	script_wait(&script, 5050);
	ck_assert(!ctr_agent_is_registered(script.agent));
	ctr_buf_append_char(&script.transcript, '\0');
	ck_assert_ptr_null(strstr((char *)script.transcript.data, "kill"));
	ck_assert_ptr_null(strstr((char *)script.transcript.data, "lease"));
	script_forget_transcript(&script);
	/* A newer one is found behind the other address. */
	script.term = 6;
	script.revoked = script_ref(99);
	script_wait(&script, 6000);
	ck_assert(ctr_agent_is_registered(script.agent));
	ctr_buf_append_char(&script.transcript, '\0');
	ck_assert_ptr_nonnull(strstr((char *)script.transcript.data, "lease 1.0.0.1 300000"));
}
END_TEST

START_TEST(test_older_terms_offer_and_claim)
{
	script.term = 2;
	script_assign(&script, 1);
	script_expect(&script, "");
	ck_assert(!ctr_agent_is_registered(script.agent));
	script.term = 3;
	script_wait(&script, 1000);
	ck_assert(ctr_agent_is_registered(script.agent));
	script_forget_transcript(&script);
	script.claim = HOLD;
	script_assign(&script, 2);
	script_expect(&script, "prepare 2.0.0.1\nclaim 2.0.0.1\n");
	/* An older server's answer starts nothing; the claim is made again. */
	script.claim = ANSWER;
	script.term = 1;
	script_wait(&script, 11000);
	ctr_buf_append_char(&script.transcript, '\0');
	ck_assert_ptr_null(strstr((char *)script.transcript.data, "start"));
}
END_TEST

/* The connection breaks, and what runs goes on. */
START_TEST(test_reconnect)
{
	run_job(1);
	channel_net_cut(&script.net);
	ck_assert(!ctr_agent_is_registered(script.agent));
	script_wait(&script, 1000);
	script_expect(&script, "heartbeat held=1.0.0.1\nlease 1.0.0.1 300000\norders\n");
	ck_assert(ctr_agent_is_registered(script.agent));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent/heartbeat");
	TCase *test_case = tcase_create("heartbeat");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_interval_is_the_servers_but_at_most_ours);
	tcase_add_test(test_case, test_short_lease_is_renewed_in_time);
	tcase_add_test(test_case, test_lease_counts_from_the_sending);
	tcase_add_test(test_case, test_what_started_since_is_not_renewed);
	tcase_add_test(test_case, test_introduces_itself_once);
	tcase_add_test(test_case, test_revoked_is_killed_and_not_reported);
	tcase_add_test(test_case, test_endless_lease);
	tcase_add_test(test_case, test_failed_heartbeat_is_tried_again);
	tcase_add_test(test_case, test_unavailable_server_is_left);
	tcase_add_test(test_case, test_a_name_that_is_taken);
	tcase_add_test(test_case, test_older_term);
	tcase_add_test(test_case, test_older_terms_offer_and_claim);
	tcase_add_test(test_case, test_reconnect);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
