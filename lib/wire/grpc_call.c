/* SPDX-License-Identifier: MIT */
/*
 * grpc_call.c - what both sides of a call share: its life, its end, and what
 * is noted to be done later.
 *
 * A call has two holders: the owner (is_open, until told `closed`) and nghttp2
 * (stream_is_open, until the stream is closed). It goes when the second lets
 * go, and only in ctr_call_put(), so that nobody up the stack still uses it.
 * Calls are kept with their buffers for the next ones: in the steady state a
 * call costs no allocation of ours.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/grpc_meta.h"

/* How many calls are kept, and how much of each one's buffers. */
#define SPARE_CALLS_MAX  ((size_t)128)
#define SPARE_KEEP_BYTES ((size_t)2048)

static struct ctr_grpc_call *allocate(struct ctr_grpc_conn *conn)
{
	struct ctr_grpc_call *call = ctr_alloc_zero(conn->allocator, sizeof(*call));
	if (!call)
		return NULL;
	call->conn = conn;
	ctr_buf_init(&call->head, conn->allocator, /* size_max= */ 0);
	ctr_buf_init(&call->backlog, conn->allocator, /* size_max= */ 0);
	ctr_buf_init(&call->message, conn->allocator, /* size_max= */ 0);
	ctr_ring_init(&call->queue, conn->allocator);
	ctr_grpc_parser_init(&call->parser, conn->allocator, conn->limits.message_bytes_max);
	return call;
}

static void destroy(struct ctr_grpc_call *call)
{
	ctr_buf_fini(&call->head);
	ctr_buf_fini(&call->backlog);
	ctr_buf_fini(&call->message);
	ctr_ring_fini(&call->queue);
	ctr_grpc_parser_fini(&call->parser);
	ctr_free(call->conn->allocator, call);
}

/* Everything but the memory of its buffers. */
static void begin_afresh(struct ctr_grpc_call *call, int32_t stream_id)
{
	*call = (struct ctr_grpc_call){
		.conn = call->conn,
		.deadline = CTR_NEVER,
		.stream_id = stream_id,
		.stream_is_open = true,
		.head = call->head,
		.queue = call->queue,
		.parser = call->parser,
		.backlog = call->backlog,
		.message = call->message,
	};
	ctr_list_init(&call->in_conn);
	ctr_list_init(&call->in_todo);
	ctr_list_init(&call->in_starved);
}

struct ctr_grpc_call *ctr_grpc_call_new(struct ctr_grpc_conn *conn, int32_t stream_id)
{
	struct ctr_grpc_call *call;
	if (ctr_list_is_empty(&conn->spare_calls)) {
		call = allocate(conn);
		if (!call)
			return NULL;
	} else {
		call = ctr_list_entry(conn->spare_calls.next, struct ctr_grpc_call, in_conn);
		ctr_list_remove(&call->in_conn);
		conn->spare_count--;
	}
	begin_afresh(call, stream_id);
	ctr_list_append(&conn->calls, &call->in_conn);
	conn->calls_count++;
	return call;
}

static void keep_little(struct ctr_buf *buf)
{
	if (buf->capacity > SPARE_KEEP_BYTES)
		ctr_buf_fini(buf);
	ctr_buf_clear(buf);
}

static void release(struct ctr_grpc_call *call)
{
	struct ctr_grpc_conn *conn = call->conn;
	CTR_ASSERT(!call->is_open && !call->stream_is_open);
	CTR_ASSERT(call->timer.position == 0);
	CTR_ASSERT(conn->calls_count > 0);

	ctr_call_drop_queue(call);
	ctr_call_discard(call);
	ctr_list_remove(&call->in_todo);
	ctr_list_remove(&call->in_starved);
	ctr_list_remove(&call->in_conn);
	conn->calls_count--;
	if (conn->calls_count == 0)
		conn->idle_since = conn->now;
	if (conn->spare_count >= SPARE_CALLS_MAX) {
		destroy(call);
		return;
	}
	keep_little(&call->head);
	keep_little(&call->message);
	ctr_list_insert(&conn->spare_calls, &call->in_conn);
	conn->spare_count++;
}

void ctr_call_put(struct ctr_grpc_call *call)
{
	if (!call->is_open && !call->stream_is_open)
		release(call);
}

void ctr_conn_trim(struct ctr_grpc_conn *conn, size_t keep_count)
{
	while (conn->spare_count > keep_count) {
		struct ctr_grpc_call *call =
			ctr_list_entry(conn->spare_calls.next, struct ctr_grpc_call, in_conn);
		ctr_list_remove(&call->in_conn);
		conn->spare_count--;
		destroy(call);
	}
}

int ctr_call_set_deadline(struct ctr_grpc_call *call, struct centro_instant deadline)
{
	struct ctr_heap *deadlines = &call->conn->deadlines;
	CTR_ASSERT(call->timer.position == 0);

	call->deadline = deadline;
	if (deadline.ns == CTR_NEVER.ns)
		return CENTRO_OK;
	int status = ctr_heap_reserve(deadlines, 1);
	if (status == CENTRO_OK)
		ctr_heap_push(deadlines, &call->timer, deadline.ns);
	return status;
}

void ctr_call_note(struct ctr_grpc_call *call, enum ctr_call_todo what)
{
	if (call->todo == 0)
		ctr_list_append(&call->conn->todo, &call->in_todo);
	call->todo |= (uint8_t)what;
}

static void do_noted(struct ctr_grpc_call *call)
{
	unsigned what = call->todo;
	call->todo = 0;
	ctr_list_remove(&call->in_todo);

	if (what & CTR_CALL_TODO_CLOSE) {
		bool never_sent = !call->conn->server_impl && !call->headers_sent;
		ctr_call_close(call, CTR_GRPC_CANCELLED, ctr_bytes_str("cancelled by the caller"),
			       never_sent);
	}
	if (what & CTR_CALL_TODO_RESUME)
		ctr_call_receive_held(call);
	bool may_write = call->is_open && call->send < CTR_CALL_SEND_ENDING && call->impl &&
			 call->impl->writable;
	if ((what & CTR_CALL_TODO_WRITABLE) && may_write)
		call->impl->writable(call->arg, call);
	ctr_call_put(call);
}

void ctr_conn_do_noted(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(conn->is_busy);

	/* It ends: frames are not made here, so a call has no more than what it holds. */
	while (!ctr_list_is_empty(&conn->todo))
		do_noted(ctr_list_entry(conn->todo.next, struct ctr_grpc_call, in_todo));
}

void ctr_call_close(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		    struct centro_bytes message, bool never_sent)
{
	struct ctr_grpc_conn *conn = call->conn;
	CTR_ASSERT(conn->is_busy);

	if (!call->is_open)
		return;
	CTR_ASSERT(conn->open_count > 0);
	call->is_open = false;
	conn->open_count--;
	ctr_heap_remove(&conn->deadlines, &call->timer);
	if (call->impl && call->impl->closed)
		call->impl->closed(call->arg, call, status, message, never_sent);
	call->impl = NULL;
}

void ctr_call_fail(struct ctr_grpc_call *call, enum ctr_grpc_status status, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	/* Also when the connection has failed, and nothing can be said any more. */
	ctr_call_discard(call);
	if (call->conn->server_impl) {
		ctr_call_drop_queue(call);
		ctr_server_finish(call, status, ctr_bytes_str(text));
	} else {
		ctr_call_reset(call, NGHTTP2_CANCEL);
	}
	bool never_sent = !call->conn->server_impl && !call->headers_sent;
	ctr_call_close(call, status, ctr_bytes_str(text), never_sent);
}

void ctr_call_reset(struct ctr_grpc_call *call, uint32_t h2_error)
{
	struct ctr_grpc_conn *conn = call->conn;

	call->send = CTR_CALL_SEND_ENDED;
	ctr_call_drop_queue(call);
	ctr_call_discard(call);
	if (call->stream_is_open && conn->error == CENTRO_OK)
		ctr_h2_check(conn, nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE,
							     call->stream_id, h2_error));
}

void ctr_grpc_call_cancel(struct ctr_grpc_call *call)
{
	if (!call->is_open || (call->todo & CTR_CALL_TODO_CLOSE))
		return;
	ctr_heap_remove(&call->conn->deadlines, &call->timer);
	ctr_call_reset(call, NGHTTP2_CANCEL);
	ctr_call_note(call, CTR_CALL_TODO_CLOSE);
}

void ctr_grpc_call_set_impl(struct ctr_grpc_call *call, const struct ctr_grpc_call_impl *impl,
			    void *arg)
{
	call->impl = impl;
	call->arg = arg;
}

void *ctr_grpc_call_get_arg(const struct ctr_grpc_call *call)
{
	return call->arg;
}

struct ctr_grpc_conn *ctr_grpc_call_get_conn(const struct ctr_grpc_call *call)
{
	return call->conn;
}

struct centro_bytes ctr_grpc_call_get_path(const struct ctr_grpc_call *call)
{
	return ctr_bytes(call->head.data, call->path_bytes);
}

bool ctr_grpc_call_get_metadata(const struct ctr_grpc_call *call, const char *name,
				struct centro_bytes *ret_value)
{
	CTR_ASSERT(call->path_bytes <= call->head.size);

	if (call->head.size == call->path_bytes)
		return false;
	struct centro_bytes records =
		ctr_bytes(call->head.data + call->path_bytes, call->head.size - call->path_bytes);
	return ctr_grpc_metadata_find(records, ctr_bytes_str(name), ret_value);
}

struct centro_instant ctr_grpc_call_get_deadline(const struct ctr_grpc_call *call)
{
	return call->deadline;
}
