/* SPDX-License-Identifier: MIT */
/* Which call waits, goes, and is given up; limits; every allocation failing. */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fixture.h"
#include "support/failing_allocator.h"
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

START_TEST(nothing_happens_before_the_turn)
{
	struct outcome outcome = {0};
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(fixture.net.attempts, 0);
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &outcome);
	ck_assert_uint_eq(fixture.queued, 1);
	ck_assert_uint_eq(outcome.done, 0);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_uint_eq(fixture.net.attempts, 1);
}
END_TEST

START_TEST(without_a_deadline_one_round_is_tried)
{
	struct outcome outcome = {0};
	fixture.net.fate = NET_REFUSE;
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &outcome);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_str_eq(outcome.text, "cannot reach a server: 10.0.0.1:1: connection refused; "
				       "is centrod running? start one with: centro dev");
	/* And nobody goes on trying. */
	channel_net_wait(&fixture.net, 60000);
	ck_assert_uint_eq(fixture.net.attempts, 1);
}
END_TEST

START_TEST(with_a_deadline_it_goes_on_until_then)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome late = {0}, lucky = {0};
	options.timeout = ctr_span_ms(2000);
	fixture.net.fate = NET_REFUSE;
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &late);
	channel_net_wait(&fixture.net, 1999);
	ck_assert_uint_eq(late.done, 0);
	ck_assert_uint_gt(fixture.net.attempts, 2);
	ck_assert_uint_eq(ctr_client_wake(fixture.client).ns, fixture.net.now.ns + CTR_NS_PER_MS);
	channel_net_wait(&fixture.net, 1);
	ck_assert_int_eq(late.status, CENTRO_ERR_DEADLINE);
	ck_assert_str_eq(late.text,
			 "no server was reached within 2s: 10.0.0.1:1: connection refused; "
			 "is centrod running? start one with: centro dev");

	fixture_call(&fixture, SUBMIT, A_JOB, &options, &lucky);
	channel_net_wait(&fixture.net, 500);
	fixture.net.fate = NET_ACCEPT;
	channel_net_wait(&fixture.net, 1500);
	ck_assert_uint_eq(lucky.done, 1);
	ck_assert_int_eq(lucky.status, CENTRO_OK);
}
END_TEST

START_TEST(a_started_call_has_its_deadline_too)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome outcome = {0};
	options.timeout = ctr_span_ms(500);
	fixture.behaviour = HOLD;
	fixture_call(&fixture, SUBMIT, A_JOB, &options, &outcome);
	channel_net_wait(&fixture.net, 499);
	ck_assert_uint_eq(fixture.seen, 1);
	ck_assert_uint_eq(outcome.done, 0);
	channel_net_wait(&fixture.net, 2);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_DEADLINE);
}
END_TEST

static struct outcome second;
static void call_again(struct outcome *outcome)
{
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &second);
}

START_TEST(a_call_made_by_done_waits_for_the_next_round)
{
	struct outcome outcome = {.on_done = call_again};
	fixture.net.fate = NET_REFUSE;
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &outcome);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_uint_eq(second.done, 0);
	fixture.net.fate = NET_ACCEPT;
	channel_net_wait(&fixture.net, 1000);
	ck_assert_uint_eq(second.done, 1);
	ck_assert_int_eq(second.status, CENTRO_OK);
}
END_TEST

START_TEST(a_closing_client_takes_no_call)
{
	struct outcome outcome = {0};
	fixture.behaviour = HOLD;
	fixture_call(&fixture, SUBMIT, A_JOB, NULL, &outcome);
	channel_net_run(&fixture.net);
	fixture_close(&fixture);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_CANCELLED);
	fixture_open(&fixture, NULL);
}
END_TEST

START_TEST(open_calls_have_a_limit)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct centro_error_text text;
	struct centro_bytes request = ctr_bytes_str("{}");
	int status = CENTRO_OK;
	size_t count = 0;
	options.encoding = CENTRO_JSON;
	while (status == CENTRO_OK && count <= CTR_CLIENT_CALLS_MAX) {
		status = ctr_client_call(fixture.client, fixture.net.now, SUBMIT, request, &options,
					 NULL, &text);
		count += status == CENTRO_OK;
	}
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(count, CTR_CLIENT_CALLS_MAX);
	ck_assert_str_eq(text.text, "16384 calls are open, as many as may be");
	/* More than the server takes at once; all come to their end. */
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(fixture.seen, count);
	ck_assert_uint_eq(ctr_client_calls(fixture.client), 0);
}
END_TEST

START_TEST(what_they_hold_has_a_limit)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct centro_error_text text;
	/* JobSubmitRequest.request_id, about 4 MiB of it. */
	size_t size = CTR_CLIENT_REQUEST_BYTES_MAX;
	uint8_t *bytes = malloc(size);
	size_t rest = size - 5;
	memset(bytes, 'x', size);
	bytes[0] = 0x12;
	for (int i = 0; i < 4; i++)
		bytes[1 + i] = (uint8_t)((rest >> 7 * i & 0x7f) + (i < 3 ? 0x80 : 0));
	int status = CENTRO_OK;
	size_t count = 0;
	while (status == CENTRO_OK && count < 100) {
		status = ctr_client_call(fixture.client, fixture.net.now, SUBMIT,
					 ctr_bytes(bytes, size), &options, NULL, &text);
		count += status == CENTRO_OK;
	}
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(count, 16);
	ck_assert_ptr_nonnull(strstr(text.text, "hold 67108864 bytes"));
	free(bytes);
}
END_TEST

static void every_failure(const struct centro_allocator *allocator)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct outcome outcome = {0};
	struct fixture oom;
	fixture_open(&oom, allocator);
	if (!oom.client)
		return;
	options.encoding = CENTRO_JSON;
	options.timeout = ctr_span_ms(3000);
	int status = ctr_client_call(oom.client, oom.net.now, SUBMIT, ctr_bytes_str(A_JOB),
				     &options, &outcome.call, NULL);
	ck_assert(status == CENTRO_OK || status == CENTRO_ERR_NOMEM || status == CENTRO_ERR_LIMIT);
	channel_net_wait(&oom.net, 4000);
	ck_assert_uint_eq(ctr_client_calls(oom.client), 0);
	fixture_close(&oom);
}

START_TEST(every_failed_allocation_is_survived)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		every_failure(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/client");
	TCase *tcase = tcase_create("client");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nothing_happens_before_the_turn);
	tcase_add_test(tcase, without_a_deadline_one_round_is_tried);
	tcase_add_test(tcase, with_a_deadline_it_goes_on_until_then);
	tcase_add_test(tcase, a_started_call_has_its_deadline_too);
	tcase_add_test(tcase, a_call_made_by_done_waits_for_the_next_round);
	tcase_add_test(tcase, a_closing_client_takes_no_call);
	tcase_add_test(tcase, open_calls_have_a_limit);
	tcase_add_test(tcase, what_they_hold_has_a_limit);
	tcase_add_test(tcase, every_failed_allocation_is_survived);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
