/* SPDX-License-Identifier: MIT */
/*
 * server_conn.c - one client's socket and the gRPC connection behind it.
 *
 * Bytes are read into one buffer that all connections share, and handed on at
 * once. What is to be sent gathers until the end of the turn and goes out in few
 * large writes; while a write is under way nothing more is taken from the gRPC
 * connection, so that a slow reader fills its own queues and nobody else's.
 */
#include "io/server_private.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A send buffer that has grown beyond this is given back when it is empty. */
#define KEEP_BUFFER_BYTES (16 * 1024)

struct ctr_server_conn {
	struct centro_server *server;
	struct ctr_list link;       /* of the server */
	struct ctr_list dirty_link; /* of the server, while something is to be sent */
	struct ctr_heap_node tick;
	struct ctr_peer peer;
	struct ctr_grpc_conn *grpc;
	struct ctr_buf out; /* taken from grpc, not yet with the system */
	uv_write_t write;
	bool is_writing; /* `out` belongs to the system */
	bool is_broken;  /* nothing more comes in; close when `out` is empty */
	bool is_closing;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
};

static struct ctr_server_conn *conn_of(uv_handle_t *handle)
{
	return handle->data;
}

static void conn_closed(uv_handle_t *handle)
{
	struct ctr_server_conn *conn = conn_of(handle);
	struct centro_server *server = conn->server;
	ctr_grpc_conn_free(conn->grpc);
	ctr_list_remove(&conn->link);
	ctr_list_remove(&conn->dirty_link);
	ctr_buf_fini(&conn->out);
	ctr_free(server->allocator, conn);
	CTR_ASSERT(server->conn_count > 0);
	server->conn_count--;
}

static void conn_close(struct ctr_server_conn *conn)
{
	if (conn->is_closing)
		return;
	conn->is_closing = true;
	ctr_heap_remove(&conn->server->ticks, &conn->tick);
	uv_close(&conn->handle, conn_closed);
}

void ctr_server_conn_touch(struct ctr_server_conn *conn)
{
	if (!conn->is_closing && ctr_list_is_empty(&conn->dirty_link))
		ctr_list_append(&conn->server->dirty, &conn->dirty_link);
}

void ctr_server_conn_pump(void *server, struct ctr_grpc_conn *grpc)
{
	ctr_server_conn_touch(ctr_grpc_conn_get_data(grpc));
}

/* ---- reading ---- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
	*ret_buffer = uv_buf_init((char *)conn_of(handle)->server->read_buffer, CTR_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct ctr_server_conn *conn = conn_of((uv_handle_t *)stream);
	if (size == 0 || conn->is_closing)
		return;
	int error = CENTRO_ERR_UNAVAILABLE;
	if (size > 0)
		error = ctr_grpc_conn_recv(conn->grpc, conn->server->now.steady,
					   (struct centro_bytes){ (uint8_t *)buffer->base,
								  (size_t)size });
	if (error != CENTRO_OK) {
		if (size > 0)
			ctr_log_info(conn->server->log, "connection refused to go on error=%s",
				     centro_error_name(error));
		uv_read_stop(stream);
		conn->is_broken = true;
		if (size < 0)
			conn_close(conn);
	}
	ctr_server_conn_touch(conn);
}

/* ---- writing ---- */

static void on_written(uv_write_t *write, int status)
{
	struct ctr_server_conn *conn = write->data;
	conn->is_writing = false;
	ctr_buf_clear(&conn->out);
	if (status < 0)
		conn_close(conn);
	else
		ctr_server_conn_touch(conn);
}

/* Hand `out` to the system; what it does not take at once goes when it can. */
static void write_out(struct ctr_server_conn *conn)
{
	uv_buf_t buffer = uv_buf_init((char *)conn->out.data, (unsigned)conn->out.size);
	int written = uv_try_write(&conn->stream, &buffer, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0) {
		conn_close(conn);
		return;
	}
	if ((size_t)written == conn->out.size) {
		ctr_buf_clear(&conn->out);
		return;
	}
	buffer = uv_buf_init((char *)conn->out.data + written,
			     (unsigned)(conn->out.size - (size_t)written));
	conn->write.data = conn;
	if (uv_write(&conn->write, &conn->stream, &buffer, 1, on_written) < 0)
		conn_close(conn);
	else
		conn->is_writing = true;
}

static void reschedule(struct ctr_server_conn *conn, struct centro_instant now)
{
	struct centro_instant next = ctr_grpc_conn_tick(conn->grpc, now);
	ctr_heap_update(&conn->server->ticks, &conn->tick, next.ns);
}

static void conn_flush(struct ctr_server_conn *conn)
{
	struct centro_instant now = conn->server->now.steady;
	int error = CENTRO_OK;
	/* Before sending: what is due now may have something to say. */
	ctr_grpc_conn_tick(conn->grpc, now);
	while (!conn->is_writing && !conn->is_closing && !error) {
		error = ctr_grpc_conn_send(conn->grpc, now, &conn->out, CTR_SEND_BYTES);
		if (conn->out.size == 0)
			break;
		write_out(conn);
	}
	if (conn->is_closing)
		return;
	bool is_over = conn->is_broken || error || ctr_grpc_conn_is_finished(conn->grpc);
	if (is_over && !conn->is_writing) {
		conn_close(conn);
		return;
	}
	reschedule(conn, now);
	if (!conn->is_writing && conn->out.capacity > KEEP_BUFFER_BYTES)
		ctr_buf_fini(&conn->out);
}

void ctr_server_conns_turn(struct centro_server *server)
{
	struct ctr_heap_node *first;
	while ((first = ctr_heap_first(&server->ticks)) && first->key <= server->now.steady.ns) {
		struct ctr_server_conn *conn =
			CTR_CONTAINER_OF(first, struct ctr_server_conn, tick);
		ctr_heap_remove(&server->ticks, first);
		ctr_server_conn_touch(conn);
	}
	while (!ctr_list_is_empty(&server->dirty)) {
		struct ctr_server_conn *conn =
			ctr_list_entry(server->dirty.next, struct ctr_server_conn, dirty_link);
		ctr_list_remove(&conn->dirty_link);
		if (!conn->is_closing)
			conn_flush(conn);
	}
}

struct centro_instant ctr_server_conns_wake(const struct centro_server *server)
{
	const struct ctr_heap_node *first = ctr_heap_first(&server->ticks);
	if (!ctr_list_is_empty(&server->dirty))
		return (struct centro_instant){ 0 };
	return first ? (struct centro_instant){ first->key } : CTR_NEVER;
}

/* ---- coming and going ---- */

/* The owner of what comes over a unix socket: the user at its other end. */
static void name_unix_peer(struct ctr_server_conn *conn)
{
	int fd;
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	if (uv_fileno(&conn->handle, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
		return;
	char space[2048];
	struct passwd entry, *found = NULL;
	getpwuid_r(credentials.uid, &entry, space, sizeof(space), &found);
	if (found)
		snprintf(conn->peer.name, sizeof(conn->peer.name), "%s", found->pw_name);
	else
		snprintf(conn->peer.name, sizeof(conn->peer.name), "uid-%u",
			 (unsigned)credentials.uid);
}

static int conn_start(struct ctr_server_conn *conn, bool is_unix)
{
	struct centro_server *server = conn->server;
	const struct ctr_grpc_conn_options options = { .allocator = server->allocator };
	snprintf(conn->peer.name, sizeof(conn->peer.name), "anonymous");
	if (is_unix)
		name_unix_peer(conn);
	else
		uv_tcp_nodelay(&conn->tcp, 1);
	conn->peer.service = server->service;
	int error = ctr_heap_reserve(&server->ticks, 1);
	if (!error)
		error = ctr_grpc_conn_new_server(&options, ctr_service_impl(), &conn->peer,
						 server->now.steady, &conn->grpc);
	if (error)
		return error;
	ctr_grpc_conn_set_data(conn->grpc, conn);
	if (server->is_draining)
		ctr_grpc_conn_drain(conn->grpc, server->now.steady);
	reschedule(conn, server->now.steady);
	ctr_server_conn_touch(conn);
	return uv_read_start(&conn->stream, give_buffer, on_read) == 0 ? CENTRO_OK
								       : CENTRO_ERR_IO;
}

static void drop_closed(uv_handle_t *handle)
{
	struct centro_server *server = conn_of(handle)->server;
	ctr_free(server->allocator, handle->data);
}

/* It never became a connection: accept it only to close it. */
static void drop(struct ctr_server_conn *conn, uv_stream_t *listener)
{
	uv_accept(listener, &conn->stream);
	uv_close(&conn->handle, drop_closed);
}

bool ctr_server_conn_accept(struct centro_server *server, uv_stream_t *listener, bool is_unix)
{
	struct ctr_server_conn *conn = ctr_alloc_zero(server->allocator, sizeof(*conn));
	if (!conn)
		return false;
	conn->server = server;
	ctr_list_init(&conn->link);
	ctr_list_init(&conn->dirty_link);
	ctr_buf_init(&conn->out, server->allocator, 0);
	if (is_unix)
		uv_pipe_init(&server->loop, &conn->pipe, 0);
	else
		uv_tcp_init(&server->loop, &conn->tcp);
	conn->handle.data = conn;
	if (server->conn_count >= server->conns_max) {
		ctr_log_warn(server->log, "connection closed limit=%u", server->conns_max);
		drop(conn, listener);
		return true;
	}
	ctr_list_append(&server->conns, &conn->link);
	server->conn_count++;
	if (uv_accept(listener, &conn->stream) != 0 || conn_start(conn, is_unix) != CENTRO_OK)
		conn_close(conn);
	return true;
}

void ctr_server_conns_drain(struct centro_server *server)
{
	ctr_list_for_each(node, &server->conns) {
		struct ctr_server_conn *conn = ctr_list_entry(node, struct ctr_server_conn, link);
		if (conn->is_closing)
			continue;
		ctr_grpc_conn_drain(conn->grpc, server->now.steady);
		ctr_server_conn_touch(conn);
	}
}

void ctr_server_conns_close(struct centro_server *server)
{
	ctr_list_for_each(node, &server->conns)
		conn_close(ctr_list_entry(node, struct ctr_server_conn, link));
}
