/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_COMMAND_H
#define CTR_CORE_COMMAND_H

/* What may be asked of the core, and what it answers at once. */

#include "core/spec.h"

enum ctr_command_type {
	CTR_COMMAND_SUBMIT,
	CTR_COMMAND_CANCEL,
	CTR_COMMAND_REGISTER,  /* a node, or what it offers; counts as a sign of life */
	CTR_COMMAND_HEARTBEAT, /* renews leases; writes nothing unless the node was down */
	CTR_COMMAND_CLAIM,     /* writes nothing */
	CTR_COMMAND_REPORT,
	CTR_COMMAND_SET_QUEUE,
	CTR_COMMAND_DRAIN, /* a node takes nothing new; again: with another deadline or reason */
	CTR_COMMAND_UNDRAIN,
	CTR_COMMAND_COUNT
};

struct ctr_submit {
	const struct ctr_job_spec *spec;
};

struct ctr_cancel {
	centro_job_id job;
	struct centro_bytes who, reason;
};

struct ctr_register {
	const struct ctr_node_spec *spec;
};

/*
 * For each of `held`, ret_lease[i] is set to the lease that the agent may count
 * from when it sent the heartbeat; 0 ns: not granted (any more), kill it. A
 * grant that is held is taken as claimed.
 */
struct ctr_heartbeat {
	centro_node_id node;
	uint64_t session;
	const struct centro_attempt_ref *held;
	size_t held_count;
	struct centro_span *ret_lease;
};

/*
 * ret_granted[i]: whether the node may start attempts[i]. Then its lease begins
 * anew: the node may count it from when it sent the claim. Claiming twice is
 * claiming once; after a cancel nothing is granted.
 */
struct ctr_claim {
	centro_node_id node;
	uint64_t session;
	const struct centro_attempt_ref *attempts;
	size_t attempt_count;
	/* Grants of events after this one are not durable yet, and refused. */
	uint64_t durable_event;
	bool *ret_granted;
};

/*
 * OK also for what is known already: a repeated report, or an older one of an
 * attempt that the node itself has ended. A message is cut to CTR_REASON_SIZE_MAX.
 */
struct ctr_report {
	centro_node_id node;
	uint64_t session;
	struct centro_attempt_ref attempt;
	bool ended; /* false: its command has started */
	enum centro_cause cause;
	int32_t exit_code;
	uint32_t signal;
	struct centro_bytes message;
	struct centro_instant wall; /* on the node; 0: take the server's */
};

struct ctr_set_queue {
	struct centro_bytes name;
	uint32_t weight;
	int32_t priority;
};

/* With a deadline, what is left on the node then is killed, and waits again. */
struct ctr_drain_node {
	centro_node_id node;
	struct centro_bytes who, reason;
	bool has_deadline;
	struct centro_span deadline; /* from now */
};

/* OK also for a node that is not drained. */
struct ctr_undrain_node {
	centro_node_id node;
};

struct ctr_command {
	enum ctr_command_type type;
	union {
		struct ctr_submit submit;
		struct ctr_cancel cancel;
		struct ctr_register register_node;
		struct ctr_heartbeat heartbeat;
		struct ctr_claim claim;
		struct ctr_report report;
		struct ctr_set_queue set_queue;
		struct ctr_drain_node drain;
		struct ctr_undrain_node undrain;
	};
};

/* Tell nobody before everything applied so far is durable. */
struct ctr_result {
	int status;                    /* CENTRO_OK or why nothing changed */
	struct centro_error_text text; /* of an error */
	/*
	 * STALE because of the session: it says nothing of the attempt, which the agent
	 * must keep, and register anew.
	 */
	bool session_stale;
	centro_job_id job;   /* submit */
	bool existing;       /* submit: made by an earlier request of the same id */
	centro_node_id node; /* register, heartbeat, drain, undrain */
};

#endif
