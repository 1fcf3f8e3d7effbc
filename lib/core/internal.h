/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_INTERNAL_H
#define CTR_CORE_INTERNAL_H

/*
 * The whole state, for the few files of core that must see all of it: those
 * that decide, apply, load, explain and check. The tables know only themselves.
 */

#include "core/core.h"
#include "core/job_table.h"
#include "core/lease.h"
#include "core/node.h"
#include "core/outbox.h"
#include "core/pending.h"
#include "core/placement.h"
#include "core/queue.h"
#include "core/request.h"
#include "core/resource.h"
#include "core/shape.h"
#include "core/zone.h"

#define CTR_ID_BLOCK 1000 /* ids are made durable so many at a time */
#define CTR_ID_MAX   ((uint64_t)1 << 62)
/* In a record: far below what the number of an attempt could be counted up to. */
#define CTR_ATTEMPT_MAX ((uint32_t)1 << 30)

struct ctr_ids {
	uint64_t next;     /* never given out yet */
	uint64_t reserved; /* ids below it may be given out: what the store says */
};

/* What a command needs in memory, made before it is accepted; apply takes it. */
struct ctr_prepared {
	struct ctr_job *job;     /* submit: all of it but its id */
	struct ctr_node *node;   /* register: a new node */
	struct ctr_queue *queue; /* set_queue: a new queue */
	/* Register: what the node offers now. References are held while has_offer. */
	bool has_offer;
	struct ctr_resources capacity;
	struct ctr_zone *zone;
	struct centro_bytes node_text; /* owned */
	char *who, *reason;            /* cancel */
	struct ctr_drain *drain;       /* drain: all of it but its times */
	char *message;                 /* report; NULL: none */
};

/* Of instances, to be tied to their nodes when those have been loaded. */
struct ctr_tie {
	struct ctr_instance *instance;
	centro_node_id node;
};

struct ctr_core {
	const struct centro_allocator *allocator;
	struct ctr_core_options options; /* with every default filled in */
	struct ctr_now now;              /* of the last call */
	bool is_loading;                 /* until load_end() */
	bool is_short;                   /* of memory, in the last tick or pass */

	struct ctr_dimension_table dimensions;
	struct ctr_zone_table zones;
	struct ctr_shape_table shapes;
	struct ctr_job_table jobs;
	struct ctr_node_table nodes;
	struct ctr_queue_table queues;
	struct ctr_request_table requests;
	struct ctr_pending pending;
	struct ctr_placement placement;
	struct ctr_lease_table leases;
	struct ctr_outbox outbox;
	struct ctr_ids job_ids, node_ids;
	uint64_t hash_sum; /* with keep_hash: ctr_hash_records() */

	struct ctr_prepared prepared;
	struct ctr_tie *ties; /* while loading */
	size_t tie_count, tie_capacity;
};

/* The events that a command or a deadline leads to, in room of the outbox. */
struct ctr_decision {
	struct ctr_event *events;
	size_t count, count_max;
};

/* ---- decide: nothing changes ---- */

/* A new event at the end of `decision`, with its type and the time. */
struct ctr_event *ctr_decision_add(struct ctr_decision *decision, enum centro_event_type type,
				   struct ctr_now now);

/* How many events the command may lead to. */
size_t ctr_decide_bound(const struct ctr_core *core, const struct ctr_command *command);

int ctr_decide_submit(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result);
int ctr_decide_cancel(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result);
int ctr_decide_report(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result);
int ctr_decide_set_queue(const struct ctr_core *core, struct ctr_now now,
			 const struct ctr_command *command, struct ctr_decision *decision,
			 struct ctr_result *result);
int ctr_decide_register(const struct ctr_core *core, struct ctr_now now,
			const struct ctr_command *command, struct ctr_decision *decision,
			struct ctr_result *result);
int ctr_decide_heartbeat(const struct ctr_core *core, struct ctr_now now,
			 const struct ctr_command *command, struct ctr_decision *decision,
			 struct ctr_result *result);
int ctr_decide_claim(const struct ctr_core *core, struct ctr_now now,
		     const struct ctr_command *command, struct ctr_decision *decision,
		     struct ctr_result *result);

int ctr_decide_drain(const struct ctr_core *core, struct ctr_now now,
		     const struct ctr_command *command, struct ctr_decision *decision,
		     struct ctr_result *result);
int ctr_decide_undrain(const struct ctr_core *core, struct ctr_now now,
		       const struct ctr_command *command, struct ctr_decision *decision,
		       struct ctr_result *result);

/* Who asks for something, and why. OK or INVALID. */
int ctr_decide_who(struct centro_bytes who, struct centro_bytes reason,
		   struct centro_error_text *text);

/* A report after which its node is drained, by nobody. At most one event more. */
void ctr_decide_quarantine(const struct ctr_core *core, struct ctr_now now,
			   const struct ctr_command *command, struct ctr_decision *decision);
/* Who drains a node then, and why. NULL: no memory. */
struct ctr_drain *ctr_quarantine_drain(const struct ctr_core *core, const struct ctr_node *node,
				       const struct ctr_report *report);
/* What an attempt's start, or its end, says of its node. */
void ctr_quarantine_note(struct ctr_instance *instance, enum centro_cause cause);

/* The node and the session that a command names: NOT_FOUND, STALE. */
int ctr_decide_session(const struct ctr_core *core, centro_node_id node, uint64_t session,
		       struct ctr_result *result);

/* An instance gets an attempt on a node. */
void ctr_decide_grant(struct ctr_now now, const struct ctr_instance *instance,
		      const struct ctr_node *node, struct ctr_decision *decision);
/* A lease is over. At most two events. */
void ctr_decide_lease_over(struct ctr_now now, const struct ctr_instance *instance,
			   struct ctr_decision *decision);
/* A node has been silent for too long. One event. */
void ctr_decide_silence(struct ctr_now now, const struct ctr_node *node,
			struct ctr_decision *decision);

/* The deadline of a node's drain has passed. One event. */
void ctr_decide_drain_over(struct ctr_now now, const struct ctr_node *node,
			   struct ctr_decision *decision);

/* ---- prepare: memory and references, given back by ctr_prepared_drop() ---- */

int ctr_prepare(struct ctr_core *core, const struct ctr_command *command,
		const struct ctr_decision *decision, struct ctr_result *result);
/* A node that is not there yet, or what one that is there offers now. */
int ctr_prepare_node(struct ctr_core *core, const struct ctr_node_spec *spec,
		     struct centro_error_text *text);
void ctr_prepared_drop(struct ctr_core *core);

/* ---- apply: cannot fail ---- */

/* Make every event true, number it, and note what it touched. */
void ctr_apply(struct ctr_core *core, struct ctr_decision *decision);
/* What a command changes that is neither stored nor told: sessions, leases, claims. */
void ctr_touch(struct ctr_core *core, struct ctr_now now, const struct ctr_command *command);

/* Let what waits of a job wait, in its queue. */
void ctr_adopt_job(struct ctr_core *core, struct ctr_job *job, struct ctr_queue *queue);
/* Attach a granted instance to its node, and begin its lease. Room for that is reserved. */
void ctr_adopt_grant(struct ctr_core *core, struct ctr_instance *instance, struct ctr_node *node,
		     struct centro_instant now);
/* A node, which is not chosen now, takes the prepared offer. */
void ctr_adopt_offer(struct ctr_core *core, struct ctr_node *node);
/* A node that is not down: it can fall silent, and if it is ready it can be chosen. */
void ctr_adopt_alive(struct ctr_core *core, struct ctr_node *node, struct centro_instant now);

/* The deadline of a node's drain, if it has one that is to come. */
void ctr_adopt_drain(struct ctr_core *core, struct ctr_node *node);

/* ---- hash: what parts of the state add to it ---- */

uint64_t ctr_hash_job(const struct ctr_job *job);
uint64_t ctr_hash_instance(const struct ctr_instance *instance);
uint64_t ctr_hash_node(const struct ctr_node *node);
uint64_t ctr_hash_queue(const struct ctr_queue *queue);
/* All that the event touches, as it stands: before the event and after, it is two numbers. */
uint64_t ctr_hash_touched(const struct ctr_core *core, const struct ctr_event *event);
/* Every record. */
uint64_t ctr_hash_records(const struct ctr_core *core);

/* ---- shared ---- */

static inline bool ctr_job_is_cancelled(const struct ctr_job *job)
{
	return job->cancelled_by != NULL;
}

/* Where an instance waits: with its like, or with those of its gang that were granted before. */
static inline struct ctr_line *ctr_core_line(const struct ctr_core *core,
					     const struct ctr_instance *instance)
{
	const struct ctr_task *task = ctr_instance_task(instance);

	return task->gang && instance->attempt > 0
		       ? ctr_task_line(task)
		       : &ctr_shape_get(&core->shapes, task->shape)->line;
}

/* The instance that a reference names, whatever its attempt; NULL: none. */
struct ctr_instance *ctr_core_instance(const struct ctr_core *core,
				       const struct centro_attempt_ref *ref);
/* The one whose current attempt is granted to that node and named by `ref`; NULL: none. */
struct ctr_instance *ctr_core_granted(const struct ctr_core *core, centro_node_id node,
				      const struct centro_attempt_ref *ref);

#endif
