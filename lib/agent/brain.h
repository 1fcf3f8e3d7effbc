/* SPDX-License-Identifier: MIT */
#ifndef CTR_AGENT_BRAIN_H
#define CTR_AGENT_BRAIN_H

/* What the files of the brain share. */

#include "agent/agent.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "codec/codec.h"

/* Of an attempt: it is not renewed, and does not end. */
#define CTR_LEASE_ENDLESS ((struct centro_span){UINT64_MAX})

#define CTR_BATCH_MAX 1000 /* attempts in one claim, updates in one report */

/*
 * offered ─▶ claiming ─▶ started ─▶ ended ─▶ (acknowledged: gone)
 *    ▲──────────┘ the claim broke
 *
 * One that cannot be started, or is not to be, goes to `ended` at once.
 */
enum ctr_attempt_phase {
	CTR_ATTEMPT_OFFERED,  /* prepared; waits to be claimed */
	CTR_ATTEMPT_CLAIMING, /* a claim is under way */
	CTR_ATTEMPT_STARTED,  /* runs, as far as the host says */
	CTR_ATTEMPT_ENDED,    /* its end is to be reported */
};

/* A reference as a key: without padding, so that equal ones have equal bytes. */
struct ctr_ref_key {
	uint64_t job;
	uint32_t task, index, attempt, zero;
};

struct ctr_attempt {
	struct ctr_ref_key key;
	enum ctr_attempt_phase phase;
	uint32_t handle; /* of the host; 0: none */
	struct centro_span lease, kill_grace;
	struct centro_instant start_wall; /* 0: it has not started */
	struct ctr_attempt_end end;       /* if it has ended */

	struct ctr_list link;   /* agent.all */
	struct ctr_list claim;  /* agent.offered or .claiming */
	struct ctr_list report; /* agent.tails, then .reports: something is to be told */
	struct ctr_list told;   /* agent.reporting: part of the report under way */
	bool start_acknowledged;
	bool start_told, end_told; /* in the report under way */
	bool is_held;              /* named in the last heartbeat, and not answered yet */
	bool is_revoked;           /* no longer granted: it is killed, and never reported */
	bool tail_failed;          /* that of a stream, in this try */
	uint8_t tails;             /* of its streams on their way to the server */
	uint8_t tail_tries;
};

struct ctr_agent {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	const struct ctr_agent_host *host;
	void *host_arg;
	struct ctr_channel *channel;
	struct centro_time now;
	const Centro__V1__NodeInfo *node_info;
	struct ctr_arena info_arena; /* of `node_info` */
	struct ctr_buf node_name, datacenter;
	char **env;
	size_t env_count;
	uint64_t agent_id, session;
	struct centro_span heartbeat_max;
	uint32_t attempts_max;

	centro_node_id node;
	uint64_t term;
	bool is_registered, is_stopping;
	bool is_known;       /* the server that is connected has its NodeInfo */
	bool is_turned_away; /* by a server that stands and does not serve now */
	int error;
	/* Each at most once under way; NULL: not. */
	struct ctr_grpc_call *heartbeat_call, *orders_call, *claim_call, *report_call;
	struct centro_instant heartbeat_sent, claim_sent;
	struct centro_instant heartbeat_due, retry_due;
	struct centro_span interval; /* between two heartbeats */
	size_t report_max;           /* updates in one report: 1 after one was refused */

	struct ctr_bytes_map by_ref;
	struct ctr_map by_handle;
	struct ctr_list all, offered, claiming, tails, reports, reporting;
	size_t attempt_count;
	struct ctr_list log_streams;
	size_t log_stream_count, tail_count;
	struct ctr_arena arena; /* of the message being handled */
	struct ctr_buf scratch;
};

/* ---- attempts.c ---- */

struct ctr_ref_key ctr_ref_key_of(struct centro_attempt_ref ref);
struct centro_attempt_ref ctr_attempt_ref(const struct ctr_attempt *attempt);
struct ctr_attempt *ctr_attempt_find(const struct ctr_agent *agent, struct centro_attempt_ref ref);
/* NULL: no memory, or too many. `handle` 0: it has none. */
struct ctr_attempt *ctr_attempt_add(struct ctr_agent *agent, struct centro_attempt_ref ref,
				    enum ctr_attempt_phase phase, uint32_t handle);
/* The server has acknowledged its end, or never granted it. */
void ctr_attempt_drop(struct ctr_agent *agent, struct ctr_attempt *attempt);
/* Get it ready and queue it to be claimed. */
void ctr_attempt_offer(struct ctr_agent *agent, const Centro__V1__Assignment *assignment);
/* The server granted it: start it, with a lease from when the claim was sent. */
void ctr_attempt_start(struct ctr_agent *agent, struct ctr_attempt *attempt);
void ctr_attempt_kill(struct ctr_agent *agent, struct ctr_attempt *attempt, enum centro_cause cause,
		      struct centro_span grace);
/* Somebody else may run it by now: kill it, and say nothing of it. */
void ctr_attempt_revoke(struct ctr_agent *agent, struct ctr_attempt *attempt);
/* It has ended: the last of its output goes to the server, then the report. */
void ctr_attempt_end(struct ctr_agent *agent, struct ctr_attempt *attempt,
		     const struct ctr_attempt_end *end);
/* Something new is to be told of it. */
void ctr_attempt_report(struct ctr_agent *agent, struct ctr_attempt *attempt);

/* ---- calls.c ---- */

/* Start a call. NULL: not now. With a request, it is the only one: half-closed behind it. */
struct ctr_grpc_call *ctr_agent_call(struct ctr_agent *agent, const char *path,
				     const ProtobufCMessage *request,
				     const struct ctr_grpc_call_impl *impl, void *arg,
				     struct centro_span timeout);
/* Decode an answer into the arena. On an error, which was logged: NOMEM, or it made no sense. */
int ctr_agent_decode(struct ctr_agent *agent, const ProtobufCMessageDescriptor *descriptor,
		     struct centro_bytes bytes, ProtobufCMessage **ret_message);
/* A server older than one that was heard before must be ignored, and is left (I5). */
bool ctr_agent_accepts_term(struct ctr_agent *agent, uint64_t term);
/* An answer settled nothing: do not ask again at once. */
void ctr_agent_pause(struct ctr_agent *agent);
/* A call failed: register anew if the server does not know us, and retry later. */
void ctr_agent_call_failed(struct ctr_agent *agent, const char *what, enum ctr_grpc_status status,
			   struct centro_bytes message);
/*
 * Another server may do better: end all calls, and let the channel go on to the
 * next address.
 */
void ctr_agent_leave_server(struct ctr_agent *agent);
/* For calls that may not take longer than leases allow. */
struct centro_span ctr_agent_call_timeout(const struct ctr_agent *agent);
/* `count` references and pointers to them, in the arena. NULL: no memory. */
Centro__V1__AttemptRef **ctr_agent_make_refs(struct ctr_agent *agent, size_t count);
void ctr_agent_set_ref(Centro__V1__AttemptRef *message, const struct ctr_attempt *attempt);

/* ---- heartbeat.c, orders.c, claims.c, reports.c: one method each ---- */

void ctr_agent_heartbeat(struct ctr_agent *agent);
void ctr_agent_listen(struct ctr_agent *agent);
/* One order was lost here: all that still hold come again on a new stream, after a pause. */
void ctr_agent_listen_anew(struct ctr_agent *agent);
void ctr_agent_claim(struct ctr_agent *agent);
void ctr_agent_report(struct ctr_agent *agent);

/* ---- output.c ---- */

void ctr_output_order(struct ctr_agent *agent, const Centro__V1__LogOrder *order);
/* Send the last output of those that ended; then they are reported. */
void ctr_output_send_tails(struct ctr_agent *agent);
/* Look for more to send. When to look again; never, if nobody follows. */
struct centro_instant ctr_output_turn(struct ctr_agent *agent);
/* End all that is under way. */
void ctr_output_cancel_all(struct ctr_agent *agent);
void ctr_output_free_all(struct ctr_agent *agent);

#endif
