/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_SIM_H
#define CENTRO_SIM_H

/**
 * @file
 * What if: run a workload through the scheduler in virtual time, and read what
 * would have come of it. The scheduler is the one that centrod and
 * centro_engine use; nodes take and report what they are given at once, jobs run
 * as long as the workload says, and nothing fails.
 *
 * The same workload, options and seed give the same result on every machine:
 * all of it is integer arithmetic, and no clock is read.
 *
 * Ownership: arguments are copied before a call returns, unless it says otherwise.
 * Threads: an object belongs to one thread at a time; several runs may share one
 *   workload that is no longer changed.
 * Blocking: centro_sim_run() computes until it is done; nothing here waits.
 * Errors: functions returning int return CENTRO_OK or a negative enum
 *   centro_error. `text` may be NULL.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the workload ---- */

/** Jobs, each with the time at which it comes and how long it runs; and perhaps nodes. */
struct centro_workload;

/** What the bytes of a file are. */
enum centro_workload_format {
	/** The Standard Workload Format, version 2.2: 18 columns, or 17 without the last. */
	CENTRO_WORKLOAD_SWF = 1,
	/** Alibaba's cluster-trace-gpu-v2023: its list of nodes … */
	CENTRO_WORKLOAD_OPENB_NODES = 2,
	/** … and its list of pods. */
	CENTRO_WORKLOAD_OPENB_PODS = 3,
};

/** Which field of an SWF line names the queue of a job. */
enum centro_queue_by {
	CENTRO_QUEUE_BY_QUEUE = 0,
	CENTRO_QUEUE_BY_PARTITION = 1,
	CENTRO_QUEUE_BY_GROUP = 2,
	CENTRO_QUEUE_BY_USER = 3,
};

#define CENTRO_WORKLOAD_LINE_SIZE_MAX 4096     /**< bytes in a line of a file */
#define CENTRO_WORKLOAD_JOBS_MAX      20000000 /**< in one workload */
#define CENTRO_WORKLOAD_NODES_MAX     200000   /**< in one cluster */

/** Start from CENTRO_WORKLOAD_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_workload_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< outlives the workload */
	bool skip_malformed;           /**< count a line that makes no sense, and go on */
	enum centro_queue_by queue_by; /**< of SWF */
};
#define CENTRO_WORKLOAD_OPTIONS_INIT                           \
	{                                                      \
		.size = sizeof(struct centro_workload_options) \
	}

/** @retval CENTRO_ERR_INVALID, _NOMEM, _ABI */
CENTRO_API int centro_workload_new(const struct centro_workload_options *options,
				   struct centro_workload **ret_workload,
				   struct centro_error_text *text);
/** NULL is allowed. */
CENTRO_API void centro_workload_free(struct centro_workload *workload);

/**
 * Read a file: begin, feed its bytes in pieces of any size, end. `name` is what
 * error texts call it: "NAME:LINE: what was wrong, and what would be right".
 * Jobs come from one source alone: one file of jobs, or mixes. After an error the
 * workload can only be freed.
 *
 * @retval CENTRO_ERR_INVALID  a line makes no sense (not with skip_malformed), or
 *                             the file as a whole does not
 * @retval CENTRO_ERR_STATE    begin: there are jobs, or a file is being read;
 *                             feed, end: none is
 * @retval CENTRO_ERR_LIMIT    too many jobs, nodes or names
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_workload_begin(struct centro_workload *workload,
				     enum centro_workload_format format, const char *name,
				     struct centro_error_text *text);
CENTRO_API int centro_workload_feed(struct centro_workload *workload, struct centro_bytes bytes,
				    struct centro_error_text *text);
CENTRO_API int centro_workload_end(struct centro_workload *workload,
				   struct centro_error_text *text);

/**
 * Add jobs drawn from a description such as
 * "jobs=10000,rate=2000/h,cores=1-8,runtime=10s-2h"; docs/simulation.md says
 * what it may hold. Several mixes go on beside one another.
 *
 * @retval CENTRO_ERR_INVALID  the description: see text
 * @retval CENTRO_ERR_STATE    jobs came from a file
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
CENTRO_API int centro_workload_add_mix(struct centro_workload *workload, const char *mix,
				       uint64_t seed, struct centro_error_text *text);

/** What is in a workload, and what was left out of it. */
struct centro_workload_info {
	size_t size;                 /**< sizeof this struct: set it before the call */
	uint64_t jobs;               /**< to be simulated */
	uint32_t nodes;              /**< that it lists; 0: it does not */
	uint32_t processors;         /**< that an SWF header tells of; 0: none */
	uint64_t malformed;          /**< lines skipped */
	const char *malformed_first; /**< what was wrong with the first; "" when none was */
	uint64_t partial;   /**< SWF lines of one part of a job, whose sum has its own line */
	uint64_t never_ran; /**< jobs without a run time or a size */
	uint64_t assumed;   /**< pods that nobody scheduled: they run from creation to deletion */
};
/** @retval CENTRO_ERR_INVALID, _ABI  `ret_info` or its size */
CENTRO_API int centro_workload_get_info(const struct centro_workload *workload,
					struct centro_workload_info *ret_info);

/* ---- a run ---- */

/** A run that is over, and its figures. */
struct centro_sim;

/** The name of the policy at this place, from 0, or NULL; and what it does, for people. */
CENTRO_API const char *centro_sim_policy_name(size_t index);
CENTRO_API const char *centro_sim_policy_help(size_t index);

/** A queue of the workload, and the priority of its jobs; this struct never changes. */
struct centro_sim_queue {
	const char *name;
	int32_t priority; /**< -1000 to 1000, higher first; 0 for queues that are not named */
};

/** Start from CENTRO_SIM_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_sim_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< outlives the run */
	const char *policy;                       /**< default: the first */
	uint64_t seed;                            /**< of the scheduler's own choices */
	/**
	 * Default: the nodes that the workload lists; or the processors of the SWF
	 * header, else of the largest job, on nodes of `cores`; or 50 for a mix. Of
	 * listed nodes, so many in the same proportions.
	 */
	uint32_t nodes;
	uint32_t cores; /**< of each node that is not listed; default 1, for a mix 16 */
	const struct centro_sim_queue *queues;
	size_t queue_count;
};
#define CENTRO_SIM_OPTIONS_INIT                           \
	{                                                 \
		.size = sizeof(struct centro_sim_options) \
	}

/**
 * Run `workload`, which must outlive the result and not change meanwhile.
 *
 * @retval CENTRO_ERR_INVALID   an option: see text
 * @retval CENTRO_ERR_LIMIT     too many nodes or queues, or it would never end
 * @retval CENTRO_ERR_INTERNAL  a defect in Centro: see text
 * @retval CENTRO_ERR_NOMEM, _ABI
 */
CENTRO_API int centro_sim_run(const struct centro_workload *workload,
			      const struct centro_sim_options *options, struct centro_sim **ret_sim,
			      struct centro_error_text *text);
/** NULL is allowed. */
CENTRO_API void centro_sim_free(struct centro_sim *sim);

/*
 * What follows reads a run. Each `ret_` struct has its size set before the call,
 * and texts in it are borrowed from the run.
 *
 * CENTRO_ERR_NOT_FOUND: there is none at that place, so a loop from 0 ends there.
 * CENTRO_ERR_INVALID, _ABI: `ret_` or its size.
 */

/** Of a set of numbers. A percentile is by nearest rank; a mean is rounded down. */
struct centro_sim_spread {
	uint64_t mean, p50, p90, p99, max;
};

/** Ratios are in millionths (ppm), rounded down. */
struct centro_sim_figures {
	size_t size;
	uint64_t jobs;      /**< in the workload */
	uint64_t ended;     /**< of these: they ran */
	uint64_t never;     /**< of these: they cannot ever fit */
	uint64_t decisions; /**< instances placed on a node */
	uint64_t events;    /**< of the scheduler */
	uint32_t nodes;
	uint32_t policy;                              /**< see centro_sim_policy_name() */
	struct centro_instant first_submit, last_end; /**< on the workload's time line */
	struct centro_span makespan;                  /**< from the one to the other */
	struct centro_sim_spread wait_ns;             /**< from submit to start */
	/** max(1, (wait + run) / max(run, 10 s)), of Feitelson and Rudolph (1998). */
	struct centro_sim_spread slowdown_ppm;
	uint64_t waiting_max; /**< jobs that waited at the same time */
	/** Jain's index over the users' mean bounded slowdowns: 1,000,000 when all are the same. */
	uint64_t fairness_ppm;
	uint64_t digest; /**< of when each job started: equal digests, equal schedules */
};
CENTRO_API int centro_sim_get_figures(const struct centro_sim *sim,
				      struct centro_sim_figures *ret_figures);

/** One kind of resource, over the makespan: cpu first, then those that there are. */
struct centro_sim_resource {
	size_t size;
	const char *name;         /**< "cpu" in thousandths, "memory" in MiB, "gpu_milli" */
	uint64_t capacity;        /**< of all nodes */
	uint64_t utilisation_ppm; /**< share of it that was in use */
	/**
	 * Fragmentation, as loss of capacity: share of it that stood free while a
	 * job waited that could not be placed.
	 */
	uint64_t lost_ppm;
};
#define CENTRO_SIM_RESOURCES_MAX 3
CENTRO_API int centro_sim_get_resource(const struct centro_sim *sim, size_t index,
				       struct centro_sim_resource *ret_resource);

/** A stretch of time; they follow one another, up to 512 of one length. */
struct centro_sim_point {
	size_t size;
	struct centro_instant begin, end;
	uint64_t used_ppm[CENTRO_SIM_RESOURCES_MAX]; /**< mean, in the order of the resources */
	uint64_t waiting_milli;                      /**< jobs that wait: mean, in thousandths */
	uint64_t waiting_max;
};
CENTRO_API int centro_sim_get_point(const struct centro_sim *sim, size_t index,
				    struct centro_sim_point *ret_point);

enum centro_sim_group_type { CENTRO_SIM_USERS = 1, CENTRO_SIM_QUEUES = 2 };
/** The jobs of one user, or of one queue, that ran. */
struct centro_sim_group {
	size_t size;
	const char *name;
	uint64_t jobs;
	uint64_t wait_ns, slowdown_ppm; /**< mean */
};
CENTRO_API int centro_sim_get_group(const struct centro_sim *sim, enum centro_sim_group_type type,
				    size_t index, struct centro_sim_group *ret_group);

/** Jobs that can never fit, and the scheduler's explanation on the empty cluster. */
struct centro_sim_refusal {
	size_t size;
	uint64_t jobs;
	uint64_t first; /**< the number of the first of them */
	const char *reason;
};
CENTRO_API int centro_sim_get_refusal(const struct centro_sim *sim, size_t index,
				      struct centro_sim_refusal *ret_refusal);

/** One job, in the order of submission. */
struct centro_sim_job {
	size_t size;
	uint64_t number; /**< as the workload counts it: SWF's first column, else from 1 */
	const char *user, *queue;
	uint32_t instances;
	uint32_t cpu_milli; /**< of each */
	struct centro_instant submit;
	struct centro_instant start; /**< CENTRO_INSTANT_NEVER_NS: it cannot ever fit */
	struct centro_span run;
};
CENTRO_API int centro_sim_get_job(const struct centro_sim *sim, size_t index,
				  struct centro_sim_job *ret_job);

#ifdef __cplusplus
}
#endif
#endif
