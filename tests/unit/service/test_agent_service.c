/* SPDX-License-Identifier: MIT */
/* test_agent_service.c - Heartbeat, GetJob, ClaimJob and UpdateStatus, as an agent sees them. */
#include "fixture.h"

#include "support/suite.h"

static const char true_job[] = "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}";
static const char listen_1[] = "{\"node_id\":\"1\",\"session\":\"1\"}";
static const char claim_1[] = "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"attempts\":"
			      "[{\"job\":\"1\",\"attempt\":1}]}";
static const char ended_1[] = "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":"
			      "[{\"attempt\":{\"job\":\"1\",\"attempt\":1},\"state\":\"ended\","
			      "\"cause\":\"exited\",\"exit_code\":3}]}";

static struct fixture fixture;

static void setup(void)
{
	ck_assert(fixture_open(&fixture, NULL));
}

static void teardown(void)
{
	fixture_close(&fixture);
}

START_TEST(test_one_job_from_grant_to_end)
{
	fixture_heartbeat(&fixture, NULL);
	struct call *orders = fixture_call(&fixture, "AgentService/GetJob", listen_1);
	ck_assert_uint_eq(orders->count, 0);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	ck_assert_uint_eq(orders->count, 1);
	assert_contains(call_answers(orders), "\"attempt\":{\"job\":\"1\",\"attempt\":1}");
	assert_contains(call_answers(orders), "\"task\":{\"name\":\"main\",\"command\":[\"true\"]}");
	assert_contains(call_answers(orders), "\"lease\":\"300s\"");
	assert_contains(fixture_ask(&fixture, "AgentService/ClaimJob", claim_1),
			"\"granted\":[{\"job\":\"1\",\"attempt\":1}]");
	ck_assert_str_eq(fixture_ask(&fixture, "AgentService/UpdateStatus", ended_1),
			 "{\"term\":\"1\"}\n");
	const char *job = fixture_ask(&fixture, "JobService/Get", "{\"id\":\"1\"}");
	assert_contains(job, "\"state\":\"failed\"");
	assert_contains(job, "\"exit_code\":3");
	/* The same report once more: the job is gone from memory, and the agent may forget it. */
	assert_contains(fixture_ask(&fixture, "AgentService/UpdateStatus", ended_1),
			"\"stale\":[{\"job\":\"1\",\"attempt\":1}]");
}
END_TEST

START_TEST(test_nothing_is_ordered_or_claimed_before_it_is_durable)
{
	fixture_heartbeat(&fixture, NULL);
	struct call *orders = fixture_call(&fixture, "AgentService/GetJob", listen_1);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_call(&fixture, "JobService/Submit", true_job);
	ck_assert_uint_eq(orders->count, 0);
	ck_assert_str_eq(fixture_ask(&fixture, "AgentService/ClaimJob", claim_1),
			 "{\"term\":\"1\"}\n");
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_run(&fixture);
	ck_assert_uint_eq(orders->count, 1);
	assert_contains(fixture_ask(&fixture, "AgentService/ClaimJob", claim_1), "granted");
}
END_TEST

START_TEST(test_a_stream_opened_anew_says_what_still_holds)
{
	fixture_heartbeat(&fixture, NULL);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	struct call *orders = fixture_call(&fixture, "AgentService/GetJob", listen_1);
	ck_assert_uint_eq(orders->count, 2);
	fixture_ask(&fixture, "AgentService/ClaimJob", claim_1);
	fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"1\"}");
	ck_assert_uint_eq(orders->count, 3);
	struct call *again = fixture_call(&fixture, "AgentService/GetJob", listen_1);
	ck_assert(orders->ended);
	ck_assert_uint_eq(again->count, 2);
	assert_contains(call_answers(again), "\"kill\":{\"attempt\":{\"job\":\"1\",\"attempt\":1},"
					     "\"cause\":\"cancel\",\"grace\":\"5s\"}");
	assert_contains(call_answers(again), "\"assignment\":{\"attempt\":{\"job\":\"2\"");
}
END_TEST

START_TEST(test_a_heartbeat_renews_revokes_and_says_again)
{
	fixture_heartbeat(&fixture, NULL);
	struct call *orders = fixture_call(&fixture, "AgentService/GetJob", listen_1);
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"tasks\":[{\"command\":[\"a\"],\"lease\":\"3s\"}]}}");
	ck_assert_uint_eq(orders->count, 1);
	/* It was not claimed: perhaps it got lost. The lease goes on meanwhile. */
	fixture_wait(&fixture, 5001);
	fixture_heartbeat(&fixture, NULL);
	ck_assert_uint_ge(orders->count, 2);
	struct call *beat = fixture_call(
		&fixture, "AgentService/Heartbeat",
		"{\"node\":{\"name\":\"n1\",\"capacity\":{\"cpu_milli\":4000,\"memory_mib\":4096}},"
		"\"agent_id\":\"7\",\"session\":\"1\",\"held\":"
		"[{\"job\":\"1\",\"attempt\":1},{\"job\":\"1\",\"attempt\":9}]}");
	assert_contains(call_answers(beat), "\"lease\":\"3s\"");
	assert_contains(call_answers(beat), "\"revoked\":[{\"job\":\"1\",\"attempt\":9}]");
	assert_contains(call_answers(beat), "\"interval\":\"1s\"");
}
END_TEST

/* The first length is said once for all that have it, the others by name. */
START_TEST(test_leases_of_two_lengths)
{
	fixture_heartbeat(&fixture, NULL);
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"tasks\":[{\"name\":\"a\",\"command\":[\"a\"],\"lease\":\"3s\",\"count\":2},"
		    "{\"name\":\"b\",\"command\":[\"b\"],\"lease\":\"9s\"}]}}");
	struct call *beat = fixture_call(
		&fixture, "AgentService/Heartbeat",
		"{\"node_id\":\"1\",\"agent_id\":\"7\",\"session\":\"1\",\"held\":"
		"[{\"job\":\"1\",\"attempt\":1},{\"job\":\"1\",\"task\":1,\"attempt\":1},"
		"{\"job\":\"1\",\"index\":1,\"attempt\":1}]}");
	assert_contains(call_answers(beat),
			"\"renewals\":[{\"attempt\":{\"job\":\"1\",\"task\":1,\"attempt\":1},"
			"\"lease\":\"9s\"}],\"interval\":\"1s\",\"lease\":\"3s\"");
}
END_TEST

/* A node that was heard once needs no more than its number. */
START_TEST(test_a_heartbeat_by_number)
{
	static const char by_number[] =
		"{\"node_id\":\"1\",\"agent_id\":\"7\",\"session\":\"1\"}";
	fixture_refused(&fixture, "AgentService/Heartbeat", by_number, CTR_GRPC_NOT_FOUND, "node_id");
	fixture_heartbeat(&fixture, NULL);
	assert_contains(fixture_ask(&fixture, "AgentService/Heartbeat", by_number),
			"\"node_id\":\"1\"");
	fixture_refused(&fixture, "AgentService/Heartbeat",
			"{\"node_id\":\"1\",\"agent_id\":\"8\",\"session\":\"1\"}",
			CTR_GRPC_NOT_FOUND, "node_id");
	fixture_refused(&fixture, "AgentService/Heartbeat", "{\"agent_id\":\"7\",\"session\":\"1\"}",
			CTR_GRPC_INVALID_ARGUMENT, "node");
	/* A sign of life like any other: 60 s count from the last one. */
	for (int i = 0; i < 3; i++) {
		fixture_wait(&fixture, 40000);
		fixture_ask(&fixture, "AgentService/Heartbeat", by_number);
	}
	assert_contains(fixture_ask(&fixture, "NodeService/List", "{}"), "\"state\":\"ready\"");
}
END_TEST

START_TEST(test_who_is_not_trusted)
{
	fixture_heartbeat(&fixture, NULL);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	fixture_refused(&fixture, "AgentService/GetJob", "{\"node_id\":\"1\",\"session\":\"2\"}",
			ctr_grpc_status_from_error(CENTRO_ERR_STALE), "session");
	fixture_refused(&fixture, "AgentService/GetJob", "{\"node_id\":\"5\",\"session\":\"1\"}",
			CTR_GRPC_NOT_FOUND, "node_id");
	fixture_refused(&fixture, "AgentService/ClaimJob",
			"{\"node_id\":\"1\",\"session\":\"2\",\"term\":\"1\"}",
			ctr_grpc_status_from_error(CENTRO_ERR_STALE), "");
	fixture_refused(&fixture, "AgentService/UpdateStatus",
			"{\"node_id\":\"1\",\"session\":\"2\",\"term\":\"1\"}",
			ctr_grpc_status_from_error(CENTRO_ERR_STALE), "session");
	/* The agent has seen a newer server than this one (I5). */
	fixture_refused(&fixture, "AgentService/ClaimJob",
			"{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"2\"}",
			ctr_grpc_status_from_error(CENTRO_ERR_FENCED), "term");
	/* The name belongs to agent 7. */
	fixture_refused(&fixture, "AgentService/Heartbeat",
			"{\"node\":{\"name\":\"n1\",\"capacity\":{\"cpu_milli\":1000}},"
			"\"agent_id\":\"8\",\"session\":\"1\"}",
			CTR_GRPC_ALREADY_EXISTS, "n1");
	fixture_refused(&fixture, "AgentService/Heartbeat", "{}", CTR_GRPC_INVALID_ARGUMENT, "node");
	fixture_refused(&fixture, "AgentService/Heartbeat",
			"{\"node\":{\"name\":\"no good\"},\"agent_id\":\"9\",\"session\":\"1\"}",
			CTR_GRPC_INVALID_ARGUMENT, "name");
	fixture_refused(&fixture, "AgentService/UpdateStatus",
			"{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{}]}",
			CTR_GRPC_INVALID_ARGUMENT, "updates");
	const char *job = fixture_ask(&fixture, "JobService/Get", "{\"id\":\"1\"}");
	assert_contains(job, "\"state\":\"pending\"");
}
END_TEST

START_TEST(test_nodes_are_listed)
{
	fixture_heartbeat(&fixture, NULL);
	fixture_ask(&fixture, "AgentService/Heartbeat",
		    "{\"node\":{\"name\":\"n2\",\"datacenter\":\"eu\",\"capacity\":{\"cpu_milli\":1000}},"
		    "\"agent_id\":\"8\",\"session\":\"1\"}");
	fixture_ask(&fixture, "JobService/Submit", true_job);
	const char *nodes = fixture_ask(&fixture, "NodeService/List", "{}");
	assert_contains(nodes, "\"name\":\"n1\"");
	assert_contains(nodes, "\"name\":\"n2\"");
	assert_contains(nodes, "\"used\":{\"cpu_milli\":1000,\"memory_mib\":128}");
	nodes = fixture_ask(&fixture, "NodeService/List", "{\"datacenter\":\"eu\"}");
	ck_assert_ptr_null(strstr(nodes, "\"name\":\"n1\""));
	nodes = fixture_ask(&fixture, "NodeService/List", "{\"page_size\":1}");
	assert_contains(nodes, "\"next_page_token\":\"1\"");
	nodes = fixture_ask(&fixture, "NodeService/List", "{\"page_token\":\"1\"}");
	assert_contains(nodes, "\"name\":\"n2\"");
	ck_assert_str_eq(fixture_ask(&fixture, "NodeService/List", "{\"states\":[\"down\"]}"), "{}\n");
	fixture_wait(&fixture, 61000);
	assert_contains(fixture_ask(&fixture, "NodeService/Get", "{\"name\":\"n1\"}"),
			"\"state\":\"down\"");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/agent_service");
	TCase *tcase = tcase_create("agent_service");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_one_job_from_grant_to_end);
	tcase_add_test(tcase, test_nothing_is_ordered_or_claimed_before_it_is_durable);
	tcase_add_test(tcase, test_a_stream_opened_anew_says_what_still_holds);
	tcase_add_test(tcase, test_a_heartbeat_renews_revokes_and_says_again);
	tcase_add_test(tcase, test_leases_of_two_lengths);
	tcase_add_test(tcase, test_a_heartbeat_by_number);
	tcase_add_test(tcase, test_who_is_not_trusted);
	tcase_add_test(tcase, test_nodes_are_listed);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
