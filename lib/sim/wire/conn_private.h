/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WIRE_CONN_PRIVATE_H
#define CTR_SIM_WIRE_CONN_PRIVATE_H

/* What the two halves of the simulated wire share. */

#include "base/alloc.h"
#include "base/assert.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "sim/wire/frame.h"
#include "wire/grpc.h"

#define CTR_SIM_PATH_SIZE 96
#define CTR_SIM_TEXT_SIZE 512

struct ctr_grpc_call {
	struct ctr_grpc_conn *conn;
	struct ctr_list link;  /* of the connection */
	struct ctr_list ended; /* of conn->ended, while `closed` is to come */
	struct ctr_heap_node by_deadline;
	const struct ctr_grpc_call_impl *impl;
	void *arg;
	uint32_t id;
	struct centro_instant deadline;
	bool is_sent;        /* the peer may have seen it */
	bool is_half_closed; /* nothing more is taken from us (client) or comes (server) */
	bool is_finished;    /* server: the last word is queued; client: cancelled */
	bool is_paused;
	enum ctr_grpc_status status; /* for `closed` */
	struct ctr_buf held;         /* frames that came while it was paused */
	char text[CTR_SIM_TEXT_SIZE];
	char path[CTR_SIM_PATH_SIZE];
};

struct ctr_grpc_conn {
	const struct centro_allocator *allocator;
	struct ctr_grpc_limits limits;
	const struct ctr_grpc_server_impl *server; /* NULL: the client's side */
	void *server_arg;
	void *data;
	struct ctr_map calls; /* by id */
	struct ctr_list all;  /* the same, in order */
	struct ctr_list ended;
	struct ctr_heap deadlines;
	struct ctr_buf out; /* frames */
	uint32_t last_id;
	bool is_draining, is_over, is_pinging, is_inside;
	struct centro_instant heard, pinged;
};

/* ---- sim_call.c ---- */

/* NULL: no memory. */
struct ctr_grpc_call *ctr_sim_call_new(struct ctr_grpc_conn *conn, uint32_t id,
				       struct centro_bytes path);
/* `closed` comes when the connection next calls back. Harmless when it is ended. */
void ctr_sim_call_end(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes text);
/* One frame of the peer for this call. */
void ctr_sim_call_frame(struct ctr_grpc_call *call, const struct ctr_sim_frame *frame,
			struct centro_bytes payload);
/* Call `closed` of all that have ended, and forget them. */
void ctr_sim_calls_close(struct ctr_grpc_conn *conn);

/* ---- sim_conn.c ---- */

/* Queue one frame. OK, NOMEM. */
int ctr_sim_conn_put(struct ctr_grpc_conn *conn, enum ctr_sim_frame_type type, uint32_t call,
		     uint32_t status, struct centro_bytes payload);

#endif
