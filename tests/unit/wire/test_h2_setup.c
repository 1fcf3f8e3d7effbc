/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/h2_setup.c: what a connection says first, and on whose memory. */
#include "raw.h"

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* The value of a setting in the first SETTINGS that came back; -1: it is not there. */
static int64_t setting(struct raw *raw, uint16_t id)
{
	struct raw_frame frame;
	ck_assert(raw_find(raw, NGHTTP2_SETTINGS, 0, 0, &frame));
	for (size_t at = 0; at + 6 <= frame.payload.size; at += 6) {
		const uint8_t *p = frame.payload.data + at;
		if ((p[0] << 8 | p[1]) == id)
			return (int64_t)p[2] << 24 | (int64_t)p[3] << 16 | (int64_t)p[4] << 8 |
			       p[5];
	}
	return -1;
}

static int64_t connection_window_update(struct raw *raw)
{
	struct raw_frame frame;
	if (!raw_find(raw, NGHTTP2_WINDOW_UPDATE, 0, 0, &frame))
		return -1;
	const uint8_t *p = frame.payload.data;
	return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
}

START_TEST(a_server_says_its_limits)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	raw_take(&raw);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 1000);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 1024 * 1024);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16 * 1024);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES), 1);
	ck_assert_int_eq(connection_window_update(&raw), 1024 * 1024 - 65535);
	raw_close(&raw);
}
END_TEST

START_TEST(a_client_wants_no_push)
{
	struct raw raw;
	raw_open_client(&raw, &(struct ctr_grpc_limits){.window_bytes = 200000});
	raw_take(&raw);
	ck_assert_int_eq(memcmp(raw.out.data, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN), 0);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_ENABLE_PUSH), 0);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), -1);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES), -1);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 200000);
	ck_assert_int_eq(connection_window_update(&raw), 200000 - 65535);
	raw_close(&raw);
}
END_TEST

START_TEST(limits_beyond_the_protocol_are_cut)
{
	struct raw raw;
	raw_open_server(&raw, &(struct ctr_grpc_limits){.window_bytes = UINT32_MAX,
							.header_bytes_hard = SIZE_MAX,
							.header_bytes_soft = SIZE_MAX,
							.streams_max = 7});
	raw_take(&raw);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), INT32_MAX);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), INT32_MAX);
	ck_assert_int_eq(setting(&raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 7);
	raw_close(&raw);
}
END_TEST

static void ignore_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
}

static void make_both(const struct centro_allocator *allocator)
{
	static const struct ctr_grpc_server_impl impl = {.call = ignore_call};
	struct ctr_grpc_conn_options options = {.allocator = allocator, .authority = "a"};
	struct centro_instant now = {0};
	struct ctr_grpc_conn *client = NULL, *server = NULL;
	ctr_grpc_conn_new_client(&options, now, &client);
	ctr_grpc_conn_new_server(&options, &impl, NULL, now, &server);
	ctr_grpc_conn_free(client);
	ctr_grpc_conn_free(server);
}

START_TEST(all_memory_is_the_allocators)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		make_both(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	/* nghttp2's session alone takes more than a few. */
	ck_assert_uint_gt(fail_at, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/h2_setup");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_server_says_its_limits);
	tcase_add_test(tcase, a_client_wants_no_push);
	tcase_add_test(tcase, limits_beyond_the_protocol_are_cut);
	tcase_add_test(tcase, all_memory_is_the_allocators);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
