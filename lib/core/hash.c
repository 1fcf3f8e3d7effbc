/* SPDX-License-Identifier: MIT */
/*
 * hash.c - one number over all that is stored.
 *
 * Two states with the same records have the same hash, however they came about:
 * what is only known in this process (leases, sessions, claims, order) is left
 * out, and so is the order of the records.
 *
 * It is a sum over parts, so that it can be kept up to date: what an event is about
 * to change is taken out of the sum before, and put in as it is then after. A job
 * has many parts, what was submitted, its life, and each of its instances, so that
 * one instance of ten thousand costs no more than one of one. Nothing is remembered
 * but the sum.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "core/internal.h"

/* Where the hash of a part begins: the same fields in two kinds of parts differ. */
enum part { PART_SUBMITTED = 1, PART_LIFE, PART_INSTANCE, PART_NODE, PART_QUEUE };

static uint64_t begin(enum part part)
{
	return ctr_hash_u64(part);
}

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = ctr_hash_u64(*hash ^ value);
}

/* Nobody gains by a collision here: a keyed hash would cost four times as much. */
static void mix_bytes(uint64_t *hash, struct centro_bytes bytes)
{
	mix(hash, bytes.size);
	for (size_t at = 0; at < bytes.size; at += sizeof(uint64_t)) {
		size_t left = bytes.size - at;
		mix(hash, ctr_load_le(bytes.data + at,
				      left < sizeof(uint64_t) ? left : sizeof(uint64_t)));
	}
}

static void mix_text(uint64_t *hash, const char *text)
{
	mix(hash, text != NULL);
	if (text)
		mix_bytes(hash, ctr_bytes_str(text));
}

/* ---- parts of a job ---- */

/* What never changes; the specification's text may be large. */
static uint64_t hash_submitted(const struct ctr_job *job)
{
	uint64_t hash = begin(PART_SUBMITTED);
	CTR_ASSERT(job->id != 0);

	mix(&hash, job->id);
	mix_bytes(&hash, job->text);
	mix_bytes(&hash, job->name);
	mix_bytes(&hash, job->queue);
	mix_bytes(&hash, job->owner);
	mix_bytes(&hash, job->tenant);
	mix_bytes(&hash, job->request_id);
	mix(&hash, (uint32_t)job->priority);
	mix(&hash, job->spec_hash);
	mix(&hash, job->submit_wall.ns);
	/* What was recorded before there were retries keeps its hash. */
	if (job->retry_of != 0)
		mix(&hash, job->retry_of);
	return hash;
}

static uint64_t hash_life(const struct ctr_job *job)
{
	uint64_t hash = begin(PART_LIFE);
	CTR_ASSERT(job->id != 0);

	mix(&hash, job->id);
	mix(&hash, job->state);
	mix(&hash, job->start_wall.ns);
	mix(&hash, job->end_wall.ns);
	mix_text(&hash, job->cancelled_by);
	mix_text(&hash, job->cancel_reason);
	mix(&hash, job->revision);
	return hash;
}

uint64_t ctr_hash_instance(const struct ctr_instance *instance)
{
	uint64_t hash = begin(PART_INSTANCE);
	CTR_ASSERT(instance->job->id != 0);

	mix(&hash, instance->job->id);
	mix(&hash, instance->task);
	mix(&hash, instance->index);
	mix(&hash, instance->state);
	mix(&hash, instance->cause);
	mix(&hash, instance->signal);
	mix(&hash, (uint32_t)instance->exit_code);
	mix(&hash, instance->attempt);
	mix(&hash, instance->lost);
	mix(&hash, instance->node ? instance->node->id : 0);
	mix_text(&hash, instance->message);
	mix(&hash, instance->assign_wall.ns);
	mix(&hash, instance->start_wall.ns);
	mix(&hash, instance->end_wall.ns);
	return hash;
}

uint64_t ctr_hash_job(const struct ctr_job *job)
{
	uint64_t sum = hash_submitted(job) + hash_life(job);

	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++)
			sum += ctr_hash_instance(&job->tasks[i].instances[j]);
	}
	return sum;
}

/* ---- other records ---- */

static void mix_drain(uint64_t *hash, const struct ctr_drain *drain)
{
	mix(hash, drain != NULL);
	if (!drain)
		return;
	mix_bytes(hash, drain->who);
	mix_bytes(hash, drain->reason);
	mix(hash, drain->since_wall.ns);
	mix(hash, drain->deadline_wall.ns);
	mix(hash, drain->deadline.ns);
	mix(hash, drain->is_over);
}

uint64_t ctr_hash_node(const struct ctr_node *node)
{
	uint64_t hash = begin(PART_NODE);
	CTR_ASSERT(node->id != 0);

	mix(&hash, node->id);
	mix_bytes(&hash, node->name);
	mix_bytes(&hash, node->text);
	mix(&hash, node->state);
	mix(&hash, node->agent_id);
	mix(&hash, node->register_wall.ns);
	mix(&hash, node->revision);
	mix_drain(&hash, node->drain);
	return hash;
}

uint64_t ctr_hash_queue(const struct ctr_queue *queue)
{
	uint64_t hash = begin(PART_QUEUE);
	CTR_ASSERT(queue->weight > 0);

	mix_bytes(&hash, queue->name);
	mix(&hash, queue->weight);
	mix(&hash, (uint32_t)queue->priority);
	mix(&hash, queue->revision);
	return hash;
}

/* ---- what an event touches ---- */

static uint64_t touched_of_job(const struct ctr_core *core, const struct ctr_event *event)
{
	const struct ctr_job *job = ctr_job_table_find(&core->jobs, event->attempt.job);
	const struct ctr_instance *instance;

	switch (event->type) {
	case CENTRO_EVENT_JOB_SUBMITTED:
		return job ? ctr_hash_job(job) : 0;
	case CENTRO_EVENT_JOB_CANCEL_REQUESTED:
	case CENTRO_EVENT_JOB_ENDED:
		return hash_life(job);
	default:
		instance = ctr_core_instance(core, &event->attempt);
		CTR_ASSERT(instance != NULL);
		return hash_life(job) + ctr_hash_instance(instance);
	}
}

static uint64_t touched_node(const struct ctr_core *core, const struct ctr_event *event)
{
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, event->node);
	return node ? ctr_hash_node(node) : 0;
}

static uint64_t touched_queue(const struct ctr_core *core, const struct ctr_event *event)
{
	const struct ctr_queue *queue =
		ctr_queues_find(&core->queues, event->command->set_queue.name);
	return queue ? ctr_hash_queue(queue) : 0;
}

uint64_t ctr_hash_touched(const struct ctr_core *core, const struct ctr_event *event)
{
	switch (event->type) {
	case CENTRO_EVENT_NODE_REGISTERED:
	case CENTRO_EVENT_NODE_READY:
	case CENTRO_EVENT_NODE_DOWN:
	case CENTRO_EVENT_NODE_DRAINING:
		return touched_node(core, event);
	case CENTRO_EVENT_QUEUE_SET:
		return touched_queue(core, event);
	default:
		return touched_of_job(core, event);
	}
}

/* ---- the whole ---- */

uint64_t ctr_hash_records(const struct ctr_core *core)
{
	uint64_t sum = 0;
	const struct ctr_job *job;

	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&core->jobs, id));) {
		id = job->id;
		sum += ctr_hash_job(job);
	}
	for (uint32_t i = 0; i < core->nodes.count; i++)
		sum += ctr_hash_node(core->nodes.list[i]);
	for (uint32_t i = 0; i < core->queues.count; i++)
		sum += ctr_hash_queue(core->queues.list[i]);
	return sum;
}

/* The records, and the numbers that stand beside them. */
static uint64_t finish(const struct ctr_core *core, uint64_t sum)
{
	mix(&sum, core->job_ids.reserved);
	mix(&sum, core->node_ids.reserved);
	mix(&sum, core->outbox.last_event);
	return sum;
}

uint64_t ctr_core_hash(const struct ctr_core *core)
{
	return finish(core, ctr_hash_records(core));
}

uint64_t ctr_core_running_hash(const struct ctr_core *core)
{
	CTR_ASSERT(core->options.keep_hash);
	return finish(core, core->hash_sum);
}
