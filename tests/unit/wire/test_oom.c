/* SPDX-License-Identifier: MIT */
/*
 * Each scenario once for every allocation of its own, with that one failing: no
 * call is left without `closed`, no memory stays behind, and what still stands
 * works.
 */
#include "pump.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct pump_call *try_start(struct pump *pump, const char *path)
{
	struct pump_call *call = NULL;
	pump_start_with(pump, path, NULL, 0, CTR_NEVER, &call);
	return call;
}

static void try_unary(struct pump *pump, const char *path, const char *message)
{
	struct pump_call *call = try_start(pump, path);
	if (!call)
		return;
	pump_send(call, message);
	ctr_grpc_call_half_close(call->call);
	pump_run(pump);
}

static void unary(struct pump *pump)
{
	try_unary(pump, "/t/Echo", "hello");
	try_unary(pump, "/t/Once", "hello");
	try_unary(pump, "/t/Nothing", "hello");
}

static void streams(struct pump *pump)
{
	try_unary(pump, "/t/Stream", "50 3000");
	struct pump_call *call = try_start(pump, "/t/Echo");
	for (int i = 0; call && call->call && i < 5; i++) {
		pump_send_size(call, 30000);
		pump_run(pump);
	}
}

static void metadata(struct pump *pump)
{
	const struct ctr_grpc_metadata list[] = {
		{ctr_bytes_str("fail"), ctr_bytes_str("5 nothing \xc3\xa4 like that")},
		{ctr_bytes_str("data-bin"), ctr_bytes_str("some bytes")},
		{ctr_bytes_str("authorization"), ctr_bytes_str("Bearer 0123456789")},
	};
	struct pump_call *call = NULL;
	pump_start_with(pump, "/t/Fail", list, CTR_ARRAY_SIZE(list),
			ctr_after(pump->now, ctr_span_ms(1000)), &call);
	pump_run(pump);
}

static void deadlines(struct pump *pump)
{
	for (uint64_t ms = 10; ms < 100; ms += 10) {
		struct pump_call *call = NULL;
		pump_start_with(pump, "/t/Hold", NULL, 0, ctr_after(pump->now, ctr_span_ms(ms)),
				&call);
	}
	pump_run(pump);
	for (int i = 0; i < 10; i++)
		pump_wait(pump, 10);
}

static void pausing(struct pump *pump)
{
	struct pump_call *call = try_start(pump, "/t/Stream");
	if (!call)
		return;
	call->pause_after_message = true;
	pump_send(call, "20 5000");
	pump_run(pump);
	while (call->call && call->messages < 10) {
		size_t before = call->messages;
		ctr_grpc_call_set_paused(call->call, false);
		pump_run(pump);
		if (call->messages == before)
			break;
	}
	if (call->call)
		ctr_grpc_call_cancel(call->call);
	pump_run(pump);
}

static void refusing(struct pump *pump)
{
	struct pump_call *call = try_start(pump, "/t/Echo");
	if (call)
		pump_send_size(call, 200000);
	pump_run(pump);
}

static void draining(struct pump *pump)
{
	struct pump_call *call = try_start(pump, "/t/Hold");
	pump_run(pump);
	ctr_grpc_conn_drain(pump->server, pump->now);
	pump_run(pump);
	pump_wait(pump, 200);
	if (call && call->call)
		ctr_grpc_call_cancel(call->call);
	pump_run(pump);
}

/* One failure is survived, or it ends the connection; it does not maim it. */
static void check_what_stands(struct pump *pump)
{
	if (ctr_grpc_conn_is_finished(pump->client) || ctr_grpc_conn_is_finished(pump->server) ||
	    ctr_grpc_conn_is_draining(pump->client))
		return;
	pump_expect(pump_unary(pump, "/t/Echo", "after"), "H M(after) C(OK:)");
}

static void with_every_allocation_failing(void (*scenario)(struct pump *pump))
{
	struct failing_allocator failing;
	size_t fail_at = 0, survived = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		struct pump pump;
		struct pump_options options = {
			.seed = fail_at,
			.piece_bytes_max = 10000,
			.allocator = &failing.allocator,
			.server = {.message_bytes_max = 100000},
		};
		if (pump_open(&pump, &options)) {
			scenario(&pump);
			failing.fail_at = 0;
			check_what_stands(&pump);
			survived += !ctr_grpc_conn_is_finished(pump.server);
		}
		pump_close(&pump);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 50);
	ck_assert_uint_gt(survived, 1);
}

#define SCENARIO(name)                               \
	START_TEST(name##_without_memory)            \
	{                                            \
		with_every_allocation_failing(name); \
	}                                            \
	END_TEST

SCENARIO(unary)
SCENARIO(streams)
SCENARIO(metadata)
SCENARIO(deadlines)
SCENARIO(pausing)
SCENARIO(refusing)
SCENARIO(draining)

int main(void)
{
	Suite *suite = suite_create("wire/oom");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, unary_without_memory);
	tcase_add_test(tcase, streams_without_memory);
	tcase_add_test(tcase, metadata_without_memory);
	tcase_add_test(tcase, deadlines_without_memory);
	tcase_add_test(tcase, pausing_without_memory);
	tcase_add_test(tcase, refusing_without_memory);
	tcase_add_test(tcase, draining_without_memory);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
