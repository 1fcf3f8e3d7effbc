/* SPDX-License-Identifier: MIT */
#ifndef CTR_CLIENT_CALL_H
#define CTR_CLIENT_CALL_H

/* What the files of the client share. */

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/log.h"
#include "client/client.h"
#include "codec/codec.h"

struct ctr_client {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	struct ctr_channel *channel;
	struct ctr_list waiting;   /* for a connection, oldest first */
	struct ctr_list started;   /* those with a gRPC call */
	struct ctr_list cancelled; /* their `done` comes with the next turn */
	struct ctr_heap deadlines; /* of those that wait; the gRPC connection keeps the others' */
	size_t calls;
	size_t request_bytes;         /* of all calls */
	struct centro_instant resume; /* start nothing before: the server refused a call */
	struct centro_instant now;    /* of the last turn */
	struct ctr_arena request_arena;
	struct ctr_arena message_arena; /* its own, since `message` may make calls */
	struct ctr_buf json;            /* of a message */
	bool is_closing;
	void (*queued)(void *arg);
	void *queued_arg;
};

struct centro_call {
	struct ctr_client *client;
	struct ctr_list node;             /* of exactly one of the client's lists */
	struct ctr_heap_node by_deadline; /* while it waits and has one */
	const struct ctr_schema_method *method;
	struct ctr_grpc_call *grpc; /* while it is started */
	struct ctr_buf request;     /* in protobuf */
	enum centro_encoding encoding;
	struct centro_span timeout;
	struct centro_instant deadline;
	struct centro_instant patience; /* its outcome is unknown: tried again until then */
	bool is_idempotent;
	bool is_cancelled;
	bool has_message; /* one has been handed on: never to be sent again */
	int failure;      /* what went wrong on our side and ended it; CENTRO_OK: nothing */
	struct centro_error_text failure_text;
	void (*message)(void *arg, struct centro_bytes message);
	void (*done)(void *arg, int status, const char *text);
	void *arg;
};

/* NULL: no such method. `name` with or without its package and '/'. */
const struct ctr_schema_method *ctr_client_find_method(const char *name);
/* Append `request` in protobuf. As centro_client_call(). */
int ctr_client_encode_request(struct ctr_client *client, const struct ctr_schema_method *method,
			      enum centro_encoding encoding, struct centro_bytes request,
			      struct ctr_buf *ret_buf, struct centro_error_text *text);

/* Hand the call over to `conn`. On an error it is as before. */
int ctr_call_start(struct centro_call *call, struct ctr_grpc_conn *conn, struct centro_instant now);
/* How long it may wait for a connection; CTR_NEVER: for one round of addresses. */
struct centro_instant ctr_call_limit(const struct centro_call *call);
/* Put it to those that wait. Needs room in `deadlines`. */
void ctr_call_enqueue(struct centro_call *call);
/* The end: `done`, and the call is gone. */
void ctr_call_end(struct centro_call *call, int status, const char *text);

#endif
