/* SPDX-License-Identifier: MIT */
/*
 * fault.c - makes a fault happen, and takes it back. Faults of the same kind may
 * overlap: what lasts is counted, or has an end of its own.
 */
#include "sim/cluster/world.h"

#define MILLION 1000000
/* Between two machines twice as much, which is what the core reckons with: 1 %. */
#define RATE_MAX_PPM     4900
#define FLAPS            20
#define WALL_STEP_MAX_NS (3 * 3600 * CTR_NS_PER_SEC)

static uint64_t pick(uint64_t drawn, uint64_t low, uint64_t high)
{
	return low + drawn % (high - low + 1);
}

/* ---- servers and their store ---- */

static struct ctr_sim_server *some_server(struct ctr_sim_world *world, uint64_t drawn)
{
	struct ctr_sim_server *leader = ctr_sim_leader(world);
	return leader ? leader : &world->servers[drawn % world->server_count];
}

static void server_crash(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_server_crash(some_server(world, fault->a), fault->b & 1,
			     pick(fault->b >> 1, CTR_NS_PER_SEC, 20 * CTR_NS_PER_SEC));
}

static void server_stall(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_process_stall(&some_server(world, fault->a)->process, world->now + fault->for_ns);
}

static void server_drain(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	struct ctr_sim_server *server = some_server(world, fault->a);
	if (world->now >= server->process.stalled_until)
		ctr_sim_server_drain(server);
}

static void take_over(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	struct ctr_sim_server *old = ctr_sim_leader(world);
	struct ctr_sim_server *new = &world->servers[fault->a % world->server_count];
	if (!old || old == new || new->process.is_alive)
		return;
	if (fault->b & 1)
		ctr_sim_process_stall(&old->process, world->now + fault->for_ns);
	ctr_sim_server_start(new);
}

static void lease_vanish(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_memory_disk_depose(world->disk);
}

static void lease_outlive(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_memory_disk_hold_lease(world->disk, true);
	server_crash(world, fault);
}

static void lease_outlive_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_memory_disk_hold_lease(world->disk, false);
	for (uint32_t i = 0; i < world->server_count; i++) {
		if (world->servers[i].process.is_alive)
			ctr_sim_process_wake_now(&world->servers[i].process);
	}
}

static void store_error(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_memory_disk_set_fault(world->disk, (struct ctr_memory_fault){
						       .commits_before = fault->a % 4,
						       .status = CENTRO_ERR_IO,
						       .written = fault->b & 1,
					       });
}

static void store_refuse(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	static const int statuses[] = {CENTRO_ERR_FULL, CENTRO_ERR_NOMEM, CENTRO_ERR_LIMIT};
	ctr_memory_disk_set_fault(world->disk,
				  (struct ctr_memory_fault){
					  .commits_before = fault->a % 4,
					  .status = statuses[fault->b % CTR_ARRAY_SIZE(statuses)],
				  });
}

static void store_slow(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	world->commit_delay_ns = pick(fault->a, 10 * CTR_NS_PER_MS, 5 * CTR_NS_PER_SEC);
}

static void store_slow_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	world->commit_delay_ns = CTR_SIM_COMMIT_NS;
}

/* ---- agents, machines, clients ---- */

static struct ctr_sim_agent *some_agent(struct ctr_sim_world *world, uint64_t drawn)
{
	return &world->agents[drawn % world->agent_count];
}

static void agent_crash(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_agent_crash(some_agent(world, fault->a), fault->for_ns);
}

static void agent_stall(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	struct ctr_sim_agent *agent = some_agent(world, fault->a);
	if (agent->pauses == 0)
		ctr_sim_process_stall(&agent->endpoint.process, world->now + fault->for_ns);
}

static void agent_stop(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_agent_stop(some_agent(world, fault->a));
}

static void machine_crash(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_machine_crash(some_agent(world, fault->a), fault->for_ns);
}

static void machine_pause(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_machine_pause(some_agent(world, fault->a));
}

static void machine_pause_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_machine_resume(some_agent(world, fault->a));
}

static void client_crash(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_client_crash(&world->clients[fault->a % world->client_count], fault->for_ns);
}

/* ---- the network ---- */

/* Of each pair of different machines that `in_way` names, in that order. */
static void each_link(struct ctr_sim_world *world, const struct ctr_sim_fault *fault,
		      bool (*in_way)(const struct ctr_sim_world *world,
				     const struct ctr_sim_fault *fault, uint32_t from, uint32_t to),
		      void (*change)(struct ctr_sim_world *world, uint32_t from, uint32_t to))
{
	for (uint32_t from = 0; from < world->machine_count; from++) {
		for (uint32_t to = 0; to < world->machine_count; to++) {
			if (from != to && in_way(world, fault, from, to))
				change(world, from, to);
		}
	}
}

/* Words go to servers and from them; a cut elsewhere changes nothing. */
static uint32_t server_end(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault)
{
	return (uint32_t)(fault->a % world->server_count);
}

static uint32_t other_end(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault)
{
	uint32_t others = world->agent_count + world->client_count;
	return world->server_count + (uint32_t)(fault->b % others);
}

static bool is_one_way(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault,
		       uint32_t from, uint32_t to)
{
	bool outward = (fault->b >> 32) & 1;
	uint32_t server = server_end(world, fault), other = other_end(world, fault);
	return outward ? from == server && to == other : from == other && to == server;
}

static bool is_both_ways(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault,
			 uint32_t from, uint32_t to)
{
	uint32_t server = server_end(world, fault), other = other_end(world, fault);
	return (from == server && to == other) || (from == other && to == server);
}

static bool is_across(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault,
		      uint32_t from, uint32_t to)
{
	return ((fault->a >> (from % 64)) & 1) != ((fault->a >> (to % 64)) & 1);
}

/* A subset of the links of all servers. */
static bool is_swizzled(const struct ctr_sim_world *world, const struct ctr_sim_fault *fault,
			uint32_t from, uint32_t to)
{
	uint64_t link =
		(uint64_t)(from < to ? from : to) * CTR_SIM_MACHINES_MAX + (from < to ? to : from);
	return ctr_hash_u64(fault->a ^ link) & 1;
}

/* ---- one link, both ways, from one instant to another ---- */

static void window_drop(struct ctr_sim_window *link)
{
	ctr_list_remove(&link->link);
	ctr_free(NULL, link);
}

static void window_step(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_window *link = CTR_CONTAINER_OF(timer, struct ctr_sim_window, timer);
	if (link->is_cut) {
		ctr_sim_net_heal(world, link->from, link->to);
		ctr_sim_net_heal(world, link->to, link->from);
		window_drop(link);
		return;
	}
	link->is_cut = true;
	ctr_sim_net_cut(world, link->from, link->to);
	ctr_sim_net_cut(world, link->to, link->from);
	ctr_sim_at(world, timer, link->heal_at);
}

static void cut_between(struct ctr_sim_world *world, uint32_t from, uint32_t to, uint64_t cut_at,
			uint64_t heal_at)
{
	struct ctr_sim_window *link = ctr_sim_alloc(sizeof(*link));
	link->timer.fn = window_step;
	link->from = from;
	link->to = to;
	link->heal_at = heal_at;
	ctr_list_append(&world->windows, &link->link);
	ctr_sim_at(world, &link->timer, cut_at);
}

static void cut(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_both_ways, ctr_sim_net_cut);
}

static void cut_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_both_ways, ctr_sim_net_heal);
}

/* A link of it is one of a swizzle that begins anew each time. */
static void flap(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	struct ctr_prng prng;
	uint64_t at = world->now;
	ctr_prng_init(&prng, fault->b);
	for (int i = 0; i < FLAPS; i++) {
		uint64_t cut_at = at + ctr_sim_between(&prng, 0, fault->for_ns / FLAPS);
		at = cut_at + ctr_sim_between(&prng, 0, 2 * fault->for_ns / FLAPS);
		cut_between(world, server_end(world, fault), other_end(world, fault), cut_at, at);
	}
}

static void cut_one_way(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_one_way, ctr_sim_net_cut);
}

static void cut_one_way_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_one_way, ctr_sim_net_heal);
}

static void partition(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_across, ctr_sim_net_cut);
}

static void partition_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	each_link(world, fault, is_across, ctr_sim_net_heal);
}

/*
 * FoundationDB's swizzle-clogging: a random subset of the links stops one by one, and
 * comes back one by one in another order. Each link has its own part of the time.
 */
static void swizzle(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	for (uint32_t from = 0; from < world->server_count; from++) {
		for (uint32_t to = world->server_count; to < world->machine_count; to++) {
			if (!is_swizzled(world, fault, from, to))
				continue;
			uint64_t drawn = ctr_hash_u64(fault->b + from * CTR_SIM_MACHINES_MAX + to);
			cut_between(world, from, to,
				    world->now + pick(drawn & UINT32_MAX, 0, fault->for_ns),
				    world->now + fault->for_ns +
					    pick(drawn >> 32, 0, fault->for_ns));
		}
	}
}

static struct ctr_sim_weather *some_weather(struct ctr_sim_world *world,
					    const struct ctr_sim_fault *fault)
{
	return &world->net.weather[fault->a % world->machine_count];
}

static void net_delay(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->delay_ns = pick(fault->b, CTR_NS_PER_MS, 8 * CTR_NS_PER_SEC);
}

static void net_delay_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->delay_ns = 0;
}

static void net_reorder(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->reorder_ppm = (uint32_t)pick(fault->b, 10000, MILLION);
}

static void net_reorder_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->reorder_ppm = 0;
}

static void net_duplicate(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->duplicate_ppm = (uint32_t)pick(fault->b, 10000, MILLION);
}

static void net_duplicate_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->duplicate_ppm = 0;
}

static void net_drop(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->drop_ppm = (uint32_t)pick(fault->b, 1000, 100000);
}

static void net_drop_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	some_weather(world, fault)->drop_ppm = 0;
}

/* ---- clocks ---- */

static struct ctr_sim_process *some_process(struct ctr_sim_world *world,
					    const struct ctr_sim_fault *fault)
{
	return ctr_sim_machine(world, (uint32_t)(fault->a % world->machine_count));
}

static void wall_step(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	int64_t step = (int64_t)pick(fault->b, 0, 2 * WALL_STEP_MAX_NS) - (int64_t)WALL_STEP_MAX_NS;
	some_process(world, fault)->clock.wall_offset_ns += step;
}

static void clock_rate(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	struct ctr_sim_process *process = some_process(world, fault);
	int32_t rate = (int32_t)pick(fault->b, 0, 2 * RATE_MAX_PPM) - RATE_MAX_PPM;
	if (process->clock.rate_ppm < -RATE_MAX_PPM)
		return; /* it stands still */
	ctr_sim_clock_set_rate(&process->clock, world->now, rate);
	if (process->is_alive)
		ctr_sim_process_wake_now(process);
	if (process->kind == CTR_SIM_AGENT)
		ctr_sim_machine_retime(
			CTR_CONTAINER_OF(process, struct ctr_sim_agent, endpoint.process));
}

/* ---- nodes ---- */

static void node_drain(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_operator_drain(world, some_agent(world, fault->a)->node, fault->b);
}

static void node_drain_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_operator_undrain(world, some_agent(world, fault->a)->node);
}

/* ---- the table ---- */

typedef void fault_fn(struct ctr_sim_world *world, struct ctr_sim_fault *fault);

static const struct {
	fault_fn *begin, *end; /* end NULL: it ends by itself */
} actions[CTR_SIM_FAULT_KINDS] = {
	[CTR_SIM_SERVER_CRASH] = {server_crash},
	[CTR_SIM_SERVER_STALL] = {server_stall},
	[CTR_SIM_SERVER_DRAIN] = {server_drain},
	[CTR_SIM_TAKE_OVER] = {take_over},
	[CTR_SIM_LEASE_VANISH] = {lease_vanish},
	[CTR_SIM_LEASE_OUTLIVE] = {lease_outlive, lease_outlive_end},
	[CTR_SIM_STORE_ERROR] = {store_error},
	[CTR_SIM_STORE_REFUSE] = {store_refuse},
	[CTR_SIM_STORE_SLOW] = {store_slow, store_slow_end},
	[CTR_SIM_AGENT_CRASH] = {agent_crash},
	[CTR_SIM_AGENT_STALL] = {agent_stall},
	[CTR_SIM_AGENT_STOP] = {agent_stop},
	[CTR_SIM_MACHINE_CRASH] = {machine_crash},
	[CTR_SIM_MACHINE_PAUSE] = {machine_pause, machine_pause_end},
	[CTR_SIM_CUT] = {cut, cut_end},
	[CTR_SIM_CUT_ONE_WAY] = {cut_one_way, cut_one_way_end},
	[CTR_SIM_FLAP] = {flap},
	[CTR_SIM_PARTITION] = {partition, partition_end},
	[CTR_SIM_SWIZZLE] = {swizzle},
	[CTR_SIM_NET_DELAY] = {net_delay, net_delay_end},
	[CTR_SIM_NET_REORDER] = {net_reorder, net_reorder_end},
	[CTR_SIM_NET_DUPLICATE] = {net_duplicate, net_duplicate_end},
	[CTR_SIM_NET_DROP] = {net_drop, net_drop_end},
	[CTR_SIM_WALL_STEP] = {wall_step},
	[CTR_SIM_CLOCK_RATE] = {clock_rate},
	[CTR_SIM_CLIENT_CRASH] = {client_crash},
	[CTR_SIM_NODE_DRAIN] = {node_drain, node_drain_end},
};

void ctr_sim_fault_begin(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_say(world, "FAULT %u %s for %llu ms", fault->index, ctr_sim_fault_word(fault->kind),
		    (unsigned long long)(fault->for_ns / CTR_NS_PER_MS));
	ctr_sim_trace(world, 'f', fault->index, (uint64_t)fault->kind);
	/* Those that befall single messages are counted there. */
	if (fault->kind != CTR_SIM_NET_REORDER && fault->kind != CTR_SIM_NET_DUPLICATE &&
	    fault->kind != CTR_SIM_NET_DROP)
		world->result->faults[fault->kind]++;
	actions[fault->kind].begin(world, fault);
	if (!actions[fault->kind].end)
		return;
	fault->is_on = true;
	ctr_sim_at(world, &fault->end, world->now + fault->for_ns);
}

void ctr_sim_fault_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault)
{
	ctr_sim_cancel(world, &fault->begin);
	ctr_sim_cancel(world, &fault->end);
	if (!fault->is_on)
		return;
	fault->is_on = false;
	ctr_sim_say(world, "fault %u %s is over", fault->index, ctr_sim_fault_word(fault->kind));
	actions[fault->kind].end(world, fault);
}

static void end_windows(struct ctr_sim_world *world)
{
	ctr_list_for_each_safe (node, &world->windows) {
		struct ctr_sim_window *link = ctr_list_entry(node, struct ctr_sim_window, link);
		ctr_sim_cancel(world, &link->timer);
		if (link->is_cut)
			window_step(world, &link->timer);
		else
			window_drop(link);
	}
}

void ctr_sim_calm(struct ctr_sim_world *world)
{
	ctr_sim_say(world, "faults have stopped");
	world->is_calm = true;
	for (uint32_t i = 0; i < world->fault_count; i++)
		ctr_sim_fault_end(world, &world->faults[i]);
	end_windows(world);
	ctr_memory_disk_set_fault(world->disk, (struct ctr_memory_fault){0});
	for (uint32_t i = 0; i < world->machine_count; i++)
		ctr_sim_process_stall(ctr_sim_machine(world, i), world->now);
	ctr_sim_operator_undrain_all(world);
}
