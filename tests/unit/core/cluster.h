/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CORE_CLUSTER_H
#define CTR_TESTS_CORE_CLUSTER_H

/*
 * A core under test and short ways to say what is done to it. Every step is
 * followed by ctr_core_check(), and time moves by a millisecond with each.
 */

#include <check.h>

#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/internal.h"

struct cluster {
	struct ctr_core *core;
	struct ctr_now now;
	struct ctr_result result; /* of the last command */
	bool unchecked;           /* leave ctr_core_check() out */
	/* Called in a reload with the new core, to load what has left the old one. May be NULL. */
	void (*load_more)(void *arg, struct ctr_core *core);
	void *arg;
};

/* `options` may be NULL. */
void cluster_init(struct cluster *cluster, const struct ctr_core_options *options);
void cluster_fini(struct cluster *cluster);
void cluster_check(const struct cluster *cluster);

/* The status. */
int cluster_execute(struct cluster *cluster, const struct ctr_command *command);
/* Let time pass, then handle what is due. */
void cluster_wait(struct cluster *cluster, uint64_t ms);
void cluster_schedule(struct cluster *cluster);
/* As an engine does: clear events, take what is dirty, forget what has ended. */
void cluster_drain(struct cluster *cluster);
/* The events since the last drain: how many of a type there are, and the last of them. */
size_t cluster_count(const struct cluster *cluster, enum centro_event_type type);
const struct ctr_event *cluster_last(const struct cluster *cluster, enum centro_event_type type);

/* ---- nodes ---- */

/* The number of a node of agent 1, session 1, with nothing but a name and cores. */
centro_node_id cluster_add_node(struct cluster *cluster, const char *name, uint32_t cores);
struct ctr_node_spec cluster_node_spec(const char *name, uint32_t cores);
int cluster_register(struct cluster *cluster, const struct ctr_node_spec *spec);
/* Holding nothing. */
int cluster_heartbeat(struct cluster *cluster, centro_node_id node);
/* Holding `ref`; *ret_lease is the answer. */
int cluster_hold(struct cluster *cluster, centro_node_id node, struct centro_attempt_ref ref,
		 struct centro_span *ret_lease);

/* `deadline_ms` below 0: none. */
int cluster_drain_node(struct cluster *cluster, centro_node_id node, int64_t deadline_ms);
int cluster_undrain_node(struct cluster *cluster, centro_node_id node);

/* ---- jobs ---- */

/* One task "main" that runs `true` on so many cores, in the default queue. */
struct ctr_task_spec cluster_task_spec(uint32_t cores);
struct ctr_job_spec cluster_job_spec(const struct ctr_task_spec *tasks, size_t count);
int cluster_submit_spec(struct cluster *cluster, const struct ctr_job_spec *spec);
centro_job_id cluster_submit(struct cluster *cluster, uint32_t cores);
/* `count` instances of one core each. */
centro_job_id cluster_submit_array(struct cluster *cluster, uint32_t count);
/* A gang of `count` instances of so many cores each. */
centro_job_id cluster_submit_gang(struct cluster *cluster, uint32_t count, uint32_t cores);
int cluster_cancel(struct cluster *cluster, centro_job_id job);
const struct ctr_job *cluster_job(const struct cluster *cluster, centro_job_id job);
/* An instance of the first task. */
const struct ctr_instance *cluster_instance(const struct cluster *cluster, centro_job_id job,
					    uint32_t index);
/* Its present attempt. */
struct centro_attempt_ref cluster_ref(const struct cluster *cluster, centro_job_id job,
				      uint32_t index);

/* ---- attempts, by their node ---- */

bool cluster_claim(struct cluster *cluster, struct centro_attempt_ref ref);
struct ctr_command cluster_report_command(const struct cluster *cluster,
					  struct centro_attempt_ref ref);
int cluster_report_running(struct cluster *cluster, struct centro_attempt_ref ref);
int cluster_report_ended(struct cluster *cluster, struct centro_attempt_ref ref,
			 enum centro_cause cause, int32_t exit_code);
/* Submit, schedule, claim, running: a job of one core that runs. */
centro_job_id cluster_run(struct cluster *cluster);

/* ---- saving and loading ---- */

/* A new core with all that is stored of the old one, and nothing else. */
void cluster_reload(struct cluster *cluster);

#endif
