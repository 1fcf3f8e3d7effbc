/* SPDX-License-Identifier: MIT */
/*
 * What the core costs, each figure beside its baseline in the same run, one JSON
 * line a figure: P5 (placements/s against a plain linear best fit), how well it
 * packs against exact best fit, P6 (bytes a pending job), a job's whole life, what
 * a deep backlog costs a full cluster, and what gangs do.
 *
 * The mix of nodes and jobs is that of reference/speed.md, section 5.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/prng.h"
#include "base/time.h"
#include "core/internal.h"

#define BATCH          1000
#define BASELINE_BATCH 100

/* Of the processor, not of the wall: neighbours on the machine are not our cost. */
static uint64_t clock_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (uint64_t)at.tv_sec * CTR_NS_PER_SEC + (uint64_t)at.tv_nsec;
}

static void print_figure(const char *bench, const char *label, double value, const char *unit,
			 double baseline, const char *baseline_name, double aim)
{
	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"", bench, label,
	       value, unit);
	if (baseline_name)
		printf(",\"baseline\":%.1f,\"baseline_name\":\"%s\",\"ratio\":%.3f", baseline,
		       baseline_name, value / baseline);
	printf(",\"aim\":%g}\n", aim);
	fflush(stdout);
}

/* ---- a core and its driver ---- */

struct bench {
	struct ctr_core *core;
	struct ctr_now now;
	struct ctr_prng prng;
	uint64_t total_cores;
};

struct demand {
	uint32_t cpu_milli, memory_mib, disk_mib;
};

static void execute(struct bench *bench, const struct ctr_command *command,
		    struct ctr_result *result)
{
	bench->now.cluster.ns += 1000;
	bench->now.wall.ns += 1000;
	int error = ctr_core_execute(bench->core, bench->now, command, result);
	if (error != CENTRO_OK)
		fprintf(stderr, "%s\n", result->text.text);
	CTR_ASSERT(error == CENTRO_OK);
}

/* As an engine would: events are told, records written, what has ended forgotten. */
static void drain(struct bench *bench)
{
	struct ctr_dirty dirty;

	ctr_core_clear_events(bench->core);
	while (ctr_core_take_dirty(bench->core, &dirty)) {
		if (dirty.type == CTR_DIRTY_JOB && dirty.job.ended)
			ctr_core_forget(bench->core, dirty.job.job);
	}
}

static const uint32_t node_classes[][3] = {
	/* cores, GiB, GiB */
	{32, 128, 1000},
	{64, 512, 2000},
	{128, 512, 4000},
};

static void add_nodes(struct bench *bench, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t *class = node_classes[ctr_prng_below(&bench->prng, 3)];
		char name[32];
		snprintf(name, sizeof(name), "node-%" PRIu32, i);
		const struct ctr_node_spec spec = {
			.name = ctr_bytes_str(name),
			.agent_id = i + 1,
			.session = 1,
			.capacity = {.cpu_milli = class[0] * 1000,
				     .memory_mib = class[1] * 1024,
				     .disk_mib = class[2] * 1024},
			.text = ctr_bytes_str(name),
		};
		const struct ctr_command command = {
			.type = CTR_COMMAND_REGISTER,
			.register_node = {.spec = &spec},
		};
		struct ctr_result result;
		execute(bench, &command, &result);
		bench->total_cores += class[0];
	}
	drain(bench);
}

static struct demand draw_demand(struct ctr_prng *prng)
{
	uint32_t cores = 1 + (uint32_t)ctr_prng_below(prng, 16);
	uint32_t gib_per_core = 1 + (uint32_t)ctr_prng_below(prng, 8);
	uint32_t disk_gib = 1 + (uint32_t)ctr_prng_below(prng, 100);

	return (struct demand){cores * 1000, cores * gib_per_core * 1024, disk_gib * 1024};
}

static centro_job_id submit(struct bench *bench, struct demand demand, struct centro_bytes text,
			    struct centro_bytes request_id)
{
	static const struct centro_bytes argv[] = {{(const uint8_t *)"true", 4}};
	const struct ctr_task_spec task = {
		.resources = {.cpu_milli = demand.cpu_milli,
			      .memory_mib = demand.memory_mib,
			      .disk_mib = demand.disk_mib},
		.command = argv,
		.command_count = 1,
	};
	const struct ctr_job_spec spec = {
		.name = ctr_bytes_str("bench"),
		.owner = ctr_bytes_str("somebody"),
		.request_id = request_id,
		.tasks = &task,
		.task_count = 1,
		.text = text,
	};
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = &spec}};
	struct ctr_result result;
	execute(bench, &command, &result);
	return result.job;
}

/* Of instances of one core. */
static void submit_gang(struct bench *bench, uint32_t count)
{
	static const struct centro_bytes argv[] = {{(const uint8_t *)"true", 4}};
	const struct ctr_task_spec task = {
		.resources = {.cpu_milli = 1000, .memory_mib = 128},
		.count = count,
		.gang = true,
		.command = argv,
		.command_count = 1,
	};
	const struct ctr_job_spec spec = {.tasks = &task, .task_count = 1};
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = &spec}};
	struct ctr_result result;
	execute(bench, &command, &result);
}

static void report(struct bench *bench, const struct ctr_instance *instance, bool ended)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = {.node = instance->node->id,
			   .session = 1,
			   .attempt = ctr_instance_ref(instance),
			   .ended = ended,
			   .cause = CENTRO_CAUSE_EXITED},
	};
	struct ctr_result result;
	execute(bench, &command, &result);
}

static const struct ctr_instance *instance_of(struct bench *bench, centro_job_id job)
{
	return &ctr_core_find_job(bench->core, job)->tasks[0].instances[0];
}

static void bench_init(struct bench *bench, const struct centro_allocator *allocator)
{
	const struct ctr_core_options options = {.allocator = allocator, .seed = 7};

	*bench = (struct bench){
		.now = {.cluster = {CTR_NS_PER_SEC}, .wall = {CTR_NS_PER_SEC}},
	};
	ctr_prng_init(&bench->prng, 42);
	CTR_ASSERT(ctr_core_new(&options, &bench->core) == CENTRO_OK);
}

/* ---- the baseline ---- */

struct plain_node {
	uint32_t cpu, memory, disk;
};

static struct plain_node *plain_nodes(uint32_t count)
{
	struct ctr_prng prng;
	struct plain_node *nodes = malloc(count * sizeof(*nodes));

	ctr_prng_init(&prng, 42);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t *class = node_classes[ctr_prng_below(&prng, 3)];
		nodes[i] = (struct plain_node){class[0] * 1000, class[1] * 1024, class[2] * 1024};
	}
	return nodes;
}

/* The node on which the least would stay; `count`: none. */
static uint32_t best_fit(const struct plain_node *nodes, uint32_t count, struct demand demand)
{
	uint32_t best = count;
	uint64_t best_score = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++) {
		const struct plain_node *node = &nodes[i];
		uint64_t score = (uint64_t)node->cpu * 4 + node->memory / 2 + node->disk / 8;
		if (node->cpu >= demand.cpu_milli && node->memory >= demand.memory_mib &&
		    node->disk >= demand.disk_mib && score < best_score) {
			best = i;
			best_score = score;
		}
	}
	return best;
}

static void plain_take(struct plain_node *node, struct demand demand)
{
	node->cpu -= demand.cpu_milli;
	node->memory -= demand.memory_mib;
	node->disk -= demand.disk_mib;
}

static void plain_give(struct plain_node *node, struct demand demand)
{
	node->cpu += demand.cpu_milli;
	node->memory += demand.memory_mib;
	node->disk += demand.disk_mib;
}

/* What is running, oldest first: a ring. */
struct running {
	uint64_t *who; /* a job, or a node's number */
	struct demand *demand;
	uint32_t first, count, capacity;
};

static struct running running_new(uint32_t capacity)
{
	return (struct running){
		.who = malloc(capacity * sizeof(uint64_t)),
		.demand = malloc(capacity * sizeof(struct demand)),
		.capacity = capacity,
	};
}

static void running_free(struct running *running)
{
	free(running->who);
	free(running->demand);
}

static void running_push(struct running *running, uint64_t who, struct demand demand)
{
	CTR_ASSERT(running->count < running->capacity);
	uint32_t at = (running->first + running->count++) % running->capacity;
	running->who[at] = who;
	running->demand[at] = demand;
}

static uint32_t running_pop(struct running *running)
{
	CTR_ASSERT(running->count > 0);
	uint32_t at = running->first;
	running->first = (running->first + 1) % running->capacity;
	running->count--;
	return at;
}

static double baseline_rate(uint32_t count, uint64_t cores_wanted, uint32_t decisions)
{
	struct plain_node *nodes = plain_nodes(count);
	struct running running = running_new(count * 128);
	struct ctr_prng prng;
	uint64_t cores = 0, elapsed = 0;
	uint32_t next = 0;

	/* Filled round robin: filling by best fit would take minutes. */
	ctr_prng_init(&prng, 9);
	while (cores < cores_wanted) {
		struct demand demand = draw_demand(&prng);
		uint32_t tries = best_fit(&nodes[next], 1, demand);
		uint32_t at = next;
		next = (next + 1) % count;
		if (tries != 0)
			continue;
		plain_take(&nodes[at], demand);
		running_push(&running, at, demand);
		cores += demand.cpu_milli / 1000;
	}
	for (uint32_t done = 0; done < decisions; done += BASELINE_BATCH) {
		uint64_t begin = clock_ns();
		for (uint32_t i = 0; i < BASELINE_BATCH; i++) {
			struct demand demand = draw_demand(&prng);
			uint32_t at = best_fit(nodes, count, demand);
			CTR_ASSERT(at < count);
			plain_take(&nodes[at], demand);
			running_push(&running, at, demand);
			cores += demand.cpu_milli / 1000;
		}
		elapsed += clock_ns() - begin;
		while (cores > cores_wanted) {
			uint32_t oldest = running_pop(&running);
			plain_give(&nodes[running.who[oldest]], running.demand[oldest]);
			cores -= running.demand[oldest].cpu_milli / 1000;
		}
	}
	running_free(&running);
	free(nodes);
	return (double)decisions * 1e9 / (double)elapsed;
}

/* ---- P5 ---- */

struct steady {
	struct bench bench;
	struct running running;
	uint64_t cores;
};

/* The choice of a node alone, for each job of the batch; nothing is granted. */
static uint64_t choose_ns(struct bench *bench, const centro_job_id *jobs)
{
	struct ctr_line *lines[BATCH];
	uint32_t ops = 0;

	for (uint32_t i = 0; i < BATCH; i++)
		lines[i] = ctr_core_line(bench->core, instance_of(bench, jobs[i]));
	uint64_t begin = clock_ns();
	for (uint32_t i = 0; i < BATCH; i++)
		CTR_ASSERT(ctr_placement_choose(&bench->core->placement, lines[i], &ops));
	return clock_ns() - begin;
}

/*
 * Submit a batch, place it (timed), and end the oldest down to `cores_wanted`.
 * *choice_ns, if there is one, grows by the time of the choices alone, made once
 * more than needed.
 */
static uint64_t steady_batch(struct steady *steady, uint64_t cores_wanted, uint64_t *choice_ns)
{
	struct bench *bench = &steady->bench;
	centro_job_id jobs[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		struct demand demand = draw_demand(&bench->prng);
		centro_job_id job =
			submit(bench, demand, (struct centro_bytes){0}, (struct centro_bytes){0});
		jobs[i] = job;
		running_push(&steady->running, job, demand);
		steady->cores += demand.cpu_milli / 1000;
	}
	drain(bench);
	if (choice_ns)
		*choice_ns += choose_ns(bench, jobs);
	uint64_t begin = clock_ns();
	CTR_ASSERT(!ctr_core_schedule(bench->core, bench->now, UINT32_MAX));
	uint64_t elapsed = clock_ns() - begin;
	size_t placed;
	ctr_core_events(bench->core, &placed);
	CTR_ASSERT(placed == BATCH);
	drain(bench);
	while (steady->cores > cores_wanted) {
		uint32_t oldest = running_pop(&steady->running);
		report(bench, instance_of(bench, steady->running.who[oldest]), /* ended= */ true);
		steady->cores -= steady->running.demand[oldest].cpu_milli / 1000;
	}
	drain(bench);
	return elapsed;
}

struct rates {
	double grants, choices; /* a second */
};

static struct rates steady_rates(uint32_t count, uint32_t batches)
{
	struct steady steady;
	uint64_t grants_ns = 0, choices_ns = 0;

	bench_init(&steady.bench, /* allocator= */ NULL);
	add_nodes(&steady.bench, count);
	steady.running = running_new(count * 128);
	steady.cores = 0;
	uint64_t wanted = steady.bench.total_cores * 60 / 100;
	while (steady.cores < wanted)
		steady_batch(&steady, wanted, /* choice_ns= */ NULL);
	for (uint32_t i = 0; i < batches; i++)
		grants_ns += steady_batch(&steady, wanted, /* choice_ns= */ NULL);
	for (uint32_t i = 0; i < batches; i++)
		steady_batch(&steady, wanted, &choices_ns);
	ctr_core_free(steady.bench.core);
	running_free(&steady.running);
	return (struct rates){
		.grants = (double)batches * BATCH * 1e9 / (double)grants_ns,
		.choices = (double)batches * BATCH * 1e9 / (double)choices_ns,
	};
}

static void bench_placement(void)
{
	static const struct {
		const char *label;
		uint32_t nodes, decisions;
	} cases[] = {{"1k", 1000, 20000}, {"10k", 10000, 5000}, {"100k", 100000, 500}};

	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		struct rates rates = steady_rates(cases[i].nodes, /* batches= */ 200);
		uint64_t cores = (uint64_t)cases[i].nodes * 75 * 60 / 100;
		double baseline = baseline_rate(cases[i].nodes, cores, cases[i].decisions);
		print_figure("P5", cases[i].label, rates.grants, "placements/s", baseline,
			     "linear best fit", 1000000);
		print_figure("P5 choice alone", cases[i].label, rates.choices, "choices/s",
			     baseline, "linear best fit", 1000000);
	}
}

/* ---- packing ---- */

static uint32_t fill_core(uint32_t count)
{
	struct bench bench;
	struct ctr_prng prng;
	uint32_t placed = 0;
	size_t events;

	bench_init(&bench, /* allocator= */ NULL);
	add_nodes(&bench, count);
	ctr_prng_init(&prng, 9);
	for (;;) {
		submit(&bench, draw_demand(&prng), (struct centro_bytes){0},
		       (struct centro_bytes){0});
		drain(&bench);
		ctr_core_schedule(bench.core, bench.now, UINT32_MAX);
		ctr_core_events(bench.core, &events);
		if (events == 0)
			break;
		placed++;
	}
	ctr_core_free(bench.core);
	return placed;
}

static uint32_t fill_baseline(uint32_t count)
{
	struct plain_node *nodes = plain_nodes(count);
	struct ctr_prng prng;
	uint32_t placed = 0;

	ctr_prng_init(&prng, 9);
	for (;; placed++) {
		struct demand demand = draw_demand(&prng);
		uint32_t at = best_fit(nodes, count, demand);
		if (at == count)
			break;
		plain_take(&nodes[at], demand);
	}
	free(nodes);
	return placed;
}

static void bench_packing(void)
{
	print_figure("packing", "1k", fill_core(1000), "jobs before the first that does not fit",
		     fill_baseline(1000), "exact best fit", 0.99);
	print_figure("packing", "10k", fill_core(10000), "jobs before the first that does not fit",
		     fill_baseline(10000), "exact best fit", 0.99);
}

/* ---- P6 ---- */

static size_t live_bytes;

static void *count_resize(void *arg, void *pointer, size_t bytes)
{
	size_t before = pointer ? malloc_usable_size(pointer) + sizeof(size_t) : 0;
	void *moved = realloc(pointer, bytes);

	if (moved)
		live_bytes += malloc_usable_size(moved) + sizeof(size_t) - before;
	return moved;
}

static void count_free(void *arg, void *pointer)
{
	if (pointer)
		live_bytes -= malloc_usable_size(pointer) + sizeof(size_t);
	free(pointer);
}

static const struct centro_allocator counting = {
	.size = sizeof(struct centro_allocator),
	.resize = count_resize,
	.free = count_free,
};

static double bytes_per_job(uint32_t jobs, bool with_request_id)
{
	static const char spec[] = "as much text as an encoded specification of `true` may have";
	const struct demand demand = {1000, 128, 0};
	size_t text_bytes =
		sizeof(spec) - 1 + strlen("bench") + strlen("somebody") + strlen("default");
	struct bench bench;
	char request_id[32] = "";

	bench_init(&bench, &counting);
	size_t before = live_bytes;
	for (uint32_t i = 0; i < jobs; i++) {
		if (with_request_id)
			snprintf(request_id, sizeof(request_id), "request-%012" PRIu32, i);
		submit(&bench, demand, ctr_bytes(spec, sizeof(spec) - 1),
		       ctr_bytes_str(request_id));
		if (i % BATCH == 0)
			drain(&bench);
	}
	drain(&bench);
	double bytes = (double)(live_bytes - before) / jobs - (double)text_bytes -
		       (double)strlen(request_id);
	ctr_core_free(bench.core);
	return bytes;
}

static void bench_memory(void)
{
	print_figure("P6", "1M pending", bytes_per_job(1000000, false), "B/job", 0, NULL, 400);
	print_figure("P6", "1M pending, and their request ids remembered for a day",
		     bytes_per_job(1000000, true), "B/job", 0, NULL, 400);
}

/* ---- a whole life, and a full cluster ---- */

static double cycle_ns(uint32_t nodes, uint32_t cycles)
{
	struct bench bench;
	const struct demand demand = {1000, 128, 0};
	char request_id[32];

	bench_init(&bench, /* allocator= */ NULL);
	add_nodes(&bench, nodes);
	uint64_t begin = clock_ns();
	for (uint32_t i = 0; i < cycles; i++) {
		snprintf(request_id, sizeof(request_id), "request-%" PRIu32, i);
		centro_job_id job = submit(&bench, demand, ctr_bytes_str("a specification"),
					   ctr_bytes_str(request_id));
		ctr_core_schedule(bench.core, bench.now, 1000);
		const struct ctr_instance *instance = instance_of(&bench, job);
		const struct centro_attempt_ref ref = ctr_instance_ref(instance);
		bool granted = false;
		const struct ctr_command claim = {
			.type = CTR_COMMAND_CLAIM,
			.claim = {.node = instance->node->id,
				  .session = 1,
				  .attempts = &ref,
				  .attempt_count = 1,
				  .durable_event = UINT64_MAX,
				  .ret_granted = &granted},
		};
		struct ctr_result result;
		execute(&bench, &claim, &result);
		CTR_ASSERT(granted);
		report(&bench, instance, /* ended= */ false);
		report(&bench, instance, /* ended= */ true);
		drain(&bench);
	}
	uint64_t elapsed = clock_ns() - begin;
	ctr_core_free(bench.core);
	return (double)elapsed / cycles;
}

/*
 * A cluster that is full, `backlog` jobs of `shapes` shapes that wait, and `gangs`
 * of a hundred sizes. One job ends, one starts. Returns the time of one such turn.
 */
static double full_turn_ns(uint32_t nodes, uint32_t backlog, uint32_t shapes, uint32_t gangs,
			   uint32_t turns)
{
	struct bench bench;
	struct running running = running_new(nodes * 128 + backlog);
	uint64_t elapsed = 0;

	bench_init(&bench, /* allocator= */ NULL);
	add_nodes(&bench, nodes);
	for (uint32_t i = 0; i < bench.total_cores + backlog; i++) {
		struct demand demand = {1000, 1 + i % shapes, 0};
		centro_job_id job =
			submit(&bench, demand, (struct centro_bytes){0}, (struct centro_bytes){0});
		running_push(&running, job, demand);
		if (i % BATCH == 0) {
			ctr_core_schedule(bench.core, bench.now, UINT32_MAX);
			drain(&bench);
		}
	}
	for (uint32_t i = 0; i < gangs; i++)
		submit_gang(&bench, 2 + i % 100);
	ctr_core_schedule(bench.core, bench.now, UINT32_MAX);
	drain(&bench);
	for (uint32_t i = 0; i < turns; i++) {
		centro_job_id job = running.who[running_pop(&running)];
		uint64_t begin = clock_ns();
		report(&bench, instance_of(&bench, job), /* ended= */ true);
		CTR_ASSERT(!ctr_core_schedule(bench.core, bench.now, UINT32_MAX));
		elapsed += clock_ns() - begin;
		size_t events;
		ctr_core_events(bench.core, &events);
		CTR_ASSERT(events == 3);
		drain(&bench);
	}
	ctr_core_free(bench.core);
	running_free(&running);
	return (double)elapsed / turns;
}

/* What a start costs the core, of a store with so many pending jobs. */
static double load_ns(uint32_t jobs)
{
	static const struct centro_bytes argv[] = {{(const uint8_t *)"true", 4}};
	const struct ctr_task_spec task = {.command = argv, .command_count = 1};
	const struct ctr_job_spec spec = {
		.name = ctr_bytes_str("bench"),
		.owner = ctr_bytes_str("somebody"),
		.tasks = &task,
		.task_count = 1,
		.text = ctr_bytes_str("a specification"),
	};
	struct centro_error_text text;
	struct bench bench;

	bench_init(&bench, /* allocator= */ NULL);
	uint64_t begin = clock_ns();
	for (uint32_t i = 1; i <= jobs; i++) {
		const struct ctr_job_load load = {.id = i, .spec = &spec, .revision = i};
		CTR_ASSERT(ctr_core_load_job(bench.core, &load, &text) == CENTRO_OK);
	}
	CTR_ASSERT(ctr_core_load_ids(bench.core, jobs + 1, 1) == CENTRO_OK);
	CTR_ASSERT(ctr_core_load_end(bench.core, bench.now, jobs, &text) == CENTRO_OK);
	uint64_t elapsed = clock_ns() - begin;
	ctr_core_free(bench.core);
	return (double)elapsed / jobs;
}

static void bench_life(void)
{
	print_figure("core load", "1M pending jobs, each", load_ns(1000000), "ns", 0, NULL, 1000);
	print_figure("core cycle", "submit, place, claim, running, ended, forget; 1k nodes",
		     cycle_ns(1000, 500000), "ns", 0, NULL, 3000);
	print_figure("full cluster", "1k nodes, 500k waiting in 1 shape: end one, start one",
		     full_turn_ns(1000, 500000, 1, 0, 50000), "ns", 0, NULL, 3000);
	print_figure("full cluster", "1k nodes, 100k waiting in 1000 shapes: end one, start one",
		     full_turn_ns(1000, 100000, 1000, 0, 5000), "ns", 0, NULL, 100000);
}

/* ---- gangs ---- */

/* So many gangs, one after the other, in an empty cluster: the time of one instance. */
static double gang_ns(uint32_t nodes, uint32_t count, uint32_t gangs)
{
	struct bench bench;
	uint64_t elapsed = 0;

	bench_init(&bench, /* allocator= */ NULL);
	add_nodes(&bench, nodes);
	for (uint32_t i = 0; i < gangs; i++) {
		size_t events;
		submit_gang(&bench, count);
		drain(&bench);
		uint64_t begin = clock_ns();
		ctr_core_schedule(bench.core, bench.now, UINT32_MAX);
		elapsed += clock_ns() - begin;
		ctr_core_events(bench.core, &events);
		CTR_ASSERT(events == count);
	}
	ctr_core_free(bench.core);
	return (double)elapsed / count / gangs;
}

static void bench_gangs(void)
{
	print_figure("gang", "10k nodes, gangs of 64: each instance", gang_ns(10000, 64, 2000),
		     "ns", 0, NULL, 1000);
	print_figure("gang", "10k nodes, gangs of 10,000: each instance", gang_ns(10000, 10000, 20),
		     "ns", 0, NULL, 1000);
	print_figure("full cluster",
		     "1k nodes, 100k gangs of 100 sizes and one shape waiting: end one, start one",
		     full_turn_ns(1000, 100000, 1, 100000, 50000), "ns", 0, NULL, 10000);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";

	if (*only == '\0' || *only == 'p')
		bench_placement();
	if (*only == '\0' || *only == 'k')
		bench_packing();
	if (*only == '\0' || *only == 'm')
		bench_memory();
	if (*only == '\0' || *only == 'l')
		bench_life();
	if (*only == '\0' || *only == 'g')
		bench_gangs();
	return 0;
}
