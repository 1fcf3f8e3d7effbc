/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_MODEL_H
#define CTR_CORE_MODEL_H

/*
 * The state of a cluster, as others may read it. Only core changes it.
 *
 * "Cluster time" is the steady time line that goes on over restarts and
 * take-overs; everything that is counted is counted on it. Wall times are kept
 * for people.
 */

#include "base/heap.h"
#include "base/list.h"
#include "core/spec.h"

/* The present, on both lines. Sampled once a turn by the outermost layer. */
struct ctr_now {
	struct centro_instant cluster;
	struct centro_instant wall;
};

/* cpu, memory, disk, then named resources in the order in which the cluster met them. */
#define CTR_DIMENSIONS_MAX 16
enum { CTR_DIM_CPU, CTR_DIM_MEMORY, CTR_DIM_DISK, CTR_DIM_NAMED };

struct ctr_resources {
	int64_t amount[CTR_DIMENSIONS_MAX];
};

/* What the dimensions are called: "cpu", "memory", "disk", then named ones. */
struct ctr_dimensions {
	struct centro_bytes name[CTR_DIMENSIONS_MAX];
	size_t count;
};

struct ctr_job;
struct ctr_node;

/* One instance of a task, with its current or last attempt. */
struct ctr_instance {
	struct ctr_job *job;
	uint32_t task, index;
	uint8_t state; /* enum centro_instance_state */
	uint8_t cause; /* enum centro_cause */
	bool claimed;  /* by the node, in this server's life: it may have been started */
	uint16_t signal;
	int32_t exit_code;
	uint32_t attempt; /* 0: none yet */
	uint32_t lost;    /* attempts that ended with their node or lease */
	const struct ctr_node *node; /* of the current or last attempt; NULL: none yet */
	char *message;       /* owned; may be NULL */
	struct centro_instant assign_wall, start_wall, end_wall;
	uint64_t assign_event; /* number of the event that granted the current attempt */

	/* Not stored. */
	struct ctr_heap_node lease; /* when the grant is over for this server, cluster time */
	struct ctr_list on_node;    /* in ctr_node.attempts while granted */
};

/* One task of a job, with every default filled in. */
struct ctr_task {
	struct centro_bytes name; /* in the job's text */
	uint32_t shape;           /* core's number for its resources + datacenters */
	uint32_t count;
	struct centro_span time_limit; /* 0: none */
	struct centro_span lease, kill_grace;
	uint8_t on_disconnect; /* enum ctr_on_disconnect, never DEFAULT */
	struct ctr_instance *instances; /* `count` of them */
};

enum ctr_job_dirty {
	CTR_JOB_DIRTY_SPEC = 1 << 0,  /* new: both halves must be written */
	CTR_JOB_DIRTY_STATE = 1 << 1, /* the second half must be written */
};

struct ctr_job {
	centro_job_id id;
	struct centro_bytes name, queue, owner, tenant, request_id;
	const struct ctr_label *labels;
	size_t label_count;
	int32_t priority;
	uint8_t state; /* enum centro_job_state */
	uint64_t spec_hash;
	struct centro_bytes text; /* the encoded JobSpec */
	struct ctr_task *tasks;
	size_t task_count;
	uint32_t instance_count; /* of all tasks */
	uint32_t live_count;     /* instances not in a final state */
	struct centro_instant submit_wall, start_wall, end_wall; /* 0: not yet */
	char *cancelled_by, *cancel_reason; /* owned; NULL: not cancelled */
	uint64_t revision; /* number of the last event that changed it */

	/* Not stored. */
	uint8_t dirty;  /* enum ctr_job_dirty */
	bool is_stored; /* its spec record stands in the store (or is in a batch before) */
	struct ctr_list dirty_link;
};

struct ctr_node {
	centro_node_id id;
	struct centro_bytes name, datacenter;
	uint8_t state; /* enum centro_node_state */
	uint64_t agent_id;
	struct centro_bytes text; /* the encoded NodeInfo */
	struct ctr_resources capacity;
	struct centro_instant register_wall;
	uint64_t revision;

	/* Not stored. */
	uint64_t session; /* 0: not heard from since this server began */
	struct ctr_resources used; /* sum over `attempts` (I6) */
	struct ctr_list attempts;  /* of ctr_instance.on_node: granted and not over */
	uint32_t attempt_count;
	struct centro_instant heard_wall;
	struct ctr_heap_node silence; /* when it counts as down, cluster time */
	bool dirty;
	struct ctr_list dirty_link;
};

struct ctr_queue {
	struct centro_bytes name;
	uint32_t weight;
	int32_t priority;
	uint64_t revision;

	/* Not stored. */
	uint32_t pending, running; /* instances */
	bool dirty;
	struct ctr_list dirty_link;
};

/* The reference that names the instance's current attempt. */
static inline struct centro_attempt_ref ctr_instance_ref(const struct ctr_instance *instance)
{
	return (struct centro_attempt_ref){ instance->job->id, instance->task, instance->index,
					    instance->attempt };
}

/* Derived from the instances by the table in centro/job.h. */
enum centro_job_state ctr_job_derive_state(const struct ctr_job *job);
/* The highest exit code of its instances. */
int32_t ctr_job_exit_code(const struct ctr_job *job);

#endif
