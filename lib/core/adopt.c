/* SPDX-License-Identifier: MIT */
/*
 * adopt.c - how jobs, grants and nodes get into the tables.
 *
 * What has just happened (apply.c) and what is read from a store (load.c) end up
 * in the same place, by the same code.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "core/internal.h"

void ctr_adopt_job(struct ctr_core *core, struct ctr_job *job, struct ctr_queue *queue)
{
	CTR_ASSERT(ctr_bytes_equal(job->queue, queue->name));
	CTR_ASSERT(ctr_job_table_find(&core->jobs, job->id) == job);

	job->queue_number = queue->number;
	for (size_t i = 0; i < job->task_count; i++) {
		struct ctr_task *task = &job->tasks[i];
		for (size_t j = 0; j < task->count; j++) {
			struct ctr_instance *instance = &task->instances[j];
			if (instance->state != CENTRO_INSTANCE_PENDING)
				continue;
			ctr_pending_add(&core->pending, ctr_core_line(core, instance), instance);
			queue->pending++;
		}
	}
}

void ctr_adopt_grant(struct ctr_core *core, struct ctr_instance *instance, struct ctr_node *node,
		     struct centro_instant now)
{
	const struct ctr_task *task = ctr_instance_task(instance);
	CTR_ASSERT(ctr_instance_is_granted(instance));
	CTR_ASSERT(instance->attempt > 0);
	CTR_ASSERT(node != NULL);

	instance->node = node;
	ctr_list_init(&instance->on_node);
	ctr_list_append(&node->attempts, &instance->on_node);
	node->attempt_count++;
	ctr_placement_use(&core->placement, node, ctr_shape_get(&core->shapes, task->shape));
	ctr_lease_begin(&core->leases, instance, now);
	ctr_queue_get(&core->queues, instance->job->queue_number)->running++;
}

void ctr_adopt_offer(struct ctr_core *core, struct ctr_node *node)
{
	struct ctr_prepared *prepared = &core->prepared;
	CTR_ASSERT(prepared->has_offer);
	CTR_ASSERT(ctr_list_is_empty(&node->freed_link));

	ctr_placement_count(&core->placement, node->zone ? &node->capacity : NULL,
			    &prepared->capacity);
	if (node->zone) {
		ctr_resources_release(&core->dimensions, &node->capacity);
		node->zone->members--;
		ctr_zone_release(&core->zones, node->zone);
	}
	node->capacity = prepared->capacity;
	node->is_shrunk = !ctr_resources_fit(&node->used, &node->capacity);
	node->zone = prepared->zone;
	node->zone->members++;
	node->datacenter = node->zone->name;
	ctr_free(core->allocator, (void *)node->text.data);
	node->text = prepared->node_text;
	CTR_ASSERT(node->zone->count < node->zone->members);
	prepared->node_text = (struct centro_bytes){0};
	prepared->zone = NULL;
	prepared->has_offer = false;
}

void ctr_adopt_alive(struct ctr_core *core, struct ctr_node *node, struct centro_instant now)
{
	CTR_ASSERT(node->state == CENTRO_NODE_READY || node->state == CENTRO_NODE_DRAINING);
	CTR_ASSERT(node->zone != NULL);

	if (node->state == CENTRO_NODE_READY)
		ctr_placement_join(&core->placement, node);
	ctr_heap_update(&core->nodes.silence, &node->silence,
			ctr_after(now, core->options.node_timeout).ns);
}

void ctr_adopt_drain(struct ctr_core *core, struct ctr_node *node)
{
	const struct ctr_drain *drain = node->drain;

	if (drain && drain->deadline.ns != 0 && !drain->is_over)
		ctr_heap_update(&core->nodes.due, &node->due, drain->deadline.ns);
	else
		ctr_heap_remove(&core->nodes.due, &node->due);
}
