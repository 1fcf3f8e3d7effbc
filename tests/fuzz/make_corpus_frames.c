/* SPDX-License-Identifier: MIT */
/*
 * make_corpus_frames.c - what no client or server of ours would say: answers of other
 * servers, requests with something wrong in them, floods. One short list of frames each.
 */
#include "conn_play.h"
#include "make_corpus.h"
#include "unit/wire/raw.h"

#define SMALL_LIMITS 1

struct crafted {
	const char *name;
	void (*add)(struct raw *raw);
};

/* ---- to a server ---- */

/* A request of three more headers, which may be NULL. */
static void add_request(struct raw *raw, int32_t stream_id, const char *method, const char *type,
			const char *name, const char *value)
{
	const nghttp2_nv headers[] = {
		raw_header(":method", method),
		raw_header(":scheme", "http"),
		raw_header(":path", "/a.B/C"),
		raw_header(":authority", "x"),
		raw_header("te", "trailers"),
		raw_header("content-type", type),
		raw_header(name ? name : "x", name ? value : "y"),
	};
	raw_add_headers(raw, stream_id, 0, headers, sizeof(headers) / sizeof(headers[0]));
}

static void add_wrong_requests(struct raw *raw)
{
	add_request(raw, 1, "GET", "application/grpc", NULL, NULL);
	add_request(raw, 3, "POST", "text/html", NULL, NULL);
	add_request(raw, 5, "POST", "application/grpc+proto", "grpc-encoding", "gzip");
	raw_add_frame(raw, NGHTTP2_DATA, 0, 5, "\1\0\0\0\1x", 6);
	add_request(raw, 7, "POST", "application/grpc", "grpc-timeout", "1x");
}

static void add_timeouts(struct raw *raw)
{
	add_request(raw, 1, "POST", "application/grpc", "grpc-timeout", "100m");
	raw_add_message(raw, 1, "hello", 0);
	add_request(raw, 3, "POST", "application/grpc", "grpc-timeout", "99999999H");
}

static void add_metadata(struct raw *raw)
{
	add_request(raw, 1, "POST", "application/grpc", "data-bin", "AAEC,QQ==");
	add_request(raw, 3, "POST", "application/grpc", "data-bin", "!");
	raw_add_message(raw, 3, "", RAW_END_STREAM);
}

static void add_large_headers(struct raw *raw)
{
	static char value[700];
	memset(value, 'v', sizeof(value) - 1);
	add_request(raw, 1, "POST", "application/grpc", "large", value);
	raw_add_request(raw, 3, "/held", 0);
}

static void add_messages(struct raw *raw)
{
	raw_add_request(raw, 1, "/held", 0);
	raw_add_frame(raw, NGHTTP2_DATA, 0, 1, "\0\0\0\0\5he", 7);
	raw_add_frame(raw, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, "\2llo\0\0\0\0\0", 9);
	raw_add_frame(raw, NGHTTP2_DATA, 0, 1, "\2", 1);
	raw_add_request(raw, 3, "/held", 0);
	raw_add_frame(raw, NGHTTP2_DATA, RAW_END_STREAM, 3, "\0\0\0\4\0x", 6);
	raw_add_request(raw, 5, "/held", 0);
	raw_add_frame(raw, NGHTTP2_DATA, 0, 5, "\0\0\x10\0\0", 5);
}

static void add_continuation(struct raw *raw)
{
	/* ":method: POST" alone, then the rest. */
	raw_add_frame(raw, NGHTTP2_HEADERS, 0, 1, "\x83", 1);
	raw_add_frame(raw, NGHTTP2_CONTINUATION, 0, 1, "\x86", 1);
	raw_add_frame(raw, NGHTTP2_CONTINUATION, RAW_END_HEADERS, 1, "\x84\x41\x01x", 4);
}

static void add_resets(struct raw *raw)
{
	for (int32_t id = 1; id < 60; id += 2) {
		raw_add_request(raw, id, "/held", 0);
		raw_add_u32_frame(raw, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
	}
}

/* ---- to a client, whose calls are 1, 3, 5 and 7 ---- */

static void add_response(struct raw *raw, int32_t stream_id, const char *status, const char *type,
			 const char *name, const char *value, uint8_t flags)
{
	const nghttp2_nv headers[] = {
		raw_header(":status", status),
		raw_header("content-type", type),
		raw_header(name ? name : "x", name ? value : "y"),
	};
	raw_add_headers(raw, stream_id, flags, headers, 3);
}

static void add_http_errors(struct raw *raw)
{
	add_response(raw, 1, "503", "text/html", NULL, NULL, RAW_END_STREAM);
	add_response(raw, 3, "400", "text/html", NULL, NULL, 0);
	add_response(raw, 5, "401", "application/grpc", NULL, NULL, RAW_END_STREAM);
	add_response(raw, 7, "404", "text/plain", NULL, NULL, RAW_END_STREAM);
}

static void add_trailers_only(struct raw *raw)
{
	const char *type = "application/grpc";
	add_response(raw, 1, "200", type, "grpc-status", "5", RAW_END_STREAM);
	add_response(raw, 3, "200", type, "grpc-status", "99", RAW_END_STREAM);
	add_response(raw, 5, "200", type, "grpc-message", "%c3%b6%zz", RAW_END_STREAM);
	add_response(raw, 7, "200", "text/html", "grpc-status", "0", RAW_END_STREAM);
}

static void add_informational(struct raw *raw)
{
	const nghttp2_nv early[] = {raw_header(":status", "103"), raw_header("link", "x")};
	const nghttp2_nv trailers[] = {raw_header("grpc-status", "0"),
				       raw_header("data-bin", "QQ")};
	raw_add_headers(raw, 1, 0, early, 2);
	raw_add_response(raw, 1);
	raw_add_message(raw, 1, "one", 0);
	raw_add_headers(raw, 1, RAW_END_STREAM, trailers, 2);
	add_response(raw, 3, "200", "application/grpc", "grpc-encoding", "gzip", 0);
	raw_add_frame(raw, NGHTTP2_DATA, 0, 3, "\1\0\0\0\1x", 6);
	raw_add_response(raw, 5);
	raw_add_message(raw, 5, "no trailers", RAW_END_STREAM);
}

static void add_refusals(struct raw *raw)
{
	raw_add_u32_frame(raw, NGHTTP2_RST_STREAM, 1, NGHTTP2_REFUSED_STREAM);
	raw_add_u32_frame(raw, NGHTTP2_RST_STREAM, 3, NGHTTP2_ENHANCE_YOUR_CALM);
	raw_add_frame(raw, NGHTTP2_GOAWAY, 0, 0, "\0\0\0\5\0\0\0\0why", 11);
}

/* ---- to both ---- */

static void add_settings(struct raw *raw)
{
	/* A table of HPACK of no size, few streams, a small window, small frames; and odd ones. */
	raw_add_frame(raw, NGHTTP2_SETTINGS, 0, 0,
		      "\0\1\0\0\0\0\0\3\0\0\0\1\0\4\0\0\0\x10\0\5\0\0\x40\0\0\x99\0\0\0\1", 30);
	raw_add_u32_frame(raw, NGHTTP2_WINDOW_UPDATE, 0, 100);
	raw_add_frame(raw, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, NULL, 0);
	raw_add_frame(raw, 0xbe, 0, 0, "unknown", 7);
	raw_add_frame(raw, NGHTTP2_PRIORITY, 0, 1, "\0\0\0\0\x10", 5);
}

static void add_pings(struct raw *raw)
{
	for (int i = 0; i < 14; i++)
		raw_add_frame(raw, NGHTTP2_PING, 0, 0, "12345678", 8);
}

static void add_settings_flood(struct raw *raw)
{
	for (int i = 0; i < 14; i++)
		raw_add_frame(raw, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

static void add_window_updates(struct raw *raw)
{
	for (int i = 0; i < 45; i++)
		raw_add_u32_frame(raw, NGHTTP2_WINDOW_UPDATE, 0, 1);
}

static void add_empty_frames(struct raw *raw)
{
	if (raw->is_server)
		raw_add_request(raw, 1, "/held", 0);
	else
		raw_add_response(raw, 1);
	for (int i = 0; i < 25; i++)
		raw_add_frame(raw, NGHTTP2_DATA, 0, 1, NULL, 0);
}

/* ---- saving ---- */

static void put_calls(struct ctr_buf *input)
{
	for (unsigned i = 0; i < 4; i++) {
		corpus_put_uint(input, CONN_START, 1);
		corpus_put_uint(input, i, 3);
	}
	corpus_put_uint(input, CONN_FLUSH, 1);
}

static void save(const struct crafted *crafted, bool to_server)
{
	struct raw raw;
	struct ctr_buf input;
	if (to_server)
		raw_open_server(&raw, NULL);
	else
		raw_open_client(&raw, NULL);
	raw_add_preface(&raw);
	crafted->add(&raw);
	ctr_buf_init(&input, NULL, 0);
	corpus_put_uint(&input, SMALL_LIMITS, 1);
	corpus_put_uint(&input, 0, 4); /* the owner does nothing of its own */
	if (!to_server)
		put_calls(&input);
	corpus_put_uint(&input, CONN_RECV, 1);
	corpus_put_sized(&input, ctr_buf_bytes(&raw.in), 2);
	corpus_put_uint(&input, CONN_FLUSH, 1);
	corpus_put_uint(&input, CONN_WAIT, 1);
	corpus_put_uint(&input, 500, 2);
	corpus_saved(to_server ? "http2_server" : "http2_client", crafted->name, &input);
	ctr_buf_fini(&input);
	raw_close(&raw);
}

#define SAVE_ALL(list, to_server)                                     \
	for (size_t i = 0; i < sizeof(list) / sizeof((list)[0]); i++) \
	save(&(list)[i], to_server)

void corpus_make_frames(void)
{
	static const struct crafted to_server[] = {
		{"wrong-requests", add_wrong_requests},
		{"timeouts", add_timeouts},
		{"metadata", add_metadata},
		{"large-headers", add_large_headers},
		{"messages", add_messages},
		{"continuation", add_continuation},
		{"resets", add_resets},
	};
	static const struct crafted to_client[] = {
		{"http-errors", add_http_errors},
		{"trailers-only", add_trailers_only},
		{"informational", add_informational},
		{"refusals", add_refusals},
	};
	static const struct crafted to_both[] = {
		{"settings", add_settings},
		{"pings", add_pings},
		{"settings-flood", add_settings_flood},
		{"window-updates", add_window_updates},
		{"empty-frames", add_empty_frames},
	};
	SAVE_ALL(to_server, true);
	SAVE_ALL(to_client, false);
	SAVE_ALL(to_both, true);
	SAVE_ALL(to_both, false);
}
