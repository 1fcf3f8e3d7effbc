/* SPDX-License-Identifier: MIT */
/*
 * test_oom.c - each allocation of the server's side failing once, in a scenario that
 * uses every method. Whatever fails, nothing crashes, leaks or hangs, and what was
 * acknowledged is true.
 */
#include "fixture.h"

#include "support/failing_allocator.h"
#include "support/suite.h"

static void tell(struct fixture *fixture, const char *method, const char *json)
{
	fixture_call(fixture, method, json);
}

static void scenario(struct fixture *fixture)
{
	static const char heartbeat[] =
		"{\"node\":{\"name\":\"n1\",\"capacity\":{\"cpu_milli\":4000,\"memory_mib\":4096}},"
		"\"agent_id\":\"7\",\"session\":\"1\",\"held\":[{\"job\":\"1\",\"attempt\":1}]}";
	tell(fixture, "AgentService/Heartbeat", heartbeat);
	tell(fixture, "AgentService/GetJob", "{\"node_id\":\"1\",\"session\":\"1\"}");
	tell(fixture, "JobService/Submit",
	     "{\"job\":{\"name\":\"a\",\"tasks\":[{\"command\":[\"true\"]}]},\"request_id\":\"r\"}");
	tell(fixture, "JobService/Watch", "{\"id\":\"1\"}");
	tell(fixture, "JobService/Logs", "{\"id\":\"1\",\"follow\":true}");
	tell(fixture, "JobService/SubmitMany",
	     "{\"requests\":[{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}},{}]}");
	tell(fixture, "AgentService/ClaimJob",
	     "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"attempts\":"
	     "[{\"job\":\"1\",\"attempt\":1}]}");
	tell(fixture, "AgentService/UpdateStatus",
	     "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{\"attempt\":"
	     "{\"job\":\"1\",\"attempt\":1},\"state\":\"running\"}]}");
	tell(fixture, "AgentService/PushLog",
	     "{\"node_id\":\"1\",\"session\":\"1\",\"order_id\":\"1\",\"attempt\":"
	     "{\"job\":\"1\",\"attempt\":1},\"stream\":\"out\",\"data\":\"b25l\",\"end\":true}");
	tell(fixture, "JobService/Cancel", "{\"id\":\"1\",\"reason\":\"r\"}");
	tell(fixture, "AgentService/UpdateStatus",
	     "{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{\"attempt\":"
	     "{\"job\":\"1\",\"attempt\":1},\"state\":\"ended\",\"cause\":\"cancel\"}]}");
	tell(fixture, "JobService/List", "{\"states\":[\"pending\",\"cancelled\"]}");
	tell(fixture, "JobService/Get", "{\"id\":\"1\"}");
	tell(fixture, "NodeService/List", "{}");
	tell(fixture, "NodeService/Get", "{\"name\":\"n1\"}");
	tell(fixture, "NodeService/Drain", "{\"name\":\"n1\"}");
	tell(fixture, "NodeService/Undrain", "{\"name\":\"n1\"}");
	tell(fixture, "EventService/Watch",
	     "{\"jobs\":[\"1\"],\"queue\":\"default\",\"owner\":\"tester\",\"follow\":true}");
}

/* The submit's answer, if it came, is kept: the job is there. */
static void check_acknowledged(struct fixture *fixture, struct failing_allocator *failing)
{
	failing->fail_at = 0;
	if (fixture->call_count < 3 || fixture->calls[2].status != CTR_GRPC_OK ||
	    fixture->calls[2].count == 0)
		return;
	if (ctr_engine_get_state(fixture->engine) != CTR_ENGINE_READY ||
	    ctr_grpc_conn_is_finished(fixture->client))
		return;
	struct call *get = fixture_call(fixture, "JobService/Get", "{\"id\":\"1\"}");
	ck_assert_msg(!get->ended || get->status == CTR_GRPC_OK, "%s", get->text);
}

START_TEST(test_each_allocation_failing_once)
{
	static struct fixture fixture;
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		if (fixture_open(&fixture, &failing.allocator) &&
		    !ctr_grpc_conn_is_finished(fixture.client)) {
			scenario(&fixture);
			check_acknowledged(&fixture, &failing);
		}
		bool failed = failing.failed;
		fixture_close(&fixture);
		ck_assert_uint_eq(failing.live, 0);
		if (!failed)
			break;
	} while (fail_at < 20000);
	ck_assert_uint_gt(fail_at, 100);
	ck_assert_uint_lt(fail_at, 20000);
}
END_TEST

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	*(enum ctr_grpc_status *)arg = status;
}

/* Its name is shown to the caller: with the embedder's memory, like all else. */
START_TEST(test_an_unknown_method)
{
	static const struct ctr_grpc_call_impl impl = {.closed = on_closed};
	static struct fixture fixture;
	struct failing_allocator failing;
	struct ctr_grpc_call *call;
	enum ctr_grpc_status status = CTR_GRPC_OK;
	failing_allocator_init(&failing, 0);
	ck_assert(fixture_open(&fixture, &failing.allocator));
	size_t calls = failing.calls;
	ck_assert_int_eq(ctr_grpc_call_start(fixture.client, "/no/Such", NULL, 0,
					     fixture.now.steady, CTR_NEVER, &impl, &status, &call),
			 CENTRO_OK);
	fixture_run(&fixture);
	ck_assert_int_eq(status, CTR_GRPC_UNIMPLEMENTED);
	ck_assert_uint_gt(failing.calls, calls);
	fixture_close(&fixture);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/oom");
	TCase *tcase = tcase_create("oom");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_each_allocation_failing_once);
	tcase_add_test(tcase, test_an_unknown_method);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
