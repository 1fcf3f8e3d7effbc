/* SPDX-License-Identifier: MIT */
/*
 * read.c - the calls of core.h that only look.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "core/internal.h"

struct ctr_instance *ctr_core_instance(const struct ctr_core *core,
				       const struct centro_attempt_ref *ref)
{
	const struct ctr_job *job = ctr_job_table_find(&core->jobs, ref->job);
	return job ? ctr_job_instance(job, ref->task, ref->index) : NULL;
}

struct ctr_instance *ctr_core_granted(const struct ctr_core *core, centro_node_id node,
				      const struct centro_attempt_ref *ref)
{
	struct ctr_instance *instance = ctr_core_instance(core, ref);

	if (!instance || instance->attempt != ref->attempt || !ctr_instance_is_granted(instance))
		return NULL;
	CTR_ASSERT(instance->node != NULL);
	return instance->node->id == node ? instance : NULL;
}

const struct ctr_job *ctr_core_find_job(const struct ctr_core *core, centro_job_id id)
{
	return ctr_job_table_find(&core->jobs, id);
}

const struct ctr_node *ctr_core_find_node(const struct ctr_core *core, centro_node_id id)
{
	return ctr_nodes_find(&core->nodes, id);
}

const struct ctr_node *ctr_core_find_node_by_name(const struct ctr_core *core,
						  struct centro_bytes name)
{
	return ctr_nodes_find_name(&core->nodes, name);
}

const struct ctr_queue *ctr_core_find_queue(const struct ctr_core *core, struct centro_bytes name)
{
	return ctr_queues_find(&core->queues, name);
}

const struct ctr_instance *ctr_core_find_attempt(const struct ctr_core *core,
						 const struct centro_attempt_ref *ref)
{
	const struct ctr_instance *instance = ctr_core_instance(core, ref);
	return instance && instance->attempt == ref->attempt ? instance : NULL;
}

const struct ctr_job *ctr_core_job_below(const struct ctr_core *core, centro_job_id id)
{
	return ctr_job_table_below(&core->jobs, id);
}

const struct ctr_node *ctr_core_node_above(const struct ctr_core *core, centro_node_id id)
{
	return ctr_nodes_above(&core->nodes, id);
}

size_t ctr_core_job_count(const struct ctr_core *core)
{
	return core->jobs.count;
}

size_t ctr_core_node_count(const struct ctr_core *core)
{
	return core->nodes.count;
}

const struct ctr_dimensions *ctr_core_dimensions(const struct ctr_core *core)
{
	return &core->dimensions.dimensions;
}

const struct ctr_resources *ctr_core_task_resources(const struct ctr_core *core,
						    const struct ctr_task *task)
{
	return &ctr_shape_get(&core->shapes, task->shape)->need;
}
