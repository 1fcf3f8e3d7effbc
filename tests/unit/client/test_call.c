/* SPDX-License-Identifier: MIT */
/* One call: what it hands on, and how it ends. */
#include "client/call.h"

#include <string.h>

#include "base/bytes.h"
#include "fixture.h"
#include "support/suite.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_open(&fixture, NULL);
}

static void teardown(void)
{
	fixture_close(&fixture);
}

static void submit(struct outcome *outcome)
{
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, outcome);
	channel_net_run(&fixture.net);
}

START_TEST(json_goes_out_as_protobuf_and_comes_back_as_json)
{
	struct outcome outcome = {0};
	submit(&outcome);
	/* job { tasks { command: "true" } } */
	ck_assert_str_eq(fixture.request, "0a0822061204"
					  "74727565");
	ck_assert_uint_eq(outcome.messages, 1);
	ck_assert_str_eq(outcome.message, "{\"id\":\"42\"}");
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_OK);
	ck_assert_uint_eq(ctr_client_calls(fixture.client), 0);
}
END_TEST

static void raw_message(void *arg, struct centro_bytes message)
{
	ck_assert_uint_eq(message.size, 2);
	ck_assert_uint_eq(message.data[1], 42);
	++*(size_t *)arg;
}

START_TEST(protobuf_passes_through)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	size_t messages = 0;
	options.message = raw_message;
	options.arg = &messages;
	int status = ctr_client_call(fixture.client, fixture.net.now, SUBMIT,
				     ctr_bytes("\x0a\x00", 2), &options, NULL, NULL);
	ck_assert_int_eq(status, CENTRO_OK);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(messages, 1);
	ck_assert_str_eq(fixture.request, "0a00");
}
END_TEST

START_TEST(a_stream_hands_on_each_message)
{
	struct outcome outcome = {0};
	fixture_call(&fixture, "JobService/Watch", "{\"id\":42}", NULL, &outcome);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(outcome.messages, 3);
	ck_assert_str_eq(outcome.message, "{\"job\":{\"id\":\"42\"}}");
	ck_assert_int_eq(outcome.status, CENTRO_OK);
	ck_assert_uint_eq(outcome.done, 1);
}
END_TEST

START_TEST(the_servers_word_on_an_error)
{
	struct outcome outcome = {0};
	fixture.behaviour = FAIL;
	submit(&outcome);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_INVALID);
	ck_assert_str_eq(outcome.text, "job.tasks: there are none");
}
END_TEST

START_TEST(an_answer_that_makes_no_sense)
{
	struct outcome outcome = {0};
	fixture.behaviour = GARBAGE;
	submit(&outcome);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_uint_eq(outcome.messages, 0);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(outcome.text, "the server's answer makes no sense: "));
	ck_assert_ptr_nonnull(ctr_channel_conn(fixture.net.channel));
}
END_TEST

START_TEST(an_empty_answer)
{
	struct outcome outcome = {0};
	fixture.behaviour = EMPTY;
	submit(&outcome);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_PROTOCOL);
	ck_assert_str_eq(outcome.text, "the server's answer is empty");
}
END_TEST

START_TEST(a_call_is_cancelled_at_every_stage)
{
	struct outcome waiting = {0}, started = {0};
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &waiting);
	ctr_client_cancel(waiting.call);
	ctr_client_cancel(waiting.call);
	ck_assert_uint_eq(waiting.done, 0);
	ck_assert_uint_eq(ctr_client_wake(fixture.client).ns, fixture.net.now.ns);
	channel_net_run(&fixture.net);
	ck_assert_int_eq(waiting.status, CENTRO_ERR_CANCELLED);
	ck_assert_uint_eq(fixture.seen, 0);

	fixture.behaviour = HOLD;
	submit(&started);
	ck_assert_uint_eq(fixture.seen, 1);
	ctr_client_cancel(started.call);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(started.done, 1);
	ck_assert_int_eq(started.status, CENTRO_ERR_CANCELLED);
	ck_assert_uint_eq(ctr_client_calls(fixture.client), 0);
}
END_TEST

START_TEST(what_broke_and_may_have_been_seen_is_not_sent_again)
{
	struct outcome outcome = {0};
	fixture.behaviour = HOLD;
	submit(&outcome);
	channel_net_cut(&fixture.net);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_uint_eq(fixture.seen, 1);
}
END_TEST

START_TEST(unless_it_is_idempotent)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome outcome = {0};
	options.is_idempotent = true;
	fixture.behaviour = HOLD;
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &outcome);
	channel_net_run(&fixture.net);
	channel_net_cut(&fixture.net);
	ck_assert_uint_eq(outcome.done, 0);
	fixture.behaviour = ANSWER;
	channel_net_wait(&fixture.net, 1000);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_OK);
	ck_assert_uint_eq(fixture.seen, 2);
}
END_TEST

START_TEST(an_unknown_outcome_is_worth_some_patience)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome lost = {0}, fresh = {0};
	options.is_idempotent = true;
	fixture.behaviour = HOLD;
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &lost);
	channel_net_run(&fixture.net);
	fixture.net.fate = NET_REFUSE;
	channel_net_cut(&fixture.net);
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &fresh);
	channel_net_wait(&fixture.net, 5000);
	ck_assert_int_eq(fresh.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_uint_eq(lost.done, 0);
	channel_net_wait(&fixture.net, 25000);
	ck_assert_uint_eq(lost.done, 1);
	ck_assert_int_eq(lost.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_str_eq(lost.text,
			 "the connection broke before the answer came, and no server was "
			 "reached within 30s: 10.0.0.1:1: connection refused; is centrod "
			 "running? start one with: centro dev");
}
END_TEST

START_TEST(a_servers_own_unavailable_is_believed)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome outcome = {0};
	options.is_idempotent = true;
	fixture.behaviour = UNWELL;
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &outcome);
	channel_net_run(&fixture.net);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_str_eq(outcome.text, "loading the store");
	ck_assert_uint_eq(fixture.seen, 1);
}
END_TEST

START_TEST(a_stream_that_has_begun_is_not_begun_again)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome outcome = {0};
	options.is_idempotent = true;
	fixture.behaviour = HALF;
	fixture_call(&fixture, "JobService/Watch", "{\"id\":42}", &options, &outcome);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(outcome.messages, 1);
	channel_net_cut(&fixture.net);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_UNAVAILABLE);
}
END_TEST

START_TEST(a_call_that_a_draining_server_never_saw_goes_again)
{
	struct outcome first = {0}, second = {0};
	/* The first makes the server drain; the second comes behind its last GOAWAY. */
	fixture.behaviour = REFUSE;
	submit(&first);
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &second);
	fixture.behaviour = ANSWER;
	channel_net_wait(&fixture.net, 300);
	ck_assert_uint_eq(second.done, 0);
	channel_net_cut(&fixture.net);
	channel_net_wait(&fixture.net, 1000);
	ck_assert_int_eq(first.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_uint_eq(second.done, 1);
	ck_assert_int_eq(second.status, CENTRO_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/call");
	TCase *tcase = tcase_create("call");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, json_goes_out_as_protobuf_and_comes_back_as_json);
	tcase_add_test(tcase, protobuf_passes_through);
	tcase_add_test(tcase, a_stream_hands_on_each_message);
	tcase_add_test(tcase, the_servers_word_on_an_error);
	tcase_add_test(tcase, an_answer_that_makes_no_sense);
	tcase_add_test(tcase, an_empty_answer);
	tcase_add_test(tcase, a_call_is_cancelled_at_every_stage);
	tcase_add_test(tcase, what_broke_and_may_have_been_seen_is_not_sent_again);
	tcase_add_test(tcase, unless_it_is_idempotent);
	tcase_add_test(tcase, an_unknown_outcome_is_worth_some_patience);
	tcase_add_test(tcase, a_servers_own_unavailable_is_believed);
	tcase_add_test(tcase, a_stream_that_has_begun_is_not_begun_again);
	tcase_add_test(tcase, a_call_that_a_draining_server_never_saw_goes_again);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
