/* SPDX-License-Identifier: MIT */
/*
 * hash.c - one number over all that is stored.
 *
 * Two states with the same records have the same hash, however they came about:
 * what is only known in this process (leases, sessions, claims, order) is left
 * out, and so is the order of the records.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "core/internal.h"

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = ctr_hash_u64(*hash ^ value);
}

static void mix_bytes(uint64_t *hash, struct centro_bytes bytes)
{
	mix(hash, ctr_hash_bytes(bytes, /* seed= */ 0));
}

static void mix_text(uint64_t *hash, const char *text)
{
	mix(hash, text != NULL);
	mix_bytes(hash, ctr_bytes_str(text));
}

static void mix_instance(uint64_t *hash, const struct ctr_instance *instance)
{
	mix(hash, instance->task);
	mix(hash, instance->index);
	mix(hash, instance->state);
	mix(hash, instance->cause);
	mix(hash, instance->signal);
	mix(hash, (uint32_t)instance->exit_code);
	mix(hash, instance->attempt);
	mix(hash, instance->lost);
	mix(hash, instance->node ? instance->node->id : 0);
	mix_text(hash, instance->message);
	mix(hash, instance->assign_wall.ns);
	mix(hash, instance->start_wall.ns);
	mix(hash, instance->end_wall.ns);
}

static uint64_t hash_job(const struct ctr_job *job)
{
	uint64_t hash = 0;
	CTR_ASSERT(job->id != 0);

	mix(&hash, job->id);
	mix_bytes(&hash, job->text);
	mix_bytes(&hash, job->queue);
	mix_bytes(&hash, job->owner);
	mix_bytes(&hash, job->request_id);
	mix(&hash, job->spec_hash);
	mix(&hash, job->state);
	mix(&hash, job->submit_wall.ns);
	mix(&hash, job->start_wall.ns);
	mix(&hash, job->end_wall.ns);
	mix_text(&hash, job->cancelled_by);
	mix_text(&hash, job->cancel_reason);
	mix(&hash, job->revision);
	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++)
			mix_instance(&hash, &job->tasks[i].instances[j]);
	}
	return hash;
}

static uint64_t hash_node(const struct ctr_node *node)
{
	uint64_t hash = 0;
	CTR_ASSERT(node->id != 0);

	mix(&hash, node->id);
	mix_bytes(&hash, node->name);
	mix_bytes(&hash, node->text);
	mix(&hash, node->state);
	mix(&hash, node->agent_id);
	mix(&hash, node->register_wall.ns);
	mix(&hash, node->revision);
	return hash;
}

static uint64_t hash_queue(const struct ctr_queue *queue)
{
	uint64_t hash = 0;
	CTR_ASSERT(queue->weight > 0);

	mix_bytes(&hash, queue->name);
	mix(&hash, queue->weight);
	mix(&hash, (uint32_t)queue->priority);
	mix(&hash, queue->revision);
	return hash;
}

uint64_t ctr_core_hash(const struct ctr_core *core)
{
	uint64_t sum = 0;
	const struct ctr_job *job;

	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&core->jobs, id));) {
		id = job->id;
		sum += hash_job(job);
	}
	for (uint32_t i = 0; i < core->nodes.count; i++)
		sum += hash_node(core->nodes.list[i]);
	for (uint32_t i = 0; i < core->queues.count; i++)
		sum += hash_queue(core->queues.list[i]);
	mix(&sum, core->job_ids.reserved);
	mix(&sum, core->node_ids.reserved);
	mix(&sum, core->outbox.last_event);
	return sum;
}
