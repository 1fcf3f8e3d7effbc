/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_client.c: requests, and responses of every quality. */
#include "pump.h"
#include "raw.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"
#include "wire/conn.h"

static void open_and_greet(struct raw *raw, const struct ctr_grpc_limits *limits)
{
	raw_open_client(raw, limits);
	raw_add_preface(raw);
	ck_assert_int_eq(raw_give(raw), CENTRO_OK);
}

/* A call that is half-closed and sent. */
static void begin(struct raw *raw)
{
	open_and_greet(raw, NULL);
	struct ctr_grpc_call *call = raw_start(raw, "/a.B/C");
	ck_assert_int_eq(ctr_grpc_call_send(call, ctr_bytes_str("hello")), CENTRO_OK);
	ctr_grpc_call_half_close(call);
	raw_take(raw);
}

static void end(struct raw *raw, const char *log)
{
	ck_assert_int_eq(raw_give(raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(raw), log);
	raw_close(raw);
}

START_TEST(a_request_as_it_is_sent)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	const struct ctr_grpc_metadata metadata[] = {
		{ctr_bytes_str("a-bin"), ctr_bytes_str("hello")},
		{ctr_bytes_str("b"), ctr_bytes_str("plain")},
		{ctr_bytes_str("c-bin"), ctr_bytes_str("hi")},
	};
	static const struct ctr_grpc_call_impl impl;
	struct ctr_grpc_call *call;
	ck_assert_int_eq(ctr_grpc_call_start(raw.conn, "/a.B/C", metadata, 3, raw.now,
					     ctr_after(raw.now, ctr_span_ms(250)), &impl, NULL,
					     &call),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_call_send(call, ctr_bytes_str("hello")), CENTRO_OK);
	ctr_grpc_call_half_close(call);
	raw_take(&raw);
	struct ctr_buf text;
	ck_assert_str_eq(raw_headers(&raw, 1, &text),
			 ":method: POST\n:scheme: http\n:path: /a.B/C\n:authority: raw.example\n"
			 "te: trailers\ncontent-type: application/grpc\n"
			 "user-agent: grpc-c-centro\ngrpc-timeout: 250000u\na-bin: aGVsbG8\n"
			 "b: plain\nc-bin: aGk\n\n");
	ctr_buf_fini(&text);
	struct raw_frame data;
	ck_assert(raw_find(&raw, NGHTTP2_DATA, 1, 0, &data));
	ck_assert_uint_eq(data.flags, RAW_END_STREAM);
	ck_assert_uint_eq(data.payload.size, 10);
	raw_close(&raw);
}
END_TEST

static int start_with(struct raw *raw, const char *path, const char *name, const char *value)
{
	static const struct ctr_grpc_call_impl impl;
	struct ctr_grpc_metadata metadata = {ctr_bytes_str(name), ctr_bytes_str(value)};
	struct ctr_grpc_call *call;
	return ctr_grpc_call_start(raw->conn, path, &metadata, 1, raw->now, CTR_NEVER, &impl, NULL,
				   &call);
}

START_TEST(requests_that_cannot_be)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	ck_assert_int_eq(start_with(&raw, "", "a", "b"), CENTRO_ERR_INVALID);
	ck_assert_int_eq(start_with(&raw, "no/slash", "a", "b"), CENTRO_ERR_INVALID);
	ck_assert_int_eq(start_with(&raw, "/two words", "a", "b"), CENTRO_ERR_INVALID);
	static const char *const names[] = {"",   "Upper",        "a b",         ":path",
					    "te", "content-type", "grpc-status", "grpc-anything",
					    "a\n"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		ck_assert_msg(start_with(&raw, "/x", names[i], "b") == CENTRO_ERR_INVALID, "%s",
			      names[i]);
	ck_assert_int_eq(start_with(&raw, "/x", "a", "line\nbreak"), CENTRO_ERR_INVALID);
	ck_assert_int_eq(start_with(&raw, "/x", "a-bin", "line\nbreak"), CENTRO_OK);
	struct ctr_grpc_metadata many[33];
	for (size_t i = 0; i < 33; i++)
		many[i] = (struct ctr_grpc_metadata){ctr_bytes_str("a"), ctr_bytes_str("b")};
	static const struct ctr_grpc_call_impl impl;
	struct ctr_grpc_call *call;
	ck_assert_int_eq(ctr_grpc_call_start(raw.conn, "/x", many, 33, raw.now, CTR_NEVER, &impl,
					     NULL, &call),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_grpc_call_start(raw.conn, "/x", many, 32, raw.now, CTR_NEVER, &impl,
					     NULL, &call),
			 CENTRO_OK);
	raw_close(&raw);
}
END_TEST

START_TEST(more_calls_than_allowed)
{
	struct raw raw;
	raw_open_client(&raw, &(struct ctr_grpc_limits){.streams_max = 3});
	raw_add_preface(&raw);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_OK);
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_ERR_LIMIT);
	raw_close(&raw);

	/* The server's word counts as well. */
	raw_open_client(&raw, NULL);
	raw_add_frame(&raw, NGHTTP2_SETTINGS, 0, 0, "\0\3\0\0\0\2", 6);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_OK);
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_OK);
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_ERR_LIMIT);
	raw_close(&raw);
}
END_TEST

static void answer_headers(const char *const pairs[][2], const char *log)
{
	struct raw raw;
	begin(&raw);
	nghttp2_nv headers[8];
	size_t count = 0;
	for (; pairs[count][0]; count++)
		headers[count] = raw_header(pairs[count][0], pairs[count][1]);
	raw_add_headers(&raw, 1, RAW_END_STREAM, headers, count);
	end(&raw, log);
}

#define ANSWER(log, ...) answer_headers((const char *const[][2]){__VA_ARGS__, {NULL, NULL}}, log)
#define GRPC                                       \
	{                                          \
		"content-type", "application/grpc" \
	}

START_TEST(statuses_of_grpc)
{
	ANSWER("C(NOT_FOUND:no job 7)", {":status", "200"}, GRPC, {"grpc-status", "5"},
	       {"grpc-message", "no job 7"});
	ANSWER("C(ABORTED:100%)", {":status", "200"}, GRPC, {"grpc-status", "10"},
	       {"grpc-message", "100%25"});
	ANSWER("C(ABORTED:100%)", {":status", "200"}, GRPC, {"grpc-status", "10"},
	       {"grpc-message", "100%"});
	ANSWER("C(UNKNOWN:)", {":status", "200"}, GRPC, {"grpc-status", "17"});
	ANSWER("C(UNKNOWN:)", {":status", "200"}, GRPC, {"grpc-status", "-1"});
	ANSWER("C(UNKNOWN:)", {":status", "200"}, GRPC, {"grpc-status", "five"});
	/* It says that it is gRPC, whatever the rest says. */
	ANSWER("C(UNAUTHENTICATED:)", {":status", "401"}, {"grpc-status", "16"});
	ANSWER("C(INTERNAL:the response ended without grpc-status)", {":status", "200"}, GRPC);
}
END_TEST

START_TEST(statuses_of_http)
{
	ANSWER("C(INTERNAL:the server answered with HTTP status 400)", {":status", "400"});
	ANSWER("C(UNAUTHENTICATED:the server answered with HTTP status 401)", {":status", "401"});
	ANSWER("C(PERMISSION_DENIED:the server answered with HTTP status 403)", {":status", "403"});
	ANSWER("C(UNIMPLEMENTED:the server answered with HTTP status 404)", {":status", "404"});
	ANSWER("C(UNAVAILABLE:the server answered with HTTP status 503)", {":status", "503"});
	ANSWER("C(UNKNOWN:the server answered with HTTP status 500)", {":status", "500"});
	ANSWER("C(UNKNOWN:the server's content-type is not application/grpc)", {":status", "200"},
	       {"content-type", "text/html"});
	ANSWER("C(UNKNOWN:the server's content-type is not application/grpc)", {":status", "200"});
}
END_TEST

START_TEST(a_response_in_full)
{
	struct raw raw;
	begin(&raw);
	const nghttp2_nv early[] = {raw_header(":status", "103"), raw_header("x-leader", "early")};
	const nghttp2_nv headers[] = {raw_header(":status", "200"),
				      raw_header("content-type", "application/grpc"),
				      raw_header("x-leader", "node-3")};
	const nghttp2_nv trailers[] = {raw_header("grpc-status", "0"),
				       raw_header("x-leader", "other")};
	raw_add_headers(&raw, 1, 0, early, 2);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(&raw), "");
	raw_add_headers(&raw, 1, 0, headers, 3);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	struct centro_bytes value;
	ck_assert(ctr_grpc_call_get_metadata(raw.call, "x-leader", &value));
	ck_assert(ctr_bytes_equal(value, ctr_bytes_str("node-3")));
	raw_add_message(&raw, 1, "one", 0);
	raw_add_message(&raw, 1, "two", 0);
	raw_add_headers(&raw, 1, RAW_END_STREAM, trailers, 2);
	end(&raw, "H M(one) M(two) C(OK:)");
}
END_TEST

START_TEST(a_response_that_ends_without_trailers)
{
	struct raw raw;
	begin(&raw);
	raw_add_response(&raw, 1);
	raw_add_message(&raw, 1, "one", RAW_END_STREAM);
	end(&raw, "H M(one) C(INTERNAL:the response ended without grpc-status)");
}
END_TEST

static void reset_with(uint32_t h2_error, const char *log)
{
	struct raw raw;
	begin(&raw);
	raw_add_response(&raw, 1);
	raw_add_u32_frame(&raw, NGHTTP2_RST_STREAM, 1, h2_error);
	end(&raw, log);
}

START_TEST(resets)
{
	reset_with(NGHTTP2_NO_ERROR, "H C(INTERNAL:NO_ERROR)");
	reset_with(NGHTTP2_CANCEL, "H C(CANCELLED:CANCEL)");
	reset_with(NGHTTP2_REFUSED_STREAM, "H C(UNAVAILABLE:REFUSED_STREAM)");
	reset_with(NGHTTP2_ENHANCE_YOUR_CALM, "H C(RESOURCE_EXHAUSTED:ENHANCE_YOUR_CALM)");
	reset_with(NGHTTP2_INADEQUATE_SECURITY, "H C(PERMISSION_DENIED:INADEQUATE_SECURITY)");
	reset_with(NGHTTP2_INTERNAL_ERROR, "H C(INTERNAL:INTERNAL_ERROR)");
	reset_with(4711, "H C(INTERNAL:unknown)");
}
END_TEST

START_TEST(a_refusal_without_an_answer)
{
	struct raw raw;
	begin(&raw);
	raw_add_u32_frame(&raw, NGHTTP2_RST_STREAM, 1, NGHTTP2_REFUSED_STREAM);
	end(&raw, "C!(UNAVAILABLE:REFUSED_STREAM)");
}
END_TEST

START_TEST(a_goaway_says_who_was_never_seen)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_start(&raw, "/seen");
	raw_start(&raw, "/unseen");
	raw_take(&raw);
	raw_start(&raw, "/unsent");
	/* The last stream that was seen is 1. */
	raw_add_frame(&raw, NGHTTP2_GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0", 8);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(&raw),
			 "C!(UNAVAILABLE:REFUSED_STREAM) C!(UNAVAILABLE:REFUSED_STREAM)");
	ck_assert(ctr_grpc_conn_is_draining(raw.conn));
	ck_assert(!ctr_grpc_conn_is_finished(raw.conn));
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_ERR_UNAVAILABLE);
	raw_add_response(&raw, 1);
	const nghttp2_nv trailer = raw_header("grpc-status", "0");
	raw_add_headers(&raw, 1, RAW_END_STREAM, &trailer, 1);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert(ctr_grpc_conn_is_finished(raw.conn));
	raw_close(&raw);
}
END_TEST

START_TEST(headers_over_the_limits)
{
	static char value[70000];
	memset(value, 'v', sizeof(value) - 1);
	for (size_t size = 20000; size < sizeof(value); size += 49000) {
		struct raw raw;
		begin(&raw);
		nghttp2_nv headers[] = {raw_header(":status", "200"),
					raw_header("content-type", "application/grpc"),
					raw_header("large", value)};
		headers[2].valuelen = size;
		raw_add_headers(&raw, 1, 0, headers, 3);
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
		ck_assert_ptr_eq(strstr(raw_log(&raw), "C(RESOURCE_EXHAUSTED:"), raw_log(&raw));
		ck_assert_int_ge(raw_reset_code(&raw, 1), 0);
		raw_close(&raw);
	}
}
END_TEST

/* The server has said its last word; what the client would still send is in vain. */
START_TEST(an_early_end_stops_the_client)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	struct ctr_grpc_call *call = raw_start(&raw, "/x");
	ck_assert_int_eq(ctr_grpc_call_send(call, ctr_bytes_str("more to come")), CENTRO_OK);
	raw_take(&raw);
	const nghttp2_nv headers[] = {raw_header(":status", "200"),
				      raw_header("content-type", "application/grpc"),
				      raw_header("grpc-status", "9")};
	raw_add_headers(&raw, 1, RAW_END_STREAM, headers, 3);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(&raw), "C(FAILED_PRECONDITION:)");
	ck_assert_int_eq(raw_reset_code(&raw, 1), NGHTTP2_NO_ERROR);
	ck_assert_uint_eq(ctr_grpc_conn_calls(raw.conn), 0);
	raw_close(&raw);
}
END_TEST

START_TEST(stream_numbers_run_out)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	ck_assert_int_eq(nghttp2_session_set_next_stream_id(raw.conn->session, INT32_MAX), 0);
	raw_start(&raw, "/last");
	ck_assert_int_eq(start_with(&raw, "/x", "a", "b"), CENTRO_ERR_UNAVAILABLE);
	ck_assert(ctr_grpc_conn_is_draining(raw.conn));
	ck_assert(!ctr_grpc_conn_is_finished(raw.conn));
	ck_assert_uint_eq(ctr_grpc_conn_calls(raw.conn), 1);
	raw_close(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_client");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_request_as_it_is_sent);
	tcase_add_test(tcase, requests_that_cannot_be);
	tcase_add_test(tcase, more_calls_than_allowed);
	tcase_add_test(tcase, statuses_of_grpc);
	tcase_add_test(tcase, statuses_of_http);
	tcase_add_test(tcase, a_response_in_full);
	tcase_add_test(tcase, a_response_that_ends_without_trailers);
	tcase_add_test(tcase, resets);
	tcase_add_test(tcase, a_refusal_without_an_answer);
	tcase_add_test(tcase, a_goaway_says_who_was_never_seen);
	tcase_add_test(tcase, headers_over_the_limits);
	tcase_add_test(tcase, an_early_end_stops_the_client);
	tcase_add_test(tcase, stream_numbers_run_out);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
