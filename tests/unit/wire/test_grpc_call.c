/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_call.c: calls of every shape, and how they end. */
#include "pump.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* Every shape of call, with the bytes cut into pieces of at most `piece` from `seed`. */
static void run_shapes(uint64_t seed, size_t piece)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = seed, .piece_bytes_max = piece}));

	pump_expect(pump_unary(&pump, "/t/Echo", "hello"), "H M(hello) C(OK:)");
	pump_expect(pump_served(&pump), "M(hello) E C(OK:)");
	pump_expect(pump_unary(&pump, "/t/Echo", ""), "H M() C(OK:)");
	pump_expect(pump_unary(&pump, "/t/Echo", NULL), "C(OK:)");
	pump_expect(pump_unary(&pump, "/t/Nothing", "x"),
		    "C(UNIMPLEMENTED:unknown method /t/Nothing)");

	struct pump_call *stream = pump_unary(&pump, "/t/Stream", "500 100");
	ck_assert_uint_eq(stream->messages, 500);
	ck_assert_uint_eq(stream->message_bytes, 50000);
	ck_assert_int_eq(stream->status, CTR_GRPC_OK);

	struct pump_call *bidi = pump_start(&pump, "/t/Echo");
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(pump_send(bidi, "ping"), CENTRO_OK);
		pump_run(&pump);
		ck_assert_uint_eq(bidi->messages, (size_t)i + 1);
	}
	ctr_grpc_call_half_close(bidi->call);
	pump_run(&pump);
	ck_assert_int_eq(bidi->status, CTR_GRPC_OK);

	struct pump_call *client = pump_start(&pump, "/t/Hold");
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(pump_send_size(client, 1000), CENTRO_OK);
	ctr_grpc_call_half_close(client->call);
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ck_assert_uint_eq(served->messages, 50);
	ck_assert_int_eq(pump_send(served, "sum"), CENTRO_OK);
	ctr_grpc_call_finish(served->call, CTR_GRPC_OK, NULL);
	pump_run(&pump);
	pump_expect(client, "H M(sum) C(OK:)");

	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 0);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 0);
	ck_assert_int_eq(pump.client_error, CENTRO_OK);
	ck_assert_int_eq(pump.server_error, CENTRO_OK);
	pump_close(&pump);
}

START_TEST(every_shape_in_whole_pieces)
{
	run_shapes(1, 0);
}
END_TEST

START_TEST(every_shape_in_small_pieces)
{
	for (uint64_t seed = 1; seed < 20; seed++)
		run_shapes(seed, seed < 3 ? seed : seed * seed);
}
END_TEST

START_TEST(a_thousand_calls_at_once)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 4, .piece_bytes_max = 3000}));
	pump_run(&pump);
	for (int i = 0; i < 1000; i++) {
		struct pump_call *call = pump_start(&pump, "/t/Echo");
		ck_assert_int_eq(pump_send(call, "one of many"), CENTRO_OK);
		ctr_grpc_call_half_close(call->call);
	}
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 1000);
	pump_run(&pump);
	ctr_list_for_each (node, &pump.started)
		pump_expect(ctr_list_entry(node, struct pump_call, node),
			    "H M(one of many) C(OK:)");
	pump_close(&pump);
}
END_TEST

START_TEST(a_call_costs_no_allocation_of_ours_in_the_steady_state)
{
	struct failing_allocator counting;
	failing_allocator_init(&counting, /* fail_at= */ 0);
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.allocator = &counting.allocator}));
	for (int i = 0; i < 50; i++)
		pump_unary(&pump, "/t/Echo", "warm");
	size_t live = counting.live;
	for (int i = 0; i < 200; i++)
		pump_unary(&pump, "/t/Echo", "hello");
	ck_assert_uint_eq(counting.live, live);
	/* What nghttp2 takes for a stream, both sides, and nothing that grows. */
	size_t before = counting.calls;
	pump_unary(&pump, "/t/Echo", "hello");
	ck_assert_uint_le(counting.calls - before, 24);
	pump_close(&pump);
	ck_assert_uint_eq(counting.live, 0);
}
END_TEST

START_TEST(the_client_cancels)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	ck_assert_int_eq(pump_send(call, "x"), CENTRO_OK);
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ctr_grpc_call_cancel(call->call);
	pump_expect(call, ""); /* not from inside */
	ck_assert(ctr_grpc_conn_wants_send(pump.client));
	ck_assert_int_eq(pump_send(call, "y"), CENTRO_ERR_STATE);
	ctr_grpc_call_cancel(call->call);
	pump_run(&pump);
	pump_expect(call, "C(CANCELLED:cancelled by the caller)");
	pump_expect(served, "M(x) C(CANCELLED:cancelled by the client)");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 0);
	pump_close(&pump);
}
END_TEST

START_TEST(the_client_cancels_before_anything_is_sent)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	ctr_grpc_call_cancel(call->call);
	pump_run(&pump);
	pump_expect(call, "C!(CANCELLED:cancelled by the caller)");
	ck_assert(ctr_list_is_empty(&pump.served));
	pump_close(&pump);
}
END_TEST

START_TEST(the_server_cancels)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ctr_grpc_call_cancel(served->call);
	pump_expect(served, "");
	pump_run(&pump);
	pump_expect(served, "C(CANCELLED:cancelled by the caller)");
	ck_assert_int_eq(call->status, CTR_GRPC_CANCELLED);
	pump_close(&pump);
}
END_TEST

static void cancel_itself(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	ctr_grpc_call_cancel(call);
	/* Still there, until the callback has returned. */
	ck_assert_uint_eq(ctr_grpc_call_get_path(call).size, 7);
	ck_assert_uint_eq(message.size, 5);
}

static void count_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	++*(int *)arg;
	/* Harmless, all of it. */
	ctr_grpc_call_cancel(call);
	ctr_grpc_call_half_close(call);
	ctr_grpc_call_set_paused(call, true);
	ck_assert_int_eq(ctr_grpc_call_send(call, ctr_bytes_str("x")), CENTRO_ERR_STATE);
}

START_TEST(a_callback_may_cancel_its_call)
{
	static const struct ctr_grpc_call_impl impl = {.message = cancel_itself,
						       .closed = count_closed};
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	int closed = 0;
	struct ctr_grpc_call *call;
	ck_assert_int_eq(ctr_grpc_call_start(pump.client, "/t/Echo", NULL, 0, pump.now, CTR_NEVER,
					     &impl, &closed, &call),
			 CENTRO_OK);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ctr_grpc_call_send(call, ctr_bytes_str("hello")), CENTRO_OK);
	pump_run(&pump);
	ck_assert_int_eq(closed, 1);
	pump_close(&pump);
}
END_TEST

START_TEST(metadata_goes_there_and_back)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	const uint8_t raw[] = {0, 1, 2, 255, 254};
	const struct ctr_grpc_metadata metadata[] = {
		{ctr_bytes_str("authorization"), ctr_bytes_str("Bearer abc")},
		{ctr_bytes_str("key-bin"), ctr_bytes(raw, sizeof(raw))},
		{ctr_bytes_str("empty-bin"), ctr_bytes(NULL, 0)},
		{ctr_bytes_str("twice"), ctr_bytes_str("1")},
		{ctr_bytes_str("twice"), ctr_bytes_str("2")},
	};
	struct pump_call *call;
	struct centro_instant deadline = ctr_after(pump.now, ctr_span_ms(5000));
	ck_assert_int_eq(pump_start_with(&pump, "/t/Hold", metadata, CTR_ARRAY_SIZE(metadata),
					 deadline, &call),
			 CENTRO_OK);
	pump_run(&pump);
	struct ctr_grpc_call *served = pump_served(&pump)->call;
	struct centro_bytes value;
	ck_assert(ctr_grpc_call_get_metadata(served, "authorization", &value));
	ck_assert(ctr_bytes_equal(value, ctr_bytes_str("Bearer abc")));
	ck_assert(ctr_grpc_call_get_metadata(served, "key-bin", &value));
	ck_assert(ctr_bytes_equal(value, ctr_bytes(raw, sizeof(raw))));
	ck_assert(ctr_grpc_call_get_metadata(served, "empty-bin", &value));
	ck_assert_uint_eq(value.size, 0);
	ck_assert(ctr_grpc_call_get_metadata(served, "twice", &value));
	ck_assert(ctr_bytes_equal(value, ctr_bytes_str("1")));
	ck_assert(!ctr_grpc_call_get_metadata(served, "grpc-timeout", &value));
	ck_assert(!ctr_grpc_call_get_metadata(served, ":path", &value));
	ck_assert_uint_eq(ctr_grpc_call_get_deadline(served).ns, deadline.ns);
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_call");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_shape_in_whole_pieces);
	tcase_add_test(tcase, every_shape_in_small_pieces);
	tcase_add_test(tcase, a_thousand_calls_at_once);
	tcase_add_test(tcase, a_call_costs_no_allocation_of_ours_in_the_steady_state);
	tcase_add_test(tcase, the_client_cancels);
	tcase_add_test(tcase, the_client_cancels_before_anything_is_sent);
	tcase_add_test(tcase, the_server_cancels);
	tcase_add_test(tcase, a_callback_may_cancel_its_call);
	tcase_add_test(tcase, metadata_goes_there_and_back);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
