/* SPDX-License-Identifier: MIT */
/*
 * process.c - turns of a program. One turn takes what has come since the last one, as
 * a loop over sockets does, so that what comes together is handled together.
 */
#include <stdio.h>

#include "sim/cluster/world.h"

/* From one turn to the next: what a turn takes. */
#define TURN_NS (20 * CTR_NS_PER_US)
/* Clocks begin somewhere, each elsewhere, and far from 0. */
#define STEADY_FIRST_NS (1000 * CTR_NS_PER_SEC)
#define WALL_FIRST_NS   (UINT64_C(1700000000) * CTR_NS_PER_SEC)

static void on_turn(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_process *process = CTR_CONTAINER_OF(timer, struct ctr_sim_process, turn);
	if (!process->is_alive)
		return;
	if (world->now < process->stalled_until) {
		ctr_sim_at(world, timer, process->stalled_until);
		return;
	}
	process->last_turn = world->now;
	process->run(process, ctr_sim_process_now(process));
}

void ctr_sim_process_init(struct ctr_sim_process *process, struct ctr_sim_world *world,
			  enum ctr_sim_kind kind, uint32_t machine, uint32_t number)
{
	static const char *const names[] = {"server", "agent", "client"};
	process->world = world;
	process->kind = kind;
	process->machine = machine;
	snprintf(process->name, sizeof(process->name), "%s %u", names[kind], number);
	process->turn.fn = on_turn;
	ctr_list_init(&process->inbox);
	process->clock = (struct ctr_sim_clock){
		.steady_ns = STEADY_FIRST_NS * (machine + 1),
		.wall_offset_ns = (int64_t)WALL_FIRST_NS,
	};
}

struct centro_time ctr_sim_process_now(const struct ctr_sim_process *process)
{
	return ctr_sim_clock_at(&process->clock, process->world->now);
}

static void wake_at(struct ctr_sim_process *process, uint64_t true_ns)
{
	uint64_t earliest = process->last_turn + TURN_NS;
	if (true_ns < earliest)
		true_ns = earliest;
	if (true_ns < process->stalled_until)
		true_ns = process->stalled_until;
	if (true_ns < process->world->now)
		true_ns = process->world->now;
	if (process->turn.node.position > 0 && process->turn.node.key <= true_ns)
		return;
	ctr_sim_at(process->world, &process->turn, true_ns);
}

void ctr_sim_process_wake(struct ctr_sim_process *process, struct centro_instant steady)
{
	uint64_t true_ns = steady.ns == CENTRO_INSTANT_NEVER_NS
				   ? UINT64_MAX
				   : ctr_sim_clock_true(&process->clock, steady);
	if (true_ns != UINT64_MAX)
		wake_at(process, true_ns);
}

void ctr_sim_process_wake_now(struct ctr_sim_process *process)
{
	wake_at(process, process->world->now);
}

void ctr_sim_process_stall(struct ctr_sim_process *process, uint64_t true_ns)
{
	process->stalled_until = true_ns;
	if (process->is_alive && true_ns <= process->world->now)
		ctr_sim_process_wake_now(process);
}
