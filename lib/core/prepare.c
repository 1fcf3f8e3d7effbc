/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - memory for a command, got before it is accepted.
 *
 * Invariants: between two commands nothing is prepared; what was prepared is
 * taken by apply or given back, and until then no table shows it.
 *
 * Layer: core.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "core/internal.h"

static int prepare_submit(struct ctr_core *core, const struct ctr_command *command,
			  struct ctr_result *result)
{
	const struct ctr_job_spec *spec = command->submit.spec;
	CTR_ASSERT(!core->prepared.job);
	CTR_ASSERT(command->type == CTR_COMMAND_SUBMIT);

	if (ctr_job_table_reserve(&core->jobs) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	if (spec->request_id.size > 0 && ctr_requests_reserve(&core->requests) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	return ctr_job_new(&core->shapes, spec, &core->prepared.job, &result->text);
}

static int prepare_cancel(struct ctr_core *core, const struct ctr_command *command)
{
	struct ctr_prepared *prepared = &core->prepared;
	CTR_ASSERT(!prepared->who && !prepared->reason);
	CTR_ASSERT(command->type == CTR_COMMAND_CANCEL);

	prepared->who = ctr_strdup(core->allocator, command->cancel.who);
	prepared->reason = ctr_strdup(core->allocator, command->cancel.reason);
	return prepared->who && prepared->reason ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

/* If the report leads to it. */
static int prepare_quarantine(struct ctr_core *core, const struct ctr_command *command,
			      const struct ctr_decision *decision)
{
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, command->report.node);
	CTR_ASSERT(!core->prepared.drain);

	if (decision->events[decision->count - 1].type != CENTRO_EVENT_NODE_DRAINING)
		return CENTRO_OK;
	core->prepared.drain = ctr_quarantine_drain(core, node, &command->report);
	return core->prepared.drain ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int prepare_message(struct ctr_core *core, const struct ctr_command *command)
{
	struct centro_bytes message = command->report.message;
	CTR_ASSERT(!core->prepared.message);
	CTR_ASSERT(command->type == CTR_COMMAND_REPORT);

	if (!command->report.ended || message.size == 0)
		return CENTRO_OK;
	const struct ctr_job *job = ctr_job_table_find(&core->jobs, command->report.attempt.job);
	CTR_ASSERT(job && job->instance_count > 0);
	size_t size_max = CTR_RECORD_MESSAGES_SIZE_MAX / job->instance_count;
	if (size_max > CTR_REASON_SIZE_MAX)
		size_max = CTR_REASON_SIZE_MAX;
	/* For people, and the end must be accepted: cut, not refused. */
	if (message.size > size_max)
		message.size = ctr_utf8_cut((const char *)message.data, size_max);
	core->prepared.message = ctr_strdup(core->allocator, message);
	return core->prepared.message ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int prepare_text(struct ctr_core *core, struct centro_bytes text)
{
	CTR_ASSERT(!core->prepared.node_text.data);

	if (text.size == 0)
		return CENTRO_OK;
	void *copy = ctr_alloc(core->allocator, text.size);
	if (!copy)
		return CENTRO_ERR_NOMEM;
	memcpy(copy, text.data, text.size);
	core->prepared.node_text = ctr_bytes(copy, text.size);
	return CENTRO_OK;
}

/* What a node offers: references, its text, and room where it will be chosen from. */
static int prepare_offer(struct ctr_core *core, const struct ctr_node_spec *spec,
			 struct centro_error_text *text)
{
	struct ctr_prepared *prepared = &core->prepared;
	CTR_ASSERT(!prepared->has_offer);

	int error = ctr_resources_acquire(&core->dimensions, &spec->capacity, &prepared->capacity,
					  text);
	if (error != CENTRO_OK)
		return error;
	error = ctr_zone_acquire(&core->zones, ctr_name_or_default(spec->datacenter),
				 &prepared->zone);
	if (error != CENTRO_OK) {
		ctr_resources_release(&core->dimensions, &prepared->capacity);
		return error;
	}
	prepared->has_offer = true;
	if (ctr_placement_reserve(&core->placement, prepared->zone) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	return prepare_text(core, spec->text);
}

int ctr_prepare_node(struct ctr_core *core, const struct ctr_node_spec *spec,
		     struct centro_error_text *text)
{
	int error = prepare_offer(core, spec, text);
	if (error != CENTRO_OK || ctr_nodes_find_name(&core->nodes, spec->name))
		return error;

	CTR_ASSERT(!core->prepared.node);
	if (ctr_nodes_reserve(&core->nodes) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	core->prepared.node = ctr_node_new(core->allocator, spec->name);
	return core->prepared.node ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int prepare_queue(struct ctr_core *core, const struct ctr_command *command)
{
	const struct ctr_set_queue *set = &command->set_queue;
	CTR_ASSERT(!core->prepared.queue);
	CTR_ASSERT(command->type == CTR_COMMAND_SET_QUEUE);

	if (ctr_queues_find(&core->queues, set->name))
		return CENTRO_OK;
	if (ctr_queues_reserve(&core->queues) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	core->prepared.queue =
		ctr_queue_new(core->allocator, set->name, set->weight, set->priority);
	return core->prepared.queue ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int prepare_drain(struct ctr_core *core, const struct ctr_command *command)
{
	CTR_ASSERT(!core->prepared.drain);
	CTR_ASSERT(command->type == CTR_COMMAND_DRAIN);

	core->prepared.drain =
		ctr_drain_new(core->allocator, command->drain.who, command->drain.reason);
	return core->prepared.drain ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

int ctr_prepare(struct ctr_core *core, const struct ctr_command *command,
		const struct ctr_decision *decision, struct ctr_result *result)
{
	CTR_ASSERT(decision->count > 0);

	switch (command->type) {
	case CTR_COMMAND_SUBMIT:
		return prepare_submit(core, command, result);
	case CTR_COMMAND_CANCEL:
		return prepare_cancel(core, command);
	case CTR_COMMAND_REGISTER:
		if (decision->events[0].type != CENTRO_EVENT_NODE_REGISTERED)
			return CENTRO_OK;
		return ctr_prepare_node(core, command->register_node.spec, &result->text);
	case CTR_COMMAND_REPORT:
		if (prepare_message(core, command) != CENTRO_OK)
			return CENTRO_ERR_NOMEM;
		return prepare_quarantine(core, command, decision);
	case CTR_COMMAND_SET_QUEUE:
		return prepare_queue(core, command);
	case CTR_COMMAND_DRAIN:
		return prepare_drain(core, command);
	case CTR_COMMAND_HEARTBEAT:
	case CTR_COMMAND_UNDRAIN:
		return CENTRO_OK;
	default:
		CTR_UNREACHABLE();
	}
}

void ctr_prepared_drop(struct ctr_core *core)
{
	struct ctr_prepared *prepared = &core->prepared;

	ctr_job_free(&core->shapes, prepared->job);
	ctr_node_free(core->allocator, prepared->node);
	ctr_queue_free(core->allocator, prepared->queue);
	if (prepared->has_offer) {
		CTR_ASSERT(prepared->zone != NULL);
		ctr_resources_release(&core->dimensions, &prepared->capacity);
		ctr_zone_release(&core->zones, prepared->zone);
	}
	ctr_free(core->allocator, (void *)prepared->node_text.data);
	ctr_free(core->allocator, prepared->drain);
	ctr_free(core->allocator, prepared->who);
	ctr_free(core->allocator, prepared->reason);
	ctr_free(core->allocator, prepared->message);
	*prepared = (struct ctr_prepared){0};
}
