/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_RUN_H
#define CTR_SIM_WHATIF_RUN_H

/* A run: what becomes of each job, and the figures that are made of it. */

#include "base/heap.h"
#include "sim/whatif/meter.h"
#include "sim/whatif/policy.h"

struct ctr_run_job {
	struct ctr_heap_node end; /* while it runs: when it ends */
	uint64_t start_ns;        /* CENTRO_INSTANT_NEVER_NS: it has not started */
	centro_job_id id;         /* the core's; 0: it was not submitted */
	uint32_t granted;         /* of its instances */
};

struct ctr_group_sum {
	uint64_t jobs;
	ctr_area wait_ns, slowdown_ppm;
};

struct ctr_refusal {
	uint64_t jobs, first;
};

struct centro_sim {
	const struct centro_allocator *allocator;
	const struct centro_workload *workload;
	struct centro_sim_options options;
	struct ctr_cluster_plan plan;
	int32_t *priorities;      /* of the workload's queues, by number */
	uint32_t *shape_refusals; /* by the shape's number: 0, or a reason's number + 1 */
	struct ctr_names reasons; /* why a shape can never fit */
	struct ctr_refusal *refusals;
	struct ctr_run_job *jobs; /* in the workload's order */
	struct ctr_meter meter;
	struct ctr_group_sum *users, *queues;
	struct centro_sim_figures figures;
};

/*
 * probe.c: which shapes can never fit, asked of a core whose cluster is empty.
 *
 * @retval CENTRO_ERR_INVALID, _LIMIT, _NOMEM
 */
int ctr_probe(struct centro_sim *sim, const struct ctr_core_options *options,
	      struct centro_error_text *text);
/* simulate.c: the run itself, into `jobs`, `meter` and some of `figures`. */
int ctr_simulate(struct centro_sim *sim, const struct ctr_core_options *options,
		 struct centro_error_text *text);
/* figures.c: the rest of `figures`, and the groups. OK or NOMEM. */
int ctr_figures(struct centro_sim *sim);

/* max(1, (wait + run) / max(run, 10 s)) in millionths, rounded down. */
uint64_t ctr_bounded_slowdown_ppm(uint64_t wait_ns, uint64_t run_ns);
/* Sorts `values`, which may be empty. */
struct centro_sim_spread ctr_spread(uint64_t *values, size_t count);
/* Jain's index of fairness, (Σx)² / (n Σx²), in millionths; of nothing it is 1. */
uint64_t ctr_jain_ppm(const uint64_t *values, size_t count);

#endif
