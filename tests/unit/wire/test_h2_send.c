/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/h2_send.c: how frames fill the buffers that are asked for. */
#include "pump.h"
#include "raw.h"

#include "base/bytes.h"
#include "support/suite.h"

START_TEST(many_answers_go_into_one_buffer)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	raw_add_preface(&raw);
	for (int32_t id = 1; id < 200; id += 2)
		raw_add_request(&raw, id, "/nothing", RAW_END_STREAM);
	ck_assert_int_eq(raw_give_only(&raw), CENTRO_OK);
	ck_assert(ctr_grpc_conn_wants_send(raw.conn));
	ck_assert_int_eq(ctr_grpc_conn_send(raw.conn, raw.now, &raw.out, 65536), CENTRO_OK);
	ck_assert(!ctr_grpc_conn_wants_send(raw.conn));
	ck_assert_uint_eq(raw_count(&raw, NGHTTP2_HEADERS, -1), 100);
	raw_close(&raw);
}
END_TEST

START_TEST(a_buffer_is_filled_and_not_much_more)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	ck_assert_int_eq(pump_send_size(call, 60000), CENTRO_OK);
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pump_send_size(served, 200000), CENTRO_OK);

	size_t sends = 0, total = 0;
	while (ctr_grpc_conn_wants_send(pump.server)) {
		struct ctr_buf out;
		ctr_buf_init(&out, NULL, 0);
		ck_assert_int_eq(ctr_grpc_conn_send(pump.server, pump.now, &out, 30000), CENTRO_OK);
		ck_assert_uint_gt(out.size, 0);
		ck_assert_uint_le(out.size, 30000 + 16384 + 9);
		total += out.size;
		sends++;
		ctr_buf_append(&pump.to_client, out.data, out.size);
		ctr_buf_fini(&out);
	}
	ck_assert_uint_gt(total, 800000);
	ck_assert_uint_le(sends, total / 30000 + 1);
	pump_run(&pump);
	pump_expect(call, "H M#200000 M#200000 M#200000 M#200000");
	pump_close(&pump);
}
END_TEST

START_TEST(nothing_to_send_is_nothing_sent)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	struct ctr_buf out;
	ctr_buf_init(&out, NULL, 0);
	ck_assert(!ctr_grpc_conn_wants_send(pump.server));
	ck_assert_int_eq(ctr_grpc_conn_send(pump.server, pump.now, &out, 1000), CENTRO_OK);
	ck_assert_uint_eq(out.size, 0);
	ctr_buf_fini(&out);
	pump_close(&pump);
}
END_TEST

START_TEST(what_stands_in_the_buffer_stays)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct ctr_buf out;
	ctr_buf_init(&out, NULL, 0);
	ctr_buf_append_str(&out, "before");
	ck_assert_int_eq(ctr_grpc_conn_send(pump.client, pump.now, &out, 1000), CENTRO_OK);
	ck_assert_uint_gt(out.size, 6);
	ck_assert_int_eq(memcmp(out.data, "beforePRI * HTTP/2.0", 20), 0);
	ctr_buf_fini(&out);
	pump_close(&pump);
}
END_TEST

/* Streams take turns: a small answer does not wait behind a large one. */
START_TEST(streams_share_the_buffer)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *large = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	ck_assert_int_eq(pump_send_size(pump_served(&pump), 800000), CENTRO_OK);
	pump.is_stuck_to_client = true;
	struct pump_call *small = pump_unary(&pump, "/t/Echo", "small");
	ck_assert_int_eq(ctr_grpc_conn_send(pump.server, pump.now, &pump.to_client, 100000),
			 CENTRO_OK);
	pump_run(&pump);
	pump_expect(small, "H M(small) C(OK:)");
	pump_expect(large, "H");
	pump.is_stuck_to_client = false;
	pump_run(&pump);
	pump_expect(large, "H M#800000");
	pump_close(&pump);
}
END_TEST

START_TEST(a_clients_streams_share_it_too)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	pump_run(&pump);
	struct pump_call *large = pump_start(&pump, "/t/Hold");
	ck_assert_int_eq(pump_send_size(large, 800000), CENTRO_OK);
	struct pump_call *small = pump_start(&pump, "/t/Echo");
	ck_assert_int_eq(pump_send(small, "small"), CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_conn_send(pump.client, pump.now, &pump.to_server, 100000),
			 CENTRO_OK);
	pump.is_stuck_to_server = true;
	pump_run(&pump);
	pump_expect(small, "H M(small)");
	pump.is_stuck_to_server = false;
	pump_run(&pump);
	ck_assert_uint_eq(ctr_grpc_call_queued_bytes(large->call), 0);
	pump_close(&pump);
}
END_TEST

/* recv makes no more than so much for a peer that does not read. */
START_TEST(control_frames_do_not_pile_up)
{
	struct raw raw;
	raw_open_server(&raw, &(struct ctr_grpc_limits){.streams_max = 50});
	raw_add_preface(&raw);
	ck_assert_int_eq(raw_give_only(&raw), CENTRO_OK);
	size_t answered = 0;
	for (int32_t id = 1; id < 20000; id += 2) {
		raw_add_request(&raw, id, "/no-such-method-has-this-name", RAW_END_STREAM);
		ck_assert_int_eq(raw_give_only(&raw), CENTRO_OK);
		answered = raw.calls;
	}
	/* Once the buffer is full, streams stay open and new ones are refused. */
	ck_assert_uint_lt(answered, 8000);
	raw_take(&raw);
	ck_assert_int_eq(raw_reset_code(&raw, 19999), NGHTTP2_REFUSED_STREAM);
	raw_close(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/h2_send");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, many_answers_go_into_one_buffer);
	tcase_add_test(tcase, a_buffer_is_filled_and_not_much_more);
	tcase_add_test(tcase, nothing_to_send_is_nothing_sent);
	tcase_add_test(tcase, what_stands_in_the_buffer_stays);
	tcase_add_test(tcase, streams_share_the_buffer);
	tcase_add_test(tcase, a_clients_streams_share_it_too);
	tcase_add_test(tcase, control_frames_do_not_pile_up);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
