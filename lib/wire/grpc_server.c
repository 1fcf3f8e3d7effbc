/* SPDX-License-Identifier: MIT */
/*
 * grpc_server.c - the server's side of a call: what its request must look like,
 * and how it is answered.
 *
 * An answer without a message is Trailers-Only: one HEADERS frame that ends the
 * stream. RST_STREAM(NO_ERROR) to a client that is still sending follows only
 * when the end has gone out: before, it would take the answer with it.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/grpc_meta.h"

/* Of a status message as it is encoded. gRPC's clients stop at 8 KiB of headers. */
#define MESSAGE_BYTES_MAX ((size_t)6144)
/* Of a path that an answer repeats. */
#define PATH_SHOWN_MAX ((size_t)128)

struct ctr_grpc_call *ctr_server_begin(struct ctr_grpc_conn *conn, int32_t stream_id)
{
	/* "Incremental": responses take turns. Else the first would go out whole. */
	static const nghttp2_extpri in_turns = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY,
						.inc = 1};
	struct ctr_grpc_call *call = ctr_grpc_call_new(conn, stream_id);
	if (!call)
		return NULL;
	int result = nghttp2_session_set_stream_user_data(conn->session, stream_id, call);
	CTR_ASSERT(result == 0);
	result = nghttp2_session_change_extpri_stream_priority(conn->session, stream_id, &in_turns,
							       /* ignore_client_signal= */ 1);
	CTR_ASSERT(result == 0);
	return call;
}

static void add_custom(struct ctr_grpc_call *call, struct centro_bytes name,
		       struct centro_bytes value)
{
	int status = ctr_grpc_metadata_add(&call->head, name, value);
	if (status == CENTRO_ERR_INVALID)
		call->has_bad_metadata = true;
	/* Want of memory stays in head.error. */
}

void ctr_server_header(struct ctr_grpc_call *call, struct centro_bytes name,
		       struct centro_bytes value)
{
	/* Trailers of a request mean nothing in gRPC. */
	if (call->recv != CTR_CALL_RECV_HEADERS)
		return;

	switch (ctr_grpc_header_find(name)) {
	case CTR_GRPC_HEADER_METHOD:
		call->has_bad_method = !ctr_bytes_equal(value, ctr_bytes_str("POST"));
		return;
	case CTR_GRPC_HEADER_PATH:
		/* nghttp2 lets pseudo-headers come once, and first. */
		CTR_ASSERT(call->head.size == 0);
		if (ctr_buf_append_bytes(&call->head, value) == CENTRO_OK)
			call->path_bytes = value.size;
		return;
	case CTR_GRPC_HEADER_CONTENT_TYPE:
		call->has_content_type = ctr_grpc_content_type_is_grpc(value);
		return;
	case CTR_GRPC_HEADER_TIMEOUT: {
		struct centro_span timeout;
		if (ctr_grpc_timeout_parse(value, &timeout))
			call->deadline = ctr_after(call->conn->now, timeout);
		else
			call->has_bad_timeout = true;
		return;
	}
	case CTR_GRPC_HEADER_ENCODING:
		call->has_encoding = !ctr_bytes_equal(value, ctr_bytes_str("identity"));
		return;
	case CTR_GRPC_HEADER_CUSTOM:
		add_custom(call, name, value);
		return;
	default:
		return;
	}
}

/* Not gRPC: an answer that any HTTP client understands. */
static void answer_http(struct ctr_grpc_call *call, const nghttp2_nv *headers, size_t count)
{
	ctr_call_discard(call);
	call->send = CTR_CALL_SEND_ENDED;
	ctr_h2_check(call->conn, nghttp2_submit_response(call->conn->session, call->stream_id,
							 headers, count, NULL));
}

static bool refuse_http(struct ctr_grpc_call *call)
{
	const nghttp2_nv not_post[] = {CTR_H2_STATIC(":status", "405"),
				       CTR_H2_STATIC("allow", "POST")};
	const nghttp2_nv not_grpc[] = {CTR_H2_STATIC(":status", "415"),
				       CTR_H2_STATIC("accept-post", "application/grpc")};

	if (call->has_bad_method)
		answer_http(call, not_post, CTR_ARRAY_SIZE(not_post));
	else if (!call->has_content_type)
		answer_http(call, not_grpc, CTR_ARRAY_SIZE(not_grpc));
	else
		return false;
	return true;
}

static bool refuse_limits(struct ctr_grpc_call *call)
{
	struct ctr_grpc_conn *conn = call->conn;

	if (call->header_bytes > conn->limits.header_bytes_soft)
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED,
			      "request headers of %zu bytes are over the limit of %zu",
			      call->header_bytes, conn->limits.header_bytes_soft);
	else if (conn->held_bytes > conn->limits.conn_queue_bytes_max)
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED,
			      "this connection has %zu bytes unsent or unread; the limit is %zu",
			      conn->held_bytes, conn->limits.conn_queue_bytes_max);
	else if (call->head.error != CENTRO_OK)
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED, "out of memory");
	else
		return false;
	return true;
}

static bool refuse_grpc(struct ctr_grpc_call *call)
{
	if (call->has_bad_timeout)
		ctr_call_fail(call, CTR_GRPC_INVALID_ARGUMENT,
			      "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n");
	else if (call->has_bad_metadata)
		ctr_call_fail(call, CTR_GRPC_INVALID_ARGUMENT,
			      "the value of a header whose name ends in -bin is not base64");
	else
		return false;
	return true;
}

void ctr_server_headers_end(struct ctr_grpc_call *call)
{
	struct ctr_grpc_conn *conn = call->conn;
	CTR_ASSERT(call->recv == CTR_CALL_RECV_HEADERS);
	CTR_ASSERT(!call->is_open);

	call->recv = CTR_CALL_RECV_OPEN;
	if (ctr_conn_is_leaving(conn)) {
		ctr_call_reset(call, NGHTTP2_REFUSED_STREAM);
		return;
	}
	if (refuse_limits(call) || refuse_http(call) || refuse_grpc(call))
		return;

	call->is_open = true;
	conn->open_count++;
	if (ctr_call_set_deadline(call, call->deadline) != CENTRO_OK) {
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	conn->server_impl->call(conn->server_arg, conn, call);
	if (call->impl || call->send != CTR_CALL_SEND_IDLE)
		return;
	struct centro_bytes path = ctr_grpc_call_get_path(call);
	ctr_call_fail(call, CTR_GRPC_UNIMPLEMENTED, "unknown method %.*s",
		      (int)(path.size < PATH_SHOWN_MAX ? path.size : PATH_SHOWN_MAX),
		      (const char *)path.data);
}

void ctr_server_begin_response(struct ctr_grpc_call *call)
{
	static const char content_type[] = "application/grpc";
	const nghttp2_nv headers[] = {CTR_H2_STATIC(":status", "200"),
				      CTR_H2_STATIC("content-type", content_type)};
	nghttp2_data_provider provider = ctr_h2_data_provider(call);
	CTR_ASSERT(call->send == CTR_CALL_SEND_IDLE);

	call->send = CTR_CALL_SEND_OPEN;
	ctr_h2_check(call->conn,
		     nghttp2_submit_response(call->conn->session, call->stream_id, headers,
					     CTR_ARRAY_SIZE(headers), &provider));
}

/* The longest start of it that is not over the limit and cuts no character. */
static struct centro_bytes shorten(struct centro_bytes text)
{
	size_t size = 0;
	for (size_t bytes = 0; size < text.size; size++) {
		bytes += ctr_grpc_percent_size(text.data[size]);
		if (bytes > MESSAGE_BYTES_MAX)
			break;
	}
	while (size > 0 && size < text.size && (text.data[size] & 0xc0) == 0x80)
		size--;
	return ctr_bytes(text.data, size);
}

/* grpc-status and, if there is one, grpc-message. Returns how many. */
static size_t status_headers(const struct ctr_grpc_call *call, nghttp2_nv ret_headers[2])
{
	static const char digits[CTR_GRPC_STATUS_COUNT][3] = {"0",  "1",  "2",  "3",  "4",  "5",
							      "6",  "7",  "8",  "9",  "10", "11",
							      "12", "13", "14", "15", "16"};
	CTR_ASSERT(call->has_status);
	CTR_ASSERT(call->status < CTR_GRPC_STATUS_COUNT);

	ret_headers[0] =
		ctr_h2_header(ctr_bytes_str("grpc-status"), ctr_bytes_str(digits[call->status]));
	ret_headers[0].flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
	if (call->message.size == 0)
		return 1;
	/* The text is of one call: it must not push others out of the peer's table. */
	ret_headers[1] =
		ctr_h2_header(ctr_bytes_str("grpc-message"), ctr_buf_bytes(&call->message));
	ret_headers[1].flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX;
	return 2;
}

int ctr_server_submit_trailers(struct ctr_grpc_call *call)
{
	nghttp2_nv headers[2];
	size_t count = status_headers(call, headers);
	return nghttp2_submit_trailer(call->conn->session, call->stream_id, headers, count);
}

static int submit_trailers_only(struct ctr_grpc_call *call)
{
	nghttp2_nv headers[5] = {CTR_H2_STATIC(":status", "200"),
				 CTR_H2_STATIC("content-type", "application/grpc")};
	size_t count = 2 + status_headers(call, headers + 2);
	if (call->has_encoding)
		headers[count++] = (nghttp2_nv)CTR_H2_STATIC("grpc-accept-encoding", "identity");
	CTR_ASSERT(count <= CTR_ARRAY_SIZE(headers));
	return nghttp2_submit_response(call->conn->session, call->stream_id, headers, count, NULL);
}

void ctr_server_finish(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		       struct centro_bytes text)
{
	struct ctr_grpc_conn *conn = call->conn;
	if (call->send == CTR_CALL_SEND_ENDED || conn->error != CENTRO_OK)
		return;

	ctr_call_discard(call);
	call->has_status = true;
	call->status = status;
	ctr_buf_clear(&call->message);
	if (ctr_grpc_percent_encode(&call->message, shorten(text)) != CENTRO_OK) {
		/* The status matters more than its text. */
		ctr_buf_clear(&call->message);
	}
	if (call->send == CTR_CALL_SEND_IDLE) {
		call->send = CTR_CALL_SEND_ENDED;
		ctr_h2_check(conn, submit_trailers_only(call));
		return;
	}
	call->send = CTR_CALL_SEND_ENDING;
	ctr_call_resume_send(call);
}

void ctr_grpc_call_finish(struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  const char *message)
{
	CTR_ASSERT(call->conn->server_impl);
	CTR_ASSERT(status < CTR_GRPC_STATUS_COUNT);

	if (call->is_open && call->send < CTR_CALL_SEND_ENDING)
		ctr_server_finish(call, status, ctr_bytes_str(message));
}

void ctr_server_sent_end(struct ctr_grpc_call *call)
{
	CTR_ASSERT(call->send == CTR_CALL_SEND_ENDED);

	ctr_call_close(call, CTR_GRPC_OK, ctr_bytes(NULL, 0), /* never_sent= */ false);
	if (!call->peer_ended)
		ctr_call_reset(call, NGHTTP2_NO_ERROR);
}

void ctr_server_stream_closed(struct ctr_grpc_call *call)
{
	/* Cancelled on this side: that is told from the list of what is noted. */
	if (call->todo & CTR_CALL_TODO_CLOSE)
		return;
	ctr_call_close(call, CTR_GRPC_CANCELLED, ctr_bytes_str("cancelled by the client"),
		       /* never_sent= */ false);
}
