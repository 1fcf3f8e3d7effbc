/* SPDX-License-Identifier: MIT */
/* The channel: addresses in turn, pauses, time-outs, and what counts as success. */
#include "wire/channel.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "support/channel_net.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct channel_net net;
static char events[1024];

static void note(const char *format, ...) CENTRO_PRINTF(1, 2);
static void note(const char *format, ...)
{
	size_t used = strlen(events);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(events + used, sizeof(events) - used, format, arguments);
	va_end(arguments);
}

static void on_up(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	ck_assert_ptr_eq(arg, events);
	ck_assert_ptr_nonnull(ctr_channel_conn(channel));
	note("up ");
}

static void on_down(void *arg, struct ctr_channel *channel, struct centro_instant now, int error)
{
	ck_assert_ptr_null(ctr_channel_conn(channel));
	note("down(%s) ", centro_error_name(error));
}

static void on_failed(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	note("failed ");
}

static void server_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static const struct ctr_grpc_server_impl server_impl = {.call = server_call};

static const char *const three[] = {"10.0.0.1:1", "10.0.0.2:2", "unix:/run/c.sock"};

static struct ctr_channel_options channel_options(size_t address_count)
{
	return (struct ctr_channel_options){
		.addresses = three,
		.address_count = address_count,
		.seed = 7,
		.up = on_up,
		.down = on_down,
		.failed = on_failed,
		.arg = events,
	};
}

static void open_channel(size_t address_count, bool eager)
{
	struct ctr_channel_options options = channel_options(address_count);
	struct centro_error_text text;
	channel_net_init(&net, &server_impl, NULL);
	events[0] = '\0';
	int status = ctr_channel_new(&options, net.now, eager, &net.channel, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
}

static void close_channel(void)
{
	channel_net_fini(&net);
	ctr_channel_free(net.channel);
}

static uint64_t next_ms(void)
{
	struct centro_instant next = ctr_channel_tick(net.channel, net.now);
	return ctr_between(net.now, next).ns / CTR_NS_PER_MS;
}

START_TEST(an_eager_one_connects_at_once_and_again)
{
	open_channel(1, true);
	channel_net_run(&net);
	ck_assert_str_eq(events, "up ");
	ck_assert_ptr_nonnull(ctr_channel_conn(net.channel));

	channel_net_wait(&net, 1000);
	channel_net_cut(&net);
	ck_assert_str_eq(events, "up down(unavailable) ");
	ck_assert_ptr_null(ctr_channel_conn(net.channel));
	channel_net_run(&net);
	ck_assert_str_eq(events, "up down(unavailable) up ");
	close_channel();
}
END_TEST

START_TEST(another_one_waits_until_it_is_needed)
{
	open_channel(1, false);
	channel_net_run(&net);
	ck_assert_uint_eq(net.attempts, 0);
	ck_assert_uint_eq(ctr_channel_tick(net.channel, net.now).ns, CENTRO_INSTANT_NEVER_NS);

	ctr_channel_need(net.channel, net.now);
	channel_net_run(&net);
	ck_assert_str_eq(events, "up ");
	channel_net_wait(&net, 1000);
	channel_net_cut(&net);
	channel_net_wait(&net, 10000);
	ck_assert_uint_eq(net.attempts, 1);
	close_channel();
}
END_TEST

START_TEST(within_a_round_the_next_address_is_tried_at_once)
{
	struct centro_error_text round;
	open_channel(3, true);
	net.fate = NET_REFUSE;
	channel_net_run(&net);
	ck_assert_str_eq(net.tried, " 10.0.0.1:1 10.0.0.2:2 unix:/run/c.sock");
	ck_assert_str_eq(events, "failed ");
	ck_assert_str_eq(ctr_channel_last_error(net.channel),
			 "unix:/run/c.sock: connection refused");
	ctr_channel_round_error(net.channel, &round);
	ck_assert_str_eq(round.text, "10.0.0.1:1: connection refused; "
				     "10.0.0.2:2: connection refused; "
				     "unix:/run/c.sock: connection refused");
	close_channel();
}
END_TEST

START_TEST(pauses_grow_to_their_bound_with_jitter)
{
	uint64_t expected[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
	open_channel(1, true);
	net.fate = NET_REFUSE;
	bool has_jitter = false;
	for (size_t i = 0; i < CTR_ARRAY_SIZE(expected); i++) {
		channel_net_run(&net);
		ck_assert_uint_eq(net.attempts, i + 1);
		uint64_t pause = next_ms();
		ck_assert_uint_ge(pause, expected[i] / 2 - 1);
		ck_assert_uint_le(pause, expected[i]);
		has_jitter = has_jitter || pause % 100 != 0;
		channel_net_wait(&net, pause + 1);
		ck_assert_uint_eq(net.attempts, i + 2);
	}
	ck_assert(has_jitter);

	/* A connection that worked makes them short again. */
	net.fate = NET_ACCEPT;
	channel_net_wait(&net, 6000);
	ck_assert_ptr_nonnull(ctr_channel_conn(net.channel));
	net.fate = NET_REFUSE;
	channel_net_cut(&net);
	channel_net_run(&net);
	ck_assert_uint_le(next_ms(), 100);
	close_channel();
}
END_TEST

START_TEST(an_attempt_that_hangs_is_given_up)
{
	open_channel(2, true);
	net.fate = NET_HANG;
	channel_net_run(&net);
	ck_assert_uint_eq(net.attempts, 1);
	ck_assert_uint_eq(next_ms(), 3000);
	channel_net_wait(&net, 2999);
	ck_assert_uint_eq(net.attempts, 1);
	channel_net_wait(&net, 1);
	ck_assert_str_eq(net.tried, " 10.0.0.1:1 10.0.0.2:2");
	ck_assert_str_eq(ctr_channel_last_error(net.channel), "10.0.0.1:1: no answer within 3s");
	close_channel();
}
END_TEST

START_TEST(a_server_that_hangs_up_counts_as_one_that_refuses)
{
	open_channel(1, true);
	net.fate = NET_HANG_UP;
	channel_net_wait(&net, 1000);
	ck_assert_uint_ge(net.attempts, 3);
	ck_assert_uint_le(net.attempts, 8);
	ck_assert_str_eq(ctr_channel_last_error(net.channel),
			 "10.0.0.1:1: the server closed the connection");
	ck_assert_ptr_nonnull(strstr(events, "up down(unavailable) failed "));
	close_channel();
}
END_TEST

START_TEST(what_is_not_http2_is_closed_and_named)
{
	open_channel(1, true);
	net.fate = NET_NOT_HTTP2;
	channel_net_run(&net);
	ck_assert_str_eq(events, "up down(protocol) failed ");
	ck_assert_str_eq(ctr_channel_last_error(net.channel),
			 "10.0.0.1:1: the peer broke the protocol");
	close_channel();
}
END_TEST

START_TEST(a_connection_that_breaks_at_once_is_not_hammered)
{
	open_channel(1, true);
	for (int i = 0; i < 20; i++) {
		channel_net_run(&net);
		if (net.server)
			channel_net_cut(&net);
		channel_net_wait(&net, 10);
	}
	/* 200 ms at one attempt each 100 ms. */
	ck_assert_uint_le(net.attempts, 4);
	close_channel();
}
END_TEST

START_TEST(after_a_drain_it_connects_anew)
{
	open_channel(1, true);
	channel_net_wait(&net, 1000);
	ctr_grpc_conn_drain(net.server, net.now);
	channel_net_run(&net);
	ck_assert_str_eq(events, "up down(ok) up ");
	ck_assert_ptr_nonnull(ctr_channel_conn(net.channel));
	ck_assert_uint_eq(net.attempts, 2);
	close_channel();
}
END_TEST

START_TEST(rest_ends_the_attempts_and_need_waits_out_the_pause)
{
	open_channel(1, false);
	net.fate = NET_REFUSE;
	ctr_channel_need(net.channel, net.now);
	channel_net_run(&net);
	ck_assert_uint_eq(net.attempts, 1);
	ctr_channel_rest(net.channel);
	channel_net_wait(&net, 10);
	ck_assert_uint_eq(net.attempts, 1);
	ctr_channel_need(net.channel, net.now);
	channel_net_run(&net);
	ck_assert_uint_eq(net.attempts, 1);
	channel_net_wait(&net, 100);
	ck_assert_uint_eq(net.attempts, 2);

	/* After a long rest there is nothing to wait for. */
	ctr_channel_rest(net.channel);
	channel_net_wait(&net, 60000);
	ctr_channel_need(net.channel, net.now);
	channel_net_run(&net);
	ck_assert_uint_eq(net.attempts, 3);
	close_channel();
}
END_TEST

START_TEST(it_connects_too_late)
{
	const char *address;
	open_channel(1, true);
	ck_assert_int_eq(ctr_channel_wants(net.channel, net.now, &address),
			 CTR_CHANNEL_WANT_CONNECT);
	ctr_channel_connecting(net.channel, net.now);
	net.now.ns += 4 * CTR_NS_PER_SEC;
	ctr_channel_tick(net.channel, net.now);
	ck_assert_int_eq(ctr_channel_wants(net.channel, net.now, &address), CTR_CHANNEL_WANT_CLOSE);
	ctr_channel_connected(net.channel, net.now);
	ck_assert_int_eq(ctr_channel_wants(net.channel, net.now, &address), CTR_CHANNEL_WANT_CLOSE);
	ctr_channel_closed(net.channel, net.now, CENTRO_ERR_UNAVAILABLE);
	ck_assert_str_eq(events, "failed ");
	close_channel();
}
END_TEST

START_TEST(without_a_connection_there_is_nothing_to_move)
{
	struct ctr_buf out;
	open_channel(1, false);
	ctr_buf_init(&out, NULL, 0);
	ck_assert_int_eq(ctr_channel_send(net.channel, net.now, &out, 100), CENTRO_ERR_STATE);
	ck_assert_int_eq(ctr_channel_recv(net.channel, net.now, ctr_bytes_str("x")),
			 CENTRO_ERR_STATE);
	ctr_buf_fini(&out);
	close_channel();
}
END_TEST

static void refuse(const char *const *addresses, size_t count, const char *expected)
{
	struct ctr_channel_options options = {.addresses = addresses, .address_count = count};
	struct ctr_channel *channel;
	struct centro_error_text text;
	int status = ctr_channel_new(&options, (struct centro_instant){1}, true, &channel, &text);
	ck_assert_int_eq(status, CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, expected);
}

START_TEST(bad_addresses_are_named)
{
	const char *bad[] = {"a:1", "b"};
	const char *zero[] = {"a:0"};
	const char *many[CTR_CHANNEL_ADDRESSES_MAX + 1];
	for (size_t i = 0; i < CTR_ARRAY_SIZE(many); i++)
		many[i] = "a:1";
	refuse(bad, 2,
	       "address \"b\": there is no port; expected HOST:PORT, [IPV6]:PORT or "
	       "unix:PATH");
	refuse(zero, 1, "address \"a:0\": nothing can be reached at port 0");
	refuse(many, CTR_ARRAY_SIZE(many), "65 addresses of servers; there must be 1 to 64");
	refuse(many, 0, "0 addresses of servers; there must be 1 to 64");
}
END_TEST

START_TEST(every_failed_allocation_is_survived)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct ctr_channel_options options = channel_options(2);
		failing_allocator_init(&failing, ++fail_at);
		options.allocator = &failing.allocator;
		channel_net_init(&net, &server_impl, NULL);
		events[0] = '\0';
		int status = ctr_channel_new(&options, net.now, true, &net.channel, NULL);
		if (status == CENTRO_OK) {
			channel_net_wait(&net, 1000);
			ck_assert_ptr_nonnull(ctr_channel_conn(net.channel));
			close_channel();
		} else {
			ck_assert_int_eq(status, CENTRO_ERR_NOMEM);
		}
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/channel");
	TCase *tcase = tcase_create("channel");
	tcase_add_test(tcase, an_eager_one_connects_at_once_and_again);
	tcase_add_test(tcase, another_one_waits_until_it_is_needed);
	tcase_add_test(tcase, within_a_round_the_next_address_is_tried_at_once);
	tcase_add_test(tcase, pauses_grow_to_their_bound_with_jitter);
	tcase_add_test(tcase, an_attempt_that_hangs_is_given_up);
	tcase_add_test(tcase, a_server_that_hangs_up_counts_as_one_that_refuses);
	tcase_add_test(tcase, what_is_not_http2_is_closed_and_named);
	tcase_add_test(tcase, a_connection_that_breaks_at_once_is_not_hammered);
	tcase_add_test(tcase, after_a_drain_it_connects_anew);
	tcase_add_test(tcase, rest_ends_the_attempts_and_need_waits_out_the_pause);
	tcase_add_test(tcase, it_connects_too_late);
	tcase_add_test(tcase, without_a_connection_there_is_nothing_to_move);
	tcase_add_test(tcase, bad_addresses_are_named);
	tcase_add_test(tcase, every_failed_allocation_is_survived);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
