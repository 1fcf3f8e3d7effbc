/* SPDX-License-Identifier: MIT */
/* cmd_ps.c - list jobs, newest first. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "outcome.h"
#include "print.h"
#include "select.h"

#define LIMIT_DEFAULT 1000

enum { ALL = 1, LABEL, STATE, QUEUE, NAME, OWNER, LIMIT };

static const struct flag flags[] = {
	{ ALL, "all", 'a', NULL, "those that have ended, too" },
	{ STATE, "state", 0, "STATE", "pending, running, succeeded, failed, cancelled, timeout" },
	{ LABEL, "label", 'l', "KEY=VALUE", "only with this label; may be repeated" },
	{ QUEUE, "queue", 0, "QUEUE", "only of this queue" },
	{ NAME, "name", 'n', "NAME", "only of this name" },
	{ OWNER, "owner", 0, "OWNER", "only of this owner" },
	{ LIMIT, "limit", 0, "N", "at most so many; default 1000" },
	{ 0 },
};

static const char *const titles[] = { "ID",   "NAME", "QUEUE", "STATE", "TASKS",
				      "TIME", "NODE", "EXIT",  "REASON" };
#define COLUMNS_TABLE 8
#define COLUMNS_WIDE  9

static const char *node_of(const cJSON *job)
{
	const cJSON *instances = json_member(job, "instances");
	const char *node = json_text(cJSON_GetArrayItem(instances, 0), "node");
	return cJSON_GetArraySize(instances) > 1 ? "…" : node;
}

/* Of what waits or runs: how long so far; of what has ended: how long it took. */
static const char *time_of(const cJSON *job, char *buffer, size_t size)
{
	uint64_t start = json_time_ns(job, "start_time"), end = json_time_ns(job, "end_time");
	if (start == 0)
		start = json_time_ns(job, "submit_time");
	return print_age(start, end ? end : print_now_ns(), buffer, size);
}

static void add_row(struct table *table, const cJSON *job, bool wide)
{
	char time[32];
	const cJSON *spec = json_member(job, "spec");
	const char *queue = json_text(spec, "queue");
	table_cell(table, "%s", json_text(job, "id"));
	table_cell(table, "%s", json_text(spec, "name"));
	table_cell(table, "%s", queue[0] ? queue : "default");
	table_cell(table, "%s", json_text(job, "state"));
	table_cell(table, "%d", json_int(job, "instance_count"));
	table_cell(table, "%s", time_of(job, time, sizeof(time)));
	table_cell(table, "%s", node_of(job));
	if (outcome_is_final(job))
		table_cell(table, "%d", json_int(job, "exit_code"));
	else
		table_cell(table, "%s", "");
	if (wide)
		table_cell(table, "%s", json_text(job, "pending_reason"));
}

static int collect(void *arg, const cJSON *job)
{
	cJSON_AddItemToArray(arg, cJSON_Duplicate(job, true));
	return 0;
}

static void print_jobs(const struct cli *cli, const cJSON *jobs)
{
	const cJSON *job;
	if (cli->quiet || cli->output == OUTPUT_NAME) {
		cJSON_ArrayForEach(job, jobs)
			puts(json_text(job, "id"));
		return;
	}
	if (cli->output != OUTPUT_TABLE && cli->output != OUTPUT_WIDE) {
		print_json(cli, jobs);
		return;
	}
	struct table table;
	bool wide = cli->output == OUTPUT_WIDE;
	table_init(&table, cli, titles, wide ? COLUMNS_WIDE : COLUMNS_TABLE);
	cJSON_ArrayForEach(job, jobs)
		add_row(&table, job, wide);
	table_print(&table);
}

static int set_limit(struct cli *cli, const char *value, uint64_t *ret_limit)
{
	char *end;
	errno = 0;
	*ret_limit = strtoull(value, &end, 10);
	if (errno || *end || value[0] < '1' || value[0] > '9')
		return cli_usage_error(cli, "--limit: \"%s\" is not a number", value);
	return 0;
}

static int set_flag(struct cli *cli, cJSON *request, int id, const char *value, uint64_t *limit)
{
	cJSON *states = cJSON_GetObjectItem(request, "states");
	cJSON *labels = cJSON_GetObjectItem(request, "labels");
	static const char *const all[] = { "pending", "running",   "succeeded",
					   "failed",  "cancelled", "timeout" };
	switch (id) {
	case ALL:
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
			cJSON_AddItemToArray(states, cJSON_CreateString(all[i]));
		return 0;
	case STATE:
		cJSON_AddItemToArray(states, cJSON_CreateString(value));
		return 0;
	case LABEL:
		return select_parse_label(cli, value, labels);
	case LIMIT:
		return set_limit(cli, value, limit);
	default:
		cJSON_AddStringToObject(request, id == QUEUE  ? "queue"
						 : id == NAME ? "name"
							      : "owner",
					value);
		return 0;
	}
}

static int cmd_ps(struct cli *cli, int argc, char **argv)
{
	struct args args;
	const char *value;
	uint64_t limit = LIMIT_DEFAULT;
	int id, code = 0;
	cJSON *request = cJSON_CreateObject(), *jobs = cJSON_CreateArray();
	cJSON_AddArrayToObject(request, "states");
	cJSON_AddObjectToObject(request, "labels");
	args_begin(&args, cli, argc, argv);
	while ((id = args_next(&args, &value)) > 0 && code == 0)
		code = set_flag(cli, request, id, value, &limit);
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && optind < argc)
		code = cli_usage_error(cli, "what is \"%s\" for? One job: centro show %s",
				       argv[optind], argv[optind]);
	if (code == 0) {
		code = cli_each_job(cli, request, limit, collect, jobs);
		request = NULL;
	}
	if (code == 0)
		print_jobs(cli, jobs);
	cJSON_Delete(request);
	cJSON_Delete(jobs);
	return code;
}

const struct verb verb_ps = {
	.name = "ps",
	.arguments = "[flags]",
	.summary = "List jobs, newest first: those that have not ended, unless told otherwise.",
	.flags = { flags },
	.run = cmd_ps,
};
