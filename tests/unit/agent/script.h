/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_AGENT_SCRIPT_H
#define CTR_TESTS_AGENT_SCRIPT_H

/*
 * The brain of an agent between a scripted server and a scripted host. Everything
 * that either is asked goes into one transcript, a line each:
 *
 *	heartbeat held=1.0.0.1,2.0.0.1
 *	orders
 *	prepare 1.0.0.1
 *	claim 1.0.0.1
 *	start 1.0.0.1 lease=3000          ms from now
 *	lease 1.0.0.1 3000
 *	kill 1.0.0.1 cancel 5000
 *	update 1.0.0.1 running
 *	update 1.0.0.1 ended exited 7
 *	push 0 1.0.0.1 out 0+5 end "notice"
 *	forget 1.0.0.1
 */

#include "agent/agent.h"
#include "support/channel_net.h"

#define SCRIPT_RUNS_MAX 2048

enum script_answer {
	ANSWER,
	HOLD,        /* until script_release() */
	UNAVAILABLE, /* these by the server's word */
	INVALID,
	STALE,
	EXISTS,
	GARBAGE,
};

struct script {
	struct channel_net net;
	struct ctr_agent *agent;
	const struct centro_allocator *allocator; /* of the agent */
	struct ctr_buf transcript;
	bool is_quiet; /* nothing is written into it */

	/* The server. */
	uint64_t term;
	uint64_t lease_ms;    /* of assignments and renewals */
	bool keep;            /* assignments are to run on without a server */
	uint64_t interval_ms; /* asked for */
	enum script_answer heartbeat, orders, claim, report, push;
	bool grants;                       /* what is claimed; else nothing is */
	struct centro_attempt_ref stale;   /* of updates; job 0: none */
	struct centro_attempt_ref revoked; /* of what is held */
	struct centro_attempt_ref invalid; /* an update of it makes the report INVALID */
	struct ctr_grpc_call *orders_call; /* the stream; NULL: not open */
	struct ctr_grpc_call *held_call;   /* the last that was to HOLD */
	struct ctr_buf held_response;
	size_t introductions; /* heartbeats with a NodeInfo */
	size_t heartbeats, claims, reports, pushes, push_calls;
	size_t pushed_bytes;
	bool is_push_paused; /* the server does not read */

	/* The host. */
	struct centro_attempt_ref runs[SCRIPT_RUNS_MAX]; /* by handle - 1 */
	uint32_t run_count;
	int prepare_error, start_error;
	size_t log_bytes[3]; /* by stream: so much of it there is, of every attempt */
	bool log_is_gone;
};

/* Connected and registered, with an empty transcript. */
void script_open(struct script *script);
/* The same, without running anything yet. */
void script_open_quietly(struct script *script, const struct centro_allocator *allocator);
void script_close(struct script *script);
void script_run(struct script *script);
void script_wait(struct script *script, uint64_t ms);

/* Orders. Each is sent and worked on. */
void script_assign(struct script *script, centro_job_id job);
void script_assign_only(struct script *script, centro_job_id job);
void script_kill(struct script *script, centro_job_id job);
struct script_log_order {
	uint64_t id;
	centro_job_id job;
	enum ctr_log_stream stream;
	uint64_t offset, tail_bytes;
	bool follow, stop;
};
void script_log(struct script *script, const struct script_log_order *order);
/* Answer what was held. */
void script_release(struct script *script);

/* What the host saw of the run of `job`. */
void script_started(struct script *script, centro_job_id job);
void script_ended(struct script *script, centro_job_id job, enum centro_cause cause, int code);

struct centro_attempt_ref script_ref(centro_job_id job);
/* The transcript since the last call, or since the start. */
void script_expect(struct script *script, const char *lines);
void script_forget_transcript(struct script *script);

#endif
