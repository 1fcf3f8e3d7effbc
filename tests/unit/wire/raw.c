/* SPDX-License-Identifier: MIT */
/* raw.c - a peer made of bytes. */
#include "raw.h"

#include "base/assert.h"
#include "base/bytes.h"

static void note(struct raw *raw, const char *word)
{
	if (raw->log.size > 0)
		ctr_buf_append_char(&raw->log, ' ');
	ctr_buf_append_str(&raw->log, word);
}

static void on_headers(void *arg, struct ctr_grpc_call *call)
{
	note(arg, "H");
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct raw *raw = arg;
	note(raw, "M");
	if (message.size <= 64)
		ctr_buf_appendf(&raw->log, "(%.*s)", (int)message.size, (const char *)message.data);
	else
		ctr_buf_appendf(&raw->log, "#%zu", message.size);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	note(arg, "E");
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct raw *raw = arg;
	note(raw, never_sent ? "C!(" : "C(");
	ctr_buf_appendf(&raw->log, "%s:%.*s)", ctr_grpc_status_name(status), (int)message.size,
			(const char *)message.data);
	if (raw->call == call)
		raw->call = NULL;
}

static const struct ctr_grpc_call_impl call_impl = {
	.headers = on_headers,
	.message = on_message,
	.half_closed = on_half_closed,
	.closed = on_closed,
};

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	struct raw *raw = arg;
	raw->calls++;
	raw->call = call;
	if (ctr_bytes_equal(ctr_grpc_call_get_path(call), ctr_bytes_str(raw->path_held)))
		ctr_grpc_call_set_impl(call, &call_impl, raw);
}

static void init(struct raw *raw)
{
	*raw = (struct raw){.now = {5 * CTR_NS_PER_SEC}, .path_held = "/held"};
	ctr_buf_init(&raw->in, NULL, 0);
	ctr_buf_init(&raw->out, NULL, 0);
	ctr_buf_init(&raw->log, NULL, 0);
	ck_assert_int_eq(nghttp2_hd_deflate_new(&raw->deflater, 4096), 0);
	ck_assert_int_eq(nghttp2_hd_inflate_new(&raw->inflater), 0);
}

void raw_open_server(struct raw *raw, const struct ctr_grpc_limits *limits)
{
	static const struct ctr_grpc_server_impl impl = {.call = on_call};
	struct ctr_grpc_conn_options options = {0};
	if (limits)
		options.limits = *limits;
	init(raw);
	raw->is_server = true;
	ck_assert_int_eq(ctr_grpc_conn_new_server(&options, &impl, raw, raw->now, &raw->conn),
			 CENTRO_OK);
}

void raw_open_client(struct raw *raw, const struct ctr_grpc_limits *limits)
{
	struct ctr_grpc_conn_options options = {.authority = "raw.example"};
	if (limits)
		options.limits = *limits;
	init(raw);
	ck_assert_int_eq(ctr_grpc_conn_new_client(&options, raw->now, &raw->conn), CENTRO_OK);
}

void raw_close(struct raw *raw)
{
	ctr_grpc_conn_free(raw->conn);
	ctr_buf_fini(&raw->in);
	ctr_buf_fini(&raw->out);
	ctr_buf_fini(&raw->log);
	nghttp2_hd_deflate_del(raw->deflater);
	nghttp2_hd_inflate_del(raw->inflater);
}

void raw_add_frame(struct raw *raw, uint8_t type, uint8_t flags, int32_t stream_id,
		   const void *payload, size_t size)
{
	uint32_t id = (uint32_t)stream_id;
	const uint8_t head[9] = {
		(uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size,      type,       flags,
		(uint8_t)(id >> 24),   (uint8_t)(id >> 16),  (uint8_t)(id >> 8), (uint8_t)id};
	ctr_buf_append(&raw->in, head, sizeof(head));
	ctr_buf_append(&raw->in, payload, size);
	ck_assert_int_eq(raw->in.error, CENTRO_OK);
}

void raw_add_u32_frame(struct raw *raw, uint8_t type, int32_t stream_id, uint32_t value)
{
	const uint8_t payload[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
				    (uint8_t)(value >> 8), (uint8_t)value};
	raw_add_frame(raw, type, 0, stream_id, payload, sizeof(payload));
}

void raw_add_preface(struct raw *raw)
{
	if (raw->is_server)
		ctr_buf_append(&raw->in, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
	raw_add_frame(raw, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

void raw_add_headers(struct raw *raw, int32_t stream_id, uint8_t flags, const nghttp2_nv *headers,
		     size_t count)
{
	static uint8_t block[256 * 1024];
	ssize_t size = nghttp2_hd_deflate_hd(raw->deflater, block, sizeof(block), headers, count);
	ck_assert_int_gt(size, 0);
	size_t first = (size_t)size < 16384 ? (size_t)size : 16384;
	size_t at = first;
	uint8_t end = at == (size_t)size ? RAW_END_HEADERS : 0;
	raw_add_frame(raw, NGHTTP2_HEADERS, flags | end, stream_id, block, first);
	while (at < (size_t)size) {
		size_t left = (size_t)size - at;
		size_t part = left < 16384 ? left : 16384;
		raw_add_frame(raw, NGHTTP2_CONTINUATION, part == left ? RAW_END_HEADERS : 0,
			      stream_id, block + at, part);
		at += part;
	}
}

void raw_add_request(struct raw *raw, int32_t stream_id, const char *path, uint8_t flags)
{
	const nghttp2_nv headers[] = {
		raw_header(":method", "POST"), raw_header(":scheme", "http"),
		raw_header(":path", path),     raw_header(":authority", "raw.example"),
		raw_header("te", "trailers"),  raw_header("content-type", "application/grpc"),
	};
	raw_add_headers(raw, stream_id, flags, headers, CTR_ARRAY_SIZE(headers));
}

void raw_add_response(struct raw *raw, int32_t stream_id)
{
	const nghttp2_nv headers[] = {
		raw_header(":status", "200"),
		raw_header("content-type", "application/grpc"),
	};
	raw_add_headers(raw, stream_id, 0, headers, CTR_ARRAY_SIZE(headers));
}

void raw_add_message(struct raw *raw, int32_t stream_id, const char *text, uint8_t flags)
{
	uint8_t payload[1024] = {0};
	size_t size = strlen(text);
	ck_assert_uint_lt(size, sizeof(payload) - 5);
	payload[3] = (uint8_t)(size >> 8);
	payload[4] = (uint8_t)size;
	memcpy(payload + 5, text, size);
	raw_add_frame(raw, NGHTTP2_DATA, flags, stream_id, payload, size + 5);
}

void raw_take(struct raw *raw)
{
	while (ctr_grpc_conn_wants_send(raw->conn)) {
		size_t before = raw->out.size;
		ctr_grpc_conn_send(raw->conn, raw->now, &raw->out, 65536);
		if (raw->out.size == before && !ctr_grpc_conn_wants_send(raw->conn))
			break;
	}
}

int raw_give_only(struct raw *raw)
{
	int status = ctr_grpc_conn_recv(raw->conn, raw->now, ctr_buf_bytes(&raw->in));
	ctr_buf_clear(&raw->in);
	return status;
}

int raw_give(struct raw *raw)
{
	int status = raw_give_only(raw);
	raw_take(raw);
	return status;
}

/* Step over one frame; false: there is no whole one. */
static bool next_frame(struct centro_bytes *bytes, struct raw_frame *ret_frame)
{
	const uint8_t *at = bytes->data;
	if (bytes->size >= NGHTTP2_CLIENT_MAGIC_LEN &&
	    memcmp(at, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN) == 0) {
		*bytes = ctr_bytes(at + NGHTTP2_CLIENT_MAGIC_LEN,
				   bytes->size - NGHTTP2_CLIENT_MAGIC_LEN);
		at = bytes->data;
	}
	if (bytes->size < 9)
		return false;
	size_t size = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
	if (bytes->size < 9 + size)
		return false;
	ret_frame->type = at[3];
	ret_frame->flags = at[4];
	ret_frame->stream_id = (int32_t)((uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 |
					 (uint32_t)at[7] << 8 | at[8]);
	ret_frame->payload = ctr_bytes(at + 9, size);
	*bytes = ctr_bytes(at + 9 + size, bytes->size - 9 - size);
	return true;
}

bool raw_find(struct raw *raw, uint8_t type, int32_t stream_id, size_t n,
	      struct raw_frame *ret_frame)
{
	struct centro_bytes bytes = ctr_buf_bytes(&raw->out);
	struct raw_frame frame;
	while (next_frame(&bytes, &frame)) {
		if (frame.type != type || (stream_id >= 0 && frame.stream_id != stream_id))
			continue;
		if (n-- == 0) {
			*ret_frame = frame;
			return true;
		}
	}
	return false;
}

size_t raw_count(struct raw *raw, uint8_t type, int32_t stream_id)
{
	size_t count = 0;
	struct raw_frame frame;
	while (raw_find(raw, type, stream_id, count, &frame))
		count++;
	return count;
}

static int64_t code_at(struct centro_bytes payload, size_t at)
{
	ck_assert_uint_ge(payload.size, at + 4);
	const uint8_t *p = payload.data + at;
	return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
}

int64_t raw_reset_code(struct raw *raw, int32_t stream_id)
{
	struct raw_frame frame;
	if (!raw_find(raw, NGHTTP2_RST_STREAM, stream_id, 0, &frame))
		return -1;
	return code_at(frame.payload, 0);
}

int64_t raw_goaway_code(struct raw *raw)
{
	struct raw_frame frame;
	if (!raw_find(raw, NGHTTP2_GOAWAY, 0, 0, &frame))
		return -1;
	return code_at(frame.payload, 4);
}

const char *raw_headers(struct raw *raw, int32_t stream_id, struct ctr_buf *text)
{
	ctr_buf_init(text, NULL, 0);
	struct raw_frame frame;
	for (size_t n = 0; raw_find(raw, NGHTTP2_HEADERS, -1, n, &frame); n++) {
		struct centro_bytes block = frame.payload;
		for (;;) {
			nghttp2_nv nv;
			int flags = 0;
			ssize_t used = nghttp2_hd_inflate_hd2(raw->inflater, &nv, &flags,
							      block.data, block.size, 1);
			ck_assert_int_ge(used, 0);
			block = ctr_bytes(block.data + used, block.size - (size_t)used);
			if ((flags & NGHTTP2_HD_INFLATE_EMIT) && frame.stream_id == stream_id)
				ctr_buf_appendf(text, "%.*s: %.*s\n", (int)nv.namelen,
						(const char *)nv.name, (int)nv.valuelen,
						(const char *)nv.value);
			if (flags & NGHTTP2_HD_INFLATE_FINAL)
				break;
		}
		nghttp2_hd_inflate_end_headers(raw->inflater);
		if (frame.stream_id == stream_id)
			ctr_buf_append_char(text, '\n');
	}
	ctr_buf_append_char(text, '\0');
	return (const char *)text->data;
}

struct ctr_grpc_call *raw_start(struct raw *raw, const char *path)
{
	struct ctr_grpc_call *call;
	ck_assert_int_eq(ctr_grpc_call_start(raw->conn, path, NULL, 0, raw->now, CTR_NEVER,
					     &call_impl, raw, &call),
			 CENTRO_OK);
	raw->call = call;
	return call;
}

const char *raw_log(struct raw *raw)
{
	ck_assert_int_eq(ctr_buf_reserve(&raw->log, 1), CENTRO_OK);
	raw->log.data[raw->log.size] = '\0';
	return (const char *)raw->log.data;
}
