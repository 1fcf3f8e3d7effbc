/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_SERVICE_H
#define CTR_SERVICE_SERVICE_H

/*
 * The API: where calls from the wire meet the engine. No socket and no clock:
 * whoever owns the connections gives each a peer, hands ctr_service_impl() to it
 * as the server side, and says once a turn what time it is.
 *
 * Every answer waits until the state that it was computed from is durable.
 */

#include "engine/engine.h"
#include "wire/grpc.h"

struct ctr_service;

/* Who is at the other end of a connection. In the connection's own memory. */
struct ctr_peer {
	struct ctr_service *service;
	char name[64]; /* the owner of what it submits: proved, or "anonymous" */
};

/* Where the ends of finished attempts' output are kept. Calls are short and synchronous. */
struct ctr_log_keeper {
	void *arg;
	/* Keep `data`, which begins at `offset` of the stream, instead of what was kept. */
	int (*put)(void *arg, const struct centro_attempt_ref *ref, uint32_t stream, uint64_t offset,
		   struct centro_bytes data);
	/* Append what is kept to `buf`. @retval CENTRO_ERR_NOT_FOUND */
	int (*get)(void *arg, const struct centro_attempt_ref *ref, uint32_t stream,
		   uint64_t *ret_offset, struct ctr_buf *buf);
};

struct ctr_service_options {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	struct ctr_engine *engine;            /* outlives the service */
	const struct ctr_log_keeper *keeper;  /* NULL: nothing is kept; outlives the service */
	struct centro_span heartbeat;         /* asked of agents; 0: 5 s */
	/* Bytes wait on a call of `conn`, outside of its own recv: have it written. */
	void (*pump)(void *arg, struct ctr_grpc_conn *conn);
	void *arg;
};

int ctr_service_new(const struct ctr_service_options *options, struct ctr_service **ret_service);
/* Every connection has been freed before. */
void ctr_service_free(struct ctr_service *service);

/* At the start of each turn, and before anything is fed to a connection. */
void ctr_service_set_now(struct ctr_service *service, struct centro_time now);

/* For ctr_grpc_conn_new_server(), with the peer as its arg. */
const struct ctr_grpc_server_impl *ctr_service_impl(void);

/* Health says NOT_SERVING, and streams without an end of their own are ended (UNAVAILABLE). */
void ctr_service_drain(struct ctr_service *service);

#endif
