/* SPDX-License-Identifier: MIT */
/*
 * client.c - centro/client.h without memory, against a server that has some: each
 * call ends once, and the same client serves on when memory is back.
 */
#include "net.h"
#include "suites.h"

#include "base/bytes.h"
#include "base/time.h"

#define SUBMIT                                                                                   \
	"{\"job\":{\"name\":\"j\",\"labels\":{\"a\":\"b\",\"c\":\"d\"},\"tasks\":[{\"command\":" \
	"[\"x\",\"y\"],\"env\":{\"A\":\"1\"},\"resources\":{\"named\":{\"gpu\":1}}}]},"          \
	"\"request_id\":\"r\"}"

static void open_and_close(struct oom_run *run)
{
	struct net net;
	net_init(&net, "memory:");
	oom_arm(run);
	int status = net_try_client(&net, &run->allocator);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK)
		net_open_client(&net, &run->allocator);
	net_fini(&net);
}

START_TEST(a_start)
{
	oom_each(open_and_close, NULL);
}
END_TEST

static void scene_open(struct net *net, struct oom_run *run)
{
	net_init(net, "memory:");
	net_open_server(net, oom_plain());
	net_open_client(net, &run->allocator);
}

static const struct request {
	const char *method, *json;
} requests[] = {
	{"JobService/Submit", SUBMIT},
	{"AgentService/PushLog", "{\"order_id\":\"1\",\"data\":\"b25l\"}"},
};
#define REQUEST_COUNT (sizeof(requests) / sizeof(requests[0]))

/* NOMEM: the call was never made, and its `done` never comes. */
static void call_only(struct oom_run *run)
{
	const struct request *request = run->arg;
	struct net net;
	struct net_call call;
	scene_open(&net, run);
	oom_arm(run);
	int status = net_start(&net, &call, request->method, request->json);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK) {
		ck_assert_int_eq(centro_client_wait(net.client, (struct centro_span){0}, -1),
				 CENTRO_OK);
		ck_assert(!call.is_done);
		ck_assert_int_eq(net_start(&net, &call, request->method, request->json), CENTRO_OK);
	}
	ck_assert_int_eq(net_wait(&net, &call), CENTRO_OK);
	net_fini(&net);
}

START_TEST(a_call)
{
	oom_each(call_only, &requests[_i]);
}
END_TEST

/* What follows the call: a connection, the request, the answer. */
static void dispatch_after(struct oom_run *run)
{
	struct net net;
	struct net_call call;
	scene_open(&net, run);
	ck_assert_int_eq(net_start(&net, &call, "JobService/Submit", SUBMIT), CENTRO_OK);
	oom_arm(run);
	net_run(&net, &call, 20);
	bool failed = oom_disarm(run);
	int status = net_wait(&net, &call);
	ck_assert_msg(status == CENTRO_OK || failed, "%s", call.text);
	net_ask(&net, "JobService/Submit", SUBMIT);
	net_fini(&net);
}

START_TEST(a_dispatch)
{
	oom_each(dispatch_after, NULL);
}
END_TEST

/* On a connection that stands: one call is ended here, another by the server. */
static void cancel(struct oom_run *run)
{
	struct net net;
	struct net_call watch, get;
	scene_open(&net, run);
	net_ask(&net, "JobService/Submit", SUBMIT);
	oom_arm(run);
	bool has_watch = net_start(&net, &watch, "JobService/Watch", "{\"id\":\"1\"}") == CENTRO_OK;
	bool has_get = net_start(&net, &get, "JobService/Get", "{\"id\":\"1\"}") == CENTRO_OK;
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	if (has_watch && !watch.is_done)
		centro_call_cancel(watch.call);
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	bool failed = oom_disarm(run);
	ck_assert((has_watch && has_get) || failed);
	fflush(stdout);
	ck_assert(!has_watch || net_wait(&net, &watch) != CENTRO_OK);
	ck_assert(!has_get || net_wait(&net, &get) == CENTRO_OK || failed);
	net_ask(&net, "JobService/Get", "{\"id\":\"1\"}");
	net_fini(&net);
}

START_TEST(a_cancel)
{
	oom_each(cancel, NULL);
}
END_TEST

/* The client goes while calls are open: each ends all the same. */
static void close_while_open(struct oom_run *run)
{
	struct net net;
	struct net_call watch, get;
	scene_open(&net, run);
	net_ask(&net, "JobService/Submit", SUBMIT);
	ck_assert_int_eq(net_start(&net, &watch, "JobService/Watch", "{\"id\":\"1\"}"), CENTRO_OK);
	for (int i = 0; i < 6; i++)
		net_turn(&net, 1);
	ck_assert_int_eq(net_start(&net, &get, "JobService/Get", "{\"id\":\"1\"}"), CENTRO_OK);
	oom_arm(run);
	net_close_client(&net);
	oom_disarm(run);
	ck_assert_int_eq(watch.status, CENTRO_ERR_CANCELLED);
	ck_assert_int_eq(get.status, CENTRO_ERR_CANCELLED);
	net_fini(&net);
}

START_TEST(an_end)
{
	oom_each(close_while_open, NULL);
}
END_TEST

TCase *oom_client_tests(void)
{
	TCase *tcase = tcase_create("client");
	tcase_add_test(tcase, a_start);
	tcase_add_loop_test(tcase, a_call, 0, REQUEST_COUNT);
	tcase_add_test(tcase, a_dispatch);
	tcase_add_test(tcase, a_cancel);
	tcase_add_test(tcase, an_end);
	return tcase;
}
