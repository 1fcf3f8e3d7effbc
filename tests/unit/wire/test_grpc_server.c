/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_server.c: which requests are taken, and how they are answered. */
#include "pump.h"
#include "raw.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"

static void open_and_greet(struct raw *raw, const struct ctr_grpc_limits *limits)
{
	raw_open_server(raw, limits);
	raw_add_preface(raw);
	ck_assert_int_eq(raw_give(raw), CENTRO_OK);
}

/* The headers of a request like any other, with one more or one replaced by `extra`. */
static void add_request_with(struct raw *raw, int32_t stream_id, uint8_t flags, nghttp2_nv extra)
{
	nghttp2_nv headers[7] = {
		raw_header(":method", "POST"), raw_header(":scheme", "http"),
		raw_header(":path", "/held"),  raw_header(":authority", "raw.example"),
		raw_header("te", "trailers"),  raw_header("content-type", "application/grpc"),
	};
	size_t count = 6;
	for (size_t i = 0; i < count; i++) {
		if (headers[i].namelen == extra.namelen &&
		    memcmp(headers[i].name, extra.name, extra.namelen) == 0) {
			headers[i] = extra;
			raw_add_headers(raw, stream_id, flags, headers, count);
			return;
		}
	}
	headers[count++] = extra;
	raw_add_headers(raw, stream_id, flags, headers, count);
}

static void expect_answer(nghttp2_nv extra, const char *answer)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	add_request_with(&raw, 1, RAW_END_STREAM, extra);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	struct ctr_buf text;
	ck_assert_str_eq(raw_headers(&raw, 1, &text), answer);
	ctr_buf_fini(&text);
	ck_assert_uint_eq(raw.calls, 0);
	raw_close(&raw);
}

START_TEST(what_is_not_grpc_gets_an_answer_of_http)
{
	expect_answer(raw_header(":method", "GET"), ":status: 405\nallow: POST\n\n");
	expect_answer(raw_header("content-type", "application/json"),
		      ":status: 415\naccept-post: application/grpc\n\n");
	expect_answer(raw_header("content-type", "application/grpc+json"),
		      ":status: 415\naccept-post: application/grpc\n\n");
}
END_TEST

START_TEST(what_is_wrong_in_a_request_is_named)
{
	expect_answer(raw_header("grpc-timeout", "5x"),
		      ":status: 200\ncontent-type: application/grpc\ngrpc-status: 3\n"
		      "grpc-message: grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, "
		      "n\n\n");
	expect_answer(raw_header("key-bin", "no base64!"),
		      ":status: 200\ncontent-type: application/grpc\ngrpc-status: 3\n"
		      "grpc-message: the value of a header whose name ends in -bin is not "
		      "base64\n\n");
}
END_TEST

START_TEST(nghttp2_refuses_by_itself)
{
	static const struct {
		const char *name, *value;
	} cases[] = {{":path", ""},
		     {":path", "*"},
		     {"te", "gzip"},
		     {"Upper", "x"},
		     {"connection", "close"}};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		struct raw raw;
		open_and_greet(&raw, NULL);
		add_request_with(&raw, 1, 0, raw_header(cases[i].name, cases[i].value));
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
		ck_assert_int_eq(raw_reset_code(&raw, 1), NGHTTP2_PROTOCOL_ERROR);
		ck_assert_uint_eq(raw.calls, 0);
		raw_close(&raw);
	}
}
END_TEST

START_TEST(a_path_is_taken_as_it_comes)
{
	static const char *const paths[] = {"/held/", "/held?x=1", "//held", "/Held"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(paths); i++) {
		struct raw raw;
		open_and_greet(&raw, NULL);
		raw_add_request(&raw, 1, paths[i], RAW_END_STREAM);
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
		ck_assert_uint_eq(raw.calls, 1);
		struct ctr_buf text;
		ck_assert_ptr_nonnull(strstr(raw_headers(&raw, 1, &text), "grpc-status: 12\n"));
		ck_assert_str_eq(raw_log(&raw), "");
		ctr_buf_fini(&text);
		raw_close(&raw);
	}
}
END_TEST

START_TEST(headers_over_the_soft_limit)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	static char value[20001];
	memset(value, 'v', sizeof(value) - 1);
	add_request_with(&raw, 1, RAW_END_STREAM, raw_header("large", value));
	raw_add_request(&raw, 3, "/held", RAW_END_STREAM);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	struct ctr_buf text;
	const char *answer = raw_headers(&raw, 1, &text);
	ck_assert_ptr_nonnull(strstr(answer, "grpc-status: 8\n"));
	ck_assert_ptr_nonnull(strstr(answer, "are over the limit of 16384"));
	ctr_buf_fini(&text);
	ck_assert_uint_eq(raw.calls, 1);
	raw_close(&raw);
}
END_TEST

START_TEST(headers_over_the_hard_limit)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	static char value[70001];
	memset(value, 'v', sizeof(value) - 1);
	add_request_with(&raw, 1, RAW_END_STREAM, raw_header("large", value));
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_eq(raw_reset_code(&raw, 1), NGHTTP2_INTERNAL_ERROR);
	raw_add_request(&raw, 3, "/held", RAW_END_STREAM);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_uint_eq(raw.calls, 1);
	raw_close(&raw);
}
END_TEST

START_TEST(a_requests_trailers_mean_nothing)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_add_request(&raw, 1, "/held", 0);
	raw_add_message(&raw, 1, "hello", 0);
	const nghttp2_nv trailer = raw_header("grpc-timeout", "wrong");
	raw_add_headers(&raw, 1, RAW_END_STREAM, &trailer, 1);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_str_eq(raw_log(&raw), "M(hello) E");
	raw_close(&raw);
}
END_TEST

static size_t index_of(struct raw *raw, uint8_t type)
{
	struct raw_frame frame;
	ck_assert(raw_find(raw, type, 1, 0, &frame));
	return (size_t)(frame.payload.data - raw->out.data);
}

/* Pitfall: RST_STREAM right behind the answer would have taken the answer away. */
START_TEST(a_client_that_is_still_sending_is_stopped_after_the_answer)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_add_request(&raw, 1, "/nothing", 0);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_eq(raw_reset_code(&raw, 1), NGHTTP2_NO_ERROR);
	ck_assert_uint_lt(index_of(&raw, NGHTTP2_HEADERS), index_of(&raw, NGHTTP2_RST_STREAM));
	/* What it had on its way is dropped, and its window given back. */
	for (int i = 0; i < 200; i++) {
		static const uint8_t zeros[16000];
		raw_add_frame(&raw, NGHTTP2_DATA, 0, 1, zeros, sizeof(zeros));
		ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	}
	ck_assert_uint_ge(raw_count(&raw, NGHTTP2_WINDOW_UPDATE, 0), 5);
	raw_close(&raw);
}
END_TEST

START_TEST(a_client_that_has_ended_is_not_reset)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_add_request(&raw, 1, "/nothing", RAW_END_STREAM);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_eq(raw_reset_code(&raw, 1), -1);
	raw_close(&raw);
}
END_TEST

START_TEST(an_answer_in_three_frames)
{
	struct raw raw;
	open_and_greet(&raw, NULL);
	raw_add_request(&raw, 1, "/held", RAW_END_STREAM);
	ck_assert_int_eq(raw_give(&raw), CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_call_send(raw.call, ctr_bytes_str("hi")), CENTRO_OK);
	ctr_grpc_call_finish(raw.call, CTR_GRPC_OK, NULL);
	raw_take(&raw);
	struct raw_frame data;
	ck_assert_uint_eq(raw_count(&raw, NGHTTP2_DATA, 1), 1);
	ck_assert(raw_find(&raw, NGHTTP2_DATA, 1, 0, &data));
	ck_assert_uint_eq(data.flags, 0);
	ck_assert_int_eq(memcmp(data.payload.data, "\0\0\0\0\2hi", 7), 0);
	struct raw_frame trailers;
	ck_assert(raw_find(&raw, NGHTTP2_HEADERS, 1, 1, &trailers));
	ck_assert_uint_eq(trailers.flags, RAW_END_STREAM | RAW_END_HEADERS);
	struct ctr_buf text;
	ck_assert_str_eq(raw_headers(&raw, 1, &text),
			 ":status: 200\ncontent-type: application/grpc\n\ngrpc-status: 0\n\n");
	ctr_buf_fini(&text);
	ck_assert_str_eq(raw_log(&raw), "E C(OK:)");
	raw_close(&raw);
}
END_TEST

static void expect_text(const char *text, const char *expected)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	struct pump_call *call = pump_start(&pump, "/t/Hold");
	pump_run(&pump);
	ctr_grpc_call_finish(pump_served(&pump)->call, CTR_GRPC_ABORTED, text);
	pump_run(&pump);
	char log[8192];
	snprintf(log, sizeof(log), "C(ABORTED:%s)", expected);
	pump_expect(call, log);
	pump_close(&pump);
}

START_TEST(texts_of_any_kind_arrive)
{
	expect_text("", "");
	expect_text("plain", "plain");
	expect_text("100% of %41 and %", "100% of %41 and %");
	expect_text("gr\xc3\xbc\xc3\x9f\x65 \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x9a\x80",
		    "gr\xc3\xbc\xc3\x9f\x65 \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x9a\x80");
	expect_text("two\nlines\r\n\ttab", "two\nlines\r\n\ttab");
}
END_TEST

START_TEST(a_long_text_is_cut_between_characters)
{
	static char text[4001], expected[4001], plain[8001], part[8001];
	for (size_t i = 0; i + 2 < sizeof(text); i += 3)
		memcpy(text + i, "\xe6\x9d\xb1", 3);
	memcpy(expected, text, 2046);
	expect_text(text, expected);
	/* What takes less room on the wire goes further. */
	memset(plain, 'a', sizeof(plain) - 1);
	memset(part, 'a', 6144);
	expect_text(plain, part);
}
END_TEST

START_TEST(a_status_by_metadata)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	for (uint32_t status = 1; status < CTR_GRPC_STATUS_COUNT; status++) {
		char value[32], log[64];
		snprintf(value, sizeof(value), "%u text", status);
		snprintf(log, sizeof(log), "C(%s:text)", ctr_grpc_status_name(status));
		struct ctr_grpc_metadata metadata = {ctr_bytes_str("fail"), ctr_bytes_str(value)};
		struct pump_call *call;
		ck_assert_int_eq(pump_start_with(&pump, "/t/Fail", &metadata, 1, CTR_NEVER, &call),
				 CENTRO_OK);
		pump_run(&pump);
		pump_expect(call, log);
		/* Without callbacks nobody is told. */
		pump_expect(pump_served(&pump), "");
	}
	pump_close(&pump);
}
END_TEST

START_TEST(an_answer_before_the_request_is_complete)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 6, .piece_bytes_max = 900}));
	struct pump_call *call = pump_start(&pump, "/t/Once");
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(pump_send_size(call, 10000), CENTRO_OK);
	pump_run(&pump);
	pump_expect(call, "H M#10000 C(OK:)");
	pump_expect(pump_served(&pump), "M#10000 C(OK:)");
	pump_expect(pump_unary(&pump, "/t/Echo", "alive"), "H M(alive) C(OK:)");
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_server");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, what_is_not_grpc_gets_an_answer_of_http);
	tcase_add_test(tcase, what_is_wrong_in_a_request_is_named);
	tcase_add_test(tcase, nghttp2_refuses_by_itself);
	tcase_add_test(tcase, a_path_is_taken_as_it_comes);
	tcase_add_test(tcase, headers_over_the_soft_limit);
	tcase_add_test(tcase, headers_over_the_hard_limit);
	tcase_add_test(tcase, a_requests_trailers_mean_nothing);
	tcase_add_test(tcase, a_client_that_is_still_sending_is_stopped_after_the_answer);
	tcase_add_test(tcase, a_client_that_has_ended_is_not_reset);
	tcase_add_test(tcase, an_answer_in_three_frames);
	tcase_add_test(tcase, texts_of_any_kind_arrive);
	tcase_add_test(tcase, a_long_text_is_cut_between_characters);
	tcase_add_test(tcase, a_status_by_metadata);
	tcase_add_test(tcase, an_answer_before_the_request_is_complete);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
