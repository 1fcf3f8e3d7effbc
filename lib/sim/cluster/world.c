/* SPDX-License-Identifier: MIT */
/*
 * world.c - makes a cluster from its options, lets things happen in the order of true
 * time until all is over, and takes it apart.
 */
#include <stdio.h>

#include "sim/cluster/load.h"
#include "sim/cluster/promises.h"
#include "sim/cluster/world.h"

#define HOUR_NS (3600 * CTR_NS_PER_SEC)
/* After the faults: the longest job and the longest lease; and all of a backlog. */
#define QUIET_MAX_NS      HOUR_NS
#define CALM_MAX_NS       (72 * HOUR_NS)
#define CHECK_NS          (30 * CTR_NS_PER_SEC)
#define DONE_NS           CTR_NS_PER_SEC
#define STEPS_MAX_DEFAULT 100000000

void ctr_sim_at(struct ctr_sim_world *world, struct ctr_sim_timer *timer, uint64_t true_ns)
{
	CTR_ASSERT(timer->fn);
	CTR_ASSERT(true_ns >= world->now);
	int status = ctr_heap_reserve(&world->queue, 1);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_heap_update(&world->queue, &timer->node, true_ns);
}

void ctr_sim_cancel(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_heap_remove(&world->queue, &timer->node);
}

struct ctr_sim_process *ctr_sim_machine(struct ctr_sim_world *world, uint32_t machine)
{
	uint32_t agents = world->server_count, clients = agents + world->agent_count;
	if (machine < agents)
		return &world->servers[machine].process;
	if (machine < clients)
		return &world->agents[machine - agents].endpoint.process;
	return &world->clients[machine - clients].endpoint.process;
}

uint64_t ctr_sim_between(struct ctr_prng *prng, uint64_t low, uint64_t high)
{
	CTR_ASSERT(low <= high);
	return low + ctr_prng_below(prng, high - low + 1);
}

bool ctr_sim_chance(struct ctr_prng *prng, uint32_t ppm)
{
	return ppm > 0 && ctr_prng_below(prng, 1000000) < ppm;
}

void *ctr_sim_alloc(size_t bytes)
{
	void *memory = ctr_alloc_zero(NULL, bytes);
	CTR_ASSERT(memory);
	return memory;
}

const char *ctr_sim_fault_word(enum ctr_sim_fault_kind kind)
{
	static const char *const words[] = {
#define X(name, word, help) word,
		CTR_SIM_FAULT_MAP(X)
#undef X
	};
	return kind < CTR_SIM_FAULT_KINDS ? words[kind] : "";
}

const char *ctr_sim_fault_help(enum ctr_sim_fault_kind kind)
{
	static const char *const helps[] = {
#define X(name, word, help) help,
		CTR_SIM_FAULT_MAP(X)
#undef X
	};
	return kind < CTR_SIM_FAULT_KINDS ? helps[kind] : "";
}

/* ---- options ---- */

static void draw(struct ctr_prng *prng, uint32_t *value, uint32_t low, uint32_t high)
{
	uint32_t drawn = (uint32_t)ctr_sim_between(prng, low, high);
	if (*value == 0)
		*value = drawn;
}

/* What is not given is drawn, whether given or not, so that it changes nothing else. */
static int fill_in(struct ctr_sim_options *options, struct ctr_sim_world *world)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, options->seed ^ 'o');
	draw(&prng, &options->servers, 1, 3);
	draw(&prng, &options->nodes, 2, 12);
	draw(&prng, &options->clients, 1, 3);
	/* Up to about what the nodes can do. */
	draw(&prng, &options->jobs_per_hour, 50, 100 * options->nodes);
	draw(&prng, &options->faults_per_hour, 10, 120);
	/* One run in eight meets the limit of jobs, one in four has a strict order. */
	world->jobs_max = ctr_prng_below(&prng, 8) == 0 ? 40 : 0;
	world->order = ctr_prng_below(&prng, 4) == 0 ? CTR_ORDER_FIFO : CTR_ORDER_FILL;
	/* In one of four the history is short in number, in one of four in time. */
	bool is_few = ctr_prng_below(&prng, 4) == 0, is_brief = ctr_prng_below(&prng, 4) == 0;
	uint64_t minutes = ctr_sim_between(&prng, 1, 20);
	world->history_keep = is_few ? (uint32_t)ctr_sim_between(&prng, 1, 60) : 0;
	world->history_age.ns = is_brief ? minutes * 60 * CTR_NS_PER_SEC : 0;
	if (options->length.ns == 0)
		options->length.ns = HOUR_NS;
	if (options->steps_max == 0)
		options->steps_max = STEPS_MAX_DEFAULT;
	uint64_t machines = (uint64_t)options->servers + options->nodes + options->clients;
	if (options->servers > CTR_ARRAY_SIZE(world->addresses) ||
	    machines > CTR_SIM_MACHINES_MAX || (options->faults & ~CTR_SIM_FAULTS_ALL) != 0 ||
	    options->length.ns > 1000 * HOUR_NS)
		return CENTRO_ERR_INVALID;
	return CENTRO_OK;
}

/* ---- the end ---- */

struct watcher {
	struct ctr_sim_timer calm, check, done;
};

static void on_calm(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_calm(world);
	struct watcher *watcher = CTR_CONTAINER_OF(timer, struct watcher, calm);
	ctr_sim_at(world, &watcher->done, world->now + DONE_NS);
}

static void on_check(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_check_all(world);
	ctr_sim_at(world, timer, world->now + CHECK_NS);
}

static void on_done(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	if (ctr_sim_is_done(world)) {
		world->is_over = true;
	} else if (world->now > world->options.length.ns + CALM_MAX_NS ||
		   world->now > world->oracle.event_at + QUIET_MAX_NS) {
		ctr_sim_i16_all_end(world);
	} else {
		ctr_sim_at(world, timer, world->now + DONE_NS);
	}
}

static void watch(struct ctr_sim_world *world, struct watcher *watcher)
{
	*watcher = (struct watcher){{.fn = on_calm}, {.fn = on_check}, {.fn = on_done}};
	ctr_sim_at(world, &watcher->calm, world->options.length.ns);
	ctr_sim_at(world, &watcher->check, CHECK_NS);
}

static void unwatch(struct ctr_sim_world *world, struct watcher *watcher)
{
	ctr_sim_cancel(world, &watcher->calm);
	ctr_sim_cancel(world, &watcher->check);
	ctr_sim_cancel(world, &watcher->done);
}

/* ---- the cluster ---- */

static void init(struct ctr_sim_world *world)
{
	uint64_t seed = world->options.seed;
	ctr_heap_init(&world->queue, NULL);
	ctr_prng_init(&world->net_prng, seed ^ 'n');
	ctr_prng_init(&world->store_prng, seed ^ 'd');
	ctr_prng_init(&world->fault_prng, seed ^ 'f');
	ctr_prng_init(&world->check_prng, seed ^ 'k');
	ctr_arena_init(&world->arena, NULL, SIZE_MAX);
	ctr_buf_init(&world->scratch, NULL, 0);
	ctr_list_init(&world->windows);
	ctr_sim_net_init(world);
	ctr_sim_oracle_init(world);
	world->disk = ctr_memory_disk_new(NULL);
	CTR_ASSERT(world->disk);
	world->commit_delay_ns = CTR_SIM_COMMIT_NS;
	world->hooks = (struct ctr_memory_hooks){
		.arg = world,
		.delay = ctr_sim_note_commit,
		.written = ctr_sim_note_written,
		.failed = ctr_sim_note_failed,
	};
	ctr_memory_disk_set_hooks(world->disk, &world->hooks);
}

static void people(struct ctr_sim_world *world)
{
	const struct ctr_sim_options *options = &world->options;
	world->server_count = options->servers;
	world->agent_count = options->nodes;
	world->client_count = options->clients;
	world->machine_count = options->servers + options->nodes + options->clients;
	world->servers = ctr_sim_alloc(options->servers * sizeof(*world->servers));
	world->agents = ctr_sim_alloc(options->nodes * sizeof(*world->agents));
	world->clients = ctr_sim_alloc(options->clients * sizeof(*world->clients));
	for (uint32_t i = 0; i < options->servers; i++) {
		snprintf(world->address_text[i], sizeof(world->address_text[i]), "10.0.0.%u:50051",
			 i + 1);
		world->addresses[i] = world->address_text[i];
		ctr_sim_server_init(&world->servers[i], world, i);
	}
	for (uint32_t i = 0; i < options->nodes; i++)
		ctr_sim_agent_init(&world->agents[i], world, i);
	for (uint32_t i = 0; i < options->clients; i++)
		ctr_sim_client_init(&world->clients[i], world, i);
}

static void start(struct ctr_sim_world *world)
{
	ctr_sim_server_start(&world->servers[0]);
	for (uint32_t i = 0; i < world->agent_count; i++)
		ctr_sim_agent_start(&world->agents[i]);
	for (uint32_t i = 0; i < world->client_count; i++)
		ctr_sim_client_start(&world->clients[i]);
}

static void run(struct ctr_sim_world *world)
{
	struct ctr_heap_node *first;
	while (!world->is_over && (first = ctr_heap_first(&world->queue))) {
		struct ctr_sim_timer *timer = CTR_CONTAINER_OF(first, struct ctr_sim_timer, node);
		world->now = first->key;
		if (++world->result->steps > world->options.steps_max)
			ctr_sim_break(world, "I16", "it goes round in circles: %llu steps",
				      (unsigned long long)world->result->steps);
		ctr_heap_remove(&world->queue, first);
		timer->fn(world, timer);
	}
}

static void fini(struct ctr_sim_world *world)
{
	world->options.line = NULL;
	for (uint32_t i = 0; i < world->client_count; i++)
		ctr_sim_client_fini(&world->clients[i]);
	for (uint32_t i = 0; i < world->agent_count; i++)
		ctr_sim_agent_fini(&world->agents[i]);
	for (uint32_t i = 0; i < world->server_count; i++)
		ctr_sim_server_fini(&world->servers[i]);
	ctr_list_for_each_safe (node, &world->windows)
		ctr_free(NULL, ctr_list_entry(node, struct ctr_sim_window, link));
	ctr_sim_operator_fini(world);
	ctr_sim_net_fini(world);
	ctr_sim_oracle_fini(world);
	ctr_memory_disk_free(world->disk);
	ctr_heap_fini(&world->queue);
	ctr_arena_fini(&world->arena);
	ctr_buf_fini(&world->scratch);
	ctr_free(NULL, world->faults);
	ctr_free(NULL, world->servers);
	ctr_free(NULL, world->agents);
	ctr_free(NULL, world->clients);
}

uint32_t ctr_sim_count_faults(const struct ctr_sim_options *options)
{
	struct ctr_sim_world world;
	struct ctr_sim_options filled = *options;
	if (fill_in(&filled, &world) != CENTRO_OK || filled.faults == 0)
		return 0;
	return ctr_sim_plan_count(&filled);
}

int ctr_sim_run(const struct ctr_sim_options *options, struct ctr_sim_result *ret_result)
{
	struct ctr_sim_world *world = ctr_sim_alloc(sizeof(*world));
	struct watcher watcher;
	world->options = *options;
	int status = fill_in(&world->options, world);
	if (status != CENTRO_OK) {
		ctr_free(NULL, world);
		return status;
	}
	*ret_result = (struct ctr_sim_result){0};
	world->result = ret_result;
	init(world);
	people(world);
	ctr_sim_plan_make(world);
	watch(world, &watcher);
	start(world);
	run(world);
	if (!ret_result->promise[0])
		ctr_sim_check_all(world);
	ret_result->simulated.ns = world->now;
	unwatch(world, &watcher);
	fini(world);
	ctr_free(NULL, world);
	return ret_result->promise[0] ? CENTRO_ERR_INTERNAL : CENTRO_OK;
}
