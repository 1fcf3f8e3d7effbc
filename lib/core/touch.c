/* SPDX-License-Identifier: MIT */
/*
 * touch.c - what a command changes that is neither stored nor told.
 *
 * Sessions, signs of life, leases and claims are known to this server alone; the
 * next one starts without them (load.c says how that is safe). None of it can
 * fail, since every grant and every node has its room in the heaps.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/time.h"
#include "core/internal.h"

static void hear(struct ctr_core *core, struct ctr_node *node, struct ctr_now now)
{
	CTR_ASSERT(node->state != CENTRO_NODE_DOWN);

	node->heard_wall = now.wall;
	ctr_heap_update(&core->nodes.silence, &node->silence,
			ctr_after(now.cluster, core->options.node_timeout).ns);
}

static void take_session(struct ctr_node *node, uint64_t session)
{
	CTR_ASSERT(node != NULL);

	if (node->session == session)
		return;
	node->session_before = node->session;
	node->session = session;
}

static void touch_register(struct ctr_core *core, struct ctr_now now,
			   const struct ctr_command *command)
{
	const struct ctr_node_spec *spec = command->register_node.spec;
	struct ctr_node *node = ctr_nodes_find_name(&core->nodes, spec->name);
	CTR_ASSERT(node != NULL);
	CTR_ASSERT(node->agent_id == spec->agent_id);

	take_session(node, spec->session);
	hear(core, node, now);
}

static void touch_heartbeat(struct ctr_core *core, struct ctr_now now,
			    const struct ctr_command *command)
{
	const struct ctr_heartbeat *heartbeat = &command->heartbeat;
	struct ctr_node *node = ctr_nodes_find(&core->nodes, heartbeat->node);
	CTR_ASSERT(node != NULL);

	take_session(node, heartbeat->session);
	hear(core, node, now);
	for (size_t i = 0; i < heartbeat->held_count; i++) {
		struct ctr_instance *instance =
			ctr_core_granted(core, node->id, &heartbeat->held[i]);
		heartbeat->ret_lease[i] = (struct centro_span){0};
		if (!instance)
			continue;
		instance->claimed = true;
		ctr_lease_renew(&core->leases, instance, now.cluster);
		heartbeat->ret_lease[i] = ctr_instance_task(instance)->lease;
	}
}

/*
 * A node may start what is granted to it for good: durably, not cancelled, not to be
 * killed, and not running already. Its lease begins with the answer.
 */
static bool may_start(const struct ctr_instance *instance, uint64_t durable_event)
{
	return instance->state == CENTRO_INSTANCE_ASSIGNED &&
	       instance->assign_event <= durable_event && !ctr_job_is_cancelled(instance->job) &&
	       !ctr_node_is_cleared(instance->node);
}

static void touch_claim(struct ctr_core *core, struct ctr_now now,
			const struct ctr_command *command)
{
	const struct ctr_claim *claim = &command->claim;
	struct ctr_node *node = ctr_nodes_find(&core->nodes, claim->node);
	CTR_ASSERT(node != NULL);

	take_session(node, claim->session);
	for (size_t i = 0; i < claim->attempt_count; i++) {
		struct ctr_instance *instance =
			ctr_core_granted(core, node->id, &claim->attempts[i]);
		claim->ret_granted[i] = instance && may_start(instance, claim->durable_event);
		if (!claim->ret_granted[i])
			continue;
		instance->claimed = true;
		ctr_lease_renew(&core->leases, instance, now.cluster);
	}
}

void ctr_touch(struct ctr_core *core, struct ctr_now now, const struct ctr_command *command)
{
	CTR_ASSERT(command->type < CTR_COMMAND_COUNT);
	CTR_ASSERT(now.cluster.ns == core->now.cluster.ns);

	switch (command->type) {
	case CTR_COMMAND_REGISTER:
		touch_register(core, now, command);
		break;
	case CTR_COMMAND_HEARTBEAT:
		touch_heartbeat(core, now, command);
		break;
	case CTR_COMMAND_CLAIM:
		touch_claim(core, now, command);
		break;
	case CTR_COMMAND_REPORT:
		take_session(ctr_nodes_find(&core->nodes, command->report.node),
			     command->report.session);
		break;
	default:
		break;
	}
}
