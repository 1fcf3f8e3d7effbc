/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_CLUSTER_H
#define CTR_SIM_CLUSTER_H

/*
 * A whole cluster in one process and one thread, under virtual time, from a seed:
 * the production core, engine, recovery, services, agent brain and client brain,
 * unchanged, over a simulated network, disk, clocks and processes.
 *
 * The same options give the same run, whatever the compiler: `trace_hash` is over
 * everything that happened and when. The promises I1 to I19 are checked as it goes
 * (sim/cluster/promises.h); the first one that does not hold ends the run.
 *
 * Memory that runs out here, in the simulator itself, ends the process.
 */

#include <centro/types.h>

/* clang-format off */
/* What can go wrong: name, and what it is, for people. */
#define CTR_SIM_FAULT_MAP(X)                                                                       \
	X(SERVER_CRASH,   "server-crash",   "a server is killed; its commit under way is on disk, or not")  \
	X(SERVER_STALL,   "server-stall",   "a server stands still and goes on")                   \
	X(SERVER_DRAIN,   "server-drain",   "a server is stopped gracefully")                      \
	X(TAKE_OVER,      "take-over",      "another server starts while the old one still lives") \
	X(LEASE_VANISH,   "lease-vanish",   "the leader's lease vanishes while it is healthy")     \
	X(LEASE_OUTLIVE,  "lease-outlive",  "a killed leader's lease outlives it")                 \
	X(STORE_ERROR,    "store-error",    "a write fails; what is on disk is unknown")           \
	X(STORE_REFUSE,   "store-refuse",   "a commit is refused: full, or no memory")             \
	X(STORE_SLOW,     "store-slow",     "commits take seconds")                                \
	X(AGENT_CRASH,    "agent-crash",    "an agent is killed; what it started runs on")         \
	X(AGENT_STALL,    "agent-stall",    "an agent stands still and goes on")                   \
	X(AGENT_STOP,     "agent-stop",     "an agent is stopped gracefully")                      \
	X(MACHINE_CRASH,  "machine-crash",  "a node loses power, and starts again")                \
	X(MACHINE_PAUSE, "machine-pause", "a node stands still, its clocks too, and goes on")              \
	X(CUT,            "cut",            "two machines cannot reach one another")               \
	X(CUT_ONE_WAY,    "cut-one-way",    "one machine's words do not reach another")            \
	X(FLAP,           "flap",           "a link goes and comes, again and again")                 \
	X(PARTITION,      "partition",      "the machines fall into two halves")                   \
	X(SWIZZLE,        "swizzle",        "links go one by one and come back in another order")  \
	X(NET_DELAY,      "net-delay",      "messages take up to seconds")                         \
	X(NET_REORDER,    "net-reorder",    "messages overtake one another")                       \
	X(NET_DUPLICATE,  "net-duplicate",  "requests arrive twice")                               \
	X(NET_DROP,       "net-drop",       "messages are lost with their connection")             \
	X(WALL_STEP,      "wall-step",      "a wall clock jumps")                                  \
	X(CLOCK_RATE,     "clock-rate",     "a clock runs faster or slower")                       \
	X(CLIENT_CRASH,   "client-crash",   "a client dies and asks again what it is not sure of") \
	X(NODE_DRAIN,     "node-drain",     "a node is drained, with a deadline or none, and undrained")

enum ctr_sim_fault_kind {
#define X(name, word, help) CTR_SIM_##name,
	CTR_SIM_FAULT_MAP(X)
#undef X
	CTR_SIM_FAULT_KINDS
};
/* clang-format on */

#define CTR_SIM_FAULTS_ALL   ((UINT32_C(1) << CTR_SIM_FAULT_KINDS) - 1)
#define CTR_SIM_MACHINES_MAX 80 /* servers, nodes and clients together */

/* 0 means the default, apart from `faults`. */
struct ctr_sim_options {
	uint64_t seed;
	uint32_t servers;          /* machines that a server may run on; drawn, 1 to 3 */
	uint32_t nodes;            /* drawn, 2 to 12 */
	uint32_t clients;          /* drawn, 1 to 3 */
	uint32_t jobs_per_hour;    /* drawn, 50 to 100 a node */
	struct centro_span length; /* of load and faults; then they stop, and all must end; 1 h */
	uint32_t faults;           /* kinds that may happen: 1 << enum ctr_sim_fault_kind */
	uint32_t faults_per_hour;  /* drawn, 10 to 120 */
	/* Faults of the plan, by their place in it, that do not happen: for shrinking. */
	const uint32_t *skipped;
	size_t skipped_count;
	uint64_t steps_max; /* more of them: it goes round in circles; 0: 100 million */
	uint32_t jobs_max;  /* that clients submit; 0: no limit. For shrinking */
	bool is_plain; /* jobs are one command each, with the default lease, and nobody interferes
			*/
	/* A line of the timeline: what happened, and when. NULL: nobody reads it. */
	void (*line)(void *arg, const char *text);
	void *arg;
};

struct ctr_sim_result {
	char promise[8];               /* "I4": the first that was broken; "": none was */
	struct centro_error_text text; /* how */
	uint64_t trace_hash;
	struct centro_span simulated;
	uint64_t steps; /* things that happened in the simulator */
	uint64_t core_events, commits, messages;
	uint64_t jobs_submitted, jobs_ended, attempts_started, recoveries, full_loads;
	uint64_t faults[CTR_SIM_FAULT_KINDS]; /* that happened, by kind */
};

/* CENTRO_OK: no promise was broken; CENTRO_ERR_INTERNAL: see result->promise. INVALID: an option.
 */
int ctr_sim_run(const struct ctr_sim_options *options, struct ctr_sim_result *ret_result);

/* How many faults the plan of such a run has. */
uint32_t ctr_sim_count_faults(const struct ctr_sim_options *options);

/* The word of a kind ("cut-one-way"), and the sentence. Static strings. */
const char *ctr_sim_fault_word(enum ctr_sim_fault_kind kind);
const char *ctr_sim_fault_help(enum ctr_sim_fault_kind kind);

#endif
