/* SPDX-License-Identifier: MIT */
/*
 * sim.c - runs seeds. The first that fails is named, with the command that shows
 * it again, and ends the run with status 1.
 */
#include "sim.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

/* For the handler of an assertion. */
static const struct sim_args *now_running;
static struct ctr_sim_options now_options;

struct totals {
	uint64_t seeds, simulated_s, jobs, attempts, events, messages, recoveries, loads;
	uint64_t faults[CTR_SIM_FAULT_KINDS];
	uint64_t hash; /* over those of all seeds */
};

static void on_abort(int signal)
{
	if (now_running) {
		fprintf(stderr, "seed %llu died; see it with:\n  ",
			(unsigned long long)now_options.seed);
		sim_args_print(stderr, now_running, &now_options);
	}
	fflush(NULL);
	_exit(1);
}

static uint64_t cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / CTR_NS_PER_MS;
}

static void add(struct totals *totals, const struct ctr_sim_result *result)
{
	totals->seeds++;
	totals->simulated_s += result->simulated.ns / CTR_NS_PER_SEC;
	totals->jobs += result->jobs_ended;
	totals->attempts += result->attempts_started;
	totals->events += result->core_events;
	totals->messages += result->messages;
	totals->recoveries += result->recoveries;
	totals->loads += result->full_loads;
	totals->hash = totals->hash * 31 + result->trace_hash;
	for (int kind = 0; kind < CTR_SIM_FAULT_KINDS; kind++)
		totals->faults[kind] += result->faults[kind];
}

static unsigned long long llu(uint64_t value)
{
	return value;
}

static void print_totals(const struct sim_args *args, const struct totals *totals, uint64_t ms)
{
	if (!args->is_json) {
		printf("%llu seeds, %llu simulated hours in %llu CPU seconds, %llu jobs, "
		       "%llu attempts, %llu recoveries: every promise held (trace %016llx)\n",
		       llu(totals->seeds), llu(totals->simulated_s / 3600), llu(ms / 1000),
		       llu(totals->jobs), llu(totals->attempts), llu(totals->recoveries),
		       llu(totals->hash));
		return;
	}
	printf("{\"seeds\": %llu, \"first_seed\": %llu, \"simulated_s\": %llu, \"cpu_ms\": %llu, "
	       "\"jobs\": %llu, \"attempts\": %llu, \"events\": %llu, \"messages\": %llu, "
	       "\"recoveries\": %llu, \"full_loads\": %llu, \"trace\": \"%016llx\", \"faults\": {",
	       llu(totals->seeds), llu(args->options.seed), llu(totals->simulated_s), llu(ms),
	       llu(totals->jobs), llu(totals->attempts), llu(totals->events), llu(totals->messages),
	       llu(totals->recoveries), llu(totals->loads), llu(totals->hash));
	for (int kind = 0; kind < CTR_SIM_FAULT_KINDS; kind++)
		printf("%s\"%s\": %llu", kind ? ", " : "",
		       ctr_sim_fault_word((enum ctr_sim_fault_kind)kind),
		       llu(totals->faults[kind]));
	puts("}}");
}

static int tell_failure(struct sim_args *args, const struct ctr_sim_options *options,
			const struct ctr_sim_result *result)
{
	fprintf(stderr, "seed %llu: %s is broken: %s\n", llu(options->seed), result->promise,
		result->text.text);
	if (args->shrinks) {
		args->options = *options;
		sim_shrink(args);
		options = &args->options;
	}
	fputs("see it with:\n  ", stderr);
	sim_args_print(stderr, args, options);
	return 1;
}

static int run_seeds(struct sim_args *args)
{
	struct totals totals = {0};
	uint64_t begin = cpu_ms();
	now_options = args->options;
	for (uint64_t i = 0; i < args->seeds; i++) {
		struct ctr_sim_result result;
		if (args->cpu_ms > 0 && cpu_ms() - begin >= args->cpu_ms)
			break;
		if (ctr_sim_run(&now_options, &result) != 0)
			return tell_failure(args, &now_options, &result);
		if (args->seeds == 1)
			printf("seed %llu: trace %016llx\n", llu(now_options.seed),
			       llu(result.trace_hash));
		add(&totals, &result);
		now_options.seed++;
	}
	print_totals(args, &totals, cpu_ms() - begin);
	return 0;
}

/* P10: 50 nodes, 10,000 plain jobs an hour, every check on, no fault. */
static int measure_speed(const struct sim_args *args)
{
	struct ctr_sim_options options = args->options;
	struct ctr_sim_result result;
	options.servers = 1;
	options.nodes = 50;
	options.clients = 3;
	options.jobs_per_hour = 10000;
	options.is_plain = true;
	options.faults = 0;
	uint64_t begin = cpu_ms();
	if (ctr_sim_run(&options, &result) != 0)
		return 1;
	uint64_t took_ms = cpu_ms() - begin, simulated_ms = result.simulated.ns / CTR_NS_PER_MS;
	printf("{\"figure\": \"P10\", \"what\": \"simulated time by CPU time, 50 nodes, %llu jobs "
	       "an "
	       "hour\", \"simulated_s\": %llu, \"cpu_ms\": %llu, \"times_real\": %llu, "
	       "\"aim\": 10000}\n",
	       llu(result.jobs_ended * 3600000 / (options.length.ns ? options.length.ns : 3600000)),
	       llu(simulated_ms / 1000), llu(took_ms), llu(simulated_ms / (took_ms ? took_ms : 1)));
	return 0;
}

int main(int argc, char **argv)
{
	static struct sim_args args;
	sim_args_parse(&args, argc, argv);
	if (args.plant)
		sim_plant(sim_plant_find(args.plant));
	if (args.recorded)
		return sim_hunt_recorded(&args) > 0;
	if (args.hunts)
		return sim_hunt(&args) > 0;
	if (args.is_speed)
		return measure_speed(&args);
	now_running = &args;
	signal(SIGABRT, on_abort);
	return run_seeds(&args);
}
