/* SPDX-License-Identifier: MIT */
/*
 * decide_node.c - what a command of a node or about one, or its silence, leads to.
 *
 * Nothing changes here. A node belongs to one agent, by the number that the agent
 * drew once; each start of the agent is a session, and a newer one ends the one
 * before. After a restart of the server no session is known, and the first to
 * speak is taken on.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/show.h"
#include "core/state.h"

static int refuse_session(const struct ctr_node *node, struct ctr_result *result)
{
	CTR_ASSERT(node->session != 0);

	result->session_stale = true;
	return ctr_error(&result->text, CENTRO_ERR_STALE,
			 "a newer session of the agent has taken node %s over",
			 ctr_show(node->name).text);
}

int ctr_decide_session(const struct ctr_core *core, centro_node_id id, uint64_t session,
		       struct ctr_result *result)
{
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, id);

	if (!node)
		return ctr_error(&result->text, CENTRO_ERR_NOT_FOUND, "there is no node %llu",
				 (unsigned long long)id);
	CTR_ASSERT(node->id == id);
	if (node->session != 0 && node->session != session)
		return refuse_session(node, result);
	return CENTRO_OK;
}

static void add_node_event(struct ctr_decision *decision, enum centro_event_type type,
			   struct ctr_now now, centro_node_id node,
			   const struct ctr_command *command)
{
	struct ctr_event *event = ctr_decision_add(decision, type, now);
	CTR_ASSERT(node != 0);

	event->node = node;
	event->command = command;
}

/* A node that was down is back: as it was meant to be when it went. */
static void add_sign_of_life(struct ctr_decision *decision, struct ctr_now now,
			     const struct ctr_node *node, const struct ctr_command *command)
{
	if (node->state != CENTRO_NODE_DOWN)
		return;
	add_node_event(decision, node->drain ? CENTRO_EVENT_NODE_DRAINING : CENTRO_EVENT_NODE_READY,
		       now, node->id, command);
}

static int register_new(const struct ctr_core *core, struct ctr_now now,
			const struct ctr_command *command, struct ctr_decision *decision,
			struct ctr_result *result)
{
	CTR_ASSERT(decision->count == 0);

	if (core->nodes.count >= core->options.nodes_max || core->node_ids.next >= CTR_ID_MAX)
		return ctr_error(&result->text, CENTRO_ERR_LIMIT,
				 "the cluster has %lu nodes; more are not allowed",
				 (unsigned long)core->nodes.count);
	result->node = core->node_ids.next;
	add_node_event(decision, CENTRO_EVENT_NODE_REGISTERED, now, core->node_ids.next, command);
	return CENTRO_OK;
}

int ctr_decide_register(const struct ctr_core *core, struct ctr_now now,
			const struct ctr_command *command, struct ctr_decision *decision,
			struct ctr_result *result)
{
	const struct ctr_node_spec *spec = command->register_node.spec;
	CTR_ASSERT(command->type == CTR_COMMAND_REGISTER);
	CTR_ASSERT(spec != NULL);

	int error = ctr_node_spec_check(spec, &result->text);
	if (error != CENTRO_OK)
		return error;
	if (spec->session == 0)
		return ctr_error(&result->text, CENTRO_ERR_INVALID,
				 "session: 0 is none; an agent draws one at each start");
	const struct ctr_node *node = ctr_nodes_find_name(&core->nodes, spec->name);
	if (!node)
		return register_new(core, now, command, decision, result);

	bool is_owner = node->agent_id == spec->agent_id;
	if (!is_owner && (node->state != CENTRO_NODE_DOWN || node->attempt_count > 0))
		return ctr_error(
			&result->text, CENTRO_ERR_EXISTS,
			"name: %s belongs to another agent, which is %s and holds %lu "
			"attempts; choose another name, or wait until it is down and holds "
			"none",
			ctr_show(node->name).text, centro_node_state_name(node->state),
			(unsigned long)node->attempt_count);
	if (is_owner && node->session_before != 0 && node->session_before == spec->session)
		return refuse_session(node, result);

	result->node = node->id;
	if (!is_owner || !ctr_bytes_equal(node->text, spec->text))
		add_node_event(decision, CENTRO_EVENT_NODE_REGISTERED, now, node->id, command);
	add_sign_of_life(decision, now, node, command);
	return CENTRO_OK;
}

int ctr_decide_heartbeat(const struct ctr_core *core, struct ctr_now now,
			 const struct ctr_command *command, struct ctr_decision *decision,
			 struct ctr_result *result)
{
	const struct ctr_heartbeat *heartbeat = &command->heartbeat;
	CTR_ASSERT(command->type == CTR_COMMAND_HEARTBEAT);
	CTR_ASSERT(heartbeat->ret_lease || heartbeat->held_count == 0);

	int error = ctr_decide_session(core, heartbeat->node, heartbeat->session, result);
	if (error != CENTRO_OK)
		return error;
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, heartbeat->node);
	result->node = node->id;
	add_sign_of_life(decision, now, node, command);
	return CENTRO_OK;
}

int ctr_decide_claim(const struct ctr_core *core, struct ctr_now now,
		     const struct ctr_command *command, struct ctr_decision *decision,
		     struct ctr_result *result)
{
	const struct ctr_claim *claim = &command->claim;
	CTR_ASSERT(command->type == CTR_COMMAND_CLAIM);
	CTR_ASSERT(claim->ret_granted || claim->attempt_count == 0);

	return ctr_decide_session(core, claim->node, claim->session, result);
}

void ctr_decide_silence(struct ctr_now now, const struct ctr_node *node,
			struct ctr_decision *decision)
{
	CTR_ASSERT(ctr_node_next(node->state, CTR_NODE_FALL_SILENT) == CENTRO_NODE_DOWN);

	add_node_event(decision, CENTRO_EVENT_NODE_DOWN, now, node->id, /* command= */ NULL);
}

/* ---- drain ---- */

static const struct ctr_node *find_node(const struct ctr_core *core, centro_node_id id,
					struct ctr_result *result)
{
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, id);

	if (node)
		result->node = id;
	else
		ctr_error(&result->text, CENTRO_ERR_NOT_FOUND, "there is no node %llu",
			  (unsigned long long)id);
	return node;
}

int ctr_decide_drain(const struct ctr_core *core, struct ctr_now now,
		     const struct ctr_command *command, struct ctr_decision *decision,
		     struct ctr_result *result)
{
	const struct ctr_drain_node *drain = &command->drain;
	CTR_ASSERT(command->type == CTR_COMMAND_DRAIN);
	CTR_ASSERT(decision->count == 0);

	const struct ctr_node *node = find_node(core, drain->node, result);
	if (!node)
		return CENTRO_ERR_NOT_FOUND;
	int error = ctr_decide_who(drain->who, drain->reason, &result->text);
	if (error != CENTRO_OK)
		return error;
	CTR_ASSERT(ctr_node_next(node->state, CTR_NODE_DRAIN) != 0);
	add_node_event(decision, CENTRO_EVENT_NODE_DRAINING, now, node->id, command);
	return CENTRO_OK;
}

int ctr_decide_undrain(const struct ctr_core *core, struct ctr_now now,
		       const struct ctr_command *command, struct ctr_decision *decision,
		       struct ctr_result *result)
{
	CTR_ASSERT(command->type == CTR_COMMAND_UNDRAIN);
	CTR_ASSERT(decision->count == 0);

	const struct ctr_node *node = find_node(core, command->undrain.node, result);
	if (!node)
		return CENTRO_ERR_NOT_FOUND;
	if (!node->drain)
		return CENTRO_OK;
	bool is_down = ctr_node_next(node->state, CTR_NODE_UNDRAIN) == CENTRO_NODE_DOWN;
	add_node_event(decision, is_down ? CENTRO_EVENT_NODE_DOWN : CENTRO_EVENT_NODE_READY, now,
		       node->id, command);
	return CENTRO_OK;
}

void ctr_decide_drain_over(struct ctr_now now, const struct ctr_node *node,
			   struct ctr_decision *decision)
{
	CTR_ASSERT(node->drain && !node->drain->is_over);

	add_node_event(decision, CENTRO_EVENT_NODE_DRAINING, now, node->id, /* command= */ NULL);
}

/* ---------------- */

size_t ctr_decide_bound(const struct ctr_core *core, const struct ctr_command *command)
{
	const struct ctr_job *job;

	switch (command->type) {
	case CTR_COMMAND_SUBMIT:
	case CTR_COMMAND_HEARTBEAT:
	case CTR_COMMAND_SET_QUEUE:
	case CTR_COMMAND_DRAIN:
	case CTR_COMMAND_UNDRAIN:
		return 1;
	case CTR_COMMAND_REGISTER:
		return 2;
	case CTR_COMMAND_REPORT:
		/* The end of the instance, that of the job, and a quarantine. */
		return 3;
	case CTR_COMMAND_CANCEL:
		/* The request, the end of each instance, and that of the job. */
		job = ctr_job_table_find(&core->jobs, command->cancel.job);
		return job ? (size_t)job->live_count + 2 : 0;
	case CTR_COMMAND_CLAIM:
		return 0;
	default:
		CTR_UNREACHABLE();
	}
}
