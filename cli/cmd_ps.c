/* SPDX-License-Identifier: MIT */
/* cmd_ps.c - list jobs, newest first. */
#include <string.h>
#include <time.h>

#include <centro/job.h>
#include <centro/text.h>

#include "call.h"
#include "cmd.h"
#include "outcome.h"
#include "output.h"
#include "selection.h"
#include "table.h"
#include "text.h"

enum { ALL = 1, STATE, LABEL, QUEUE, NAME, OWNER, SINCE, UNTIL, ENDED_SINCE, ENDED_UNTIL, LIMIT };

static const struct flag flags[] = {
	{ALL, "all", 'a', NULL, "those that have ended, too"},
	{STATE, "state", 0, "STATE",
	 "pending, running, succeeded, failed, cancelled or\n"
	 "timeout; may be repeated"},
	{LABEL, "label", 'l', "KEY=VALUE", "only with this label; may be repeated"},
	{QUEUE, "queue", 0, "QUEUE", "only of this queue"},
	{NAME, "name", 'n', "NAME", "only of this name"},
	{OWNER, "owner", 0, "OWNER", "only of this owner"},
	{SINCE, "since", 0, "TIME",
	 "submitted since then: how long ago, such as 2h, or\n"
	 "when, such as 2026-01-31T09:30:00Z"},
	{UNTIL, "until", 0, "TIME", "submitted before then"},
	{ENDED_SINCE, "ended-since", 0, "TIME", "ended since then"},
	{ENDED_UNTIL, "ended-until", 0, "TIME", "ended before then"},
	{LIMIT, "limit", 0, "N", "at most so many"},
	{0},
};

static const char *const titles[] = {"ID",   "NAME", "QUEUE", "STATE",  "TASKS", "AGE",
				     "TIME", "NODE", "EXIT",  "REASON", "OWNER", "SUBMITTED"};
#define COLUMNS_TABLE 10
#define COLUMNS_WIDE  12

/* ---- the table ---- */

static void add_age(struct table *table, uint64_t from_ns, uint64_t to_ns)
{
	char age[32];
	if (from_ns == 0 || to_ns < from_ns)
		table_add(table, TINT_NONE, "%s", "");
	else
		table_add(table, TINT_NONE, "%s", text_age(to_ns - from_ns, age, sizeof(age)));
}

/* One name, or how many nodes there are. */
static void add_node(struct table *table, const cJSON *job)
{
	const cJSON *instances = json_get(job, "instances");
	int count = cJSON_GetArraySize(instances);
	if (count > 1)
		table_add(table, TINT_NONE, "(%d)", count);
	else
		table_add(table, TINT_NONE, "%s",
			  json_text(cJSON_GetArrayItem(instances, 0), "node"));
}

static const char *reason_of(const cJSON *job)
{
	const char *message =
		json_text(cJSON_GetArrayItem(json_get(job, "instances"), 0), "message");
	if (strcmp(json_text(job, "state"), "pending") == 0)
		return json_text(job, "pending_reason");
	return json_text_or(job, "cancel_reason", message);
}

static void add_row(struct table *table, const cJSON *job, bool is_wide)
{
	const cJSON *spec = json_get(job, "spec");
	const char *state = json_text(job, "state");
	uint64_t submit_ns = json_time_ns(job, "submit_time");
	uint64_t end_ns = json_time_ns(job, "end_time"), now_ns = text_now_ns();
	char time[40];

	table_add(table, TINT_NONE, "%s", json_text(job, "id"));
	table_add(table, TINT_NONE, "%s", json_text(spec, "name"));
	table_add(table, TINT_NONE, "%s", json_text_or(spec, "queue", "default"));
	table_add(table, tint_of_state(state), "%s", state);
	table_add(table, TINT_NONE, "%lld", (long long)json_int(job, "instance_count"));
	add_age(table, submit_ns, now_ns);
	add_age(table, json_time_ns(job, "start_time"), end_ns ? end_ns : now_ns);
	add_node(table, job);
	if (outcome_is_final(job))
		table_add(table, TINT_NONE, "%lld", (long long)json_int(job, "exit_code"));
	else
		table_add(table, TINT_NONE, "%s", "");
	table_add(table, TINT_NONE, "%s", reason_of(job));
	if (!is_wide)
		return;
	table_add(table, TINT_NONE, "%s", json_text(job, "owner"));
	table_add(table, TINT_NONE, "%s", text_time(submit_ns, time, sizeof(time)));
}

static void print_table(const struct cli *cli, const cJSON *jobs)
{
	const cJSON *job;
	struct table table;
	bool is_wide = cli->output == OUTPUT_WIDE;
	table_init(&table, titles, is_wide ? COLUMNS_WIDE : COLUMNS_TABLE);
	cJSON_ArrayForEach(job, jobs) add_row(&table, job, is_wide);
	table_print(&table, cli);
	table_free(&table);
}

/* ---- the verb ---- */

static int set_state(const struct cli *cli, cJSON *request, const char *state)
{
	const char *names[CENTRO_JOB_STATE_COUNT];
	size_t count = 0;
	for (int i = 1; i < CENTRO_JOB_STATE_COUNT; i++) {
		names[count++] = centro_job_state_name(i);
		if (strcmp(state, names[count - 1]) != 0)
			continue;
		json_append_text(json_member_array(request, "states"), state);
		return 0;
	}
	const char *near = nearest_name(state, names, count);
	return cli_usage_error(cli,
			       near ? "--state: \"%s\" is none; did you mean %s?"
				    : "--state: \"%s\" is none; see centro help ps",
			       state, near);
}

/* A span back from now, or a time as answers show it. */
static int set_time(const struct cli *cli, cJSON *request, const char *field, const char *value)
{
	char text[40];
	struct centro_span ago;
	uint64_t now_ns = text_now_ns();
	if (text_parse_time(value) > 0) {
		json_set_text(request, field, value);
		return 0;
	}
	if (centro_span_parse(value, &ago) != CENTRO_OK || ago.ns >= now_ns)
		return cli_usage_error(
			cli,
			"\"%s\": not a time; write it like 2h, for two hours ago, or "
			"2026-01-31T09:30:00Z",
			value);
	time_t seconds = (time_t)((now_ns - ago.ns) / 1000000000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	json_set_text(request, field, text);
	return 0;
}

static int set_flag(const struct cli *cli, cJSON *request, const struct arg *arg,
		    uint64_t *ret_limit)
{
	int64_t limit = 0;
	int code;
	switch (arg->id) {
	case ALL:
		selection_any_state(request);
		return 0;
	case STATE:
		return set_state(cli, request, arg->value);
	case LABEL:
		return selection_parse_pair(cli, "label", arg->value,
					    json_member_object(request, "labels"));
	case SINCE:
		return set_time(cli, request, "submitted_after", arg->value);
	case UNTIL:
		return set_time(cli, request, "submitted_before", arg->value);
	case ENDED_SINCE:
		return set_time(cli, request, "ended_after", arg->value);
	case ENDED_UNTIL:
		return set_time(cli, request, "ended_before", arg->value);
	case LIMIT:
		code = args_parse_number(cli, "limit", arg->value, 1, INT64_MAX, &limit);
		*ret_limit = (uint64_t)limit;
		return code;
	default:
		json_set_text(request,
			      arg->id == QUEUE  ? "queue"
			      : arg->id == NAME ? "name"
						: "owner",
			      arg->value);
		return 0;
	}
}

static int keep(void *arg, cJSON *job)
{
	json_append(arg, job);
	return 0;
}

static int cmd_ps(struct cli *cli, const struct args *args)
{
	cJSON *request = json_object(), *jobs = json_array();
	uint64_t limit = 0;
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(cli, request, &args->flags[i], &limit);
	if (code == 0 && args->word_count > 0)
		code = cli_usage_error(cli,
				       "\"%s\": ps takes no argument; for one job: centro show %s",
				       args->words[0], args->words[0]);
	if (code)
		cJSON_Delete(request);
	else
		code = cli_list(cli, "JobService/List", request, "jobs", limit, keep, jobs);
	if (code == 0 && output_is_table(cli))
		print_table(cli, jobs);
	else if (code == 0)
		output_print(cli, jobs, false, output_id);
	cJSON_Delete(jobs);
	return code;
}

const struct verb verb_ps = {
	.name = "ps",
	.arguments = "[flags]",
	.summary = "List jobs, newest first: those that have not ended, or as told.",
	.details = "AGE is the time since it was submitted, TIME how long it has run.\n",
	.flags = {flags},
	.run = cmd_ps,
};
