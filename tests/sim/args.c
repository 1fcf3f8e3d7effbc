/* SPDX-License-Identifier: MIT */
/* args.c - the command line of the seed runner. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "sim.h"

static const char help[] =
	"Runs whole clusters from seeds, and checks what Centro promises.\n"
	"\n"
	"  --seed N         the first seed (1)\n"
	"  --seeds N        how many (1)\n"
	"  --cpu SECONDS    begin no new one after so much CPU time\n"
	"  --timeline       print what happens, and when\n"
	"  --shrink         make a failing seed's run short, and print its command\n"
	"  --only A,B,…     only these faults of the plan, by number\n"
	"  --jobs N         jobs that clients submit at the most\n"
	"  --faults WORDS   only these kinds: \"cut,agent-crash\"; \"none\"; \"list\" shows them\n"
	"  --hours N        length of load and faults (1)\n"
	"  --servers N, --nodes N, --clients N, --rate N (jobs an hour), --plain\n"
	"  --json           a summary of all seeds as one line\n"
	"  --speed          the figure P10: simulated time by CPU time, as one line\n"
	"In a build with planted bugs:\n"
	"  --plant NAME     switch that one on\n"
	"  --hunt           each of them in turn: the first of --seeds seeds that finds it\n"
	"  --recorded FILE  run the seeds that a hunt has found\n";

enum {
	SEED = 256,
	SEEDS,
	CPU,
	TIMELINE,
	SHRINK,
	ONLY,
	JOBS,
	FAULTS,
	HOURS,
	SERVERS,
	NODES,
	CLIENTS,
	RATE,
	PLAIN,
	JSON,
	SPEED,
	PLANT,
	HUNT,
	RECORDED,
	HELP
};

static const struct option longs[] = {
	{"seed", 1, NULL, SEED},         {"seeds", 1, NULL, SEEDS},   {"cpu", 1, NULL, CPU},
	{"timeline", 0, NULL, TIMELINE}, {"shrink", 0, NULL, SHRINK}, {"only", 1, NULL, ONLY},
	{"jobs", 1, NULL, JOBS},         {"faults", 1, NULL, FAULTS}, {"hours", 1, NULL, HOURS},
	{"servers", 1, NULL, SERVERS},   {"nodes", 1, NULL, NODES},   {"clients", 1, NULL, CLIENTS},
	{"rate", 1, NULL, RATE},         {"plain", 0, NULL, PLAIN},   {"json", 0, NULL, JSON},
	{"speed", 0, NULL, SPEED},       {"plant", 1, NULL, PLANT},   {"hunt", 0, NULL, HUNT},
	{"recorded", 1, NULL, RECORDED}, {"help", 0, NULL, HELP},     {NULL, 0, NULL, 0},
};

static void print_line(void *arg, const char *text)
{
	puts(text);
}

static void refuse(const char *what, const char *value)
{
	fprintf(stderr, "%s: \"%s\"; see --help\n", what, value);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	if (*text == '\0' || *end != '\0')
		refuse("not a number", text);
	return value;
}

static void read_only(struct sim_args *args, char *text)
{
	args->has_only = true;
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		uint64_t fault = number(word);
		if (fault >= SKIPPED_MAX)
			refuse("no such fault", word);
		args->is_kept[fault] = true;
	}
}

/* The plan is known once every other option is. */
static void skip_others(struct sim_args *args)
{
	uint32_t planned = ctr_sim_count_faults(&args->options);
	for (uint32_t i = 0; args->has_only && i < planned && i < SKIPPED_MAX; i++) {
		if (!args->is_kept[i])
			args->skipped[args->options.skipped_count++] = i;
	}
	args->options.skipped = args->skipped;
}

static uint32_t find_kind(const char *word)
{
	for (int kind = 0; kind < CTR_SIM_FAULT_KINDS; kind++) {
		if (strcmp(ctr_sim_fault_word((enum ctr_sim_fault_kind)kind), word) == 0)
			return UINT32_C(1) << kind;
	}
	refuse("not a kind of fault", word);
	return 0;
}

static void read_faults(struct sim_args *args, char *text)
{
	args->options.faults = 0;
	if (strcmp(text, "none") == 0)
		return;
	if (strcmp(text, "list") == 0) {
		for (int kind = 0; kind < CTR_SIM_FAULT_KINDS; kind++)
			printf("%-14s %s\n", ctr_sim_fault_word((enum ctr_sim_fault_kind)kind),
			       ctr_sim_fault_help((enum ctr_sim_fault_kind)kind));
		exit(0);
	}
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
		args->options.faults |= find_kind(word);
}

static void read_option(struct sim_args *args, int option)
{
	struct ctr_sim_options *options = &args->options;
	switch (option) {
	case SEED:
		options->seed = number(optarg);
		break;
	case SEEDS:
		args->seeds = number(optarg);
		break;
	case CPU:
		args->cpu_ms = number(optarg) * 1000;
		break;
	case TIMELINE:
		options->line = print_line;
		break;
	case SHRINK:
		args->shrinks = true;
		break;
	case ONLY:
		read_only(args, optarg);
		break;
	case JOBS:
		options->jobs_max = (uint32_t)number(optarg);
		break;
	case FAULTS:
		read_faults(args, optarg);
		break;
	case HOURS:
		options->length.ns = number(optarg) * 3600 * CTR_NS_PER_SEC;
		break;
	case SERVERS:
		options->servers = (uint32_t)number(optarg);
		break;
	case NODES:
		options->nodes = (uint32_t)number(optarg);
		break;
	case CLIENTS:
		options->clients = (uint32_t)number(optarg);
		break;
	case RATE:
		options->jobs_per_hour = (uint32_t)number(optarg);
		break;
	case PLAIN:
		options->is_plain = true;
		break;
	case JSON:
		args->is_json = true;
		break;
	case SPEED:
		args->is_speed = true;
		break;
	case PLANT:
		args->plant = optarg;
		break;
	case HUNT:
		args->hunts = true;
		break;
	case RECORDED:
		args->recorded = optarg;
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	default:
		exit(2); /* getopt has said why */
	}
}

void sim_args_parse(struct sim_args *args, int argc, char **argv)
{
	int option;
	*args = (struct sim_args){.seeds = 1};
	args->options.seed = 1;
	args->options.faults = CTR_SIM_FAULTS_ALL;
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
		read_option(args, option);
	if (optind < argc)
		refuse("not expected", argv[optind]);
	skip_others(args);
}

static void print_faults(FILE *out, uint32_t faults)
{
	const char *before = " --faults ";
	if (faults == CTR_SIM_FAULTS_ALL)
		return;
	if (faults == 0)
		fputs(" --faults none", out);
	for (int kind = 0; kind < CTR_SIM_FAULT_KINDS; kind++) {
		if (!(faults & (UINT32_C(1) << kind)))
			continue;
		fprintf(out, "%s%s", before, ctr_sim_fault_word((enum ctr_sim_fault_kind)kind));
		before = ",";
	}
}

static void print_number(FILE *out, const char *flag, uint64_t value)
{
	if (value > 0)
		fprintf(out, " --%s %llu", flag, (unsigned long long)value);
}

static bool is_skipped(const struct ctr_sim_options *options, uint32_t fault)
{
	for (size_t i = 0; i < options->skipped_count; i++) {
		if (options->skipped[i] == fault)
			return true;
	}
	return false;
}

static void print_only(FILE *out, const struct ctr_sim_options *options)
{
	const char *before = " --only ";
	uint32_t planned = ctr_sim_count_faults(options);
	for (uint32_t i = 0; options->skipped_count > 0 && i < planned; i++) {
		if (is_skipped(options, i))
			continue;
		fprintf(out, "%s%u", before, i);
		before = ",";
	}
}

void sim_args_print(FILE *out, const struct sim_args *args, const struct ctr_sim_options *options)
{
	fprintf(out, "build/tests/sim/%s --seed %llu", args->plant ? "sim_planted" : "sim",
		(unsigned long long)options->seed);
	if (args->plant)
		fprintf(out, " --plant %s", args->plant);
	print_faults(out, options->faults);
	print_number(out, "hours", options->length.ns / (3600 * CTR_NS_PER_SEC));
	print_number(out, "servers", options->servers);
	print_number(out, "nodes", options->nodes);
	print_number(out, "clients", options->clients);
	print_number(out, "rate", options->jobs_per_hour);
	print_number(out, "jobs", options->jobs_max);
	if (options->is_plain)
		fputs(" --plain", out);
	print_only(out, options);
	fputs(" --timeline\n", out);
}
