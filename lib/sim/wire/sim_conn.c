/* SPDX-License-Identifier: MIT */
/*
 * sim_conn.c - wire/grpc.h without HTTP/2: the same calls, callbacks and ends, over
 * frames that cost next to nothing. A program is linked either to lib/wire or to
 * this; everything above it is the same code.
 *
 * Kept: the order of callbacks, that none comes from inside a call of the owner,
 * deadlines, keepalive, drain, what happens to calls when a connection goes. Left
 * out: flow control, limits of a connection, floods, metadata: these have tests of
 * their own against the real one.
 */
#include "sim/wire/conn_private.h"

static int conn_new(const struct ctr_grpc_conn_options *options, struct centro_instant now,
		    struct ctr_grpc_conn **ret_conn)
{
	struct ctr_grpc_conn *conn = ctr_alloc_zero(options->allocator, sizeof(*conn));
	if (!conn)
		return CENTRO_ERR_NOMEM;
	conn->allocator = options->allocator;
	conn->limits = options->limits;
	conn->heard = now;
	ctr_map_init(&conn->calls, conn->allocator);
	ctr_list_init(&conn->all);
	ctr_list_init(&conn->ended);
	ctr_heap_init(&conn->deadlines, conn->allocator);
	ctr_buf_init(&conn->out, conn->allocator, 0);
	*ret_conn = conn;
	return CENTRO_OK;
}

int ctr_grpc_conn_new_server(const struct ctr_grpc_conn_options *options,
			     const struct ctr_grpc_server_impl *impl, void *arg,
			     struct centro_instant now, struct ctr_grpc_conn **ret_conn)
{
	int status = conn_new(options, now, ret_conn);
	if (status != CENTRO_OK)
		return status;
	(*ret_conn)->server = impl;
	(*ret_conn)->server_arg = arg;
	return CENTRO_OK;
}

int ctr_grpc_conn_new_client(const struct ctr_grpc_conn_options *options, struct centro_instant now,
			     struct ctr_grpc_conn **ret_conn)
{
	return conn_new(options, now, ret_conn);
}

static void end_all(struct ctr_grpc_conn *conn)
{
	ctr_list_for_each (node, &conn->all)
		ctr_sim_call_end(ctr_list_entry(node, struct ctr_grpc_call, link),
				 CTR_GRPC_UNAVAILABLE, ctr_bytes_str("the connection is gone"));
}

/* Whatever callbacks are due, from here and nowhere else. */
static void leave(struct ctr_grpc_conn *conn)
{
	while (!ctr_list_is_empty(&conn->ended))
		ctr_sim_calls_close(conn);
	conn->is_inside = false;
}

static void enter(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(!conn->is_inside);
	conn->is_inside = true;
}

void ctr_grpc_conn_free(struct ctr_grpc_conn *conn)
{
	if (!conn)
		return;
	enter(conn);
	conn->is_over = true;
	while (!ctr_list_is_empty(&conn->all)) {
		end_all(conn);
		ctr_sim_calls_close(conn);
	}
	leave(conn);
	ctr_map_fini(&conn->calls);
	ctr_heap_fini(&conn->deadlines);
	ctr_buf_fini(&conn->out);
	ctr_free(conn->allocator, conn);
}

int ctr_sim_conn_put(struct ctr_grpc_conn *conn, enum ctr_sim_frame_type type, uint32_t call,
		     uint32_t status, struct centro_bytes payload)
{
	const struct ctr_sim_frame frame = {(uint32_t)payload.size, call, type, status};
	if (ctr_buf_reserve(&conn->out, sizeof(frame) + payload.size) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	(void)ctr_buf_append(&conn->out, &frame, sizeof(frame));
	return ctr_buf_append_bytes(&conn->out, payload);
}

/* ---- receiving ---- */

static void open_call(struct ctr_grpc_conn *conn, const struct ctr_sim_frame *frame,
		      struct centro_bytes path)
{
	if (conn->is_draining) {
		(void)ctr_sim_conn_put(conn, CTR_SIM_FINISH, frame->call, CTR_GRPC_UNAVAILABLE,
				       ctr_bytes_str("draining"));
		return;
	}
	struct ctr_grpc_call *call = ctr_sim_call_new(conn, frame->call, path);
	if (!call) {
		(void)ctr_sim_conn_put(conn, CTR_SIM_FINISH, frame->call,
				       CTR_GRPC_RESOURCE_EXHAUSTED, ctr_bytes_str("out of memory"));
		return;
	}
	conn->server->call(conn->server_arg, conn, call);
	if (!call->impl)
		ctr_grpc_call_finish(call, CTR_GRPC_UNIMPLEMENTED, "no such method");
}

static void take_frame(struct ctr_grpc_conn *conn, const struct ctr_sim_frame *frame,
		       struct centro_bytes payload)
{
	switch (frame->type) {
	case CTR_SIM_PING:
		(void)ctr_sim_conn_put(conn, CTR_SIM_PONG, 0, 0, (struct centro_bytes){0});
		return;
	case CTR_SIM_PONG:
		return;
	case CTR_SIM_GOAWAY:
		conn->is_draining = true;
		return;
	case CTR_SIM_OPEN:
		open_call(conn, frame, payload);
		return;
	default:
		break;
	}
	struct ctr_grpc_call *call = ctr_map_find(&conn->calls, frame->call);
	if (call)
		ctr_sim_call_frame(call, frame, payload);
}

int ctr_grpc_conn_recv(struct ctr_grpc_conn *conn, struct centro_instant now,
		       struct centro_bytes bytes)
{
	struct ctr_sim_frame frame;
	struct centro_bytes payload;
	enter(conn);
	conn->heard = now;
	conn->is_pinging = false;
	while (!conn->is_over && ctr_sim_frame_take(&bytes, &frame, &payload)) {
		take_frame(conn, &frame, payload);
		while (!ctr_list_is_empty(&conn->ended))
			ctr_sim_calls_close(conn);
	}
	CTR_ASSERT(conn->is_over || bytes.size == 0);
	leave(conn);
	return CENTRO_OK;
}

/* ---- sending ---- */

static void note_sent(struct ctr_grpc_conn *conn)
{
	ctr_list_for_each (node, &conn->all) {
		struct ctr_grpc_call *call = ctr_list_entry(node, struct ctr_grpc_call, link);
		call->is_sent = true;
		if (conn->server && call->is_finished)
			ctr_sim_call_end(call, CTR_GRPC_OK, (struct centro_bytes){0});
	}
}

int ctr_grpc_conn_send(struct ctr_grpc_conn *conn, struct centro_instant now, struct ctr_buf *out,
		       size_t bytes_max)
{
	enter(conn);
	int status = CENTRO_OK;
	if (conn->out.size > 0)
		status = ctr_buf_append_bytes(out, ctr_buf_bytes(&conn->out));
	if (status == CENTRO_OK && conn->out.size > 0) {
		ctr_buf_clear(&conn->out);
		note_sent(conn);
	}
	if (status != CENTRO_OK) {
		conn->is_over = true;
		end_all(conn);
	}
	leave(conn);
	return status;
}

bool ctr_grpc_conn_wants_send(const struct ctr_grpc_conn *conn)
{
	return conn->out.size > 0 || !ctr_list_is_empty(&conn->ended);
}

bool ctr_grpc_conn_is_finished(const struct ctr_grpc_conn *conn)
{
	return conn->is_over || (conn->is_draining && conn->calls.count == 0);
}

/* ---- time ---- */

static struct centro_instant keep_alive(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	if (conn->limits.keepalive.ns == 0 || conn->is_over)
		return CTR_NEVER;
	if (!conn->is_pinging) {
		struct centro_instant due = ctr_after(conn->heard, conn->limits.keepalive);
		if (!ctr_reached(due, now))
			return due;
		conn->is_pinging = true;
		conn->pinged = now;
		(void)ctr_sim_conn_put(conn, CTR_SIM_PING, 0, 0, (struct centro_bytes){0});
	}
	struct centro_instant dead = ctr_after(conn->pinged, conn->limits.keepalive_timeout);
	if (!ctr_reached(dead, now))
		return dead;
	conn->is_over = true;
	end_all(conn);
	return CTR_NEVER;
}

struct centro_instant ctr_grpc_conn_tick(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	struct ctr_heap_node *first;
	enter(conn);
	while ((first = ctr_heap_first(&conn->deadlines)) && first->key <= now.ns) {
		struct ctr_grpc_call *call =
			CTR_CONTAINER_OF(first, struct ctr_grpc_call, by_deadline);
		ctr_heap_remove(&conn->deadlines, first);
		(void)ctr_sim_conn_put(conn, CTR_SIM_CANCEL, call->id, 0, (struct centro_bytes){0});
		ctr_sim_call_end(call, CTR_GRPC_DEADLINE_EXCEEDED, ctr_bytes_str("deadline"));
	}
	struct centro_instant wake = keep_alive(conn, now);
	leave(conn);
	first = ctr_heap_first(&conn->deadlines);
	return first ? ctr_earlier(wake, (struct centro_instant){first->key}) : wake;
}

/* ---- the rest ---- */

void ctr_grpc_conn_drain(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	if (conn->is_draining)
		return;
	conn->is_draining = true;
	if (conn->server)
		(void)ctr_sim_conn_put(conn, CTR_SIM_GOAWAY, 0, 0, (struct centro_bytes){0});
}

bool ctr_grpc_conn_is_draining(const struct ctr_grpc_conn *conn)
{
	return conn->is_draining;
}

size_t ctr_grpc_conn_calls(const struct ctr_grpc_conn *conn)
{
	return conn->calls.count;
}

void ctr_grpc_conn_set_data(struct ctr_grpc_conn *conn, void *data)
{
	conn->data = data;
}

void *ctr_grpc_conn_get_data(const struct ctr_grpc_conn *conn)
{
	return conn->data;
}
