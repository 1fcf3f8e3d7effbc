/* SPDX-License-Identifier: MIT */
/* cmd_sim.c - what if: run a workload through the scheduler in virtual time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "output.h"
#include "sim.h"
#include "sim_replay.h"
#include "table.h"

#define REFUSALS_SHOWN 10

enum {
	SWF = 1,
	OPENB,
	SYNTHETIC,
	POLICY,
	NODES,
	CORES,
	QUEUE,
	QUEUE_BY,
	SKIP_MALFORMED,
	HTML,
	JOBS,
	SEED = SIM_FLAG_SEED, /* the last one */
};

static const struct flag flags[] = {
	{SWF, "swf", 0, "FILE", "a trace in the Standard Workload Format; - is stdin"},
	{OPENB, "openb", 0, "NODES.csv",
	 "Alibaba's GPU cluster trace of 2023; the list of\n"
	 "pods follows as an argument"},
	{SYNTHETIC, "synthetic", 0, "MIX",
	 "jobs drawn from a description such as\n"
	 "jobs=1000,rate=500/h,cores=1-8,runtime=10s-2h;\n"
	 "may be repeated. Also: arrivals=poisson|even,\n"
	 "instances=1-64, users=N, queue=NAME"},
	{POLICY, "policy", 'p', "NAME",
	 "fill: what does not fit is passed over. fifo:\n"
	 "strictly in order. Given twice, compares the two"},
	{NODES, "nodes", 0, "N", "of the cluster; else as the trace says"},
	{CORES, "cores", 0, "N", "of each node; else 1, for a mix 16"},
	{QUEUE, "queue", 0, "NAME=PRIORITY",
	 "of all jobs of a queue, -1000 to 1000, higher\n"
	 "first; may be repeated"},
	{QUEUE_BY, "queue-by", 0, "FIELD",
	 "what makes the queue of an SWF job: queue (q0),\n"
	 "partition (p0), group (g0) or user (u0)"},
	{SKIP_MALFORMED, "skip-malformed", 0, NULL, "count lines that make no sense, and go on"},
	{SEED, "seed", 0, "N", "of what is drawn; the same gives the same"},
	{HTML, "html", 0, "FILE", "write a page with charts over time"},
	{JOBS, "jobs", 0, "FILE", "write what became of each job, as CSV; - is stdout"},
	{0},
};

/* ---- flags ---- */

static int set_queue_by(const struct cli *cli, const char *value, enum centro_queue_by *ret_field)
{
	static const char *const names[] = {"queue", "partition", "group", "user"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		*ret_field = (enum centro_queue_by)i;
		return 0;
	}
	return cli_usage_error(cli, "--queue-by: \"%s\"; say queue, partition, group or user",
			       value);
}

/* "q1=10". Its name is on the heap. */
static int add_queue(const struct cli *cli, const char *value, struct sim_request *request)
{
	const char *equals = strchr(value, '=');
	int64_t priority;
	if (!equals || equals == value)
		return cli_usage_error(cli, "--queue: \"%s\" is not of the form NAME=PRIORITY",
				       value);
	if (request->queue_count == SIM_QUEUES_MAX)
		return cli_usage_error(cli, "--queue: at most %d", SIM_QUEUES_MAX);
	int code = args_parse_number(cli, "queue", equals + 1, -1000, 1000, &priority);
	if (code)
		return code;
	request->queues[request->queue_count++] = (struct centro_sim_queue){
		.name = need(strndup(value, (size_t)(equals - value))),
		.priority = (int32_t)priority,
	};
	return 0;
}

static int add_text(const struct cli *cli, const char *flag, const char *value, const char **list,
		    size_t *count, size_t max)
{
	if (*count == max)
		return cli_usage_error(cli, "--%s: at most %zu", flag, max);
	list[(*count)++] = value;
	return 0;
}

static int set_number(const struct cli *cli, const char *flag, const char *value, int64_t min,
		      int64_t max, uint64_t *ret_number)
{
	int64_t number = 0;
	int code = args_parse_number(cli, flag, value, min, max, &number);
	*ret_number = (uint64_t)number;
	return code;
}

static int set_flag(const struct cli *cli, const struct arg *arg, struct sim_request *request)
{
	uint64_t number = 0;
	int code = 0;
	switch (arg->id) {
	case SWF:
		request->swf = arg->value;
		break;
	case OPENB:
		request->openb_nodes = arg->value;
		break;
	case SYNTHETIC:
		return add_text(cli, "synthetic", arg->value, request->mixes, &request->mix_count,
				SIM_MIXES_MAX);
	case POLICY:
		return add_text(cli, "policy", arg->value, request->policies,
				&request->policy_count, SIM_RUNS_MAX);
	case NODES:
		code = set_number(cli, "nodes", arg->value, 1, CENTRO_WORKLOAD_NODES_MAX, &number);
		request->nodes = (uint32_t)number;
		break;
	case CORES:
		code = set_number(cli, "cores", arg->value, 1, 1000000, &number);
		request->cores = (uint32_t)number;
		break;
	case QUEUE:
		return add_queue(cli, arg->value, request);
	case QUEUE_BY:
		return set_queue_by(cli, arg->value, &request->queue_by);
	case SKIP_MALFORMED:
		request->skip_malformed = true;
		break;
	case SEED:
		return set_number(cli, "seed", arg->value, 0, INT64_MAX, &request->seed);
	case HTML:
		request->html = arg->value;
		break;
	case JOBS:
		request->jobs = arg->value;
		break;
	}
	return code;
}

static int check_request(const struct cli *cli, const struct args *args,
			 struct sim_request *request)
{
	int sources =
		(request->swf != NULL) + (request->openb_nodes != NULL) + (request->mix_count > 0);
	if (sources != 1)
		return cli_usage_error(cli, "what shall run? One of --swf FILE, --openb NODES.csv "
					    "PODS.csv, --synthetic MIX");
	if (args->word_count != (request->openb_nodes ? 1 : 0))
		return cli_usage_error(cli, request->openb_nodes
						    ? "--openb NODES.csv wants one PODS.csv"
						    : "there is an argument too many");
	if (request->openb_nodes)
		request->openb_pods = args->words[0];
	if (request->policy_count == 0)
		request->policies[request->policy_count++] = centro_sim_policy_name(0);
	return 0;
}

static int parse_request(const struct cli *cli, const struct args *args,
			 struct sim_request *request)
{
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(cli, &args->flags[i], request);
	return code ? code : check_request(cli, args, request);
}

/* ---- running ---- */

static int run(const struct cli *cli, const struct sim_request *request, const char *policy,
	       struct sim_report *report)
{
	struct sim_run *sim_run = &report->runs[report->run_count];
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	struct centro_error_text text;
	options.policy = policy;
	options.seed = request->seed;
	options.nodes = request->nodes;
	options.cores = request->cores;
	options.queues = request->queues;
	options.queue_count = request->queue_count;

	uint64_t begin_ns = cli_steady_ns();
	int status = centro_sim_run(report->workload, &options, &sim_run->sim, &text);
	if (status == CENTRO_ERR_INVALID)
		return cli_usage_error(cli, "%s", text.text);
	if (status != CENTRO_OK)
		return cli_error(cli, EXIT_CLI_OTHER, "%s", text.text);
	sim_run->wall_ns = cli_steady_ns() - begin_ns;
	report->run_count++;
	sim_run->figures.size = sizeof(sim_run->figures);
	centro_sim_get_figures(sim_run->sim, &sim_run->figures);
	sim_run->policy = centro_sim_policy_name(sim_run->figures.policy);
	return 0;
}

/* ---- printing ---- */

static void print_refusals(const struct centro_sim *sim)
{
	struct centro_sim_refusal refusal = {.size = sizeof(refusal)};
	size_t i = 0;
	for (; centro_sim_get_refusal(sim, i, &refusal) == CENTRO_OK; i++) {
		if (i == 0)
			printf("\nNever fit:\n");
		if (i < REFUSALS_SHOWN)
			printf("  %llu job%s, of which the first is %llu: %s\n",
			       (unsigned long long)refusal.jobs, refusal.jobs == 1 ? "" : "s",
			       (unsigned long long)refusal.first, refusal.reason);
	}
	if (i > REFUSALS_SHOWN)
		printf("  and for %zu other reasons; -o json has them all\n", i - REFUSALS_SHOWN);
}

static void print_queues(const struct cli *cli, const struct sim_run *run)
{
	static const char *const titles[] = {"QUEUE", "JOBS", "WAIT MEAN", "SLOWDOWN MEAN"};
	struct centro_sim_group group = {.size = sizeof(group)};
	struct table table;
	if (centro_sim_get_group(run->sim, CENTRO_SIM_QUEUES, 1, &group) != CENTRO_OK)
		return;
	table_init(&table, titles, 4);
	for (size_t i = 0;
	     centro_sim_get_group(run->sim, CENTRO_SIM_QUEUES, i, &group) == CENTRO_OK; i++) {
		table_add(&table, TINT_NONE, "%s", group.name);
		table_add(&table, TINT_NONE, "%llu", (unsigned long long)group.jobs);
		table_add(&table, TINT_NONE, "%.1fs", (double)group.wait_ns / 1e9);
		table_add(&table, TINT_NONE, "%.3f", (double)group.slowdown_ppm / 1e6);
	}
	printf("\n%s, by queue:\n", run->policy);
	table_print(&table, cli);
	table_free(&table);
}

static void print_report(const struct cli *cli, const struct sim_report *report)
{
	const char *titles[SIM_RUNS_MAX + 2] = {""};
	size_t columns = 1;
	struct sim_rows rows;
	struct table table;
	char title[320];
	sim_rows_fill(&rows, report);
	for (size_t i = 0; i < report->run_count; i++)
		titles[columns++] = report->runs[i].policy;
	if (report->run_count == 2)
		titles[columns++] = "CHANGE";
	table_init(&table, titles, columns);
	for (size_t i = 0; i < rows.count; i++) {
		table_add(&table, TINT_NONE, "%s", rows.rows[i].title);
		for (size_t j = 0; j < report->run_count; j++)
			table_add(&table, TINT_NONE, "%s", rows.rows[i].cells[j]);
		if (report->run_count == 2)
			table_add(&table, TINT_NONE, "%s", rows.rows[i].change);
	}
	printf("%s\n\n", sim_title(report, title, sizeof(title)));
	table_print(&table, cli);
	table_free(&table);
	for (size_t i = 0; i < report->run_count; i++)
		print_queues(cli, &report->runs[i]);
	print_refusals(report->runs[0].sim);
}

/* For -q and `-o name`. */
static const char *digest_of(const cJSON *report)
{
	return json_text(json_get(report, "runs")->child, "digest");
}

static int write_file(const struct cli *cli, const char *path, const struct sim_report *report,
		      void (*write)(FILE *file, const struct sim_report *report))
{
	bool is_stdout = strcmp(path, "-") == 0;
	FILE *file = is_stdout ? stdout : fopen(path, "we");
	if (!file)
		return cli_error(cli, EXIT_CLI_OTHER, "%s: %s", path, strerror(errno));
	write(file, report);
	bool failed = ferror(file) != 0;
	if (!is_stdout)
		failed = fclose(file) != 0 || failed;
	return failed ? cli_error(cli, EXIT_CLI_OTHER, "%s: cannot be written", path) : 0;
}

static int print(const struct cli *cli, const struct sim_request *request,
		 const struct sim_report *report)
{
	int code = 0;
	if (output_is_table(cli)) {
		print_report(cli, report);
	} else {
		cJSON *reports = json_array();
		json_append(reports, sim_json(report));
		output_print(cli, reports, /* as_one= */ true, digest_of);
		cJSON_Delete(reports);
	}
	if (request->html)
		code = write_file(cli, request->html, report, sim_html_write);
	if (code == 0 && request->jobs)
		code = write_file(cli, request->jobs, report, sim_jobs_write);
	return code;
}

static int cmd_sim(struct cli *cli, const struct args *args)
{
	struct sim_request request = {0};
	struct sim_report report = {0};
	if (sim_replay_is_wanted(args))
		return cli_sim_replay(cli, args);
	int code = parse_request(cli, args, &request);
	if (code == 0)
		code = sim_load(cli, &request, &report);
	for (size_t i = 0; i < request.policy_count && code == 0; i++)
		code = run(cli, &request, request.policies[i], &report);
	if (code == 0)
		code = print(cli, &request, &report);
	for (size_t i = 0; i < report.run_count; i++)
		centro_sim_free(report.runs[i].sim);
	centro_workload_free(report.workload);
	for (size_t i = 0; i < request.queue_count; i++)
		free((char *)request.queues[i].name);
	return code;
}

const struct verb verb_sim = {
	.name = "sim",
	.arguments = "--swf FILE | --openb NODES.csv PODS.csv | --synthetic MIX | --replay FILE",
	.summary = "What if: run a trace through the scheduler in virtual time.",
	.details =
		"No server is needed: the scheduler of centrod runs here, on virtual nodes. It\n"
		"says what the cluster would have done with the jobs: utilisation, waits,\n"
		"slowdowns, fairness, and which jobs could never fit, and why.\n"
		"\n"
		"  centro sim --synthetic jobs=5000,rate=2000/h,cores=1-8,runtime=10s-2h\n"
		"  centro sim --swf trace.swf --policy fifo --policy fill\n"
		"  centro sim --swf trace.swf --nodes 300 --html report.html\n"
		"  centro sim --openb nodes.csv pods.csv -o json\n"
		"\n"
		"Or what was: with --replay, all that a server's scheduler was given, and whether\n"
		"the same comes of it. Exit code 0: it does; 1: not, and the first difference is\n"
		"shown.\n"
		"\n"
		"  centrod --record today.centro ...\n"
		"  centro sim --replay today.centro --until 5000\n",
	.flags = {flags, sim_replay_flags},
	.run = cmd_sim,
};
