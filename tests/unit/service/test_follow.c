/* SPDX-License-Identifier: MIT */
/* test_follow.c - output on its way from an agent to those who read it. */
#include "fixture.h"

#include "support/suite.h"

static struct fixture fixture;
static struct call *orders;

static void update(const char *state, int attempt)
{
	char json[256];
	snprintf(json, sizeof(json),
		 "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{\"attempt\":"
		 "{\"job\":\"1\",\"attempt\":%d},\"state\":\"%s\",\"cause\":\"%s\"}]}",
		 attempt, state, strcmp(state, "ended") == 0 ? "exited" : "none");
	fixture_ask(&fixture, "AgentService/UpdateStatus", json);
}

/* Job 1 runs on n1, whose agent listens for orders. */
static void setup(void)
{
	ck_assert(fixture_open(&fixture, NULL));
	fixture_heartbeat(&fixture, NULL);
	orders = fixture_call(&fixture, "AgentService/GetJob",
			      "{\"node_id\":\"1\",\"session\":\"1\"}");
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}");
	fixture_ask(&fixture, "AgentService/ClaimJob",
		    "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"attempts\":"
		    "[{\"job\":\"1\",\"attempt\":1}]}");
}

static void teardown(void)
{
	fixture_close(&fixture);
}

static void push(struct call *call, int order, const char *rest)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"node_id\":\"1\",\"session\":\"1\",\"order_id\":\"%d\",\"attempt\":"
		 "{\"job\":\"1\",\"attempt\":1},%s}",
		 order, rest);
	fixture_send(call, json);
	fixture_run(&fixture);
}

START_TEST(test_both_streams_to_their_end)
{
	struct call *logs = fixture_call(&fixture, "JobService/Logs", "{\"id\":\"1\",\"follow\":true}");
	size_t before = orders->count;
	update("running", 1);
	ck_assert_uint_eq(orders->count, before + 2);
	assert_contains(call_answers(orders), "\"log\":{\"order_id\":\"1\"");
	struct call *agent = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	push(agent, 1, "\"stream\":\"out\",\"data\":\"b25l\"");
	push(agent, 1, "\"stream\":\"out\",\"offset\":\"1\",\"data\":\"bmUrdHdv\"");
	push(agent, 2, "\"stream\":\"err\",\"end\":true");
	ck_assert(!logs->ended);
	push(agent, 1, "\"stream\":\"out\",\"offset\":\"7\",\"end\":true");
	ck_assert_int_eq(logs->status, CTR_GRPC_OK);
	/* "one", and of "ne+two" only what is new. */
	ck_assert_str_eq(call_answers(logs),
			 "{\"stream\":\"out\",\"data\":\"b25l\"}\n"
			 "{\"stream\":\"out\",\"offset\":\"3\",\"data\":\"K3R3bw==\"}\n");
	ctr_grpc_call_half_close(agent->call);
	fixture_run(&fixture);
	ck_assert_int_eq(agent->status, CTR_GRPC_OK);
}
END_TEST

START_TEST(test_a_lost_stream_goes_on_at_the_next_byte)
{
	update("running", 1);
	struct call *logs = fixture_call(&fixture, "JobService/Logs",
					 "{\"id\":\"1\",\"follow\":true,\"stream\":\"out\"}");
	struct call *agent = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	push(agent, 1, "\"stream\":\"out\",\"data\":\"b25l\"");
	ctr_grpc_call_cancel(orders->call);
	fixture_run(&fixture);
	struct call *again = fixture_call(&fixture, "AgentService/GetJob",
					  "{\"node_id\":\"1\",\"session\":\"1\"}");
	assert_contains(call_answers(again),
			"\"order_id\":\"2\",\"attempt\":{\"job\":\"1\",\"attempt\":1},"
			"\"stream\":\"out\",\"offset\":\"3\"");
	/* The old order is nobody's any more. */
	push(agent, 1, "\"stream\":\"out\",\"offset\":\"3\",\"data\":\"b25l\"");
	ck_assert_int_eq(agent->status, CTR_GRPC_NOT_FOUND);
	ck_assert_uint_eq(logs->count, 1);
}
END_TEST

START_TEST(test_an_attempt_by_its_number_ends_when_it_is_granted_again)
{
	update("running", 1);
	struct call *logs = fixture_call(&fixture, "JobService/Logs",
					 "{\"id\":\"1\",\"attempt\":1,\"follow\":true,\"stream\":\"out\"}");
	struct call *last = fixture_call(&fixture, "JobService/Logs",
					 "{\"id\":\"1\",\"follow\":true,\"stream\":\"out\"}");
	struct call *agent = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	push(agent, 1, "\"stream\":\"out\",\"data\":\"b25l\"");
	/* The agent's stream is gone, so it cannot be asked for the rest. */
	ctr_grpc_call_cancel(orders->call);
	fixture_run(&fixture);
	ck_assert(!logs->ended);
	fixture_ask(&fixture, "AgentService/UpdateStatus",
		    "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{\"attempt\":"
		    "{\"job\":\"1\",\"attempt\":1},\"state\":\"ended\",\"cause\":\"lease_expired\"}]}");
	ck_assert(logs->ended);
	ck_assert_int_eq(logs->status, CTR_GRPC_OK);
	ck_assert_str_eq(call_answers(logs), "{\"stream\":\"out\",\"data\":\"b25l\"}\n");
	ck_assert(!last->ended);
}
END_TEST

START_TEST(test_a_silent_node_is_not_waited_for)
{
	update("running", 1);
	struct call *logs = fixture_call(&fixture, "JobService/Logs",
					 "{\"id\":\"1\",\"attempt\":1,\"follow\":true,\"stream\":\"out\"}");
	/* Its connection stands, but nothing comes until the lease is over. */
	fixture_wait(&fixture, 400000);
	ck_assert(!orders->ended);
	ck_assert(logs->ended);
	ck_assert_int_eq(logs->status, CTR_GRPC_OK);
}
END_TEST

START_TEST(test_who_stops_reading_stops_the_agent)
{
	update("running", 1);
	struct call *logs = fixture_call(&fixture, "JobService/Logs",
					 "{\"id\":\"1\",\"follow\":true,\"stream\":\"err\"}");
	ctr_grpc_call_cancel(logs->call);
	fixture_run(&fixture);
	assert_contains(call_answers(orders), "\"stop\":true");
}
END_TEST

START_TEST(test_the_kept_end_serves_when_the_node_is_gone)
{
	update("running", 1);
	struct call *agent = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	push(agent, 0, "\"stream\":\"out\",\"offset\":\"10\",\"data\":\"b25l\",\"end\":true");
	update("ended", 1);
	ctr_grpc_call_cancel(orders->call);
	fixture_run(&fixture);
	struct call *logs = fixture_call(&fixture, "JobService/Logs", "{\"id\":\"1\"}");
	ck_assert_int_eq(logs->status, CTR_GRPC_OK);
	assert_contains(call_answers(logs), "only the end of the output was kept");
	assert_contains(call_answers(logs), "\"offset\":\"10\",\"data\":\"b25l\"");
}
END_TEST

START_TEST(test_nothing_is_kept_for_an_attempt_that_is_not_the_agents)
{
	struct call *agent = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	fixture_send(agent, "{\"node_id\":\"1\",\"session\":\"2\",\"attempt\":{\"job\":\"1\",\"attempt\":1},"
			    "\"stream\":\"out\",\"data\":\"b25l\",\"end\":true}");
	fixture_send(agent, "{\"node_id\":\"1\",\"session\":\"1\",\"attempt\":{\"job\":\"1\",\"attempt\":2},"
			    "\"stream\":\"out\",\"data\":\"b25l\",\"end\":true}");
	fixture_run(&fixture);
	ck_assert_uint_eq(fixture.kept.size, 0);
}
END_TEST

START_TEST(test_another_agent_cannot_answer_an_order)
{
	update("running", 1);
	struct call *logs = fixture_call(&fixture, "JobService/Logs", "{\"id\":\"1\",\"follow\":true}");
	struct call *other = fixture_start(&fixture, "AgentService/PushLog", NULL, true);
	fixture_send(other, "{\"node_id\":\"1\",\"session\":\"2\",\"order_id\":\"1\",\"attempt\":"
			    "{\"job\":\"1\",\"attempt\":1},\"stream\":\"out\",\"data\":\"b25l\"}");
	fixture_run(&fixture);
	ck_assert_int_eq(other->status, CTR_GRPC_NOT_FOUND);
	ck_assert_uint_eq(logs->count, 0);
}
END_TEST

START_TEST(test_what_cannot_be_read_says_why)
{
	fixture_refused(&fixture, "JobService/Logs", "{\"id\":\"9\"}", CTR_GRPC_NOT_FOUND, "id");
	fixture_refused(&fixture, "JobService/Logs", "{\"id\":\"1\",\"task\":\"nope\"}",
			CTR_GRPC_NOT_FOUND, "nope");
	fixture_refused(&fixture, "JobService/Logs", "{\"id\":\"1\",\"index\":3}",
			CTR_GRPC_NOT_FOUND, "index");
	fixture_refused(&fixture, "JobService/Logs", "{\"id\":\"1\",\"attempt\":3}",
			CTR_GRPC_NOT_FOUND, "attempt");
	struct call *logs = fixture_call(&fixture, "JobService/Logs", "{\"id\":\"1\"}");
	assert_contains(call_answers(logs), "has not started");
}
END_TEST

START_TEST(test_a_job_cancelled_while_it_waits_ends_its_readers)
{
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"tasks\":[{\"command\":[\"a\"],\"resources\":{\"cpu_milli\":64000}}]}}");
	struct call *logs = fixture_call(&fixture, "JobService/Logs", "{\"id\":\"2\",\"follow\":true}");
	ck_assert(!logs->ended);
	fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"2\"}");
	ck_assert_int_eq(logs->status, CTR_GRPC_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/follow");
	TCase *tcase = tcase_create("follow");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_both_streams_to_their_end);
	tcase_add_test(tcase, test_a_lost_stream_goes_on_at_the_next_byte);
	tcase_add_test(tcase, test_an_attempt_by_its_number_ends_when_it_is_granted_again);
	tcase_add_test(tcase, test_a_silent_node_is_not_waited_for);
	tcase_add_test(tcase, test_who_stops_reading_stops_the_agent);
	tcase_add_test(tcase, test_the_kept_end_serves_when_the_node_is_gone);
	tcase_add_test(tcase, test_nothing_is_kept_for_an_attempt_that_is_not_the_agents);
	tcase_add_test(tcase, test_another_agent_cannot_answer_an_order);
	tcase_add_test(tcase, test_what_cannot_be_read_says_why);
	tcase_add_test(tcase, test_a_job_cancelled_while_it_waits_ends_its_readers);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
