/* SPDX-License-Identifier: MIT */
/*
 * weight.c - an upper bound of what the open batch will hold.
 *
 * No event adds more than two operations: a submit is one event and two rows;
 * the end of a job comes with that of an instance, and is one row and two
 * deletes. Coalescing only makes it less.
 *
 * Layer: engine.
 */
#include "engine/weight.h"

#include "base/assert.h"
#include "base/bytes.h"

#define OPS_PER_EVENT  2
#define EVENT_BYTES    256 /* in the event record, with its task's name */
#define RECORD_BYTES   768 /* keys, and what a job or node has beside what is counted */
#define INSTANCE_BYTES 880 /* with the longest message and name of its node */
#define DRAIN_BYTES    864 /* with the longest reason */
#define SEEN_INSTANCES 4   /* smaller jobs are counted at every event of theirs */

void ctr_weight_clear(struct ctr_weight *weight)
{
	*weight = (struct ctr_weight){0};
}

static bool was_seen(struct ctr_weight *weight, const struct ctr_job *job)
{
	if (job->instance_count < SEEN_INSTANCES)
		return false;
	centro_job_id *seen = &weight->seen[ctr_hash_u64(job->id) % CTR_WEIGHT_SEEN];
	if (*seen == job->id)
		return true;
	*seen = job->id;
	return false;
}

static uint64_t job_bytes(struct ctr_weight *weight, const struct ctr_job *job,
			  enum centro_event_type type)
{
	uint64_t bytes = job->queue.size + job->owner.size;
	/* The specification is written at the submit, and into the history. */
	if (type == CENTRO_EVENT_JOB_SUBMITTED || type == CENTRO_EVENT_JOB_ENDED)
		bytes += job->text.size;
	if (was_seen(weight, job))
		return bytes;
	uint64_t state = RECORD_BYTES + (uint64_t)job->instance_count * INSTANCE_BYTES;
	return bytes + (state < CTR_RECORD_SIZE_MAX ? state : CTR_RECORD_SIZE_MAX);
}

void ctr_weight_add(struct ctr_weight *weight, const struct ctr_core *core,
		    const struct ctr_event *event)
{
	weight->ops += OPS_PER_EVENT;
	weight->bytes += EVENT_BYTES;
	if (event->attempt.job != 0) {
		const struct ctr_job *job = ctr_core_find_job(core, event->attempt.job);
		CTR_ASSERT(job);
		weight->bytes += job_bytes(weight, job, event->type);
	} else if (event->node != 0) {
		const struct ctr_node *node = ctr_core_find_node(core, event->node);
		CTR_ASSERT(node);
		weight->bytes += RECORD_BYTES + node->text.size;
		if (node->drain)
			weight->bytes += DRAIN_BYTES;
	} else {
		weight->bytes += RECORD_BYTES;
	}
}
