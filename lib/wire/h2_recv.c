/* SPDX-License-Identifier: MIT */
/*
 * h2_recv.c - bytes in: nghttp2's callbacks for what arrives, and the counting
 * of what a peer may not send too much of.
 *
 * A flood ends mem_recv at the very frame that is one too many: what follows
 * it in the input is not looked at.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Between two looks at what piled up for the peer. */
#define SLICE_BYTES ((size_t)64 * 1024)
/* Frames queued for a peer that does not read: a few for every stream, and a burst. */
#define FRAMES_UNREAD_MAX(limits) ((size_t)(limits)->streams_max * 4 + 10000)

static struct ctr_grpc_call *find_call(struct ctr_grpc_conn *conn, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(conn->session, stream_id);
}

/* What a callback of nghttp2 returns. */
static int count(struct ctr_grpc_conn *conn, enum ctr_flood_kind kind)
{
	if (ctr_flood_take(&conn->flood, kind, conn->now))
		return 0;
	ctr_conn_fail_goaway(conn, CENTRO_ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM,
			     ctr_flood_name(kind));
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	bool is_ack = hd->flags & NGHTTP2_FLAG_ACK;

	switch (hd->type) {
	case NGHTTP2_HEADERS:
		return 0; /* an empty one is an error already */
	case NGHTTP2_DATA:
		if (hd->length > 0 || (hd->flags & NGHTTP2_FLAG_END_STREAM))
			return 0;
		return count(conn, CTR_FLOOD_EMPTY_FRAME);
	case NGHTTP2_CONTINUATION:
		return hd->length > 0 ? 0 : count(conn, CTR_FLOOD_EMPTY_FRAME);
	case NGHTTP2_PING:
		return count(conn, is_ack ? CTR_FLOOD_WINDOW_UPDATE : CTR_FLOOD_PING);
	case NGHTTP2_SETTINGS:
		return count(conn, is_ack ? CTR_FLOOD_WINDOW_UPDATE : CTR_FLOOD_SETTINGS);
	case NGHTTP2_RST_STREAM:
		return count(conn, CTR_FLOOD_RESET);
	default:
		/* WINDOW_UPDATE, PRIORITY, GOAWAY. What nghttp2 ignores does not come here. */
		return count(conn, CTR_FLOOD_WINDOW_UPDATE);
	}
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct ctr_grpc_conn *conn = arg;

	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	CTR_ASSERT(conn->server_impl);
	/* Without memory it is this one stream that is refused. */
	return ctr_server_begin(conn, frame->hd.stream_id) ? 0
							   : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
		     void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	struct ctr_grpc_call *call = find_call(conn, frame->hd.stream_id);
	if (!call)
		return 0;

	/* RFC 9113, section 6.5.2. nghttp2 does not hold anybody to it. */
	call->header_bytes += name_bytes + value_bytes + 32;
	if (call->header_bytes > conn->limits.header_bytes_hard)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (call->header_bytes > conn->limits.header_bytes_soft)
		return 0;
	if (conn->server_impl)
		ctr_server_header(call, ctr_bytes(name, name_bytes), ctr_bytes(value, value_bytes));
	else
		ctr_client_header(call, ctr_bytes(name, name_bytes), ctr_bytes(value, value_bytes));
	return 0;
}

static int on_headers_complete(struct ctr_grpc_conn *conn, const nghttp2_frame *frame)
{
	struct ctr_grpc_call *call = find_call(conn, frame->hd.stream_id);
	if (!call)
		return 0;
	bool is_end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	if (!conn->server_impl)
		ctr_client_headers_end(call, is_end);
	else if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		ctr_server_headers_end(call);
	if (is_end)
		ctr_call_receive_end(call);
	return 0;
}

static int on_data_complete(struct ctr_grpc_conn *conn, const nghttp2_frame *frame)
{
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		struct ctr_grpc_call *call = find_call(conn, frame->hd.stream_id);
		if (call)
			ctr_call_receive_end(call);
		return 0;
	}
	bool is_padding = frame->hd.length > 0 && frame->hd.length == frame->data.padlen;
	return is_padding ? count(conn, CTR_FLOOD_EMPTY_FRAME) : 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct ctr_grpc_conn *conn = arg;

	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return on_headers_complete(conn, frame);
	case NGHTTP2_DATA:
		return on_data_complete(conn, frame);
	case NGHTTP2_SETTINGS:
		conn->has_settings = true;
		return 0;
	case NGHTTP2_GOAWAY:
		conn->goaway_received = true;
		return 0;
	default:
		return 0;
	}
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t stream_id,
			 const uint8_t *data, size_t size, void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	struct ctr_grpc_call *call = find_call(conn, stream_id);

	if (call)
		ctr_call_receive(call, ctr_bytes(data, size));
	else
		ctr_h2_check(conn, nghttp2_session_consume(session, stream_id, size));
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t h2_error,
			   void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	struct ctr_grpc_call *call = find_call(conn, stream_id);
	if (!call)
		return 0;

	CTR_ASSERT(call->stream_is_open);
	call->stream_is_open = false;
	if (conn->server_impl)
		ctr_server_stream_closed(call);
	else
		ctr_client_stream_closed(call, h2_error);
	ctr_call_put(call);
	return 0;
}

void ctr_h2_set_recv_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}

/* What mem_recv could not go on after. Our own callbacks have said why already. */
static void recv_failed(struct ctr_grpc_conn *conn, ssize_t result)
{
	switch (result) {
	case NGHTTP2_ERR_NOMEM:
		ctr_conn_fail(conn, CENTRO_ERR_NOMEM, "out of memory");
		return;
	case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
		ctr_conn_fail(conn, CENTRO_ERR_PROTOCOL, "the peer does not speak HTTP/2");
		return;
	case NGHTTP2_ERR_FLOODED:
		ctr_conn_fail_goaway(conn, CENTRO_ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM,
				     "too_many_unread_acknowledgements");
		return;
	case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
		ctr_conn_fail_goaway(conn, CENTRO_ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM,
				     "too_many_continuations");
		return;
	default:
		ctr_conn_fail_goaway(conn, CENTRO_ERR_PROTOCOL, NGHTTP2_PROTOCOL_ERROR,
				     "the peer broke HTTP/2");
		return;
	}
}

static void recv_slice(struct ctr_grpc_conn *conn, struct centro_bytes slice)
{
	ssize_t result = nghttp2_session_mem_recv(conn->session, slice.data, slice.size);
	if (result < 0) {
		recv_failed(conn, result);
		return;
	}
	/* No callback of ours pauses it. */
	CTR_ASSERT((size_t)result == slice.size);

	ctr_h2_make_control(conn);
	if (conn->error == CENTRO_OK && nghttp2_session_get_outbound_queue_size(conn->session) >
						FRAMES_UNREAD_MAX(&conn->limits))
		ctr_conn_fail_goaway(conn, CENTRO_ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM,
				     "too_many_unread_frames");
}

int ctr_grpc_conn_recv(struct ctr_grpc_conn *conn, struct centro_instant now,
		       struct centro_bytes bytes)
{
	CTR_ASSERT(!conn->is_busy);
	if (conn->error != CENTRO_OK)
		return conn->error;

	ctr_conn_enter(conn, now);
	if (bytes.size > 0) {
		conn->received_at = now;
		conn->ping_is_out = false;
	}
	while (bytes.size > 0 && conn->error == CENTRO_OK) {
		size_t size = bytes.size < SLICE_BYTES ? bytes.size : SLICE_BYTES;
		recv_slice(conn, ctr_bytes(bytes.data, size));
		bytes = ctr_bytes(bytes.data + size, bytes.size - size);
	}
	ctr_conn_leave(conn);
	return conn->error;
}
