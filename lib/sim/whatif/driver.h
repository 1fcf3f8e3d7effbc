/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_DRIVER_H
#define CTR_SIM_WHATIF_DRIVER_H

/*
 * The production core with a cluster of nodes that obey at once: what is granted
 * is claimed and reported to run in the same instant.
 *
 * Nothing there ever times out: nodes have no timeout, and tasks go on without
 * word from the server, so that a claimed one has no lease that could end.
 */

#include "core/core.h"
#include "sim/whatif/workload.h"

enum { CTR_METER_CPU, CTR_METER_MEMORY, CTR_METER_GPU, CTR_METER_COUNT };

/* The nodes of a run. */
struct ctr_cluster_plan {
	uint32_t nodes;
	uint32_t cores; /* of each; 0: they are listed in the workload */
};

/* An allocator that remembers that it failed: the core says only "try again". */
struct ctr_watched_memory {
	struct centro_allocator allocator;
	const struct centro_allocator *inner;
	bool failed;
};

struct ctr_driver {
	struct ctr_core *core;
	struct ctr_watched_memory memory;
	const struct centro_workload *workload;
	struct ctr_now now;
	uint64_t capacity[CTR_METER_COUNT]; /* of all nodes */
};

/* `driver` must stay where it is. ctr_driver_fini() in either case. */
int ctr_driver_init(struct ctr_driver *driver, const struct centro_workload *workload,
		    const struct ctr_cluster_plan *plan, const struct ctr_core_options *options,
		    struct centro_error_text *text);
void ctr_driver_fini(struct ctr_driver *driver);

int ctr_driver_set_queue(struct ctr_driver *driver, struct centro_bytes name,
			 struct centro_error_text *text);
/* A job of that shape. INVALID, LIMIT: the core's refusal, see text. */
int ctr_driver_submit(struct ctr_driver *driver, const struct ctr_workload_shape *shape,
		      struct centro_bytes queue, int32_t priority, centro_job_id *ret_job,
		      struct centro_error_text *text);
int ctr_driver_cancel(struct ctr_driver *driver, centro_job_id job);
/* Time goes on, and what is due happens. OK or NOMEM. */
int ctr_driver_advance(struct ctr_driver *driver, uint64_t now_ns);
/* Place all that can be placed now. OK or NOMEM. */
int ctr_driver_schedule(struct ctr_driver *driver);
/* The node takes an attempt that was granted to it, and starts it. */
int ctr_driver_start(struct ctr_driver *driver, const struct centro_attempt_ref *attempt,
		     centro_node_id node);
/* Every instance of a job, all of which run, has ended well. */
int ctr_driver_end(struct ctr_driver *driver, centro_job_id job);
/* Let go of events, and of jobs that have ended. */
void ctr_driver_drain(struct ctr_driver *driver);

/* What all instances of a job take together. */
void ctr_shape_total(const struct ctr_workload_shape *shape, uint64_t total[CTR_METER_COUNT]);

#endif
