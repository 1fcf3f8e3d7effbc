/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_output.c: queues, their limits, and who hears of room. */
#include "pump.h"

#include "base/bytes.h"
#include "support/suite.h"

START_TEST(a_full_queue_says_so_and_then_that_there_is_room)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.call_queue_bytes_max = 10000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(pump_send_size(served, 1000), CENTRO_OK);
	ck_assert_uint_eq(ctr_grpc_call_queued_bytes(served->call), 9 * 1005);
	ck_assert_int_eq(pump_send_size(served, 1000), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(ctr_grpc_call_queued_bytes(served->call), 9 * 1005);
	pump_run(&pump);
	pump_expect(served, "W");
	ck_assert_uint_eq(call->messages, 9);
	/* Little does not bring another one. */
	ck_assert_int_eq(pump_send_size(served, 1000), CENTRO_OK);
	pump_run(&pump);
	pump_expect(served, "W");
	/* More than a quarter does, refused or not. */
	ck_assert_int_eq(pump_send_size(served, 3000), CENTRO_OK);
	pump_run(&pump);
	pump_expect(served, "W W");
	pump_close(&pump);
}
END_TEST

START_TEST(one_message_may_be_larger_than_the_queue)
{
	struct pump pump;
	struct ctr_grpc_limits small = {.call_queue_bytes_max = 1000};
	ck_assert(pump_open(&pump, &(struct pump_options){.client = small}));
	struct pump_call *call = pump_start(&pump, "/t/Echo");
	ck_assert_int_eq(pump_send_size(call, 5000), CENTRO_OK);
	ck_assert_int_eq(pump_send_size(call, 1), CENTRO_ERR_LIMIT);
	pump_run(&pump);
	pump_expect(call, "W H M#5000");
	pump_close(&pump);
}
END_TEST

START_TEST(a_refusal_is_followed_by_room_even_if_little_is_queued)
{
	struct pump pump;
	struct ctr_grpc_limits small = {.call_queue_bytes_max = 1000};
	ck_assert(pump_open(&pump, &(struct pump_options){.client = small}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	ck_assert_int_eq(pump_send_size(call, 10), CENTRO_OK);
	ck_assert_int_eq(pump_send_size(call, 990), CENTRO_ERR_LIMIT);
	pump_run(&pump);
	pump_expect(call, "W");
	pump_close(&pump);
}
END_TEST

START_TEST(a_long_stream_keeps_a_short_queue)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.call_queue_bytes_max = 50000};
	ck_assert(pump_open(&pump, &(struct pump_options){
					   .seed = 8, .piece_bytes_max = 9000, .server = server}));
	struct pump_call *call = pump_unary(&pump, "/t/Stream", "3000 1000");
	ck_assert_uint_eq(call->messages, 3000);
	ck_assert_int_eq(call->status, CTR_GRPC_OK);
	pump_close(&pump);
}
END_TEST

START_TEST(a_slow_reader_stops_the_stream)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.call_queue_bytes_max = 50000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	pump_run(&pump);
	struct pump_call *call = pump_start(&pump, "/t/Stream");
	ck_assert_int_eq(pump_send(call, "3000 1000"), CENTRO_OK);
	pump.is_stuck_to_client = true;
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ck_assert_uint_le(ctr_grpc_call_queued_bytes(served->call), 50000);
	ck_assert_uint_ge(served->left, 2950);
	pump.is_stuck_to_client = false;
	pump_run(&pump);
	ck_assert_uint_eq(call->messages, 3000);
	pump_close(&pump);
}
END_TEST

START_TEST(the_connections_queue_is_limited)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.conn_queue_bytes_max = 100000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	struct pump_call *a = pump_start(&pump, "/t/Hold"), *b = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *first = ctr_list_entry(pump.served.next, struct pump_call, node);
	struct pump_call *second = pump_served(&pump);
	pump.is_stuck_to_client = true;
	ck_assert_int_eq(pump_send_size(first, 90000), CENTRO_OK);
	ck_assert_int_eq(pump_send_size(second, 20000), CENTRO_ERR_LIMIT);
	ck_assert_int_eq(pump_send_size(second, 20000), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(ctr_grpc_call_queued_bytes(second->call), 0);
	pump_run(&pump);
	pump_expect(second, "");
	pump.is_stuck_to_client = false;
	pump_run(&pump);
	pump_expect(second, "W");
	ck_assert_int_eq(pump_send_size(second, 20000), CENTRO_OK);
	pump_run(&pump);
	pump_expect(a, "H M#90000");
	pump_expect(b, "H M#20000");
	pump_close(&pump);
}
END_TEST

START_TEST(new_calls_are_refused_when_it_is_full)
{
	struct pump pump;
	struct ctr_grpc_limits server = {.conn_queue_bytes_max = 10000};
	ck_assert(pump_open(&pump, &(struct pump_options){.server = server}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	pump.is_stuck_to_client = true;
	ck_assert_int_eq(pump_send_size(pump_served(&pump), 20000), CENTRO_OK);
	struct pump_call *refused = pump_unary(&pump, "/t/Echo", "x");
	pump.is_stuck_to_client = false;
	pump_run(&pump);
	pump_expect(refused, "C(RESOURCE_EXHAUSTED:this connection has 20005 bytes unsent or "
			     "unread; the limit is 10000)");
	pump_expect(call, "H M#20000");
	pump_expect(pump_unary(&pump, "/t/Echo", "x"), "H M(x) C(OK:)");
	pump_close(&pump);
}
END_TEST

START_TEST(sending_at_the_wrong_time)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	ctr_grpc_call_half_close(call->call);
	ctr_grpc_call_half_close(call->call);
	ck_assert_int_eq(pump_send(call, "x"), CENTRO_ERR_STATE);
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	ctr_grpc_call_finish(served->call, CTR_GRPC_ABORTED, "first");
	ctr_grpc_call_finish(served->call, CTR_GRPC_OK, "second");
	ck_assert_int_eq(pump_send(served, "x"), CENTRO_ERR_STATE);
	struct centro_bytes huge = {(const uint8_t *)"", (size_t)UINT32_MAX + 1};
	struct pump_call *other = pump_start(&pump, "/t/Hold");
	ck_assert_int_eq(ctr_grpc_call_send(other->call, huge), CENTRO_ERR_INVALID);
	pump_run(&pump);
	pump_expect(call, "C(ABORTED:first)");
	pump_close(&pump);
}
END_TEST

START_TEST(messages_before_the_status_are_all_sent)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 3, .piece_bytes_max = 700}));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	struct pump_call *served = pump_served(&pump);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(pump_send_size(served, 100000), CENTRO_OK);
	ctr_grpc_call_finish(served->call, CTR_GRPC_DATA_LOSS, "but this");
	pump_expect(served, "");
	pump_run(&pump);
	pump_expect(call, "H M#100000 M#100000 M#100000 M#100000 M#100000 C(DATA_LOSS:but this)");
	pump_expect(served, "C(OK:)");
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_output");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_full_queue_says_so_and_then_that_there_is_room);
	tcase_add_test(tcase, one_message_may_be_larger_than_the_queue);
	tcase_add_test(tcase, a_refusal_is_followed_by_room_even_if_little_is_queued);
	tcase_add_test(tcase, a_long_stream_keeps_a_short_queue);
	tcase_add_test(tcase, a_slow_reader_stops_the_stream);
	tcase_add_test(tcase, the_connections_queue_is_limited);
	tcase_add_test(tcase, new_calls_are_refused_when_it_is_full);
	tcase_add_test(tcase, sending_at_the_wrong_time);
	tcase_add_test(tcase, messages_before_the_status_are_all_sent);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
