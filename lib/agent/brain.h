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

#define CTR_BATCH_MAX  1000          /* attempts in one claim or report */
#define CTR_TAIL_BYTES (64 * 1024) /* of each stream, kept by the server at the end */

/*
 * offered ──▶ claiming ──▶ started ──▶ ended ──▶ (acknowledged: gone)
 *    ◀── the claim broke ──┘
 */
enum ctr_attempt_phase {
	CTR_ATTEMPT_OFFERED,  /* waits to be claimed */
	CTR_ATTEMPT_CLAIMING, /* a claim is under way */
	CTR_ATTEMPT_STARTED,  /* with the host */
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
	uint8_t *assignment; /* encoded, until it is started; owned */
	size_t assignment_size;
	uint32_t handle;
	bool has_handle;
	struct centro_span lease, kill_grace;
	struct ctr_list claim_link;  /* agent.offered, while offered */
	struct ctr_list report_link; /* agent.reports, while something is to be reported */
	struct ctr_list link;        /* agent.all */
	struct centro_instant start_wall;
	struct ctr_attempt_end end;
	bool start_reported; /* the server has acknowledged it */
	bool in_report;      /* part of the report under way */
	bool end_in_report;  /* with its end */
	bool is_revoked;     /* no longer granted: it is killed, and not reported */
	bool kill_wanted;    /* while claiming: do not start it */
	uint32_t tails;      /* of its streams on their way to the server */
};

/* A call to the server that this file started; NULL: none. */
struct ctr_agent {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	const struct ctr_agent_host *host;
	void *host_arg;
	struct ctr_channel *channel;
	struct centro_time now;
	struct ctr_buf node_info, node_name, datacenter;
	char **env;
	size_t env_count;
	uint64_t agent_id, session;
	struct centro_span heartbeat_max;
	uint32_t attempts_max;

	centro_node_id node;
	uint64_t term;
	bool is_registered, is_stopping;
	int error;
	struct ctr_grpc_call *heartbeat_call, *orders_call, *claim_call, *report_call;
	struct centro_instant heartbeat_sent, claim_sent;
	struct centro_instant heartbeat_due, retry_due;

	struct ctr_bytes_map by_ref;
	struct ctr_map by_handle; /* handle + 1 → attempt */
	struct ctr_list all, offered, reports;
	size_t attempt_count;
	struct ctr_list log_streams;
	struct ctr_arena arena; /* of the message being handled */
	struct ctr_buf scratch;
};

/* ---- attempts.c ---- */
struct ctr_ref_key ctr_ref_key_of(struct centro_attempt_ref ref);
struct centro_attempt_ref ctr_attempt_ref(const struct ctr_attempt *attempt);
struct ctr_attempt *ctr_attempt_find(const struct ctr_agent *agent, struct centro_attempt_ref ref);
/* NULL: no memory, or too many. */
struct ctr_attempt *ctr_attempt_add(struct ctr_agent *agent, struct centro_attempt_ref ref,
				    enum ctr_attempt_phase phase);
/* The server has acknowledged its end, or never granted it. */
void ctr_attempt_drop(struct ctr_agent *agent, struct ctr_attempt *attempt);
void ctr_attempt_offer(struct ctr_agent *agent, const Centro__V1__Assignment *assignment);
/* The server granted it: start it, with a lease from when the claim was sent. */
void ctr_attempt_start(struct ctr_agent *agent, struct ctr_attempt *attempt);
void ctr_attempt_kill(struct ctr_agent *agent, struct ctr_attempt *attempt,
		      enum centro_cause cause, struct centro_span grace);
void ctr_attempt_revoke(struct ctr_agent *agent, struct ctr_attempt *attempt);
/* It has ended: report it once its last output is with the server. */
void ctr_attempt_end(struct ctr_agent *agent, struct ctr_attempt *attempt);
void ctr_attempt_report(struct ctr_agent *agent, struct ctr_attempt *attempt);

/* ---- calls.c ---- */
/*
 * Start a call with one request message. NULL: not now. `impl` gets `arg`.
 */
struct ctr_grpc_call *ctr_agent_call(struct ctr_agent *agent, const char *path,
				     const ProtobufCMessage *request,
				     const struct ctr_grpc_call_impl *impl, void *arg,
				     struct centro_span timeout);
/* Decode an answer into the arena; NULL: it made no sense, and was logged. */
const ProtobufCMessage *ctr_agent_decode(struct ctr_agent *agent,
					 const ProtobufCMessageDescriptor *descriptor,
					 struct centro_bytes bytes);
/* An older server than one that was heard before must be ignored (I5). */
bool ctr_agent_accepts_term(struct ctr_agent *agent, uint64_t term);
/* A call failed: heartbeat anew if the server does not know us, and retry later. */
void ctr_agent_call_failed(struct ctr_agent *agent, const char *what, enum ctr_grpc_status status,
			   struct centro_bytes message);
void ctr_agent_heartbeat(struct ctr_agent *agent);
void ctr_agent_claim(struct ctr_agent *agent);
void ctr_agent_report(struct ctr_agent *agent);
void ctr_agent_listen(struct ctr_agent *agent);

/* ---- output.c ---- */
void ctr_output_order(struct ctr_agent *agent, const Centro__V1__LogOrder *order);
/* Send the last part of each stream that has any; attempt->tails counts them. */
void ctr_output_send_tails(struct ctr_agent *agent, struct ctr_attempt *attempt);
/* Look for more to send. When to look again; never, if nobody follows. */
struct centro_instant ctr_output_turn(struct ctr_agent *agent);
/* The attempt goes: its readers have had all there is. */
void ctr_output_free_all(struct ctr_agent *agent);

#endif
