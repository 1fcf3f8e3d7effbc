/* SPDX-License-Identifier: MIT */
/*
 * server.c - centro/server.h without memory: the start, a client that connects, and
 * each method of the API.
 *
 * Whatever fails, each call ends, by its answer or by an error; what was answered is
 * true; and once there is memory the server serves as before.
 */
#include "net.h"
#include "suites.h"

#include <stdio.h>
#include <string.h>

/* There is memory: whoever comes is served, once a state that was lost is read anew. */
static void wait_ready(struct net *net)
{
	struct net_call call;
	int status = CENTRO_ERR_UNAVAILABLE;
	net_close_client(net);
	net_open_client(net, oom_plain());
	for (int i = 0; i < 1000 && status == CENTRO_ERR_UNAVAILABLE; i++) {
		net_turn(net, 10);
		status = net_call(net, &call, "NodeService/List", "{}");
	}
	ck_assert_int_eq(status, CENTRO_OK);
}

/* ---- the start --------------------------------------------------- */

static void open_and_ask(struct oom_run *run)
{
	struct net net;
	net_init(&net, run->arg);
	oom_arm(run);
	int status = net_try_server(&net, &run->allocator);
	oom_disarm(run);
	oom_check_opened(run, status);
	if (status != CENTRO_OK)
		net_open_server(&net, &run->allocator);
	ck_assert_ptr_nonnull(centro_server_address(net.server, 1));
	net_open_client(&net, oom_plain());
	net_ask(&net, "NodeService/List", "{}");
	net_fini(&net);
}

START_TEST(a_start)
{
	oom_each(open_and_ask, _i == 0 ? "memory:" : "file:");
}
END_TEST

/* ---- a client comes ---------------------------------------------- */

static void accept(struct oom_run *run)
{
	struct net net;
	struct net_call call;
	net_init(&net, "memory:");
	net_open_server(&net, &run->allocator);
	net_open_client(&net, oom_plain());
	ck_assert_int_eq(net_start(&net, &call, "NodeService/List", "{}"), CENTRO_OK);
	oom_arm(run);
	net_run(&net, &call, 20);
	bool failed = oom_disarm(run);
	int status = net_wait(&net, &call);
	ck_assert_msg(status == CENTRO_OK || failed, "%s", call.text);
	wait_ready(&net);
	net_fini(&net);
}

START_TEST(an_accept)
{
	oom_each(accept, NULL);
}
END_TEST

/* ---- methods ----------------------------------------------------- */

#define SUBMIT(id, more)                                                                     \
	"{\"job\":{\"name\":\"j\",\"labels\":{\"a\":\"b\"},\"tasks\":[{\"command\":[\"x\"]," \
	"\"env\":{\"A\":\"1\"}" more "}]},\"request_id\":\"" id "\"}"
#define HEARTBEAT(name, held)                                                     \
	"{\"node\":{\"name\":\"" name "\",\"labels\":{\"a\":\"b\"},\"capacity\":" \
	"{\"cpu_milli\":2000,\"memory_mib\":4096,\"named\":{\"gpu\":1}}}," held   \
	"\"agent_id\":\"7\",\"session\":\"1\"}"
#define ATTEMPT(job) "{\"job\":\"" job "\",\"attempt\":1}"
#define AGENT        "\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\""
#define ORDERS       "{\"node_id\":\"1\",\"session\":\"1\"}"
#define UPDATE(job, what) \
	"{" AGENT ",\"updates\":[{\"attempt\":" ATTEMPT(job) ",\"state\":" what "}]}"

/* Jobs: 1 runs, 2 is assigned, 3 waits, 4 has ended. */
static void furnish(struct net *net)
{
	net_ask(net, "AgentService/Heartbeat", HEARTBEAT("n1", ""));
	net_ask(net, "JobService/Submit", SUBMIT("one", ""));
	net_ask(net, "JobService/Submit", SUBMIT("two", ",\"lease\":\"9s\""));
	net_ask(net, "JobService/Submit", SUBMIT("three", ",\"resources\":{\"cpu_milli\":9000}"));
	net_ask(net, "JobService/Submit", SUBMIT("four", ",\"resources\":{\"cpu_milli\":9000}"));
	net_ask(net, "AgentService/ClaimJob", "{" AGENT ",\"attempts\":[" ATTEMPT("1") "]}");
	net_ask(net, "AgentService/UpdateStatus", UPDATE("1", "\"running\""));
	net_ask(net, "JobService/Cancel", "{\"id\":\"4\"}");
}

static const struct method {
	const char *path, *request;
	const char *part; /* of the answer, if there is one: half of it would be a lie */
	bool is_endless;  /* a stream that the client ends */
	int refusal;      /* also right: there is no such thing, or it is done already */
} methods[] = {
	{"JobService/Submit", SUBMIT("new", ""), "\"id\":"},
	{"JobService/SubmitMany", "{\"requests\":[" SUBMIT("a", "") "," SUBMIT("b", "") ",{}]}",
	 "\"results\":["},
	{"JobService/Submit", "{\"retry_of\":\"4\",\"request_id\":\"again\"}", "\"id\":"},
	{"JobService/Get", "{\"id\":\"1\"}", "\"labels\":{\"a\":\"b\"}"},
	{"JobService/Get", "{\"id\":\"4\"}", "\"state\":\"cancelled\""},
	{"JobService/Get", "{\"id\":\"99\"}", .refusal = CENTRO_ERR_NOT_FOUND},
	{"JobService/List", "{}", "\"id\":\"1\""},
	{"JobService/List",
	 "{\"states\":[\"pending\",\"cancelled\"],\"labels\":{\"a\":\"b\"},"
	 "\"queue\":\"default\"}",
	 "\"id\":\"3\""},
	{"JobService/Cancel", "{\"id\":\"1\",\"reason\":\"r\"}"},
	{"JobService/Cancel", "{\"id\":\"3\"}", .refusal = CENTRO_ERR_STATE},
	{"JobService/Watch", "{\"id\":\"1\"}", "\"state\":\"running\"", .is_endless = true},
	{"JobService/Watch", "{\"id\":\"4\"}", "\"state\":\"cancelled\""},
	{"NodeService/List", "{}", "\"name\":\"n1\""},
	{"NodeService/Get", "{\"name\":\"n1\"}", "\"named\":{\"gpu\":1}"},
	{"AgentService/Heartbeat", HEARTBEAT("n1", "\"held\":[" ATTEMPT("1") "," ATTEMPT("9") "],"),
	 "\"revoked\":[{"},
	{"AgentService/Heartbeat", HEARTBEAT("n1", "\"held\":[" ATTEMPT("1") "," ATTEMPT("2") "],"),
	 "\"lease\":\"9s\"}]"},
	{"AgentService/Heartbeat", HEARTBEAT("n2", "")},
	{"AgentService/GetJob", ORDERS, "\"job_name\":\"j\"", .is_endless = true},
	{"AgentService/ClaimJob", "{" AGENT ",\"attempts\":[" ATTEMPT("2") "]}"},
	{"AgentService/UpdateStatus",
	 UPDATE("1", "\"ended\",\"cause\":\"exited\",\"message\":\"bye\"")},
	{"/grpc.health.v1.Health/Check", "{\"service\":\"centro.v1.JobService\"}"},
	{"/grpc.health.v1.Health/Watch", "{}", .is_endless = true},
	{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	 "{\"file_containing_symbol\":\"centro.v1.JobService\"}"},
	{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "{\"list_services\":\"\"}"},
	{"EventService/Watch", "{\"jobs\":[\"1\"],\"queue\":\"default\",\"owner\":\"anonymous\"}",
	 "\"next\":"},
	{"EventService/Watch", "{\"follow\":true}", "\"next\":", .is_endless = true},
};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

static bool is_right(const struct method *method, int status)
{
	return status == CENTRO_OK || (method->refusal && status == method->refusal);
}

/* Who ends an endless one has had his answer. */
static int end_call(struct net *net, struct net_call *call, const struct method *method)
{
	for (int i = 0; method->is_endless && !call->is_done && i < 100 && call->messages == 0; i++)
		net_turn(net, 1);
	bool is_cancelled = method->is_endless && !call->is_done;
	if (is_cancelled)
		centro_call_cancel(call->call);
	int status = net_wait(net, call);
	return is_cancelled && status == CENTRO_ERR_CANCELLED ? CENTRO_OK : status;
}

static int ask_again(struct net *net, struct net_call *call, const struct method *method)
{
	ck_assert_int_eq(net_start(net, call, method->path, method->request), CENTRO_OK);
	return end_call(net, call, method);
}

/* Sessions begin anew with a state that was read anew. */
static void again(struct net *net, const struct method *method)
{
	struct net_call call;
	wait_ready(net);
	net_ask(net, "AgentService/Heartbeat", HEARTBEAT("n1", ""));
	int status = ask_again(net, &call, method);
	ck_assert_msg(is_right(method, status), "%s: %s", method->path, call.text);
}

static void serve(struct oom_run *run)
{
	const struct method *method = run->arg;
	struct net net;
	struct net_call call;
	net_init(&net, "memory:");
	net_open_server(&net, &run->allocator);
	net_open_client(&net, oom_plain());
	furnish(&net);
	oom_arm(run);
	ck_assert_int_eq(net_start(&net, &call, method->path, method->request), CENTRO_OK);
	net_run(&net, &call, method->is_endless ? 6 : 20);
	bool failed = oom_disarm(run);
	int status = end_call(&net, &call, method);
	ck_assert_msg(is_right(method, status) || failed, "%s: %s", method->path, call.text);
	if (method->part && call.messages > 0)
		ck_assert_msg(strstr(call.message, method->part), "%s: %s", method->path,
			      call.message);
	again(&net, method);
	/* A submit that was answered stands, and one whose answer was lost is not there twice. */
	if (method == &methods[0])
		ck_assert_ptr_nonnull(
			strstr(net_ask(&net, "JobService/Submit", SUBMIT("new", "")), "existing"));
	net_ask(&net, "JobService/Get", "{\"id\":\"1\"}");
	net_fini(&net);
}

START_TEST(each_method)
{
	oom_each(serve, &methods[_i]);
}
END_TEST

/* ---- output, from an agent to whoever reads it ------------------- */

static void relay(struct oom_run *run)
{
	struct net net;
	struct net_call orders, logs, push;
	net_init(&net, "memory:");
	net_open_server(&net, &run->allocator);
	net_open_client(&net, oom_plain());
	furnish(&net);
	ck_assert_int_eq(net_start(&net, &orders, "AgentService/GetJob", ORDERS), CENTRO_OK);
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	oom_arm(run);
	ck_assert_int_eq(net_start(&net, &logs, "JobService/Logs",
				   "{\"id\":\"1\",\"stream\":\"out\",\"follow\":true}"),
			 CENTRO_OK);
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	ck_assert_int_eq(net_start(&net, &push, "AgentService/PushLog",
				   "{\"node_id\":\"1\",\"session\":\"1\",\"order_id\":\"1\","
				   "\"attempt\":" ATTEMPT("1") ",\"stream\":\"out\","
							       "\"data\":\"b25l\",\"end\":true}"),
			 CENTRO_OK);
	net_run(&net, &logs, 6);
	net_run(&net, &push, 6);
	bool failed = oom_disarm(run);
	ck_assert(failed || (logs.is_done && logs.messages == 1));
	/* Who has heard nothing gives up; nobody else is hurt. */
	if (!logs.is_done)
		centro_call_cancel(logs.call);
	(void)net_wait(&net, &logs);
	(void)net_wait(&net, &push);
	wait_ready(&net);
	net_ask(&net, "JobService/Get", "{\"id\":\"1\"}");
	net_fini(&net);
}

START_TEST(a_relay)
{
	oom_each(relay, NULL);
}
END_TEST

/* ---- the end ----------------------------------------------------- */

/* It ends what it serves, or cuts it when the limit is reached. */
static void drain(struct oom_run *run)
{
	struct net net;
	struct net_call watch;
	net_init(&net, "memory:");
	net_open_server(&net, &run->allocator);
	net_open_client(&net, oom_plain());
	furnish(&net);
	ck_assert_int_eq(net_start(&net, &watch, "JobService/Watch", "{\"id\":\"1\"}"), CENTRO_OK);
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	oom_arm(run);
	centro_server_drain(net.server);
	net_run(&net, &watch, 6);
	oom_disarm(run);
	ck_assert_int_ne(net_wait(&net, &watch), CENTRO_OK);
	net_close_client(&net);
	for (int i = 0; i < 1000 && !centro_server_is_drained(net.server); i++)
		net_turn(&net, 10);
	ck_assert(centro_server_is_drained(net.server));
	net_fini(&net);
}

START_TEST(a_drain)
{
	oom_each(drain, NULL);
}
END_TEST

TCase *oom_server_tests(void)
{
	TCase *tcase = tcase_create("server");
	tcase_add_loop_test(tcase, a_start, 0, 2);
	tcase_add_test(tcase, an_accept);
	tcase_add_loop_test(tcase, each_method, 0, METHOD_COUNT);
	tcase_add_test(tcase, a_relay);
	tcase_add_test(tcase, a_drain);
	return tcase;
}
