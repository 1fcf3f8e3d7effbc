/* SPDX-License-Identifier: MIT */
/*
 * agent.c - what centro-agent does, over the simulated network and machine: a brain,
 * its records, and a restart when it is gone.
 */
#include <stdio.h>

#include "agent/brain.h"
#include "sim/cluster/load.h"
#include "sim/cluster/promises.h"
#include "sim/cluster/run.h"

static struct ctr_sim_agent *agent_of(struct ctr_sim_process *process)
{
	return CTR_CONTAINER_OF(process, struct ctr_sim_agent, endpoint.process);
}

static struct centro_instant turn(struct ctr_sim_endpoint *endpoint, struct centro_time now)
{
	struct ctr_sim_agent *agent = CTR_CONTAINER_OF(endpoint, struct ctr_sim_agent, endpoint);
	return ctr_agent_turn(agent->agent);
}

/* Everything that it ran has ended and was told. */
static void stopped(struct ctr_sim_agent *agent)
{
	struct ctr_sim_world *world = agent->endpoint.process.world;
	if (agent->is_stopping && ctr_agent_attempt_count(agent->agent) == 0)
		ctr_sim_agent_crash(agent, ctr_sim_between(&world->fault_prng, CTR_NS_PER_SEC,
							   30 * CTR_NS_PER_SEC));
}

static void run(struct ctr_sim_process *process, struct centro_time now)
{
	struct ctr_sim_agent *agent = agent_of(process);
	ctr_agent_set_now(agent->agent, now);
	ctr_sim_machine_report(agent);
	ctr_sim_endpoint_run(&agent->endpoint, now, turn);
	ctr_sim_check_agent(agent);
	stopped(agent);
}

/* ---- what it offers ---- */

static void make_info(struct ctr_sim_agent *agent)
{
	Centro__V1__NodeInfo info = CENTRO__V1__NODE_INFO__INIT;
	Centro__V1__Resources capacity = CENTRO__V1__RESOURCES__INIT;
	capacity.cpu_milli = agent->cpu_milli;
	capacity.memory_mib = agent->cpu_milli * 2;
	capacity.disk_mib = 100000;
	info.name = agent->node_name;
	info.datacenter = (char *)agent->datacenter;
	info.capacity = &capacity;
	ctr_buf_init(&agent->info, NULL, 0);
	int status = ctr_message_encode(&info.base, &agent->info);
	CTR_ASSERT(status == CENTRO_OK);
}

/* ---- life ---- */

static void on_restart(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_agent_start(CTR_CONTAINER_OF(timer, struct ctr_sim_agent, restart));
}

void ctr_sim_agent_init(struct ctr_sim_agent *agent, struct ctr_sim_world *world, uint32_t number)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	ctr_sim_process_init(process, world, CTR_SIM_AGENT, world->server_count + number, number);
	process->run = run;
	agent->number = number;
	agent->restart.fn = on_restart;
	agent->log = ctr_sim_log(process);
	agent->agent_id = ctr_prng_next(&world->fault_prng) | 1;
	agent->datacenter = number % 3 == 0 ? "east" : "west";
	/* The first of each can take whatever is asked for. */
	agent->cpu_milli = number < 2 ? CTR_SIM_CPU_MILLI_MAX
				      : (uint32_t)ctr_sim_between(&world->fault_prng, 2, 16) * 1000;
	snprintf(agent->node_name, sizeof(agent->node_name), "node%u", number);
	make_info(agent);
	ctr_sim_machine_init(agent);
}

void ctr_sim_agent_start(struct ctr_sim_agent *agent)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	struct ctr_sim_world *world = process->world;
	struct centro_error_text text;
	if (process->is_alive)
		return;
	ctr_sim_cancel(world, &agent->restart);
	agent->session = ctr_prng_next(&world->fault_prng) | 1;
	agent->is_stopping = false;
	agent->term_seen = 0;
	const struct ctr_agent_options options = {
		.log = &agent->log,
		.host = &ctr_sim_host,
		.host_arg = agent,
		.servers = world->addresses,
		.server_count = world->server_count,
		.node_info = ctr_buf_bytes(&agent->info),
		.node_name = agent->node_name,
		.datacenter = agent->datacenter,
		.agent_id = agent->agent_id,
		.session = agent->session,
		.seed = agent->session,
	};
	ctr_sim_say(world, "%s: started", process->name);
	process->is_alive = true;
	process->stalled_until = agent->pauses > 0 ? UINT64_MAX : 0;
	int status = ctr_agent_new(&options, ctr_sim_process_now(process), &agent->agent, &text);
	CTR_ASSERT(status == CENTRO_OK);
	agent->endpoint.channel = ctr_agent_channel(agent->agent);
	ctr_sim_machine_adopt(agent);
	ctr_sim_process_wake_now(process);
}

void ctr_sim_agent_crash(struct ctr_sim_agent *agent, uint64_t restart_ns)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	if (!process->is_alive)
		return;
	ctr_sim_say(process->world, "%s: gone", process->name);
	ctr_sim_trace(process->world, 'a', process->machine, 0);
	ctr_sim_endpoint_drop(&agent->endpoint);
	ctr_agent_free(agent->agent);
	agent->agent = NULL;
	ctr_list_for_each (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		run->start_told = run->end_told = false;
	}
	ctr_sim_at(process->world, &agent->restart, process->world->now + restart_ns);
}

void ctr_sim_agent_stop(struct ctr_sim_agent *agent)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	if (!process->is_alive || agent->is_stopping)
		return;
	ctr_sim_say(process->world, "%s: is stopped", process->name);
	agent->is_stopping = true;
	ctr_agent_set_now(agent->agent, ctr_sim_process_now(process));
	ctr_agent_stop(agent->agent);
	ctr_sim_process_wake_now(process);
}

void ctr_sim_agent_fini(struct ctr_sim_agent *agent)
{
	ctr_sim_agent_crash(agent, 0);
	ctr_sim_cancel(agent->endpoint.process.world, &agent->restart);
	ctr_sim_machine_fini(agent);
	ctr_buf_fini(&agent->info);
}
