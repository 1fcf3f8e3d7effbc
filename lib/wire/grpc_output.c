/* SPDX-License-Identifier: MIT */
/*
 * grpc_output.c - messages that go out: a call's queue, and the two limits on
 * what is queued.
 *
 * Whoever was refused room is told `writable` later: by the call's own queue
 * when that was in the way, or by ctr_conn_settle() when the connection's was.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

/* A larger queue is given back once it is empty. */
#define QUEUE_KEEP_BYTES ((size_t)64 * 1024)

void ctr_call_resume_send(struct ctr_grpc_call *call)
{
	if (!call->is_deferred || !call->stream_is_open || call->conn->error != CENTRO_OK)
		return;
	call->is_deferred = false;
	ctr_h2_check(call->conn, nghttp2_session_resume_data(call->conn->session, call->stream_id));
}

void ctr_call_drop_queue(struct ctr_grpc_call *call)
{
	ctr_conn_hold(call->conn, 0, call->queue.size);
	ctr_ring_clear(&call->queue, QUEUE_KEEP_BYTES);
}

void ctr_call_queue_fell(struct ctr_grpc_call *call, size_t bytes)
{
	ctr_conn_hold(call->conn, 0, bytes);
	if (call->queue.size == 0)
		ctr_ring_clear(&call->queue, QUEUE_KEEP_BYTES);
	if (!call->was_above || call->queue.size > call->conn->limits.call_queue_bytes_max / 4)
		return;
	call->was_above = false;
	ctr_call_note(call, CTR_CALL_TODO_WRITABLE);
}

/* If not, `writable` will follow. */
static bool has_room(struct ctr_grpc_call *call, size_t bytes)
{
	struct ctr_grpc_conn *conn = call->conn;

	/* A first one is let through whatever its size: nothing could make room for it. */
	if (call->queue.size > 0 && call->queue.size + bytes > conn->limits.call_queue_bytes_max) {
		call->was_above = true;
		return false;
	}
	if (conn->held_bytes > 0 && conn->held_bytes + bytes > conn->limits.conn_queue_bytes_max) {
		if (ctr_list_is_empty(&call->in_starved))
			ctr_list_append(&conn->starved, &call->in_starved);
		return false;
	}
	return true;
}

static int queue_message(struct ctr_grpc_call *call, struct centro_bytes message)
{
	size_t bytes = CTR_GRPC_PREFIX_BYTES + message.size;
	if (!has_room(call, bytes))
		return CENTRO_ERR_LIMIT;
	int status = ctr_ring_reserve(&call->queue, bytes);
	if (status != CENTRO_OK)
		return status;

	uint8_t prefix[CTR_GRPC_PREFIX_BYTES];
	ctr_grpc_prefix_write(prefix, (uint32_t)message.size);
	ctr_ring_append(&call->queue, ctr_bytes(prefix, sizeof(prefix)));
	ctr_ring_append(&call->queue, message);
	ctr_conn_hold(call->conn, bytes, 0);
	if (call->queue.size > call->conn->limits.call_queue_bytes_max / 4)
		call->was_above = true;
	return CENTRO_OK;
}

int ctr_grpc_call_send(struct ctr_grpc_call *call, struct centro_bytes message)
{
	if (!call->is_open || call->conn->error != CENTRO_OK || call->send >= CTR_CALL_SEND_ENDING)
		return CENTRO_ERR_STATE;
	/* What the prefix can say. */
	if (message.size > UINT32_MAX)
		return CENTRO_ERR_INVALID;

	int status = queue_message(call, message);
	if (status != CENTRO_OK)
		return status;
	if (call->send == CTR_CALL_SEND_IDLE) {
		ctr_server_begin_response(call);
		return call->conn->error;
	}
	ctr_call_resume_send(call);
	return call->conn->error;
}

size_t ctr_grpc_call_queued_bytes(const struct ctr_grpc_call *call)
{
	return call->queue.size;
}

void ctr_grpc_call_half_close(struct ctr_grpc_call *call)
{
	CTR_ASSERT(!call->conn->server_impl);

	if (!call->is_open || call->send != CTR_CALL_SEND_OPEN)
		return;
	call->send = CTR_CALL_SEND_ENDING;
	ctr_call_resume_send(call);
}
