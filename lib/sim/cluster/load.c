/* SPDX-License-Identifier: MIT */
/*
 * load.c - jobs, each a function of the run's seed and its own number, so that it does
 * not matter what else happens.
 */
#include "sim/cluster/load.h"

#include <stdio.h>

#define MS  UINT64_C(1)
#define SEC (1000 * MS)
#define MIN (60 * SEC)

static struct ctr_prng prng_of(const struct ctr_sim_world *world, uint32_t number, uint64_t what)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, ctr_hash_u64(world->options.seed + what) ^ number);
	return prng;
}

static void *take(struct ctr_sim_world *world, size_t count, size_t bytes)
{
	void *memory = ctr_arena_array(&world->arena, count, bytes);
	CTR_ASSERT(memory);
	return memory;
}

static char *format_u64(struct ctr_sim_world *world, uint64_t value)
{
	char *text = take(world, 24, 1);
	snprintf(text, 24, "%llu", (unsigned long long)value);
	return text;
}

static uint64_t draw_runtime_ms(struct ctr_prng *prng)
{
	uint64_t kind = ctr_prng_below(prng, 100);
	if (kind < 70)
		return ctr_sim_between(prng, 10 * MS, 30 * SEC);
	if (kind < 95)
		return ctr_sim_between(prng, 30 * SEC, 5 * MIN);
	return ctr_sim_between(prng, 5 * MIN, 10 * MIN);
}

/* "run RUNTIME_MS EXIT_CODE [stubborn] [attempt]": see machine.c. */
static void draw_command(struct ctr_sim_world *world, struct ctr_prng *prng, Centro__V1__Task *task)
{
	char **argv = take(world, 5, sizeof(*argv));
	uint64_t exit_code = ctr_sim_chance(prng, 200000) ? ctr_sim_between(prng, 1, 99) : 0;
	argv[0] = (char *)"run";
	argv[1] = format_u64(world, draw_runtime_ms(prng));
	argv[2] = format_u64(world, exit_code);
	task->n_command = 3;
	if (ctr_sim_chance(prng, 100000))
		argv[task->n_command++] = (char *)"stubborn";
	if (ctr_sim_chance(prng, 300000))
		argv[task->n_command++] = (char *)"attempt";
	task->command = argv;
}

static Google__Protobuf__Duration *duration(struct ctr_sim_world *world, uint64_t ms)
{
	Google__Protobuf__Duration *message = take(world, 1, sizeof(*message));
	google__protobuf__duration__init(message);
	ctr_codec_set_span(message, ctr_span_ms(ms));
	return message;
}

static void draw_times(struct ctr_sim_world *world, struct ctr_prng *prng, Centro__V1__Task *task)
{
	uint64_t kind = ctr_prng_below(prng, 100);
	if (kind < 30)
		task->lease = duration(world, ctr_sim_between(prng, 2 * SEC, 6 * SEC));
	else if (kind < 70)
		task->lease = duration(world, ctr_sim_between(prng, 30 * SEC, MIN));
	task->kill_grace = duration(world, ctr_sim_between(prng, 100 * MS, 5 * SEC));
	if (ctr_sim_chance(prng, 50000))
		task->time_limit = duration(world, ctr_sim_between(prng, SEC, 2 * MIN));
	if (ctr_sim_chance(prng, 50000))
		task->on_disconnect = CENTRO__V1__TASK__ON_DISCONNECT__keep;
}

static Centro__V1__Task *draw_task(struct ctr_sim_world *world, struct ctr_prng *prng,
				   uint32_t number)
{
	static const uint32_t cpu[] = {250, 500, 1000, 1000, 2000, 4000, CTR_SIM_CPU_MILLI_MAX};
	Centro__V1__Task *task = take(world, 1, sizeof(*task));
	Centro__V1__Resources *resources = take(world, 1, sizeof(*resources));
	centro__v1__task__init(task);
	centro__v1__resources__init(resources);
	resources->cpu_milli = cpu[ctr_prng_below(prng, CTR_ARRAY_SIZE(cpu))];
	resources->memory_mib = resources->cpu_milli / 2;
	task->resources = resources;
	task->name = number == 0 ? (char *)"first" : (char *)"second";
	if (!world->options.is_plain && ctr_sim_chance(prng, 300000))
		task->count = (uint32_t)ctr_sim_between(prng, 2, CTR_SIM_JOB_INSTANCES_MAX / 2);
	/* The first node alone has room for all of it. */
	task->gang = task->count * resources->cpu_milli <= CTR_SIM_CPU_MILLI_MAX &&
		     ctr_sim_chance(prng, 500000);
	draw_command(world, prng, task);
	if (!world->options.is_plain)
		draw_times(world, prng, task);
	return task;
}

const Centro__V1__JobSpec *ctr_sim_load_spec(struct ctr_sim_world *world, uint32_t number,
					     bool other)
{
	static char *const queues[] = {(char *)"", (char *)"batch", (char *)"prod"};
	static char *east[] = {(char *)"east"};
	struct ctr_prng prng = prng_of(world, number, 's');
	ctr_arena_reset(&world->arena, SIZE_MAX);
	Centro__V1__JobSpec *spec = take(world, 1, sizeof(*spec));
	centro__v1__job_spec__init(spec);
	spec->name = other ? (char *)"other" : (char *)"job";
	spec->queue = queues[ctr_prng_below(&prng, CTR_ARRAY_SIZE(queues))];
	spec->priority = (int32_t)ctr_prng_below(&prng, 3);
	if (ctr_sim_chance(&prng, 200000)) {
		spec->n_datacenters = 1;
		spec->datacenters = east;
	}
	spec->n_tasks = !world->options.is_plain && ctr_sim_chance(&prng, 200000) ? 2 : 1;
	spec->tasks = take(world, spec->n_tasks, sizeof(*spec->tasks));
	for (uint32_t i = 0; i < spec->n_tasks; i++)
		spec->tasks[i] = draw_task(world, &prng, i);
	return spec;
}

static uint64_t maybe(struct ctr_prng *prng, uint32_t ppm, uint64_t most_ms)
{
	uint64_t after_ms = ctr_sim_between(prng, 1, most_ms);
	return ctr_sim_chance(prng, ppm) ? after_ms * CTR_NS_PER_MS : 0;
}

struct ctr_sim_intent ctr_sim_load_intent(const struct ctr_sim_world *world, uint32_t number)
{
	struct ctr_prng prng = prng_of(world, number, 'i');
	if (world->options.is_plain)
		return (struct ctr_sim_intent){0};
	return (struct ctr_sim_intent){
		.watches = ctr_sim_chance(&prng, 500000),
		.get_after_ns = maybe(&prng, 300000, 2 * MIN),
		.cancel_after_ns = maybe(&prng, 150000, 2 * MIN),
		.conflict_after_ns = maybe(&prng, 20000, 10 * MIN),
	};
}
