/* SPDX-License-Identifier: MIT */
/*
 * agent.c - centro/agent.h without memory: a real agent with real commands, against a
 * server that has some.
 *
 * Whatever fails, the agent comes back to its server, and each job comes to an end:
 * its own, or that it could not be run for want of memory.
 */
#include "net.h"
#include "suites.h"

#include <stdio.h>
#include <string.h>

#define WAIT_TURNS 1000 /* of at most 10 ms */

/* ---- a scene ----------------------------------------------------- */

static void scene_open(struct net *net)
{
	net_init(net, "memory:");
	net_open_server(net, oom_plain());
	net_open_client(net, oom_plain());
}

static void wait_registered(struct net *net)
{
	for (int i = 0; i < WAIT_TURNS && !centro_agent_is_registered(net->agent); i++)
		net_turn(net, 10);
	ck_assert_msg(centro_agent_is_registered(net->agent), "the agent does not come back");
}

static void submit(struct net *net, const char *script)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"job\":{\"tasks\":[{\"command\":[\"sh\",\"-c\",\"%s\"],\"env\":{\"B\":\"c\"},"
		 "\"resources\":{\"cpu_milli\":1},\"kill_grace\":\"0.1s\"}]}}",
		 script);
	net_ask(net, "JobService/Submit", json);
}

static bool has_ended(const char *job)
{
	return strstr(job, "\"state\":\"succeeded\"") || strstr(job, "\"state\":\"failed\"") ||
	       strstr(job, "\"state\":\"cancelled\"");
}

static const char *job_request(int job)
{
	static char json[32];
	snprintf(json, sizeof(json), "{\"id\":\"%d\"}", job);
	return json;
}

static void wait_ended(struct net *net, int job)
{
	const char *record = "";
	for (int i = 0; i < WAIT_TURNS && !has_ended(record); i++) {
		net_turn(net, 10);
		record = net_ask(net, "JobService/Get", job_request(job));
	}
	ck_assert_msg(has_ended(record), "%s", record);
	/* What the server knows, the agent hears. */
	for (int i = 0; i < WAIT_TURNS && centro_agent_attempts(net->agent) > 0; i++)
		net_turn(net, 10);
	ck_assert_uint_eq(centro_agent_attempts(net->agent), 0);
}

static void wait_running(struct net *net, int job)
{
	const char *record = "";
	for (int i = 0; i < WAIT_TURNS && !strstr(record, "\"state\":\"running\""); i++) {
		net_turn(net, 10);
		record = net_ask(net, "JobService/Get", job_request(job));
	}
	ck_assert_ptr_nonnull(strstr(record, "\"state\":\"running\""));
}

static void turn_until(struct net *net, const bool *is_over, int turns)
{
	for (int i = 0; i < turns && !*is_over; i++)
		net_turn(net, 10);
}

/* ---- the start --------------------------------------------------- */

static void open_and_close(struct oom_run *run)
{
	struct net net;
	net_init(&net, "memory:");
	oom_arm(run);
	int status = net_try_agent(&net, &run->allocator);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK)
		net_open_agent(&net, &run->allocator);
	net_fini(&net);
}

START_TEST(a_start)
{
	oom_each(open_and_close, NULL);
}
END_TEST

/* ---- registration ------------------------------------------------ */

static void registration(struct oom_run *run)
{
	struct net net;
	scene_open(&net);
	net_open_agent(&net, &run->allocator);
	oom_arm(run);
	for (int i = 0; i < 30 && !centro_agent_is_registered(net.agent); i++)
		net_turn(&net, 1);
	for (int i = 0; i < 4; i++)
		net_turn(&net, 1);
	oom_disarm(run);
	wait_registered(&net);
	submit(&net, "true");
	wait_ended(&net, 1);
	net_fini(&net);
}

START_TEST(a_registration)
{
	oom_each_aside(registration, NULL);
}
END_TEST

/* ---- a job ------------------------------------------------------- */

static void run_job(struct oom_run *run)
{
	struct net net;
	struct net_call logs;
	scene_open(&net);
	net_open_agent(&net, &run->allocator);
	wait_registered(&net);
	oom_arm(run);
	submit(&net, "echo out; echo err >&2; exit 3");
	/* Output is read as it comes, and ends when the attempt has. */
	ck_assert_int_eq(
		net_start(&net, &logs, "JobService/Logs", "{\"id\":\"1\",\"follow\":true}"),
		CENTRO_OK);
	turn_until(&net, &logs.is_done, 30);
	oom_disarm(run);
	wait_ended(&net, 1);
	(void)net_wait(&net, &logs);
	submit(&net, "true");
	wait_ended(&net, 2);
	net_fini(&net);
}

START_TEST(a_job)
{
	oom_each_aside(run_job, NULL);
}
END_TEST

/* An agent that looks seldom: the start and the end are told together. */
static void run_short_job(struct oom_run *run)
{
	struct net net;
	scene_open(&net);
	net_open_agent(&net, &run->allocator);
	wait_registered(&net);
	submit(&net, "true");
	oom_arm(run);
	for (int i = 0; i < 10; i++) {
		usleep(8000);
		net_turn(&net, 0);
	}
	oom_disarm(run);
	wait_ended(&net, 1);
	net_fini(&net);
}

START_TEST(a_short_job)
{
	oom_each_aside(run_short_job, NULL);
}
END_TEST

static void cancel_job(struct oom_run *run)
{
	struct net net;
	static const bool never;
	scene_open(&net);
	net_open_agent(&net, &run->allocator);
	submit(&net, "sleep 1000");
	wait_running(&net, 1);
	oom_arm(run);
	net_ask(&net, "JobService/Cancel", "{\"id\":\"1\"}");
	turn_until(&net, &never, 10);
	oom_disarm(run);
	wait_ended(&net, 1);
	net_fini(&net);
}

START_TEST(a_cancel)
{
	oom_each_aside(cancel_job, NULL);
}
END_TEST

/* ---- what an agent before has left ------------------------------- */

static void adopt(struct oom_run *run)
{
	struct net net;
	scene_open(&net);
	net_open_agent(&net, oom_plain());
	submit(&net, "echo this is kept");
	wait_ended(&net, 1);
	submit(&net, "sleep 1000");
	wait_running(&net, 2);
	net_close_agent(&net);
	oom_arm(run);
	int status = net_try_agent(&net, &run->allocator);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK)
		net_open_agent(&net, &run->allocator);
	wait_registered(&net);
	net_ask(&net, "JobService/Cancel", "{\"id\":\"2\"}");
	wait_ended(&net, 2);
	net_fini(&net);
}

START_TEST(an_adoption)
{
	oom_each_aside(adopt, NULL);
}
END_TEST

/* ---- the end ----------------------------------------------------- */

static void stop(struct oom_run *run)
{
	struct net net;
	scene_open(&net);
	net_open_agent(&net, &run->allocator);
	submit(&net, "sleep 1000");
	wait_running(&net, 1);
	oom_arm(run);
	centro_agent_stop(net.agent);
	for (int i = 0; i < 20 && centro_agent_attempts(net.agent) > 0; i++)
		net_turn(&net, 10);
	oom_disarm(run);
	for (int i = 0; i < WAIT_TURNS && centro_agent_attempts(net.agent) > 0; i++)
		net_turn(&net, 10);
	ck_assert_uint_eq(centro_agent_attempts(net.agent), 0);
	net_fini(&net);
}

START_TEST(a_stop)
{
	oom_each_aside(stop, NULL);
}
END_TEST

TCase *oom_agent_tests(void)
{
	TCase *tcase = tcase_create("agent");
	tcase_add_test(tcase, a_start);
	tcase_add_test(tcase, a_registration);
	tcase_add_test(tcase, a_job);
	tcase_add_test(tcase, a_short_job);
	tcase_add_test(tcase, a_cancel);
	tcase_add_test(tcase, an_adoption);
	tcase_add_test(tcase, a_stop);
	return tcase;
}
