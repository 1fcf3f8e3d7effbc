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
#include "core/tree.h"

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

/*
 * One instance of a task, with its current or last attempt. Small, since a
 * backlog is made of these: what it needs while it waits and what it needs while
 * it is granted share their memory.
 */
struct ctr_instance {
	struct ctr_job *job;
	struct ctr_node *node; /* of the current or last attempt; NULL: none yet */
	char *message;         /* owned; may be NULL */
	struct centro_instant assign_wall, start_wall, end_wall;
	uint64_t assign_event; /* number of the event that granted the current attempt; 0: loaded */
	uint32_t index;
	uint32_t attempt; /* 0: none yet */
	uint32_t lost;    /* attempts that ended with their node or lease */
	int32_t exit_code;
	uint16_t task;
	uint16_t signal;
	uint8_t state; /* enum centro_instance_state */
	uint8_t cause; /* enum centro_cause */
	bool claimed;  /* by the node, in this server's life */
	bool loaded;   /* granted before it: it may have been claimed then */

	/* Not stored. */
	union {
		struct {                            /* while granted: assigned or running */
			struct ctr_heap_node lease; /* over at; cluster time. In no heap: never */
			struct ctr_list on_node;    /* in ctr_node.attempts */
		};
		struct ctr_tree_node waiting; /* while pending: in its shape's order */
	};
};

/* One task of a job, with every default filled in. */
struct ctr_task {
	struct centro_bytes name;      /* in the job's memory */
	struct centro_span time_limit; /* 0: none */
	struct centro_span lease, kill_grace;
	struct ctr_instance *instances; /* `count` of them; of a gang, its line behind them */
	uint32_t shape;                 /* core's number for its resources + datacenters + gang */
	uint16_t count;
	uint8_t on_disconnect; /* enum ctr_on_disconnect, never DEFAULT */
	bool gang;             /* and there are several */
};

enum ctr_job_dirty {
	CTR_JOB_DIRTY_SPEC = 1 << 0,  /* new: both halves must be written */
	CTR_JOB_DIRTY_STATE = 1 << 1, /* the second half must be written */
};

struct ctr_job {
	centro_job_id id;       /* rises with the time of submission, so it is the age too */
	centro_job_id retry_of; /* the job that this one does again; 0: none */
	struct centro_bytes name, queue, owner, tenant, request_id;
	struct centro_bytes text; /* the encoded JobSpec */
	const struct ctr_label *labels;
	struct ctr_task *tasks;
	uint64_t spec_hash;
	struct centro_instant submit_wall, start_wall, end_wall; /* 0: not yet */
	char *cancelled_by, *cancel_reason; /* owned; both NULL: not cancelled */
	uint64_t revision;                  /* number of the last event that changed it */
	int32_t priority;
	uint16_t label_count, task_count;
	uint16_t instance_count; /* of all tasks */
	uint16_t live_count;     /* instances not in a final state */
	uint16_t running_count;  /* instances that run */
	uint8_t ended_as;        /* which final states instances are in: ctr_ended_bit() */
	uint8_t state;           /* enum centro_job_state */

	/* Not stored. */
	uint16_t queue_number; /* core's */
	uint8_t dirty;         /* enum ctr_job_dirty */
	bool is_stored;        /* its spec record stands in the store (or is in a batch before) */
};

struct ctr_zone;

/* Why a node takes nothing new. In one piece of memory with its texts. */
struct ctr_drain {
	struct centro_bytes who, reason;
	struct centro_instant since_wall;
	struct centro_instant deadline_wall; /* 0: none */
	struct centro_instant deadline;      /* cluster time; 0: none */
	bool is_over;                        /* the deadline has passed: what is left is killed */
};

/* What placement touches most stands first, in one cache line. */
struct ctr_node {
	centro_node_id id;
	uint8_t state;   /* enum centro_node_state */
	bool is_shrunk;  /* it offers less than was granted before: `used` may exceed `capacity` */
	bool dirty;      /* in the list by dirty_link */
	uint32_t number; /* from 0, without a gap */
	struct ctr_list attempts; /* of ctr_instance.on_node: granted and not over */
	uint32_t attempt_count;
	uint32_t place_all;    /* among all that are ready … */
	uint32_t place_zone;   /* … and among those of its datacenter */
	struct ctr_zone *zone; /* its datacenter; a reference */
	uint64_t freed;        /* when room on it last grew, by placement's count; 0: not ready */
	struct ctr_list freed_link;
	struct ctr_resources used; /* sum over `attempts` (I6) */
	struct ctr_resources capacity;

	struct centro_bytes name, datacenter;
	uint64_t agent_id;
	struct centro_bytes text; /* the encoded NodeInfo; owned */
	struct ctr_drain *drain;  /* owned; NULL: it takes what comes */
	struct centro_instant register_wall;
	uint64_t revision;

	/* Not stored, as nothing above but `id`, `state` and `capacity`. */
	uint64_t session;        /* 0: not heard from since this server began */
	uint64_t session_before; /* ended by `session`: stale from then on */
	struct centro_instant heard_wall;
	uint32_t start_failures; /* of attempts in a row, of different jobs: quarantine.c */
	centro_job_id start_failed_job;
	struct ctr_heap_node silence; /* when it counts as down, cluster time */
	struct ctr_heap_node due;     /* when its drain is over, cluster time */
	struct ctr_list dirty_link;
};

struct ctr_queue {
	struct centro_bytes name;
	uint32_t weight;
	int32_t priority;
	uint64_t revision;

	/* Not stored. */
	uint16_t number;           /* from 0, without a gap */
	uint32_t pending, running; /* instances: waiting; granted */
	bool dirty;
	struct ctr_list dirty_link;
};

/* The reference that names the instance's current attempt. */
static inline struct centro_attempt_ref ctr_instance_ref(const struct ctr_instance *instance)
{
	return (struct centro_attempt_ref){instance->job->id, instance->task, instance->index,
					   instance->attempt};
}

static inline bool ctr_instance_is_granted(const struct ctr_instance *instance)
{
	return instance->state == CENTRO_INSTANCE_ASSIGNED ||
	       instance->state == CENTRO_INSTANCE_RUNNING;
}

/* Nobody can be sure that its current attempt was not started. */
static inline bool ctr_instance_may_have_started(const struct ctr_instance *instance)
{
	return instance->claimed || instance->loaded;
}

/* What is granted to it is to be killed, and nothing of it may start any more. */
static inline bool ctr_node_is_cleared(const struct ctr_node *node)
{
	return node->drain && node->drain->is_over;
}

/* Derived from the instances by the table in centro/job.h. */
enum centro_job_state ctr_job_derive_state(const struct ctr_job *job);
/* The highest exit code of its instances. */
int32_t ctr_job_exit_code(const struct ctr_job *job);

#endif
