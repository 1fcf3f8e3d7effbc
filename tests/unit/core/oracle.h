/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CORE_ORACLE_H
#define CTR_TESTS_CORE_ORACLE_H

/*
 * An onlooker that knows the promises and nothing of how they are kept. It sees
 * what was asked and the events that came of it, keeps its own small books, and
 * fails the test when a promise is broken: I2 (one request, one job), I3 (one
 * grant at a time, attempts rise), I6 (no node has more than it offers), I9
 * (ended is ended, cancelled starts nothing), I10 (no gap in the numbers), that
 * the pending instances of a gang are granted together, and in strict order that
 * nothing is granted while something waits that goes before it.
 */

#include "cluster.h"

#define ORACLE_JOBS_MAX      8192
#define ORACLE_INSTANCES_MAX 8 /* of a job */
#define ORACLE_NODES_MAX     64
#define ORACLE_REQUESTS_MAX  64
#define ORACLE_DIMENSIONS    4

struct oracle_instance {
	uint32_t attempt;
	centro_node_id node; /* 0: not granted */
	bool ended;
};

struct oracle_job {
	bool known, cancelled, ended;
	bool gang;
	int32_t priority;
	uint32_t instance_count;
	uint32_t need[ORACLE_DIMENSIONS];
	const char *datacenters[2]; /* NULL: no more; none: anywhere */
	struct oracle_instance instances[ORACLE_INSTANCES_MAX];
};

struct oracle_node {
	bool known, ready;
	const char *datacenter;
	uint64_t capacity[ORACLE_DIMENSIONS], used[ORACLE_DIMENSIONS];
};

struct oracle_request {
	centro_job_id job; /* 0: not seen */
	uint64_t spec_hash;
};

struct oracle {
	bool is_strict; /* the order */
	uint64_t last_event;
	centro_job_id last_job;
	centro_job_id gang; /* of which something was granted by the last event; 0: none */
	struct oracle_job jobs[ORACLE_JOBS_MAX]; /* by id, modulo */
	struct oracle_node nodes[ORACLE_NODES_MAX];
	struct oracle_request requests[ORACLE_REQUESTS_MAX];
};

/* What a submit of `job` with request number `request` (-1: none) was answered. */
void oracle_submitted(struct oracle *oracle, int request, uint64_t spec_hash,
		      const struct ctr_result *result, const struct oracle_job *job);
/* A node was told that it may start `ref`. */
void oracle_claimed(struct oracle *oracle, struct centro_attempt_ref ref, centro_node_id node);
/* What a node offers from now on, and where. Before the events of the registration. */
void oracle_offer(struct oracle *oracle, centro_node_id node, const char *datacenter,
		  const uint64_t capacity[ORACLE_DIMENSIONS]);
void oracle_see(struct oracle *oracle, const struct ctr_event *event);
/* The call that the events came of is over: nothing is half done. */
void oracle_see_end(struct oracle *oracle);

#endif
