/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/conn_time.c: what time does to a connection and its calls. */
#include "pump.h"
#include "raw.h"

#include "base/bytes.h"
#include "support/suite.h"
#include "wire/conn.h"

static struct pump_call *start_until(struct pump *pump, const char *path, uint64_t ms)
{
	struct pump_call *call = NULL;
	ck_assert_int_eq(
		pump_start_with(pump, path, NULL, 0, ctr_after(pump->now, ctr_span_ms(ms)), &call),
		CENTRO_OK);
	return call;
}

START_TEST(a_deadline_on_the_clients_side)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = start_until(&pump, "/t/Hold", 300);
	pump_run(&pump);
	struct centro_instant next = ctr_grpc_conn_tick(pump.client, pump.now);
	ck_assert_uint_eq(next.ns, ctr_after(pump.now, ctr_span_ms(300)).ns);
	pump.now = next;
	ctr_grpc_conn_tick(pump.client, pump.now);
	pump_expect(call, "C(DEADLINE_EXCEEDED:the deadline passed)");
	pump_run(&pump);
	pump_expect(pump_served(&pump), "C(CANCELLED:cancelled by the client)");
	pump_close(&pump);
}
END_TEST

START_TEST(a_deadline_on_the_servers_side)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = start_until(&pump, "/t/Hold", 300);
	struct pump_call *begun = start_until(&pump, "/t/Hold", 300);
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	/* One has begun to answer, and has more to send than goes out. */
	ck_assert_int_eq(pump_send_size(served, 2000000), CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_conn_send(pump.server, pump.now, &pump.to_client, 50000),
			 CENTRO_OK);
	pump.is_stuck_to_client = true;
	pump_run(&pump);
	pump.is_stuck_to_client = false;
	pump_expect(begun, "H");
	pump.now = ctr_after(pump.now, ctr_span_ms(300));
	ctr_grpc_conn_tick(pump.server, pump.now);
	pump_expect(served, "C(DEADLINE_EXCEEDED:the deadline passed)");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 0);
	pump_run(&pump);
	pump_expect(call, "C(DEADLINE_EXCEEDED:the deadline passed)");
	/* That a message was cut off is what its status explains. */
	pump_expect(begun, "H C(DEADLINE_EXCEEDED:the deadline passed)");
	pump_close(&pump);
}
END_TEST

START_TEST(deadlines_strike_in_their_order)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *calls[50];
	for (size_t i = 0; i < 50; i++)
		calls[i] = start_until(&pump, "/t/Hold", 100 + (i * 37 % 50) * 10);
	pump_run(&pump);
	for (uint64_t ms = 100; ms < 600; ms += 10) {
		pump_wait(&pump, ms == 100 ? 100 : 10);
		for (size_t i = 0; i < 50; i++)
			ck_assert(calls[i]->is_closed == (100 + (i * 37 % 50) * 10 <= ms));
	}
	pump_close(&pump);
}
END_TEST

START_TEST(a_call_that_ended_has_no_deadline)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = start_until(&pump, "/t/Echo", 300);
	ctr_grpc_call_half_close(call->call);
	pump_run(&pump);
	pump_expect(call, "C(OK:)");
	ck_assert_uint_eq(pump.client->deadlines.count, 0);
	ck_assert_uint_eq(pump.server->deadlines.count, 0);
	pump_wait(&pump, 500);
	pump_close(&pump);
}
END_TEST

START_TEST(a_cancelled_call_stays_cancelled)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = start_until(&pump, "/t/Hold", 300);
	pump_run(&pump);
	ctr_grpc_call_cancel(call->call);
	pump.now = ctr_after(pump.now, ctr_span_ms(300));
	ctr_grpc_conn_tick(pump.client, pump.now);
	pump_expect(call, "C(CANCELLED:cancelled by the caller)");
	pump_close(&pump);
}
END_TEST

START_TEST(a_peer_that_says_nothing)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	struct centro_instant next = ctr_grpc_conn_tick(raw.conn, raw.now);
	ck_assert_uint_eq(next.ns, ctr_after(raw.now, ctr_span_ms(10000)).ns);
	raw.now = next;
	ctr_grpc_conn_tick(raw.conn, raw.now);
	ck_assert(ctr_grpc_conn_is_finished(raw.conn));
	raw_take(&raw);
	ck_assert_int_eq(raw_goaway_code(&raw), NGHTTP2_SETTINGS_TIMEOUT);
	raw_close(&raw);

	raw_open_client(&raw, &(struct ctr_grpc_limits){.preface_timeout = ctr_span_ms(100)});
	raw_start(&raw, "/x");
	raw_take(&raw);
	raw.now = ctr_after(raw.now, ctr_span_ms(100));
	ctr_grpc_conn_tick(raw.conn, raw.now);
	ck_assert_str_eq(raw_log(&raw), "C(UNAVAILABLE:no SETTINGS in time)");
	raw_close(&raw);
}
END_TEST

START_TEST(keepalive)
{
	struct pump pump;
	struct ctr_grpc_limits client = {.keepalive = ctr_span_ms(1000),
					 .keepalive_timeout = ctr_span_ms(500)};
	ck_assert(pump_open(&pump, &(struct pump_options){.client = client}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	/* As long as PINGs are answered, for ever. */
	for (int i = 0; i < 100; i++) {
		pump_wait(&pump, 1000);
		ck_assert(!ctr_grpc_conn_is_finished(pump.client));
	}
	pump_expect(call, "");
	ck_assert_int_eq(pump.server_error, CENTRO_OK);

	pump.is_stuck_to_client = true;
	pump_wait(&pump, 1000);
	ck_assert(pump.client->ping_is_out);
	pump_wait(&pump, 499);
	ck_assert(!ctr_grpc_conn_is_finished(pump.client));
	pump_wait(&pump, 1);
	ck_assert(ctr_grpc_conn_is_finished(pump.client));
	pump_expect(call, "C(UNAVAILABLE:the peer does not answer a PING)");
	pump_close(&pump);
}
END_TEST

START_TEST(any_byte_keeps_a_connection_alive)
{
	struct raw raw;
	raw_open_server(&raw, &(struct ctr_grpc_limits){.keepalive = ctr_span_ms(1000)});
	raw_add_preface(&raw);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	for (int i = 0; i < 10; i++) {
		raw.now = ctr_after(raw.now, ctr_span_ms(900));
		raw_add_u32_frame(&raw, NGHTTP2_WINDOW_UPDATE, 0, 1);
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
		ctr_grpc_conn_tick(raw.conn, raw.now);
	}
	raw_take(&raw);
	ck_assert_uint_eq(raw_count(&raw, NGHTTP2_PING, 0), 0);
	raw_close(&raw);
}
END_TEST

START_TEST(an_idle_connection_is_drained)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.idle_timeout = ctr_span_ms(5000)};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	pump_wait(&pump, 60000);
	ck_assert(!ctr_grpc_conn_is_draining(pump.client));
	ctr_grpc_call_cancel(call->call);
	pump_run(&pump);
	pump_wait(&pump, 4999);
	ck_assert(!ctr_grpc_conn_is_draining(pump.server));
	pump_wait(&pump, 1);
	ck_assert(ctr_grpc_conn_is_draining(pump.server));
	ck_assert(ctr_grpc_conn_is_draining(pump.client));
	pump_wait(&pump, 200);
	ck_assert(ctr_grpc_conn_is_finished(pump.server));
	pump_close(&pump);
}
END_TEST

START_TEST(draining_loses_nothing)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	struct pump_call *before = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	/* One that is on its way when the notice is said. */
	struct pump_call *between = pump_start(&pump, "/t/Hold");
	ctr_grpc_conn_drain(pump.server, pump.now);
	ck_assert(ctr_grpc_conn_is_draining(pump.server));
	pump_run(&pump);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 2);
	ck_assert(ctr_grpc_conn_is_draining(pump.client));
	ck_assert(!ctr_grpc_conn_is_finished(pump.client));

	struct centro_instant next = ctr_grpc_conn_tick(pump.server, pump.now);
	ck_assert_uint_eq(next.ns, ctr_after(pump.now, ctr_span_ms(200)).ns);
	pump_wait(&pump, 200);
	ck_assert(!ctr_grpc_conn_is_finished(pump.server));
	ctr_list_for_each (node, &pump.served)
		ctr_grpc_call_finish(ctr_list_entry(node, struct pump_call, node)->call,
				     CTR_GRPC_OK, NULL);
	pump_run(&pump);
	pump_expect(before, "C(OK:)");
	pump_expect(between, "C(OK:)");
	ck_assert(ctr_grpc_conn_is_finished(pump.server));
	ck_assert(ctr_grpc_conn_is_finished(pump.client));
	pump_close(&pump);
}
END_TEST

START_TEST(a_stream_above_the_last_one_is_not_taken)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	raw_add_preface(&raw);
	raw_add_request(&raw, 1, "/held", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ctr_grpc_conn_drain(raw.conn, raw.now);
	raw.now = ctr_after(raw.now, ctr_span_ms(200));
	ctr_grpc_conn_tick(raw.conn, raw.now);
	/* Between the decision and the frame, and after the frame. */
	raw_add_request(&raw, 3, "/held", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	raw_add_request(&raw, 5, "/held", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_uint_eq(raw.calls, 1);
	struct raw_frame notice, last;
	ck_assert(raw_find(&raw, NGHTTP2_GOAWAY, 0, 0, &notice));
	ck_assert(raw_find(&raw, NGHTTP2_GOAWAY, 0, 1, &last));
	ck_assert_int_eq(memcmp(notice.payload.data, "\x7f\xff\xff\xff\0\0\0\0", 8), 0);
	ck_assert_int_eq(memcmp(last.payload.data, "\0\0\0\1\0\0\0\0", 8), 0);
	raw_close(&raw);
}
END_TEST

START_TEST(a_client_drains)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Echo");
	pump_run(&pump);
	ctr_grpc_conn_drain(pump.client, pump.now);
	struct pump_call *other = NULL;
	ck_assert_int_eq(pump_start_with(&pump, "/t/Echo", NULL, 0, CTR_NEVER, &other),
			 CENTRO_ERR_UNAVAILABLE);
	ck_assert_int_eq(pump_send(call, "still there"), CENTRO_OK);
	ctr_grpc_call_half_close(call->call);
	pump_run(&pump);
	pump_expect(call, "H M(still there) C(OK:)");
	ck_assert(ctr_grpc_conn_is_finished(pump.client));
	ck_assert(ctr_grpc_conn_is_finished(pump.server));
	pump_close(&pump);
}
END_TEST

START_TEST(what_is_kept_goes_when_nothing_goes_on)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	for (int i = 0; i < 300; i++)
		ctr_grpc_call_half_close(pump_start(&pump, "/t/Echo")->call);
	pump_run(&pump);
	ck_assert_uint_gt(pump.server->spare_count, 1);
	ck_assert_uint_le(pump.server->spare_count, 128);
	struct centro_instant next = ctr_grpc_conn_tick(pump.server, pump.now);
	ck_assert_uint_eq(next.ns, ctr_after(pump.now, ctr_span_ms(1000)).ns);
	pump_wait(&pump, 1000);
	ck_assert_uint_eq(pump.server->spare_count, 1);
	ck_assert_uint_eq(ctr_grpc_conn_tick(pump.server, pump.now).ns, CTR_NEVER.ns);
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/conn_time");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_deadline_on_the_clients_side);
	tcase_add_test(tcase, a_deadline_on_the_servers_side);
	tcase_add_test(tcase, deadlines_strike_in_their_order);
	tcase_add_test(tcase, a_call_that_ended_has_no_deadline);
	tcase_add_test(tcase, a_cancelled_call_stays_cancelled);
	tcase_add_test(tcase, a_peer_that_says_nothing);
	tcase_add_test(tcase, keepalive);
	tcase_add_test(tcase, any_byte_keeps_a_connection_alive);
	tcase_add_test(tcase, an_idle_connection_is_drained);
	tcase_add_test(tcase, draining_loses_nothing);
	tcase_add_test(tcase, a_stream_above_the_last_one_is_not_taken);
	tcase_add_test(tcase, a_client_drains);
	tcase_add_test(tcase, what_is_kept_goes_when_nothing_goes_on);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
