/* SPDX-License-Identifier: MIT */
/*
 * grpc_client.c - the client's side of a call: its request, and what to make of
 * a response, down to those that are not gRPC at all.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/str.h"
#include "wire/grpc_meta.h"

#define METADATA_MAX        ((size_t)32)
#define REQUEST_HEADERS_MAX (METADATA_MAX + 9)

static bool is_allowed(const struct ctr_grpc_metadata *metadata)
{
	if (!nghttp2_check_header_name(metadata->name.data, metadata->name.size) ||
	    metadata->name.data[0] == ':' ||
	    ctr_grpc_header_find(metadata->name) != CTR_GRPC_HEADER_CUSTOM ||
	    ctr_bytes_starts_with(metadata->name, ctr_bytes_str("grpc-")))
		return false;
	return ctr_grpc_name_is_binary(metadata->name) ||
	       nghttp2_check_header_value_rfc9113(metadata->value.data, metadata->value.size);
}

static int check_arguments(const struct ctr_grpc_conn *conn, const char *path,
			   const struct ctr_grpc_metadata *metadata, size_t metadata_count)
{
	if (path[0] != '/' || !nghttp2_check_path((const uint8_t *)path, strlen(path)))
		return CENTRO_ERR_INVALID;
	if (metadata_count > METADATA_MAX)
		return CENTRO_ERR_INVALID;
	for (size_t i = 0; i < metadata_count; i++) {
		if (!is_allowed(&metadata[i]))
			return CENTRO_ERR_INVALID;
	}
	if (ctr_conn_is_leaving(conn))
		return CENTRO_ERR_UNAVAILABLE;
	uint32_t streams_max = nghttp2_session_get_remote_settings(
		conn->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	if (streams_max > conn->limits.streams_max)
		streams_max = conn->limits.streams_max;
	return conn->calls_count < streams_max ? CENTRO_OK : CENTRO_ERR_LIMIT;
}

/* Binary values as base64, one behind the other. */
static int encode_binary(struct ctr_buf *buf, const struct ctr_grpc_metadata *metadata,
			 size_t metadata_count)
{
	for (size_t i = 0; i < metadata_count; i++) {
		if (ctr_grpc_name_is_binary(metadata[i].name))
			ctr_base64_append(buf, metadata[i].value, /* padded= */ false);
	}
	return buf->error;
}

static size_t base64_size(size_t bytes)
{
	return bytes / 3 * 4 + (bytes % 3 > 0 ? bytes % 3 + 1 : 0);
}

static size_t add_metadata(nghttp2_nv *headers, const struct ctr_grpc_metadata *metadata,
			   size_t metadata_count, const struct ctr_buf *encoded)
{
	size_t at = 0;
	for (size_t i = 0; i < metadata_count; i++) {
		struct centro_bytes value = metadata[i].value;
		if (ctr_grpc_name_is_binary(metadata[i].name)) {
			value = ctr_bytes(encoded->data ? encoded->data + at : NULL,
					  base64_size(value.size));
			at += value.size;
		}
		headers[i] = ctr_h2_header(metadata[i].name, value);
	}
	CTR_ASSERT(at == encoded->size);
	return metadata_count;
}

/* The stream's id, or what went wrong in nghttp2. */
static int32_t submit(struct ctr_grpc_call *call, const struct ctr_grpc_metadata *metadata,
		      size_t metadata_count, const struct ctr_buf *encoded)
{
	struct ctr_grpc_conn *conn = call->conn;
	nghttp2_nv headers[REQUEST_HEADERS_MAX] = {
		CTR_H2_STATIC(":method", "POST"),
		ctr_h2_header(ctr_bytes_str(":scheme"), ctr_bytes_str(conn->scheme)),
		ctr_h2_header(ctr_bytes_str(":path"), ctr_grpc_call_get_path(call)),
		ctr_h2_header(ctr_bytes_str(":authority"), ctr_bytes_str(conn->authority)),
		CTR_H2_STATIC("te", "trailers"),
		CTR_H2_STATIC("content-type", "application/grpc"),
		CTR_H2_STATIC("user-agent", "grpc-c-centro"),
	};
	size_t count = 7;

	char timeout[CTR_GRPC_TIMEOUT_CHARS];
	if (call->deadline.ns != CTR_NEVER.ns) {
		ctr_grpc_timeout_format(ctr_between(conn->now, call->deadline), timeout);
		headers[count] =
			ctr_h2_header(ctr_bytes_str("grpc-timeout"), ctr_bytes_str(timeout));
		/* No two are the same: not worth a place in the peer's table. */
		headers[count++].flags = NGHTTP2_NV_FLAG_NO_INDEX;
	}
	count += add_metadata(headers + count, metadata, metadata_count, encoded);
	CTR_ASSERT(count <= REQUEST_HEADERS_MAX);

	nghttp2_data_provider provider = ctr_h2_data_provider(call);
	return nghttp2_submit_request(conn->session, NULL, headers, count, &provider, call);
}

/* A call that never was. */
static void abandon(struct ctr_grpc_call *call)
{
	ctr_heap_remove(&call->conn->deadlines, &call->timer);
	call->stream_is_open = false;
	ctr_call_put(call);
}

static int start(struct ctr_grpc_call *call, const char *path,
		 const struct ctr_grpc_metadata *metadata, size_t metadata_count,
		 struct centro_instant deadline)
{
	struct ctr_grpc_conn *conn = call->conn;
	if (ctr_buf_append_str(&call->head, path) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	call->path_bytes = call->head.size;
	if (ctr_call_set_deadline(call, deadline) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;

	struct ctr_buf encoded;
	ctr_buf_init(&encoded, conn->allocator, /* size_max= */ 0);
	int status = encode_binary(&encoded, metadata, metadata_count);
	int32_t stream_id = NGHTTP2_ERR_NOMEM;
	if (status == CENTRO_OK)
		stream_id = submit(call, metadata, metadata_count, &encoded);
	ctr_buf_fini(&encoded);

	if (stream_id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE) {
		/* 2^30 calls were made here: it takes a new connection. */
		ctr_grpc_conn_drain(conn, conn->now);
		return CENTRO_ERR_UNAVAILABLE;
	}
	if (stream_id < 0)
		return CENTRO_ERR_NOMEM;
	call->stream_id = stream_id;
	call->send = CTR_CALL_SEND_OPEN;
	return CENTRO_OK;
}

int ctr_grpc_call_start(struct ctr_grpc_conn *conn, const char *path,
			const struct ctr_grpc_metadata *metadata, size_t metadata_count,
			struct centro_instant now, struct centro_instant deadline,
			const struct ctr_grpc_call_impl *impl, void *arg,
			struct ctr_grpc_call **ret_call)
{
	CTR_ASSERT(!conn->server_impl);
	CTR_ASSERT(impl);

	conn->now = now;
	int status = check_arguments(conn, path, metadata, metadata_count);
	if (status != CENTRO_OK)
		return status;
	struct ctr_grpc_call *call = ctr_grpc_call_new(conn, /* stream_id= */ 0);
	if (!call)
		return CENTRO_ERR_NOMEM;
	status = start(call, path, metadata, metadata_count, deadline);
	if (status != CENTRO_OK) {
		abandon(call);
		return status;
	}
	call->is_open = true;
	conn->open_count++;
	ctr_grpc_call_set_impl(call, impl, arg);
	*ret_call = call;
	return CENTRO_OK;
}

static void read_http_status(struct ctr_grpc_call *call, struct centro_bytes value)
{
	uint64_t status;
	call->http_status = ctr_parse_u64(value, &status) && status < 1000 ? (uint16_t)status : 0;
}

static void read_grpc_status(struct ctr_grpc_call *call, struct centro_bytes value)
{
	uint64_t status;
	bool is_known = ctr_parse_u64(value, &status) && status < CTR_GRPC_STATUS_COUNT;

	call->has_status = true;
	call->status = is_known ? (uint32_t)status : CTR_GRPC_UNKNOWN;
}

void ctr_client_header(struct ctr_grpc_call *call, struct centro_bytes name,
		       struct centro_bytes value)
{
	switch (ctr_grpc_header_find(name)) {
	case CTR_GRPC_HEADER_STATUS:
		read_http_status(call, value);
		return;
	case CTR_GRPC_HEADER_CONTENT_TYPE:
		call->has_content_type = ctr_grpc_content_type_is_grpc(value);
		return;
	case CTR_GRPC_HEADER_ENCODING:
		call->has_encoding = !ctr_bytes_equal(value, ctr_bytes_str("identity"));
		return;
	case CTR_GRPC_HEADER_GRPC_STATUS:
		read_grpc_status(call, value);
		return;
	case CTR_GRPC_HEADER_GRPC_MESSAGE:
		/* A message that there is no memory for is left out. */
		ctr_buf_clear(&call->message);
		if (ctr_grpc_percent_decode(&call->message, value) != CENTRO_OK)
			ctr_buf_clear(&call->message);
		return;
	case CTR_GRPC_HEADER_CUSTOM:
		/* Of the response, not of its trailers; what cannot be kept is as if not sent. */
		if (call->recv == CTR_CALL_RECV_HEADERS)
			ctr_grpc_metadata_add(&call->head, name, value);
		return;
	default:
		return;
	}
}

/* As gRPC's http-grpc-status-mapping.md says. */
static enum ctr_grpc_status status_from_http(uint16_t http_status)
{
	switch (http_status) {
	case 400:
		return CTR_GRPC_INTERNAL;
	case 401:
		return CTR_GRPC_UNAUTHENTICATED;
	case 403:
		return CTR_GRPC_PERMISSION_DENIED;
	case 404:
		return CTR_GRPC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return CTR_GRPC_UNAVAILABLE;
	default:
		return CTR_GRPC_UNKNOWN;
	}
}

/* 1xx: the response proper is still to come. */
static void begin_again(struct ctr_grpc_call *call)
{
	ctr_buf_truncate(&call->head, call->path_bytes);
	call->http_status = 0;
	call->has_content_type = false;
}

void ctr_client_headers_end(struct ctr_grpc_call *call, bool is_end)
{
	if (call->header_bytes > call->conn->limits.header_bytes_soft) {
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED,
			      "response headers of %zu bytes are over the limit of %zu",
			      call->header_bytes, call->conn->limits.header_bytes_soft);
		return;
	}
	if (call->recv != CTR_CALL_RECV_HEADERS)
		return;
	if (call->http_status >= 100 && call->http_status < 200) {
		begin_again(call);
		return;
	}
	/* Whoever says grpc-status speaks gRPC, whatever else it says. */
	if (call->http_status != 200 && !call->has_status) {
		ctr_call_fail(call, status_from_http(call->http_status),
			      "the server answered with HTTP status %u", call->http_status);
		return;
	}
	if (!call->has_content_type && !call->has_status) {
		ctr_call_fail(call, CTR_GRPC_UNKNOWN,
			      "the server's content-type is not application/grpc");
		return;
	}
	call->recv = CTR_CALL_RECV_OPEN;
	if (!is_end && call->impl && call->impl->headers)
		call->impl->headers(call->arg, call);
}

void ctr_client_ended(struct ctr_grpc_call *call)
{
	CTR_ASSERT(call->recv == CTR_CALL_RECV_ENDED);

	/* The server has said its last word: what we would still send is in vain. */
	if (call->stream_is_open && call->send != CTR_CALL_SEND_ENDED)
		ctr_call_reset(call, NGHTTP2_NO_ERROR);
	if (call->has_status)
		ctr_call_close(call, call->status, ctr_buf_bytes(&call->message),
			       /* never_sent= */ false);
	else
		ctr_call_close(call, CTR_GRPC_INTERNAL,
			       ctr_bytes_str("the response ended without grpc-status"),
			       /* never_sent= */ false);
}

static enum ctr_grpc_status status_from_h2(uint32_t h2_error)
{
	switch (h2_error) {
	case NGHTTP2_REFUSED_STREAM:
		return CTR_GRPC_UNAVAILABLE;
	case NGHTTP2_CANCEL:
		return CTR_GRPC_CANCELLED;
	case NGHTTP2_ENHANCE_YOUR_CALM:
		return CTR_GRPC_RESOURCE_EXHAUSTED;
	case NGHTTP2_INADEQUATE_SECURITY:
		return CTR_GRPC_PERMISSION_DENIED;
	default:
		return CTR_GRPC_INTERNAL;
	}
}

void ctr_client_stream_closed(struct ctr_grpc_call *call, uint32_t h2_error)
{
	/* Cancelled here: told from the list of what is noted. */
	if (!call->is_open || (call->todo & CTR_CALL_TODO_CLOSE))
		return;
	/* It ended well, and the owner has paused it: told when all is delivered. */
	if (call->peer_ended && call->recv == CTR_CALL_RECV_OPEN)
		return;
	if (call->header_bytes > call->conn->limits.header_bytes_hard) {
		ctr_call_close(call, CTR_GRPC_RESOURCE_EXHAUSTED,
			       ctr_bytes_str("the response's headers are over the limit"), false);
		return;
	}
	/* Whoever has begun an answer has seen the call: it must not be repeated. */
	bool is_refused = h2_error == NGHTTP2_REFUSED_STREAM && call->header_bytes == 0;
	bool never_sent = is_refused || !call->headers_sent;
	enum ctr_grpc_status status = never_sent ? CTR_GRPC_UNAVAILABLE : status_from_h2(h2_error);
	ctr_call_close(call, status, ctr_bytes_str(nghttp2_http2_strerror(h2_error)), never_sent);
}
