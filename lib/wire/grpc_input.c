/* SPDX-License-Identifier: MIT */
/*
 * grpc_input.c - messages that come in: whole ones to the owner, the rest held.
 *
 * Two windows are given back at different times. A stream's, when its bytes
 * were taken from it: a paused call can make its peer send no more than that.
 * The connection's, at once, so that a paused call does not stop the others;
 * but not while what paused calls hold is over the connection's limit. Messages
 * half come do not keep it back: nobody could finish one. A call whose message
 * takes what is held over the limit fails.
 *
 * Invariants: nothing is in the backlog unless the call is or was paused; what
 * is handed to the owner stays where it is until the callback has returned
 * (is_delivering), even if that ends the call.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Larger buffers are not kept for the next call. */
#define INPUT_KEEP_BYTES ((size_t)2048)

void ctr_conn_give_back(struct ctr_grpc_conn *conn, size_t bytes)
{
	conn->withheld_bytes += bytes;
	if (conn->withheld_bytes == 0 || conn->error != CENTRO_OK ||
	    conn->backlog_bytes > conn->limits.conn_queue_bytes_max)
		return;
	size_t size = conn->withheld_bytes;
	conn->withheld_bytes = 0;
	ctr_h2_check(conn, nghttp2_session_consume_connection(conn->session, size));
}

static void give_back_stream(struct ctr_grpc_call *call, size_t bytes)
{
	struct ctr_grpc_conn *conn = call->conn;

	if (bytes == 0 || !call->stream_is_open || conn->error != CENTRO_OK)
		return;
	ctr_h2_check(conn, nghttp2_session_consume_stream(conn->session, call->stream_id, bytes));
}

/* Bytes come to, or are gone from, a backlog. */
static void count_backlog(struct ctr_grpc_conn *conn, size_t more, size_t less)
{
	CTR_ASSERT(less <= conn->backlog_bytes + more);

	conn->backlog_bytes = conn->backlog_bytes + more - less;
	ctr_conn_hold(conn, more, less);
}

static struct centro_bytes backlog_rest(const struct ctr_grpc_call *call)
{
	CTR_ASSERT(call->backlog_offset <= call->backlog.size);

	if (call->backlog_offset == call->backlog.size)
		return ctr_bytes(NULL, 0);
	return ctr_bytes(call->backlog.data + call->backlog_offset,
			 call->backlog.size - call->backlog_offset);
}

static void drop_backlog(struct ctr_grpc_call *call)
{
	size_t rest = call->backlog.size - call->backlog_offset;
	count_backlog(call->conn, 0, rest);
	give_back_stream(call, rest);
	if (call->backlog.capacity > INPUT_KEEP_BYTES)
		ctr_buf_fini(&call->backlog);
	ctr_buf_clear(&call->backlog);
	call->backlog_offset = 0;
}

void ctr_call_discard(struct ctr_grpc_call *call)
{
	if (call->recv != CTR_CALL_RECV_ENDED)
		call->recv = CTR_CALL_RECV_DISCARD;
	/* The owner may be looking at a message; deliver() comes back here. */
	if (call->is_delivering)
		return;
	ctr_conn_hold(call->conn, 0, call->parser_held_bytes);
	call->parser_held_bytes = 0;
	ctr_grpc_parser_reset(&call->parser, INPUT_KEEP_BYTES);
	drop_backlog(call);
}

/* What the parser made of it cannot be handed to the owner. */
static void refuse(struct ctr_grpc_call *call, enum ctr_grpc_parse parse)
{
	switch (parse) {
	case CTR_GRPC_PARSE_TOO_LARGE:
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED,
			      "a message of %zu bytes is over the limit of %zu",
			      call->parser.message_bytes, call->parser.message_bytes_max);
		return;
	case CTR_GRPC_PARSE_COMPRESSED:
		if (call->has_encoding)
			ctr_call_fail(call, CTR_GRPC_UNIMPLEMENTED,
				      "compressed messages are not taken here: grpc-encoding must "
				      "be identity");
		else
			ctr_call_fail(call, CTR_GRPC_INTERNAL,
				      "a message is marked as compressed, but there is no "
				      "grpc-encoding");
		return;
	case CTR_GRPC_PARSE_BAD_FLAG:
		ctr_call_fail(call, CTR_GRPC_INTERNAL,
			      "a message begins with %u where 0 or 1 must stand",
			      call->parser.prefix[0]);
		return;
	case CTR_GRPC_PARSE_NOMEM:
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	default:
		CTR_UNREACHABLE();
	}
}

static void hand_over(struct ctr_grpc_call *call, struct centro_bytes message)
{
	if (!call->impl || !call->impl->message)
		return;
	CTR_ASSERT(!call->is_delivering);
	call->is_delivering = true;
	call->impl->message(call->arg, call, message);
	call->is_delivering = false;
}

/* Bytes of an unfinished message are kept, and counted. */
static void count_partial(struct ctr_grpc_call *call)
{
	size_t held = ctr_grpc_parser_held_bytes(&call->parser);
	ctr_conn_hold(call->conn, held, call->parser_held_bytes);
	call->parser_held_bytes = held;
}

static void check_partial(struct ctr_grpc_call *call)
{
	struct ctr_grpc_conn *conn = call->conn;

	if (call->parser_held_bytes == 0 || conn->held_bytes <= conn->limits.conn_queue_bytes_max)
		return;
	ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED,
		      "this connection has %zu bytes unsent or unread; the limit is %zu",
		      conn->held_bytes, conn->limits.conn_queue_bytes_max);
}

/* Returns what is left when the owner pauses the call. */
static struct centro_bytes deliver(struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct centro_bytes rest = bytes;
	while (!call->is_paused && call->recv == CTR_CALL_RECV_OPEN) {
		struct centro_bytes message;
		enum ctr_grpc_parse parse = ctr_grpc_parser_next(&call->parser, &rest, &message);
		if (parse == CTR_GRPC_PARSE_MORE)
			break;
		if (parse == CTR_GRPC_PARSE_MESSAGE)
			hand_over(call, message);
		else
			refuse(call, parse);
	}
	if (call->recv == CTR_CALL_RECV_OPEN)
		count_partial(call);
	/* Ended meanwhile: what is left is nobody's. */
	if (call->recv != CTR_CALL_RECV_OPEN)
		rest.size = 0;
	return rest;
}

static void hold_back(struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	if (call->backlog_offset > call->backlog.size / 2) {
		ctr_buf_consume(&call->backlog, call->backlog_offset);
		call->backlog_offset = 0;
	}
	if (ctr_buf_append_bytes(&call->backlog, bytes) != CENTRO_OK) {
		give_back_stream(call, bytes.size);
		ctr_call_fail(call, CTR_GRPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	count_backlog(call->conn, bytes.size, 0);
}

void ctr_call_receive(struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	if (call->recv != CTR_CALL_RECV_OPEN) {
		give_back_stream(call, bytes.size);
		ctr_conn_give_back(call->conn, bytes.size);
		return;
	}
	struct centro_bytes rest = bytes;
	if (backlog_rest(call).size == 0)
		rest = deliver(call, bytes);
	give_back_stream(call, bytes.size - rest.size);
	if (rest.size > 0)
		hold_back(call, rest);
	if (call->recv == CTR_CALL_RECV_OPEN)
		check_partial(call);
	if (call->recv != CTR_CALL_RECV_OPEN)
		ctr_call_discard(call);
	ctr_conn_give_back(call->conn, bytes.size);
}

static void end(struct ctr_grpc_call *call)
{
	CTR_ASSERT(call->recv == CTR_CALL_RECV_OPEN);

	/* A server that failed half-way through a message says why in its status. */
	bool is_explained = call->has_status && call->status != CTR_GRPC_OK;
	if (!ctr_grpc_parser_is_empty(&call->parser) && !is_explained) {
		ctr_call_fail(call, CTR_GRPC_INTERNAL, "the last message is cut off");
		return;
	}
	call->recv = CTR_CALL_RECV_ENDED;
	if (!call->conn->server_impl)
		ctr_client_ended(call);
	else if (call->impl && call->impl->half_closed)
		call->impl->half_closed(call->arg, call);
}

void ctr_call_receive_end(struct ctr_grpc_call *call)
{
	call->peer_ended = true;
	if (call->recv == CTR_CALL_RECV_OPEN && backlog_rest(call).size == 0)
		end(call);
}

void ctr_call_receive_held(struct ctr_grpc_call *call)
{
	if (call->recv != CTR_CALL_RECV_OPEN || call->is_paused)
		return;
	struct centro_bytes held = backlog_rest(call);
	struct centro_bytes rest = deliver(call, held);
	if (call->recv != CTR_CALL_RECV_OPEN) {
		ctr_call_discard(call);
		return;
	}
	size_t taken = held.size - rest.size;
	call->backlog_offset += taken;
	count_backlog(call->conn, 0, taken);
	give_back_stream(call, taken);
	if (rest.size > 0)
		return;
	drop_backlog(call);
	if (call->peer_ended)
		end(call);
}

void ctr_grpc_call_set_paused(struct ctr_grpc_call *call, bool paused)
{
	if (!call->is_open || call->is_paused == paused)
		return;
	call->is_paused = paused;
	if (!paused)
		ctr_call_note(call, CTR_CALL_TODO_RESUME);
}
