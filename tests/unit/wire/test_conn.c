/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/conn.c: how a connection ends, and what its owner is told. */
#include "pump.h"
#include "raw.h"

#include "base/bytes.h"
#include "support/suite.h"
#include "wire/conn.h"

START_TEST(freeing_closes_every_call)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *sent = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *unsent = pump_start(&pump, "/t/Hold");
	ctr_grpc_conn_free(pump.client);
	pump.client = NULL;
	pump_expect(sent, "C(UNAVAILABLE:the connection was closed)");
	pump_expect(unsent, "C!(UNAVAILABLE:the connection was closed)");
	struct pump_call *served = pump_served(&pump);
	ctr_grpc_conn_free(pump.server);
	pump.server = NULL;
	pump_expect(served, "C(UNAVAILABLE:the connection was closed)");
	ctr_grpc_conn_free(NULL);
	pump_close(&pump);
}
END_TEST

static void start_another(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  struct centro_bytes message, bool never_sent)
{
	static const struct ctr_grpc_call_impl impl;
	struct pump *pump = arg;
	struct ctr_grpc_call *other;
	ck_assert_int_eq(ctr_grpc_call_start(ctr_grpc_call_get_conn(call), "/t/Echo", NULL, 0,
					     pump->now, CTR_NEVER, &impl, NULL, &other),
			 CENTRO_ERR_UNAVAILABLE);
}

START_TEST(no_call_begins_on_a_connection_that_goes)
{
	static const struct ctr_grpc_call_impl impl = {.closed = start_another};
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct ctr_grpc_call *call;
	ck_assert_int_eq(ctr_grpc_call_start(pump.client, "/t/Hold", NULL, 0, pump.now, CTR_NEVER,
					     &impl, &pump, &call),
			 CENTRO_OK);
	pump_run(&pump);
	ctr_grpc_conn_free(pump.client);
	pump.client = NULL;
	pump_close(&pump);
}
END_TEST

START_TEST(an_error_is_told_once_and_for_good)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	/* DATA on a stream that nobody opened. */
	const uint8_t bad[] = {0, 0, 1, NGHTTP2_DATA, 0, 0, 0, 0, 99, 'x'};
	ck_assert_int_eq(ctr_grpc_conn_recv(pump.server, pump.now, ctr_bytes(bad, sizeof(bad))),
			 CENTRO_ERR_PROTOCOL);
	pump_expect(served, "C(UNAVAILABLE:the peer broke HTTP/2)");
	ck_assert(ctr_grpc_conn_is_finished(pump.server));
	ck_assert(ctr_grpc_conn_wants_send(pump.server));
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 0);
	ck_assert_int_eq(ctr_grpc_conn_recv(pump.server, pump.now, ctr_bytes("", 0)),
			 CENTRO_ERR_PROTOCOL);
	/* The GOAWAY reaches the client, which leaves its call to the end of the file. */
	pump_run(&pump);
	ck_assert(ctr_grpc_conn_is_draining(pump.client));
	ck_assert(!ctr_grpc_conn_wants_send(pump.server));
	pump_expect(call, "");
	ck_assert_uint_eq(ctr_grpc_conn_tick(pump.server, pump.now).ns, CTR_NEVER.ns);
	pump_close(&pump);
}
END_TEST

START_TEST(an_owner_keeps_its_data_there)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	ck_assert_ptr_null(ctr_grpc_conn_get_data(pump.server));
	ctr_grpc_conn_set_data(pump.server, &pump);
	ck_assert_ptr_eq(ctr_grpc_conn_get_data(pump.server), &pump);
	pump_close(&pump);
}
END_TEST

START_TEST(calls_are_counted_while_the_owner_has_them)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_start(&pump, "/t/Hold");
	pump_unary(&pump, "/t/Echo", "x");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 2);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 2);
	ctr_grpc_call_cancel(call->call);
	pump_run(&pump);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 1);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 1);
	pump_close(&pump);
}
END_TEST

START_TEST(nothing_is_held_when_nothing_goes_on)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 5, .piece_bytes_max = 5000}));
	for (int i = 0; i < 20; i++) {
		struct pump_call *call = pump_start(&pump, "/t/Stream");
		call->pause_after_message = i % 3 == 0;
		ck_assert_int_eq(pump_send(call, "100 3000"), CENTRO_OK);
		pump_run(&pump);
		if (i % 4 == 0)
			ctr_grpc_call_cancel(call->call ? call->call
							: pump_start(&pump, "/t")->call);
		pump_run(&pump);
	}
	ctr_list_for_each (node, &pump.started) {
		struct pump_call *call = ctr_list_entry(node, struct pump_call, node);
		call->pause_after_message = false;
		if (call->call)
			ctr_grpc_call_set_paused(call->call, false);
	}
	pump_run(&pump);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 0);
	ck_assert_uint_eq(pump.client->held_bytes, 0);
	ck_assert_uint_eq(pump.client->backlog_bytes, 0);
	ck_assert_uint_eq(pump.client->withheld_bytes, 0);
	ck_assert_uint_eq(pump.client->calls_count, 0);
	ck_assert_uint_eq(pump.server->held_bytes, 0);
	ck_assert_uint_eq(pump.server->calls_count, 0);
	/* The whole window of the connection came back, but for the half that is saved up. */
	ck_assert_int_ge(nghttp2_session_get_remote_window_size(pump.server->session),
			 1024 * 1024 / 2);
	pump_close(&pump);
}
END_TEST

START_TEST(an_idle_connection_is_small)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_unary(&pump, "/t/Echo", "x");
	pump_wait(&pump, 2000);
	/* nghttp2's session and its tables are about 14 KiB more. */
	ck_assert_uint_le(sizeof(*pump.server), 1200);
	ck_assert_uint_le(sizeof(struct ctr_grpc_call), 640);
	ck_assert_uint_le(pump.server->spare_count, 1);
	ck_assert_uint_le(pump.server->control.capacity, 1024);
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/conn");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, freeing_closes_every_call);
	tcase_add_test(tcase, no_call_begins_on_a_connection_that_goes);
	tcase_add_test(tcase, an_error_is_told_once_and_for_good);
	tcase_add_test(tcase, an_owner_keeps_its_data_there);
	tcase_add_test(tcase, calls_are_counted_while_the_owner_has_them);
	tcase_add_test(tcase, nothing_is_held_when_nothing_goes_on);
	tcase_add_test(tcase, an_idle_connection_is_small);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
