/* SPDX-License-Identifier: MIT */
/* test_event_service.c - EventService.Watch, as a client sees it. */
#include "fixture.h"

#include <stdlib.h>

#include "service/rpc.h"
#include "support/suite.h"

#define WATCH "EventService/Watch"

static const char true_job[] = "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}";
static const char wide_job[] = "{\"job\":{\"tasks\":[{\"command\":[\"true\"],\"count\":10000}]}}";

static struct fixture fixture;

static void setup(void)
{
	ck_assert(fixture_open(&fixture, NULL));
}

static void teardown(void)
{
	fixture_close(&fixture);
}

/* Every event has the number after the one before it. Returns the last. */
static uint64_t check_numbers(struct call *call, uint64_t first)
{
	static const char member[] = "\"number\":\"";
	/* Megabytes: strstr() under AddressSanitizer measures all that is left each time. */
	for (const char *at = call_answers(call); *at; at++) {
		if (*at == '"' && strncmp(at, member, sizeof(member) - 1) == 0)
			ck_assert_uint_eq(strtoull(at + sizeof(member) - 1, NULL, 10), first++);
	}
	return first - 1;
}

START_TEST(all_that_happened_in_order)
{
	fixture_ask(&fixture, "JobService/Submit", true_job);
	fixture_heartbeat(&fixture, NULL);
	fixture_run(&fixture);
	struct call *watch = fixture_call(&fixture, WATCH, "{}");
	ck_assert_int_eq(watch->status, CTR_GRPC_OK);
	ck_assert_uint_eq(check_numbers(watch, 1), 3);
	assert_contains(call_answers(watch), "\"type\":\"job_submitted\"");
	assert_contains(
		call_answers(watch),
		"\"queue\":\"default\",\"owner\":\"tester\",\"task\":\"main\",\"node\":\"n1\"}],"
		"\"next\":\"4\"}");
	watch = fixture_call(&fixture, WATCH, "{\"since\":\"3\"}");
	ck_assert_uint_eq(check_numbers(watch, 3), 3);
	watch = fixture_call(&fixture, WATCH, "{\"tail\":\"2\"}");
	ck_assert_uint_eq(check_numbers(watch, 2), 3);
	watch = fixture_call(&fixture, WATCH, "{\"tail\":\"99\"}");
	ck_assert_uint_eq(check_numbers(watch, 1), 3);
	ck_assert_str_eq(fixture_ask(&fixture, WATCH, "{\"since\":\"4\"}"), "{\"next\":\"4\"}\n");
}
END_TEST

START_TEST(what_happens_comes_when_it_is_durable)
{
	struct call *watch = fixture_call(&fixture, WATCH, "{\"follow\":true}");
	ck_assert_str_eq(call_answers(watch), "{\"next\":\"1\"}\n");
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_call(&fixture, "JobService/Submit", true_job);
	ck_assert_uint_eq(watch->count, 1);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_run(&fixture);
	ck_assert_uint_eq(watch->count, 2);
	for (int i = 0; i < 20; i++)
		fixture_ask(&fixture, "JobService/Submit", true_job);
	ck_assert_uint_eq(check_numbers(watch, 1), 21);
	ck_assert(!watch->ended);
	/* A batch that is refused never was, and is no gap. */
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	fixture_call(&fixture, "JobService/Submit", true_job);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	ck_assert_uint_eq(check_numbers(watch, 1), 22);
	ctr_service_drain(fixture.service);
	fixture_run(&fixture);
	ck_assert_int_eq(watch->status, CTR_GRPC_UNAVAILABLE);
}
END_TEST

static const char *filtered(const char *filter)
{
	return fixture_ask(&fixture, WATCH, filter);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

START_TEST(a_filter_hides_events_but_no_number)
{
	fixture_ask(&fixture, "JobService/Submit", true_job);
	strcpy(fixture.peer.name, "other");
	fixture_ask(&fixture, "JobService/Submit", true_job);
	fixture_heartbeat(&fixture, NULL);
	fixture_run(&fixture);
	/* 1, 2: submitted; 3: node; 4, 5: assigned. */
	ck_assert_uint_eq(count_of(filtered("{\"jobs\":[\"2\"]}"), "\"job\":\"2\""), 2);
	ck_assert_uint_eq(count_of(filtered("{\"jobs\":[\"1\",\"2\"]}"), "\"number\""), 4);
	ck_assert_uint_eq(count_of(filtered("{\"types\":[\"job_submitted\"]}"), "\"number\""), 2);
	ck_assert_uint_eq(count_of(filtered("{\"node\":\"n1\"}"), "\"number\""), 3);
	ck_assert_uint_eq(count_of(filtered("{\"queue\":\"default\"}"), "\"number\""), 4);
	ck_assert_uint_eq(count_of(filtered("{\"owner\":\"other\"}"), "\"number\""), 2);
	ck_assert_uint_eq(count_of(filtered("{\"owner\":\"other\",\"node\":\"n1\"}"), "\"number\""),
			  1);
	ck_assert_str_eq(filtered("{\"queue\":\"none\"}"), "{\"next\":\"6\"}\n");
	ck_assert_str_eq(filtered("{\"jobs\":[\"9\"],\"since\":\"2\"}"), "{\"next\":\"6\"}\n");
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	fixture_refused(&fixture, WATCH, "{\"node\":\"x\"}", CTR_GRPC_NOT_FOUND, "node");
	fixture_refused(&fixture, WATCH, "{\"types\":[0]}", CTR_GRPC_INVALID_ARGUMENT, "types[0]");
	fixture_refused(&fixture, WATCH, "{\"since\":\"1\",\"tail\":\"1\"}",
			CTR_GRPC_INVALID_ARGUMENT, "since, tail");
	fixture_refused(&fixture, WATCH, "{\"since\":\"2\"}", CTR_GRPC_OUT_OF_RANGE,
			"the next event is only 1");
	char json[2048] = "{\"jobs\":[1";
	for (int i = 0; i < 100; i++)
		strcat(json, ",1");
	strcat(json, "]}");
	fixture_refused(&fixture, WATCH, json, CTR_GRPC_INVALID_ARGUMENT, "jobs: 101");
}
END_TEST

/* Of all calls, on the server's side. */
static size_t unread_bytes(void)
{
	size_t bytes = 0;
	ctr_list_for_each (node, &fixture.service->open)
		bytes += ctr_grpc_call_queued_bytes(
			ctr_list_entry(node, struct ctr_rpc, link)->call);
	return bytes;
}

/* A reader who stands still costs no more than what may be unread, and misses nothing. */
START_TEST(a_slow_reader_costs_little)
{
	struct call *watch = fixture_call(&fixture, WATCH, "{\"follow\":true}");
	struct call *other = fixture_call(&fixture, WATCH, "{\"follow\":true,\"owner\":\"x\"}");
	ctr_grpc_call_set_paused(watch->call, true);
	size_t count = watch->count, unread = 0;
	for (int i = 1; i <= 16; i++) {
		char cancel[64];
		snprintf(cancel, sizeof(cancel), "{\"id\":\"%d\"}", i);
		fixture_ask(&fixture, "JobService/Submit", wide_job);
		fixture_ask(&fixture, "JobService/Cancel", cancel);
		size_t live = unread_bytes();
		unread = live > unread ? live : unread;
	}
	ck_assert_uint_eq(watch->count, count);
	ck_assert_uint_gt(unread, (size_t)4 << 20);
	ck_assert_uint_lt(unread, (size_t)5 << 20);
	/* Who wants none of it hears how far it has come. */
	ck_assert_uint_gt(other->count, 10);
	ck_assert_ptr_null(strstr(call_answers(other), "number"));
	ctr_grpc_call_set_paused(watch->call, false);
	fixture_run(&fixture);
	ck_assert_uint_eq(check_numbers(watch, 1), 16 * 10003);
}
END_TEST

START_TEST(a_watch_ends_when_its_client_goes)
{
	struct call *watch = fixture_start(&fixture, WATCH, "{\"follow\":true}", false);
	struct call *stays = fixture_call(&fixture, WATCH, "{\"follow\":true}");
	ctr_grpc_call_cancel(watch->call);
	fixture_run(&fixture);
	fixture_ask(&fixture, "JobService/Submit", true_job);
	ck_assert_int_eq(watch->status, CTR_GRPC_CANCELLED);
	ck_assert_uint_eq(check_numbers(stays, 1), 1);
}
END_TEST

START_TEST(what_is_gone_is_said)
{
	fixture_close(&fixture);
	fixture_open_keeping(&fixture, 20);
	for (int i = 0; i < 50; i++) {
		ctr_buf_fini(&fixture.calls[0].answers);
		fixture.call_count = 0;
		fixture_ask(&fixture, "JobService/Submit", true_job);
	}
	struct call *all = fixture_call(&fixture, WATCH, "{}");
	ck_assert_int_eq(all->status, CTR_GRPC_OK);
	const char *number = strstr(call_answers(all), "\"number\":\"");
	uint64_t oldest = strtoull(number + strlen("\"number\":\""), NULL, 10);
	ck_assert_uint_gt(oldest, 20);
	ck_assert_uint_eq(check_numbers(all, oldest), 50);
	char text[96];
	snprintf(text, sizeof(text), "compacted: the oldest retained event is %llu",
		 (unsigned long long)oldest);
	fixture_refused(&fixture, WATCH, "{\"since\":\"1\"}", CTR_GRPC_OUT_OF_RANGE, text);
	/* As many as there are, if that is less. */
	ck_assert_uint_eq(check_numbers(fixture_call(&fixture, WATCH, "{\"tail\":\"45\"}"), oldest),
			  50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/event_service");
	TCase *tcase = tcase_create("event_service");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, all_that_happened_in_order);
	tcase_add_test(tcase, what_happens_comes_when_it_is_durable);
	tcase_add_test(tcase, a_filter_hides_events_but_no_number);
	tcase_add_test(tcase, what_cannot_be_is_refused);
	tcase_add_test(tcase, a_slow_reader_costs_little);
	tcase_add_test(tcase, a_watch_ends_when_its_client_goes);
	tcase_add_test(tcase, what_is_gone_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
