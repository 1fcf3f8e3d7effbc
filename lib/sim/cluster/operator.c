/* SPDX-License-Identifier: MIT */
/*
 * operator.c - one who drains nodes and lets them work again, and in the end undrains
 * all. What the leader does not keep is asked again only then: until then it is one
 * more thing that went wrong.
 */
#include "sim/cluster/world.h"

/* Between two looks at what is still drained. */
#define LOOK_NS         (2 * CTR_NS_PER_SEC)
#define DEADLINE_MAX_NS (300 * CTR_NS_PER_SEC)

/* NULL: nobody listens. */
static struct ctr_sim_server *listener(struct ctr_sim_world *world)
{
	struct ctr_sim_server *leader = ctr_sim_leader(world);
	return leader && world->now >= leader->process.stalled_until ? leader : NULL;
}

static void execute(struct ctr_sim_server *server, const struct ctr_command *command)
{
	struct ctr_result result;
	int status = ctr_engine_execute(server->engine, ctr_sim_process_now(&server->process),
					command, &result);
	ctr_sim_trace(server->process.world, 'o', (uint64_t)command->type,
		      (uint64_t)(uint32_t)status);
	ctr_sim_process_wake_now(&server->process);
}

static void undrain(struct ctr_sim_server *server, centro_node_id node)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_UNDRAIN,
		.undrain = {.node = node},
	};
	execute(server, &command);
}

/* One drain in three has no deadline, one is at once. */
void ctr_sim_operator_drain(struct ctr_sim_world *world, centro_node_id node, uint64_t drawn)
{
	struct ctr_sim_server *server = listener(world);
	if (!server || node == 0)
		return;
	const struct ctr_command command = {
		.type = CTR_COMMAND_DRAIN,
		.drain =
			{
				.node = node,
				.who = ctr_bytes_str("operator"),
				.has_deadline = drawn % 3 != 0,
				.deadline = {drawn % 3 == 1 ? 0 : drawn % DEADLINE_MAX_NS},
			},
	};
	ctr_sim_say(world, "node %llu is drained, deadline in %lld ms", (unsigned long long)node,
		    command.drain.has_deadline
			    ? (long long)(command.drain.deadline.ns / CTR_NS_PER_MS)
			    : -1);
	execute(server, &command);
}

void ctr_sim_operator_undrain(struct ctr_sim_world *world, centro_node_id node)
{
	struct ctr_sim_server *server = listener(world);
	if (server && node != 0)
		undrain(server, node);
}

static void look(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_server *server = listener(world);
	const struct ctr_node *node = NULL;
	centro_node_id id = 0;
	while (server && (node = ctr_core_node_above(ctr_engine_core(server->engine), id))) {
		id = node->id;
		if (node->drain)
			undrain(server, id);
	}
	ctr_sim_at(world, timer, world->now + LOOK_NS);
}

void ctr_sim_operator_undrain_all(struct ctr_sim_world *world)
{
	world->undrain.fn = look;
	ctr_sim_at(world, &world->undrain, world->now);
}

void ctr_sim_operator_fini(struct ctr_sim_world *world)
{
	ctr_sim_cancel(world, &world->undrain);
}
