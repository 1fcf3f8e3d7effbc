/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_RPC_H
#define CTR_SERVICE_RPC_H

/*
 * One call that is being served: the request decoded, the answer encoded, and
 * the wait for what it tells to be durable. Shared by the files of the service.
 */

#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "codec/codec.h"
#include "service/service.h"

struct ctr_rpc;

/* What request_message returns when it answers later, or not at all. */
#define CTR_RPC_LATER 1

/* One method of the API. */
struct ctr_method {
	const char *path;
	const ProtobufCMessageDescriptor *request;
	bool client_streams;
	/*
	 * One request message, decoded in the service's arena for the call's length. A
	 * unary method appends its answer to rpc->response and returns CENTRO_OK, or an
	 * error with rpc->text set. CTR_RPC_LATER: it answers by itself, or streams.
	 */
	int (*request_message)(struct ctr_rpc *rpc, const ProtobufCMessage *request);
	/* Optional: the client of a client stream has sent its last message. */
	void (*half_closed)(struct ctr_rpc *rpc);
	/* Optional: what was queued has gone out. */
	void (*writable)(struct ctr_rpc *rpc);
	/* Optional: the call is over; drop what rpc->state holds. */
	void (*closed)(struct ctr_rpc *rpc);
	/* The stream has no end of its own: a drain ends it. */
	bool is_endless;
};

struct ctr_rpc {
	struct ctr_list link; /* of the service: open ones, or spare ones */
	struct ctr_service *service;
	struct ctr_grpc_call *call; /* NULL once it is closed */
	const struct ctr_peer *peer;
	const struct ctr_method *method;
	bool got_request, is_finished;
	bool is_text_long; /* what an error says stands in `response`, terminated */
	struct ctr_release release;
	struct ctr_buf response;
	int status;
	struct centro_error_text text;
	void *read;  /* of job_read.c, while a job is being read from the store */
	void *state; /* a method's own */
};

struct ctr_service {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	struct ctr_engine *engine;
	const struct ctr_log_keeper *keeper;
	struct centro_span heartbeat;
	void (*pump)(void *arg, struct ctr_grpc_conn *conn);
	void *arg;

	struct centro_time now;
	bool is_draining;
	struct ctr_arena arena;      /* of the request being handled */
	struct ctr_arena spec_arena; /* of the one job of it that is being submitted */
	struct ctr_problems problems; /* of that job */
	struct ctr_buf scratch, scratch_inner;
	struct ctr_list open, spare; /* of struct ctr_rpc */
	size_t spare_count;

	struct ctr_subscriber subscriber;
	struct ctr_map agents;  /* node id → struct ctr_agent_link: who listens for orders */
	struct ctr_map watches; /* job id → its watches, see job_lists.h */
	struct ctr_map follows; /* job id → those who follow its output */
	struct ctr_map orders;  /* log order id → struct ctr_follow_stream */
	uint64_t last_order;
	struct ctr_list event_watches; /* of event_service.c */
	struct ctr_list health; /* of struct health_watch */
};

/* The status and rpc->text in one go. Returns `error`. */
int ctr_rpc_error(struct ctr_rpc *rpc, int error, const char *format, ...) CENTRO_PRINTF(3, 4);
/* CENTRO_ERR_INVALID, with the whole list as its text. */
int ctr_rpc_problems(struct ctr_rpc *rpc, const struct ctr_problems *problems);
/* Append a message to the answer; the result is what a method returns. */
int ctr_rpc_answer(struct ctr_rpc *rpc, const ProtobufCMessage *message);
/* End the call with the answer, or the error, once all that was applied so far is durable. */
void ctr_rpc_reply(struct ctr_rpc *rpc, int status);
/* The same at once: for what holds whatever becomes of the open batch. */
void ctr_rpc_reply_now(struct ctr_rpc *rpc, int status);
/* A stream: send a message now. As ctr_grpc_call_send(). */
int ctr_rpc_send(struct ctr_rpc *rpc, struct centro_bytes message);
/* End a stream now; `text` may be NULL. Harmless when it has ended. */
void ctr_rpc_finish(struct ctr_rpc *rpc, int status, const char *text);

/* For ctr_grpc_conn_new_server(). */
void ctr_rpc_begin(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call);
void ctr_rpc_free_spares(struct ctr_service *service);

#endif
