/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/h2_recv.c: floods and broken frames, byte by byte. */
#include "raw.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"

static const uint8_t eight[8] = "12345678";

static void open_and_greet(struct raw *raw, const struct ctr_grpc_limits *limits)
{
	raw_open_server(raw, limits);
	raw_add_preface(raw);
	ck_assert_int_eq(raw_give(raw), CENTRO_OK);
}

/* The flood must be cut off, in the connection's own words, by that many frames. */
static void expect_flood(struct raw *raw, const char *reason)
{
	ck_assert_int_eq(raw_give(raw), CENTRO_ERR_LIMIT);
	ck_assert_int_eq(raw_goaway_code(raw), NGHTTP2_ENHANCE_YOUR_CALM);
	struct raw_frame goaway;
	ck_assert(raw_find(raw, NGHTTP2_GOAWAY, 0, 0, &goaway));
	ck_assert(ctr_bytes_equal(ctr_bytes(goaway.payload.data + 8, goaway.payload.size - 8),
				  ctr_bytes_str(reason)));
	ck_assert(ctr_grpc_conn_is_finished(raw->conn));
	ck_assert(!ctr_grpc_conn_wants_send(raw->conn));
	/* And nothing more is listened to. */
	raw_add_frame(raw, NGHTTP2_PING, 0, 0, eight, 8);
	ck_assert_int_eq(raw_give(raw), CENTRO_ERR_LIMIT);
}

START_TEST(pings)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	for (int i = 0; i < 1000; i++)
		raw_add_frame(&raw, NGHTTP2_PING, 0, 0, eight, 8);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_uint_eq(raw_count(&raw, NGHTTP2_PING, 0), 1000);
	raw_add_frame(&raw, NGHTTP2_PING, 0, 0, eight, 8);
	expect_flood(&raw, "too_many_pings");
	raw_close(&raw);
}
END_TEST

START_TEST(pings_of_a_quiet_client)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	for (int i = 0; i < 5000; i++) {
		raw.now = ctr_after(raw.now, ctr_span_ms(200));
		raw_add_frame(&raw, NGHTTP2_PING, 0, 0, eight, 8);
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	}
	raw_close(&raw);
}
END_TEST

START_TEST(settings)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	for (int i = 0; i < 200; i++)
		raw_add_frame(&raw, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
	expect_flood(&raw, "too_many_settings");
	ck_assert_uint_le(raw_count(&raw, NGHTTP2_SETTINGS, 0), 110);
	raw_close(&raw);
}
END_TEST

START_TEST(window_updates)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.window_updates_per_second = 100});
	for (int i = 0; i < 1001; i++)
		raw_add_u32_frame(&raw, NGHTTP2_WINDOW_UPDATE, 0, 1);
	expect_flood(&raw, "too_many_window_updates");
	raw_close(&raw);
}
END_TEST

START_TEST(priorities)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.window_updates_per_second = 100});
	for (int i = 0; i < 1001; i++)
		raw_add_frame(&raw, NGHTTP2_PRIORITY, 0, 3, "\0\0\0\0\1", 5);
	expect_flood(&raw, "too_many_window_updates");
	raw_close(&raw);
}
END_TEST

START_TEST(empty_data)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.empty_frames_per_second = 10});
	raw_add_request(&raw, 1, "/held", 0);
	for (int i = 0; i < 101; i++)
		raw_add_frame(&raw, NGHTTP2_DATA, 0, 1, NULL, 0);
	expect_flood(&raw, "too_many_empty_frames");
	ck_assert_str_eq(raw_log(&raw), "C(UNAVAILABLE:too_many_empty_frames)");
	raw_close(&raw);
}
END_TEST

START_TEST(data_that_is_all_padding)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.empty_frames_per_second = 10});
	raw_add_request(&raw, 1, "/held", 0);
	const uint8_t padding[4] = {3};
	for (int i = 0; i < 101; i++)
		raw_add_frame(&raw, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, padding, 4);
	expect_flood(&raw, "too_many_empty_frames");
	raw_close(&raw);
}
END_TEST

START_TEST(continuations)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	/* 0x82 is ":method: GET" of the static table. */
	const uint8_t byte = 0x82;
	raw_add_frame(&raw, NGHTTP2_HEADERS, 0, 1, &byte, 1);
	for (int i = 0; i < 100; i++)
		raw_add_frame(&raw, NGHTTP2_CONTINUATION, 0, 1, &byte, 0);
	expect_flood(&raw, "too_many_continuations");
	raw_close(&raw);
}
END_TEST

/* Rapid reset: a request and its end, again and again (CVE-2023-44487). */
START_TEST(rapid_resets)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.resets_per_second = 100});
	int status = CENTRO_OK;
	int32_t id = 1;
	for (; id < 2 * 1200 && status == CENTRO_OK; id += 2) {
		raw_add_request(&raw, id, "/held", 0);
		raw_add_u32_frame(&raw, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
		status = raw_give(&raw);
	}
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	ck_assert_int_eq(id, 2 * 1001 + 1);
	ck_assert_int_eq(raw_goaway_code(&raw), NGHTTP2_ENHANCE_YOUR_CALM);
	raw_close(&raw);
}
END_TEST

/* The other way round: frames that make the server reset (CVE-2025-8671). */
START_TEST(made_resets)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.resets_per_second = 100});
	int status = CENTRO_OK;
	int32_t id = 1;
	for (; id < 2 * 1200 && status == CENTRO_OK; id += 2) {
		raw_add_request(&raw, id, "/held", 0);
		/* More than a window can be. */
		raw_add_u32_frame(&raw, NGHTTP2_WINDOW_UPDATE, id, INT32_MAX);
		status = raw_give(&raw);
	}
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	ck_assert_int_eq(id, 2 * 1001 + 1);
	raw_close(&raw);
}
END_TEST

START_TEST(more_streams_than_allowed)
{
	struct raw raw;
	open_and_greet(&raw, &(struct ctr_grpc_limits){.streams_max = 10});
	for (int32_t id = 1; id < 41; id += 2)
		raw_add_request(&raw, id, "/held", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_uint_eq(raw.calls, 10);
	ck_assert_uint_eq(ctr_grpc_conn_calls(raw.conn), 10);
	ck_assert_int_eq(raw_reset_code(&raw, 19), -1);
	ck_assert_int_eq(raw_reset_code(&raw, 21), NGHTTP2_REFUSED_STREAM);
	ck_assert_int_eq(raw_reset_code(&raw, 39), NGHTTP2_REFUSED_STREAM);
	raw_close(&raw);
}
END_TEST

/* A peer that never reads: what waits for it in frames is limited. */
START_TEST(answers_that_nobody_reads)
{
	struct raw raw;
	open_and_greet(&raw,
		       &(struct ctr_grpc_limits){.streams_max = 1, .resets_per_second = 1000000});
	int status = CENTRO_OK;
	int32_t id = 3;
	raw_add_request(&raw, 1, "/held", 0);
	for (; id < 100000 && status == CENTRO_OK; id += 2) {
		raw_add_request(&raw, id, "/held", 0);
		status = raw_give_only(&raw);
	}
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	raw_take(&raw);
	ck_assert_int_eq(raw_goaway_code(&raw), NGHTTP2_ENHANCE_YOUR_CALM);
	raw_close(&raw);
}
END_TEST

/* Small headers that unpack to much: one entry of the table, named over and over. */
START_TEST(a_header_bomb_resets_its_stream_alone)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	static char value[2900];
	memset(value, 'b', sizeof(value) - 1);
	static nghttp2_nv headers[5000];
	headers[0] = raw_header(":method", "POST");
	headers[1] = raw_header(":scheme", "http");
	headers[2] = raw_header(":path", "/held");
	headers[3] = raw_header(":authority", "raw.example");
	for (size_t i = 4; i < CTR_ARRAY_SIZE(headers); i++)
		headers[i] = raw_header("bomb", value);
	raw_add_headers(&raw, 1, 0, headers, CTR_ARRAY_SIZE(headers));
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_ge(raw_reset_code(&raw, 1), 0);
	ck_assert_uint_eq(raw.calls, 0);

	raw_add_request(&raw, 3, "/held", RAW_END_STREAM);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(&raw), "E");
	raw_close(&raw);
}
END_TEST

static void expect_broken(const void *bytes, size_t size, int64_t goaway_code)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_add_request(&raw, 1, "/held", 0);
	ctr_buf_append(&raw.in, bytes, size);
	ck_assert_int_eq(raw_give(&raw), CENTRO_ERR_PROTOCOL);
	ck_assert_int_eq(raw_goaway_code(&raw), goaway_code);
	ck_assert_str_eq(raw_log(&raw), "C(UNAVAILABLE:the peer broke HTTP/2)");
	ck_assert(ctr_grpc_conn_is_finished(raw.conn));
	raw_close(&raw);
}

START_TEST(frames_against_the_rules)
{
	/* DATA on a stream that is not there; a frame that is too large; a bad SETTINGS;
	 * a PING of seven bytes; headers that cannot be unpacked; an even stream. */
	expect_broken("\0\0\1\0\0\0\0\0\7x", 10, NGHTTP2_PROTOCOL_ERROR);
	expect_broken("\1\0\0\0\0\0\0\0\1", 9, NGHTTP2_FRAME_SIZE_ERROR);
	expect_broken("\0\0\6\4\0\0\0\0\0\0\2\0\0\0\7", 15, NGHTTP2_PROTOCOL_ERROR);
	expect_broken("\0\0\7\6\0\0\0\0\0"
		      "1234567",
		      16, NGHTTP2_FRAME_SIZE_ERROR);
	expect_broken("\0\0\1\1\4\0\0\0\3\x80", 10, NGHTTP2_COMPRESSION_ERROR);
	expect_broken("\0\0\1\1\4\0\0\0\2\x82", 10, NGHTTP2_PROTOCOL_ERROR);
}
END_TEST

START_TEST(what_is_not_http2)
{
	struct raw raw;
	raw_open_server(&raw, NULL);
	ctr_buf_append_str(&raw.in, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(raw_give_only(&raw), CENTRO_ERR_PROTOCOL);
	ck_assert(ctr_grpc_conn_is_finished(raw.conn));
	raw_close(&raw);

	raw_open_client(&raw, NULL);
	raw_start(&raw, "/x");
	raw_take(&raw);
	ctr_buf_append_str(&raw.in, "HTTP/1.1 400 Bad Request\r\n\r\n");
	ck_assert_int_eq(raw_give(&raw), CENTRO_ERR_PROTOCOL);
	ck_assert_ptr_null(raw.call);
	raw_close(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/h2_recv");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, pings);
	tcase_add_test(tcase, pings_of_a_quiet_client);
	tcase_add_test(tcase, settings);
	tcase_add_test(tcase, window_updates);
	tcase_add_test(tcase, priorities);
	tcase_add_test(tcase, empty_data);
	tcase_add_test(tcase, data_that_is_all_padding);
	tcase_add_test(tcase, continuations);
	tcase_add_test(tcase, rapid_resets);
	tcase_add_test(tcase, made_resets);
	tcase_add_test(tcase, more_streams_than_allowed);
	tcase_add_test(tcase, answers_that_nobody_reads);
	tcase_add_test(tcase, a_header_bomb_resets_its_stream_alone);
	tcase_add_test(tcase, frames_against_the_rules);
	tcase_add_test(tcase, what_is_not_http2);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
