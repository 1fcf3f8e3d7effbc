/* SPDX-License-Identifier: MIT */
/*
 * conn.c - a connection: its life and its end.
 *
 * Three ways to end: an error (`error` is set, calls are told UNAVAILABLE,
 * nothing or a GOAWAY is still sent), draining (no new calls, finished when the
 * last one is), and being freed.
 *
 * Invariants: open_count <= calls_count; held_bytes is the sum of what the
 * calls hold; the owner is only called while is_busy.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

#define MIB ((size_t)1024 * 1024)

static size_t size_or(size_t value, size_t otherwise)
{
	return value > 0 ? value : otherwise;
}

static uint32_t u32_or(uint32_t value, uint32_t otherwise)
{
	return value > 0 ? value : otherwise;
}

static struct centro_span span_or(struct centro_span value, struct centro_span otherwise)
{
	return value.ns > 0 ? value : otherwise;
}

static size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct ctr_grpc_limits fill_limits(const struct ctr_grpc_limits *given)
{
	struct ctr_grpc_limits limits = {
		.message_bytes_max = size_or(given->message_bytes_max, 4 * MIB),
		.header_bytes_soft = size_or(given->header_bytes_soft, 16 * 1024),
		.header_bytes_hard = size_or(given->header_bytes_hard, 64 * 1024),
		.streams_max = u32_or(given->streams_max, 1000),
		.window_bytes = u32_or(given->window_bytes, MIB),
		.call_queue_bytes_max = size_or(given->call_queue_bytes_max, 8 * MIB),
		.conn_queue_bytes_max = size_or(given->conn_queue_bytes_max, 64 * MIB),
		.pings_per_second = u32_or(given->pings_per_second, 100),
		.settings_per_second = u32_or(given->settings_per_second, 10),
		.resets_per_second = u32_or(given->resets_per_second, 1000),
		.empty_frames_per_second = u32_or(given->empty_frames_per_second, 1000),
		.window_updates_per_second = u32_or(given->window_updates_per_second, 100000),
		.preface_timeout = span_or(given->preface_timeout, ctr_span_ms(10 * 1000)),
		.idle_timeout = given->idle_timeout,
		.keepalive = given->keepalive,
		.keepalive_timeout = span_or(given->keepalive_timeout, ctr_span_ms(20 * 1000)),
	};

	/* What the protocols can express. */
	limits.message_bytes_max = size_min(limits.message_bytes_max, UINT32_MAX);
	limits.window_bytes = (uint32_t)size_min(limits.window_bytes, INT32_MAX);
	limits.header_bytes_hard = size_min(limits.header_bytes_hard, INT32_MAX);
	limits.header_bytes_soft = size_min(limits.header_bytes_soft, limits.header_bytes_hard);
	return limits;
}

static void init(struct ctr_grpc_conn *conn, const struct ctr_grpc_conn_options *options,
		 struct centro_instant now)
{
	conn->allocator = ctr_allocator_or_default(options->allocator);
	conn->limits = fill_limits(&options->limits);
	conn->scheme = options->scheme && strcmp(options->scheme, "https") == 0 ? "https" : "http";
	ctr_list_init(&conn->calls);
	ctr_list_init(&conn->spare_calls);
	ctr_list_init(&conn->todo);
	ctr_list_init(&conn->starved);
	ctr_heap_init(&conn->deadlines, conn->allocator);
	ctr_buf_init(&conn->control, conn->allocator, /* size_max= */ 0);
	ctr_flood_init(&conn->flood, &conn->limits);
	conn->now = now;
	conn->received_at = now;
	conn->idle_since = now;
	conn->preface_at = ctr_after(now, conn->limits.preface_timeout);
}

static int new_conn(const struct ctr_grpc_conn_options *options,
		    const struct ctr_grpc_server_impl *impl, void *arg, struct centro_instant now,
		    struct ctr_grpc_conn **ret_conn)
{
	struct ctr_grpc_conn *conn = ctr_alloc_zero(options->allocator, sizeof(*conn));
	if (!conn)
		return CENTRO_ERR_NOMEM;
	init(conn, options, now);
	conn->server_impl = impl;
	conn->server_arg = arg;
	if (!impl) {
		const char *authority = options->authority ? options->authority : "localhost";
		conn->authority = ctr_strdup(conn->allocator, ctr_bytes_str(authority));
		if (!conn->authority)
			goto no_memory;
	}
	if (ctr_h2_new(conn) != CENTRO_OK)
		goto no_memory;
	*ret_conn = conn;
	return CENTRO_OK;

no_memory:
	ctr_free(conn->allocator, conn->authority);
	ctr_free(conn->allocator, conn);
	return CENTRO_ERR_NOMEM;
}

int ctr_grpc_conn_new_server(const struct ctr_grpc_conn_options *options,
			     const struct ctr_grpc_server_impl *impl, void *arg,
			     struct centro_instant now, struct ctr_grpc_conn **ret_conn)
{
	CTR_ASSERT(impl && impl->call);
	return new_conn(options, impl, arg, now, ret_conn);
}

int ctr_grpc_conn_new_client(const struct ctr_grpc_conn_options *options, struct centro_instant now,
			     struct ctr_grpc_conn **ret_conn)
{
	return new_conn(options, /* impl= */ NULL, /* arg= */ NULL, now, ret_conn);
}

void ctr_grpc_conn_free(struct ctr_grpc_conn *conn)
{
	if (!conn)
		return;
	CTR_ASSERT(!conn->is_busy);

	ctr_conn_enter(conn, conn->now);
	ctr_conn_fail(conn, CENTRO_ERR_UNAVAILABLE, "the connection was closed");
	ctr_conn_leave(conn);
	CTR_ASSERT(conn->open_count == 0);

	ctr_h2_free(conn);
	ctr_list_for_each_safe (node, &conn->calls) {
		struct ctr_grpc_call *call = ctr_list_entry(node, struct ctr_grpc_call, in_conn);
		call->stream_is_open = false;
		ctr_call_put(call);
	}
	CTR_ASSERT(conn->calls_count == 0);
	CTR_ASSERT(conn->held_bytes == 0);
	ctr_conn_trim(conn, /* keep_count= */ 0);
	ctr_heap_fini(&conn->deadlines);
	ctr_buf_fini(&conn->control);
	ctr_free(conn->allocator, conn->authority);
	ctr_free(conn->allocator, conn);
}

void ctr_conn_enter(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	CTR_ASSERT(!conn->is_busy);
	conn->is_busy = true;
	conn->now = now;
}

void ctr_conn_leave(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(conn->is_busy);
	ctr_conn_settle(conn);
	conn->is_busy = false;
}

void ctr_conn_fail(struct ctr_grpc_conn *conn, int error, const char *reason)
{
	CTR_ASSERT(error != CENTRO_OK);

	conn->is_mute = true;
	if (conn->error != CENTRO_OK)
		return;
	conn->error = error;
	conn->reason = reason;
}

void ctr_conn_fail_goaway(struct ctr_grpc_conn *conn, int error, uint32_t h2_error,
			  const char *reason)
{
	CTR_ASSERT(h2_error != NGHTTP2_NO_ERROR);

	if (conn->error != CENTRO_OK)
		return;
	int result = nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE,
					   nghttp2_session_get_last_proc_stream_id(conn->session),
					   h2_error, (const uint8_t *)reason, strlen(reason));
	if (result != 0) {
		ctr_h2_check(conn, result);
		return;
	}
	conn->error = error;
	conn->reason = reason;
}

/* Every call that is open learns that there is no connection any more. */
static void break_calls(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(conn->error != CENTRO_OK);

	conn->is_broken = true;
	ctr_list_for_each (node, &conn->calls) {
		struct ctr_grpc_call *call = ctr_list_entry(node, struct ctr_grpc_call, in_conn);
		bool never_sent = !conn->server_impl && !call->headers_sent;
		ctr_call_close(call, CTR_GRPC_UNAVAILABLE, ctr_bytes_str(conn->reason), never_sent);
	}
	ctr_list_for_each_safe (put_node, &conn->calls)
		ctr_call_put(ctr_list_entry(put_node, struct ctr_grpc_call, in_conn));
}

static void wake_starved(struct ctr_grpc_conn *conn)
{
	if (conn->held_bytes > conn->limits.conn_queue_bytes_max / 2)
		return;
	while (!ctr_list_is_empty(&conn->starved)) {
		struct ctr_grpc_call *call =
			ctr_list_entry(conn->starved.next, struct ctr_grpc_call, in_starved);
		ctr_list_remove(&call->in_starved);
		ctr_call_note(call, CTR_CALL_TODO_WRITABLE);
	}
}

void ctr_conn_settle(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(conn->is_busy);

	wake_starved(conn);
	ctr_conn_do_noted(conn);
	if (conn->error != CENTRO_OK && !conn->is_broken)
		break_calls(conn);
	ctr_conn_give_back(conn, 0);
}

void ctr_conn_hold(struct ctr_grpc_conn *conn, size_t more, size_t less)
{
	CTR_ASSERT(less <= conn->held_bytes + more);
	conn->held_bytes = conn->held_bytes + more - less;
}

bool ctr_conn_is_leaving(const struct ctr_grpc_conn *conn)
{
	return conn->error != CENTRO_OK || conn->drain == CTR_CONN_DRAIN_LAST ||
	       conn->goaway_received;
}

bool ctr_grpc_conn_wants_send(const struct ctr_grpc_conn *conn)
{
	if (conn->control.size > 0 || !ctr_list_is_empty(&conn->todo))
		return true;
	if (conn->error != CENTRO_OK && !conn->is_broken)
		return true;
	return !conn->is_mute && nghttp2_session_want_write(conn->session);
}

bool ctr_grpc_conn_is_finished(const struct ctr_grpc_conn *conn)
{
	return ctr_conn_is_leaving(conn) && (conn->error != CENTRO_OK || conn->calls_count == 0);
}

bool ctr_grpc_conn_is_draining(const struct ctr_grpc_conn *conn)
{
	return conn->drain != CTR_CONN_DRAIN_NONE || conn->goaway_received;
}

size_t ctr_grpc_conn_calls(const struct ctr_grpc_conn *conn)
{
	return conn->open_count;
}

void ctr_grpc_conn_set_data(struct ctr_grpc_conn *conn, void *data)
{
	conn->data = data;
}

void *ctr_grpc_conn_get_data(const struct ctr_grpc_conn *conn)
{
	return conn->data;
}
