/* SPDX-License-Identifier: MIT */
/*
 * h2_send.c - bytes out: frames from nghttp2, the messages straight from the
 * calls' queues into the caller's buffer.
 *
 * recv makes control frames at its end too (into conn->control), because that
 * is the only sign of a GOAWAY that nghttp2 itself decided on. It stops when
 * these pile up: then they wait in nghttp2, where its own limits and that on
 * concurrent streams hold.
 *
 * A DATA frame is made and written in one go. nghttp2 never holds a promise of
 * bytes whose call could lose them meanwhile.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CONTROL_BYTES_MAX ((size_t)64 * 1024)
/* A larger buffer is not kept for the next turn. */
#define CONTROL_KEEP_BYTES ((size_t)1024)

/* nghttp2 asks how much there is for the next DATA frame. */
static ssize_t read_data(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t length,
			 uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	struct ctr_grpc_call *call = source->ptr;
	CTR_ASSERT(call->stream_id == stream_id);

	if (conn->data_is_held || conn->out->size >= conn->out_bytes_max)
		return NGHTTP2_ERR_PAUSE;
	size_t size = call->queue.size < length ? call->queue.size : length;
	bool is_last = call->send == CTR_CALL_SEND_ENDING && size == call->queue.size;
	if (size == 0 && !is_last) {
		call->is_deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (size > 0)
		*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (is_last)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (is_last && conn->server_impl) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		int result = ctr_server_submit_trailers(call);
		ctr_h2_check(conn, result);
		if (result != 0)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	return (ssize_t)size;
}

/* nghttp2 lets us write the frame whose size read_data() gave. */
static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
		     size_t length, nghttp2_data_source *source, void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	struct ctr_grpc_call *call = source->ptr;
	CTR_ASSERT(conn->out);
	CTR_ASSERT(length <= call->queue.size);
	CTR_ASSERT(frame->data.padlen == 0);

	struct centro_bytes parts[2];
	ctr_ring_peek(&call->queue, length, parts);
	ctr_buf_append(conn->out, head, 9);
	ctr_buf_append_bytes(conn->out, parts[0]);
	ctr_buf_append_bytes(conn->out, parts[1]);
	if (conn->out->error != CENTRO_OK) {
		ctr_conn_fail(conn, conn->out->error, "out of memory");
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	ctr_ring_consume(&call->queue, length);
	ctr_call_queue_fell(call, length);
	return 0;
}

nghttp2_data_provider ctr_h2_data_provider(struct ctr_grpc_call *call)
{
	return (nghttp2_data_provider){.source = {.ptr = call}, .read_callback = read_data};
}

static void sent_end_stream(struct ctr_grpc_conn *conn, int32_t stream_id)
{
	struct ctr_grpc_call *call = nghttp2_session_get_stream_user_data(conn->session, stream_id);
	if (!call)
		return;
	call->send = CTR_CALL_SEND_ENDED;
	if (conn->server_impl)
		ctr_server_sent_end(call);
}

static void sent_headers(struct ctr_grpc_conn *conn, const nghttp2_frame *frame)
{
	struct ctr_grpc_call *call =
		nghttp2_session_get_stream_user_data(conn->session, frame->hd.stream_id);
	if (call)
		call->headers_sent = true;
}

/*
 * Resets that nghttp2 decided on answer something wrong that the peer did, and
 * cost us more than they cost it; ours are our own business.
 */
static void sent_reset(struct ctr_grpc_conn *conn, uint32_t h2_error)
{
	if (h2_error == NGHTTP2_NO_ERROR || h2_error == NGHTTP2_CANCEL)
		return;
	if (!ctr_flood_take(&conn->flood, CTR_FLOOD_RESET, conn->now))
		ctr_conn_fail_goaway(conn, CENTRO_ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM,
				     ctr_flood_name(CTR_FLOOD_RESET));
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct ctr_grpc_conn *conn = arg;

	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		sent_headers(conn, frame);
		if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
			sent_end_stream(conn, frame->hd.stream_id);
		return 0;
	case NGHTTP2_DATA:
		if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
			sent_end_stream(conn, frame->hd.stream_id);
		return 0;
	case NGHTTP2_RST_STREAM:
		sent_reset(conn, frame->rst_stream.error_code);
		return 0;
	case NGHTTP2_GOAWAY:
		/* Ours, or nghttp2's after an error of the peer. */
		if (frame->goaway.error_code != NGHTTP2_NO_ERROR)
			ctr_conn_fail(conn, CENTRO_ERR_PROTOCOL, "the peer broke HTTP/2");
		return 0;
	default:
		return 0;
	}
}

void ctr_h2_set_send_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
}

/* Frames into `out` until it holds about `bytes_max`. */
static void make_frames(struct ctr_grpc_conn *conn, struct ctr_buf *out, size_t bytes_max)
{
	conn->out = out;
	conn->out_bytes_max = bytes_max;
	while (!conn->is_mute && out->size < bytes_max) {
		const uint8_t *frame;
		ssize_t size = nghttp2_session_mem_send(conn->session, &frame);
		if (size <= 0) {
			ctr_h2_check(conn, (int)size);
			break;
		}
		/* It is out of nghttp2's queue: what cannot be kept is missing for ever. */
		if (ctr_buf_append(out, frame, (size_t)size) != CENTRO_OK)
			ctr_conn_fail(conn, out->error, "out of memory");
	}
	conn->out = NULL;
}

void ctr_h2_make_control(struct ctr_grpc_conn *conn)
{
	if (conn->control.size >= CONTROL_BYTES_MAX)
		return;
	conn->data_is_held = true;
	make_frames(conn, &conn->control, CONTROL_BYTES_MAX);
	conn->data_is_held = false;
}

static int take_control(struct ctr_grpc_conn *conn, struct ctr_buf *out)
{
	int status = ctr_buf_append_bytes(out, ctr_buf_bytes(&conn->control));
	if (conn->control.capacity > CONTROL_KEEP_BYTES)
		ctr_buf_fini(&conn->control);
	ctr_buf_clear(&conn->control);
	return status;
}

int ctr_grpc_conn_send(struct ctr_grpc_conn *conn, struct centro_instant now, struct ctr_buf *out,
		       size_t bytes_max)
{
	CTR_ASSERT(!conn->is_busy);
	CTR_ASSERT(out->error == CENTRO_OK);

	size_t full;
	if (!ctr_add_size(out->size, bytes_max, &full))
		full = SIZE_MAX;
	ctr_conn_enter(conn, now);
	ctr_conn_settle(conn);
	if (take_control(conn, out) != CENTRO_OK)
		ctr_conn_fail(conn, out->error, "out of memory");

	/* What the owner queues when it hears that there is room goes into the same batch. */
	size_t before;
	do {
		before = out->size;
		make_frames(conn, out, full);
		ctr_conn_settle(conn);
	} while (out->size > before && out->size < full && ctr_grpc_conn_wants_send(conn));
	ctr_conn_leave(conn);
	return conn->error == CENTRO_ERR_NOMEM ? CENTRO_ERR_NOMEM : out->error;
}
