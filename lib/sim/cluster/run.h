/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_RUN_H
#define CTR_SIM_RUN_H

/*
 * One attempt on a machine: the record that the agent's host keeps of it, and the
 * process under its shim. Both outlive the agent; the process does not outlive
 * the machine's power.
 */

#include "base/heap.h"
#include "sim/cluster/world.h"

enum ctr_sim_run_stage {
	CTR_SIM_RUN_PREPARED, /* a record, nothing has run */
	CTR_SIM_RUN_RUNNING,
	CTR_SIM_RUN_ENDED,
};

struct ctr_sim_run {
	struct ctr_list link;          /* agent->runs */
	struct ctr_heap_node end_node; /* agent->ends, by steady time, while it runs */
	struct ctr_sim_agent *agent;
	struct centro_attempt_ref ref;
	uint32_t handle, boot;
	enum ctr_sim_run_stage stage;
	struct centro_span lease, lease_notice, time_limit, kill_grace;

	/* What the command does by itself: see load.c. */
	struct centro_span runtime;
	int32_t exit_code;
	bool is_stubborn;   /* it does not obey TERM */
	bool tells_attempt; /* exits with the attempt's number */

	/* On the machine's steady clock. */
	struct centro_instant start, lease_end, term_at, kill_at;
	enum centro_cause kill_cause;
	uint64_t renewed_at; /* true time: what the lease counts from was sent then */
	struct centro_instant start_wall;
	struct ctr_attempt_end end;
	bool start_told, end_told; /* to the agent that lives now */
	bool is_powerless;         /* it ended with the power of its machine */
	/* Its machine stood still: its lease is longer than anybody else thinks. */
	bool is_excused;
	uint64_t orphan_since; /* true time; 0: it is granted */
	uint64_t told_at;      /* its agent was heard after the cancel; true time; 0: not */
	uint64_t cleared_at;   /* … after the drain of its node was over */
};

#endif
