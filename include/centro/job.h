/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_JOB_H
#define CENTRO_JOB_H

/**
 * @file
 * Jobs: what a client asks the cluster to run, and the states it passes
 * through. To submit one, see centro/engine.h or centro/client.h.
 *
 * The numbers of states and causes are those of proto/centro/v1 and of the
 * store, and never change.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, word, final, what it means) */
#define CENTRO_INSTANCE_STATE_MAP(X)                                                               \
	X(BLOCKED, 1, "blocked", false, "waits for a dependency or a start time")                  \
	X(PENDING, 2, "pending", false, "waits for resources")                                     \
	X(ASSIGNED, 3, "assigned", false, "granted to a node, not reported running yet")           \
	X(RUNNING, 4, "running", false, "its command runs")                                        \
	X(BACKOFF, 5, "backoff", false, "waits before it is tried again")                          \
	X(SUCCEEDED, 6, "succeeded", true, "its command exited with 0")                            \
	X(FAILED, 7, "failed", true, "its command failed or could not be started")                 \
	X(CANCELLED, 8, "cancelled", true, "ended on request")                                     \
	X(TIMEOUT, 9, "timeout", true, "ended by its time limit")                                  \
	X(SKIPPED, 10, "skipped", true, "never ran: what it depends on did not end as required")

enum centro_instance_state {
#define X(name, value, word, final, help) CENTRO_INSTANCE_##name = value,
	CENTRO_INSTANCE_STATE_MAP(X)
#undef X
	CENTRO_INSTANCE_STATE_COUNT
};

/*
 * A job's state derives from its instances: any running: running; any waiting
 * or assigned: pending; then the first of cancelled, timeout, failed that any
 * instance is in; else succeeded.
 */
#define CENTRO_JOB_STATE_MAP(X)                                                                    \
	X(PENDING, 1, "pending", false, "no instance runs, some wait")                             \
	X(RUNNING, 2, "running", false, "an instance runs")                                        \
	X(SUCCEEDED, 3, "succeeded", true, "every instance succeeded")                             \
	X(FAILED, 4, "failed", true, "an instance failed")                                         \
	X(CANCELLED, 5, "cancelled", true, "an instance was cancelled")                            \
	X(TIMEOUT, 6, "timeout", true, "an instance passed its time limit")

enum centro_job_state {
#define X(name, value, word, final, help) CENTRO_JOB_##name = value,
	CENTRO_JOB_STATE_MAP(X)
#undef X
	CENTRO_JOB_STATE_COUNT
};

#define CENTRO_CAUSE_MAP(X)                                                                        \
	X(NONE, 0, "none", "nothing ended")                                                        \
	X(EXITED, 1, "exited", "the command ended by itself")                                      \
	X(SIGNALLED, 2, "signalled", "killed by a signal that Centro did not send")                \
	X(CANCEL, 3, "cancel", "cancelled on request")                                             \
	X(TIME_LIMIT, 4, "time_limit", "passed its time limit")                                    \
	X(NODE_LOST, 5, "node_lost", "nothing was heard from the node until the lease was over")   \
	X(START_FAILED, 6, "start_failed", "the command could not be started")                     \
	X(LOG_LIMIT, 7, "log_limit", "wrote more output than the node allows")                     \
	X(LEASE_EXPIRED, 8, "lease_expired", "the node could not renew the lease and killed it")   \
	X(REVOKED, 9, "revoked", "never claimed by its node")                                      \
	X(DRAINED, 12, "drained", "killed, since its node was drained")

enum centro_cause {
#define X(name, value, word, help) CENTRO_CAUSE_##name = value,
	CENTRO_CAUSE_MAP(X)
#undef X
	CENTRO_CAUSE_COUNT
};

/** The word, "unknown" for a value that is none. Static strings. */
CENTRO_API const char *centro_instance_state_name(int state);
CENTRO_API const char *centro_job_state_name(int state);
CENTRO_API const char *centro_cause_name(int cause);
CENTRO_API bool centro_instance_state_is_final(int state);
CENTRO_API bool centro_job_state_is_final(int state);

/** How a specification is written. */
enum centro_encoding {
	CENTRO_PROTOBUF, /**< a message of proto/centro/v1 */
	CENTRO_JSON,     /**< the same in proto3 JSON, UTF-8 */
};

/** One task of a job. Start from CENTRO_TASK_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_task_options {
	size_t size;                /**< sizeof this struct */
	const char *name;           /**< default "main" */
	const char *const *command; /**< required: the argument vector */
	size_t command_count;
	const char *const *env; /**< "NAME=value" each */
	size_t env_count;
	const char *working_dir;
	uint32_t cpu_milli;  /**< cpu, memory and disk all 0: one core and 128 MiB */
	uint32_t memory_mib;
	uint32_t disk_mib;
	uint32_t count;                 /**< instances; default 1 */
	struct centro_span time_limit;  /**< default: none */
	struct centro_span lease;       /**< default 300 s, least 2 s */
	struct centro_span kill_grace;  /**< default 5 s */
	const char *const *named;       /**< names of other resources … */
	const uint32_t *named_amount;   /**< … and how much of each */
	size_t named_count;
	/**
	 * All or nothing: the pending instances of a gang are granted together, in one
	 * pass and one batch, or not at all. Those that were lost and wait again are
	 * granted by the same rule, beside the ones that still run.
	 */
	bool gang;
};
#define CENTRO_TASK_OPTIONS_INIT                                                                   \
	{                                                                                          \
		.size = sizeof(struct centro_task_options)                                         \
	}

/** One job. Start from CENTRO_JOB_OPTIONS_INIT. */
struct centro_job_options {
	size_t size; /**< sizeof this struct */
	const char *name;
	const char *queue; /**< default "default" */
	int32_t priority;  /**< higher first; -1000 to 1000 */
	const struct centro_task_options *tasks;
	size_t task_count;
	const char *const *datacenters; /**< where it may run; default anywhere */
	size_t datacenter_count;
};
#define CENTRO_JOB_OPTIONS_INIT                                                                    \
	{                                                                                          \
		.size = sizeof(struct centro_job_options)                                          \
	}

#ifdef __cplusplus
}
#endif
#endif
