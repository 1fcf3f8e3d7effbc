/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_SERVER_PRIVATE_H
#define CTR_IO_SERVER_PRIVATE_H

/* What the files of the server share: listeners, connections, the turn. */

#include <uv.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/log.h"
#include "service/service.h"

#include <centro/server.h>

#define CTR_READ_BYTES 65536
#define CTR_SEND_BYTES 65536

struct ctr_server_conn;
struct ctr_listener;
struct ctr_journal_file;
struct ctr_log_files;

struct centro_server {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	uv_loop_t loop;
	uv_poll_t engine_poll; /* wakes the loop when the store has an answer */
	bool has_engine_poll;
	struct ctr_engine *engine;
	struct ctr_service *service;
	struct ctr_log_files *log_files;
	struct ctr_journal_file *journal; /* NULL: nothing is recorded */

	struct ctr_list listeners;
	struct ctr_list conns;
	struct ctr_list dirty; /* conns that have something to send, or to end */
	struct ctr_heap ticks; /* of conns, by when they want to be called */
	uint32_t conn_count, conns_max;
	uint8_t *read_buffer; /* CTR_READ_BYTES: one read at a time is under way */
	/* Without memory a connection waits in its listener; then it is tried again. */
	struct centro_instant accept_again;

	struct centro_time now;
	struct centro_span drain_limit;
	bool is_draining, is_closing;
	struct centro_instant drain_deadline;
};

/* ---- connections: server_conn.c ---- */

/*
 * Take one from a listener's backlog. Over the limit it is closed at once. False: no
 * memory, and the listener gives no other before this one is taken.
 */
bool ctr_server_conn_accept(struct centro_server *server, uv_stream_t *listener, bool is_unix);
/* Bytes wait: send them at the end of the turn. */
void ctr_server_conn_touch(struct ctr_server_conn *conn);
void ctr_server_conn_pump(void *server, struct ctr_grpc_conn *grpc);
/* Call those whose time has come, then write what waits. */
void ctr_server_conns_turn(struct centro_server *server);
void ctr_server_conns_drain(struct centro_server *server);
/* Cut all. They are gone once the loop has run. */
void ctr_server_conns_close(struct centro_server *server);
struct centro_instant ctr_server_conns_wake(const struct centro_server *server);

/* ---- listeners: listener.c ---- */

/* @retval CENTRO_ERR_INVALID, _DENIED, _UNAVAILABLE, _IO, _NOMEM, with text */
int ctr_listener_open(struct centro_server *server, const char *address, bool insecure,
		      struct centro_error_text *text);
/* Take the connections that wait for memory. */
void ctr_listeners_accept_again(struct centro_server *server);
void ctr_listeners_close(struct centro_server *server);
/* "127.0.0.1:50051"; NULL: no more. */
const char *ctr_listener_address(const struct centro_server *server, size_t index);

#endif
