/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_input.c: what is delivered, held and refused. */
#include "pump.h"
#include "raw.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"

#define MIB ((size_t)1024 * 1024)

START_TEST(large_messages_go_through_small_windows)
{
	struct pump pump;
	struct ctr_grpc_limits small = {.window_bytes = 70000};
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 2,
							  .piece_bytes_max = 20000,
							  .client = small,
							  .server = small}));
	struct pump_call *call = pump_start(&pump, "/t/Echo");
	ck_assert_int_eq(pump_send_size(call, 4 * MIB), CENTRO_OK);
	ctr_grpc_call_half_close(call->call);
	pump_run(&pump);
	pump_expect(call, "H M#4194304 C(OK:)");
	pump_close(&pump);
}
END_TEST

START_TEST(a_message_over_the_limit_is_refused_and_the_connection_lives)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 2, .piece_bytes_max = 30000}));
	for (int i = 0; i < 5; i++) {
		struct pump_call *call = pump_start(&pump, "/t/Echo");
		ck_assert_int_eq(pump_send_size(call, 5000000), CENTRO_OK);
		ctr_grpc_call_half_close(call->call);
		pump_run(&pump);
		pump_expect(call, "C(RESOURCE_EXHAUSTED:a message of 5000000 bytes is over the "
				  "limit of 4194304)");
		pump_expect(pump_served(&pump), "C(RESOURCE_EXHAUSTED:a message of 5000000 bytes "
						"is over the limit of 4194304)");
		pump_expect(pump_unary(&pump, "/t/Echo", "alive"), "H M(alive) C(OK:)");
	}
	pump_close(&pump);
}
END_TEST

START_TEST(a_client_has_the_limit_too)
{
	struct pump pump;
	struct ctr_grpc_limits limits = {.message_bytes_max = 1000};
	ck_assert(pump_open(&pump, &(struct pump_options){.client = limits}));
	struct pump_call *call = pump_unary(&pump, "/t/Stream", "3 1001");
	pump_expect(call,
		    "H C(RESOURCE_EXHAUSTED:a message of 1001 bytes is over the limit of 1000)");
	pump_expect(pump_unary(&pump, "/t/Stream", "1 1000"), "H M#1000 C(OK:)");
	pump_close(&pump);
}
END_TEST

START_TEST(a_paused_call_holds_its_peer_back)
{
	struct pump pump;
	struct ctr_grpc_limits limits = {.window_bytes = 100000};
	ck_assert(pump_open(&pump,
			    &(struct pump_options){.client = limits, .piece_bytes_max = 5000}));
	struct pump_call *call = pump_start(&pump, "/t/Stream");
	call->pause_after_message = true;
	ck_assert_int_eq(pump_send(call, "1000 1000"), CENTRO_OK);
	pump_run(&pump);
	ck_assert_uint_eq(call->messages, 1);
	/* No more came than the stream's window lets. */
	struct pump_call *served = pump_served(&pump);
	ck_assert_uint_ge(ctr_grpc_call_queued_bytes(served->call), 1005 * 1000 - 110000);
	/* Others go on. */
	pump_expect(pump_unary(&pump, "/t/Echo", "hello"), "H M(hello) C(OK:)");
	struct pump_call *other = pump_unary(&pump, "/t/Stream", "300 1000");
	ck_assert_uint_eq(other->messages, 300);

	for (size_t n = 2; n < 50; n++) {
		ctr_grpc_call_set_paused(call->call, false);
		ck_assert_uint_eq(call->messages, n - 1); /* not from inside */
		pump_run(&pump);
		ck_assert_uint_eq(call->messages, n);
	}
	call->pause_after_message = false;
	ctr_grpc_call_set_paused(call->call, false);
	pump_run(&pump);
	ck_assert_uint_eq(call->messages, 1000);
	ck_assert_int_eq(call->status, CTR_GRPC_OK);
	pump_close(&pump);
}
END_TEST

START_TEST(the_end_waits_for_what_is_held)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Echo");
	call->pause_after_message = true;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pump_send(call, "m"), CENTRO_OK);
	ctr_grpc_call_half_close(call->call);
	pump_run(&pump);
	pump_expect(pump_served(&pump), "M(m) M(m) M(m) E C(OK:)");
	pump_expect(call, "H M(m)");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 1);
	ctr_grpc_call_set_paused(call->call, false);
	pump_run(&pump);
	pump_expect(call, "H M(m) M(m)");
	ctr_grpc_call_set_paused(call->call, false);
	pump_run(&pump);
	pump_expect(call, "H M(m) M(m) M(m) C(OK:)");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 0);
	pump_close(&pump);
}
END_TEST

START_TEST(a_server_pauses_too)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ctr_grpc_call_set_paused(served->call, true);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pump_send_size(call, MIB), CENTRO_OK);
	ctr_grpc_call_half_close(call->call);
	pump_run(&pump);
	pump_expect(served, "");
	ck_assert_uint_ge(ctr_grpc_call_queued_bytes(call->call), 3 * MIB - 65536);
	ctr_grpc_call_set_paused(served->call, false);
	pump_run(&pump);
	pump_expect(served, "M#1048576 M#1048576 M#1048576 M#1048576 E");
	pump_close(&pump);
}
END_TEST

START_TEST(a_call_that_ends_while_paused)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *cancelled = pump_start(&pump, "/t/Stream");
	struct pump_call *late = pump_start(&pump, "/t/Stream");
	cancelled->pause_after_message = late->pause_after_message = true;
	pump_send(cancelled, "100 1000");
	pump_send(late, "100 1000");
	pump_run(&pump);
	ctr_grpc_call_cancel(cancelled->call);
	pump_run(&pump);
	ck_assert_int_eq(cancelled->status, CTR_GRPC_CANCELLED);
	ck_assert_uint_eq(cancelled->messages, 1);
	/* The other one goes with the connection. */
	ctr_grpc_conn_free(pump.client);
	pump.client = NULL;
	pump_expect(late, "H M#1000 C(UNAVAILABLE:the connection was closed)");
	ctr_grpc_conn_free(pump.server);
	pump.server = NULL;
	pump_close(&pump);
}
END_TEST

START_TEST(what_is_held_for_a_connection_is_limited)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.conn_queue_bytes_max = 300000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	pump_run(&pump);
	/* Ten messages of which a bit is missing, 900,000 bytes in all. */
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(pump_send_size(pump_start(&pump, "/t/Hold"), 100000), CENTRO_OK);
	size_t refused = 0;
	struct ctr_buf all;
	ctr_buf_init(&all, NULL, 0);
	while (ctr_grpc_conn_wants_send(pump.client))
		ctr_grpc_conn_send(pump.client, pump.now, &all, 1000000);
	/* The streams take turns, so that all are half come at this point. */
	ck_assert_int_eq(ctr_grpc_conn_recv(pump.server, pump.now, ctr_bytes(all.data, 900000)),
			 CENTRO_OK);
	ctr_list_for_each (node, &pump.served)
		refused += ctr_list_entry(node, struct pump_call, node)->status ==
			   CTR_GRPC_RESOURCE_EXHAUSTED;
	ck_assert_uint_ge(refused, 6);
	ck_assert_int_eq(ctr_grpc_conn_recv(pump.server, pump.now,
					    ctr_bytes(all.data + 900000, all.size - 900000)),
			 CENTRO_OK);
	ctr_buf_fini(&all);
	pump_run(&pump);
	pump_expect(pump_unary(&pump, "/t/Echo", "alive"), "H M(alive) C(OK:)");
	pump_close(&pump);
}
END_TEST

START_TEST(the_connections_window_is_withheld_over_the_limit)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.conn_queue_bytes_max = 200000, .window_bytes = 100000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	pump_run(&pump);
	struct pump_call *calls[8];
	for (int i = 0; i < 8; i++) {
		calls[i] = pump_start(&pump, "/t/Hold");
		pump_run(&pump);
		ctr_grpc_call_set_paused(pump_served(&pump)->call, true);
	}
	size_t unsent = 0;
	for (int i = 0; i < 800; i++)
		ck_assert_int_eq(pump_send_size(calls[i % 8], 895), CENTRO_OK);
	pump_run(&pump);
	for (int i = 0; i < 8; i++)
		unsent += ctr_grpc_call_queued_bytes(calls[i]->call);
	/* The limit, one window more, and no more than that was taken. */
	ck_assert_uint_ge(unsent, 800 * 900 - 310000);
	ck_assert_uint_le(unsent, 800 * 900 - 200000);
	ctr_list_for_each (node, &pump.served)
		ctr_grpc_call_set_paused(ctr_list_entry(node, struct pump_call, node)->call, false);
	pump_run(&pump);
	ctr_list_for_each (got, &pump.served)
		ck_assert_uint_eq(ctr_list_entry(got, struct pump_call, node)->messages, 100);
	pump_close(&pump);
}
END_TEST

/* One request with this grpc-encoding and these bytes; the answer's headers. */
static void expect_answer(const char *encoding, const void *bytes, size_t size,
			  const char *const expected[])
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	raw_add_preface(&raw);
	const nghttp2_nv headers[] = {
		raw_header(":method", "POST"),
		raw_header(":scheme", "http"),
		raw_header(":path", "/held"),
		raw_header(":authority", "raw.example"),
		raw_header("te", "trailers"),
		raw_header("content-type", "application/grpc"),
		raw_header("grpc-encoding", encoding),
	};
	raw_add_headers(&raw, 1, 0, headers, CTR_ARRAY_SIZE(headers));
	raw_add_frame(&raw, NGHTTP2_DATA, RAW_END_STREAM, 1, bytes, size);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	struct ctr_buf text;
	const char *answer = raw_headers(&raw, 1, &text);
	for (size_t i = 0; expected[i]; i++)
		ck_assert_msg(strstr(answer, expected[i]), "%s is not in %s", expected[i], answer);
	ctr_buf_fini(&text);
	raw_close(&raw);
}

START_TEST(compressed_messages_are_refused)
{
	expect_answer(
		"gzip", "\1\0\0\0\1x", 6,
		(const char *[]){"grpc-status: 12\n", "grpc-accept-encoding: identity\n", NULL});
	expect_answer("identity", "\1\0\0\0\1x", 6, (const char *[]){"grpc-status: 13\n", NULL});
}
END_TEST

START_TEST(broken_messages_are_refused)
{
	expect_answer("identity", "\7\0\0\0\1x", 6,
		      (const char *[]){"grpc-status: 13\n", "begins with 7", NULL});
	expect_answer("identity", "\0\0\0\0\5x", 6,
		      (const char *[]){"grpc-status: 13\n", "cut off", NULL});
	expect_answer("identity", "\0\0", 2, (const char *[]){"cut off", NULL});
	expect_answer("identity", "\0\377\377\377\377", 5,
		      (const char *[]){"grpc-status: 8\n", "4294967295 bytes", NULL});
}
END_TEST

/* What was held back comes out of the connection's end, and is not a message. */
START_TEST(broken_messages_held_until_the_end)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	raw_add_preface(&raw);
	raw_add_request(&raw, 1, "/held", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ctr_grpc_call_set_paused(raw.call, true);
	raw_add_frame(&raw, NGHTTP2_DATA, 0, 1, "\0\377\377\377\377", 5);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ctr_grpc_call_set_paused(raw.call, false);
	ctr_grpc_conn_free(raw.conn);
	raw.conn = NULL;
	ck_assert_str_eq(raw_log(&raw), "C(RESOURCE_EXHAUSTED:a message of 4294967295 bytes is "
					"over the limit of 4194304)");
	raw_close(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_input");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, large_messages_go_through_small_windows);
	tcase_add_test(tcase, a_message_over_the_limit_is_refused_and_the_connection_lives);
	tcase_add_test(tcase, a_client_has_the_limit_too);
	tcase_add_test(tcase, a_paused_call_holds_its_peer_back);
	tcase_add_test(tcase, the_end_waits_for_what_is_held);
	tcase_add_test(tcase, a_server_pauses_too);
	tcase_add_test(tcase, a_call_that_ends_while_paused);
	tcase_add_test(tcase, what_is_held_for_a_connection_is_limited);
	tcase_add_test(tcase, the_connections_window_is_withheld_over_the_limit);
	tcase_add_test(tcase, compressed_messages_are_refused);
	tcase_add_test(tcase, broken_messages_are_refused);
	tcase_add_test(tcase, broken_messages_held_until_the_end);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
