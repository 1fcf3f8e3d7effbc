/* SPDX-License-Identifier: MIT */
/* cmd_show.c - all that is known of a job. */
#include <getopt.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "outcome.h"
#include "print.h"
#include "select.h"

#define INSTANCES_SHOWN 50

static void line(const char *name, const char *value)
{
	if (!value[0])
		return;
	printf("%-12s", name);
	print_escaped(stdout, value);
	putchar('\n');
}

static void time_line(const char *name, const cJSON *job, const char *member)
{
	char time[64];
	uint64_t ns = json_time_ns(job, member);
	if (ns)
		line(name, print_time(ns, time, sizeof(time)));
}

static void print_command(const cJSON *task)
{
	const cJSON *word;
	printf("%-12s", "");
	cJSON_ArrayForEach(word, json_member(task, "command"))
	{
		bool is_plain = word->valuestring[0] && !strpbrk(word->valuestring, " \t\n'\"$\\;&|");
		putchar(' ');
		if (!is_plain)
			putchar('\'');
		print_escaped(stdout, word->valuestring);
		if (!is_plain)
			putchar('\'');
	}
	putchar('\n');
}

static const char *task_name(const cJSON *job, int task)
{
	const cJSON *tasks = json_member(json_member(job, "spec"), "tasks");
	const char *name = json_text(cJSON_GetArrayItem(tasks, task), "name");
	return name[0] ? name : "main";
}

static void print_tasks(const cJSON *job)
{
	const cJSON *task;
	int position = 0;
	cJSON_ArrayForEach(task, json_member(json_member(job, "spec"), "tasks"))
	{
		int count = json_int(task, "count");
		printf("%-12s%s, %d %s", "task", task_name(job, position++), count ? count : 1,
		       count > 1 ? "instances" : "instance");
		const cJSON *resources = json_member(task, "resources");
		if (resources)
			printf(", %d.%03d cores, %d MiB", json_int(resources, "cpu_milli") / 1000,
			       json_int(resources, "cpu_milli") % 1000,
			       json_int(resources, "memory_mib"));
		const char *limit = json_text(task, "time_limit");
		printf("%s%s\n", limit[0] ? ", time limit " : "", limit);
		print_command(task);
	}
}

static void print_instances(const struct cli *cli, const cJSON *job)
{
	static const char *const titles[] = { "INSTANCE", "STATE", "ATTEMPT", "NODE",
					      "TIME",     "EXIT",  "CAUSE",   "MESSAGE" };
	const cJSON *instances = json_member(job, "instances"), *instance;
	struct table table;
	int shown = 0;
	if (cJSON_GetArraySize(instances) == 0)
		return;
	putchar('\n');
	table_init(&table, cli, titles, 8);
	cJSON_ArrayForEach(instance, instances)
	{
		char time[32];
		uint64_t end = json_time_ns(instance, "end_time");
		const char *cause = json_text(instance, "cause");
		if (shown++ == INSTANCES_SHOWN)
			break;
		table_cell(&table, "%s.%s.%d", json_text(job, "id"),
			   task_name(job, json_int(instance, "task")), json_int(instance, "index"));
		table_cell(&table, "%s", json_text(instance, "state"));
		table_cell(&table, "%d", json_int(instance, "attempt"));
		table_cell(&table, "%s", json_text(instance, "node"));
		table_cell(&table, "%s",
			   print_age(json_time_ns(instance, "start_time"),
				     end ? end : print_now_ns(), time, sizeof(time)));
		if (end)
			table_cell(&table, "%d", json_int(instance, "exit_code"));
		else
			table_cell(&table, "%s", "");
		table_cell(&table, "%s", cause);
		table_cell(&table, "%s", json_text(instance, "message"));
	}
	table_print(&table);
	if (cJSON_GetArraySize(instances) > INSTANCES_SHOWN)
		printf("and %d more: centro show %s -o json\n",
		       cJSON_GetArraySize(instances) - INSTANCES_SHOWN, json_text(job, "id"));
}

static void print_next(const cJSON *job)
{
	const char *id = json_text(job, "id");
	if (outcome_is_final(job))
		printf("\nIts output: centro logs %s\n", id);
	else if (strcmp(json_text(job, "state"), "running") == 0)
		printf("\nFollow it: centro logs -f %s   Stop it: centro cancel %s\n", id, id);
	else
		printf("\nWait for it: centro wait %s   Take it back: centro cancel %s\n", id, id);
}

static void print_job(const struct cli *cli, const cJSON *job)
{
	char exit_code[16];
	const cJSON *spec = json_member(job, "spec");
	const char *queue = json_text(spec, "queue");
	line("job", json_text(job, "id"));
	line("name", json_text(spec, "name"));
	line("state", json_text(job, "state"));
	line("waits for", json_text(job, "pending_reason"));
	if (outcome_is_final(job)) {
		snprintf(exit_code, sizeof(exit_code), "%d", json_int(job, "exit_code"));
		line("exit code", exit_code);
	}
	line("cancelled by", json_text(job, "cancelled_by"));
	line("reason", json_text(job, "cancel_reason"));
	line("queue", queue[0] ? queue : "default");
	line("owner", json_text(job, "owner"));
	time_line("submitted", job, "submit_time");
	time_line("started", job, "start_time");
	time_line("ended", job, "end_time");
	print_tasks(job);
	print_instances(cli, job);
	print_next(job);
}

static int show_one(struct cli *cli, uint64_t id, cJSON *all)
{
	cJSON *request = cJSON_CreateObject(), *job;
	json_add_u64(request, "id", id);
	int code = cli_call(cli, "JobService/Get", request, true, &job);
	if (code)
		return code;
	cJSON_AddItemToArray(all, job);
	return 0;
}

static void print_all(const struct cli *cli, const cJSON *jobs)
{
	const cJSON *job;
	if (cli->output == OUTPUT_TABLE || cli->output == OUTPUT_WIDE || cli->output == OUTPUT_NAME ||
	    cli->quiet) {
		cJSON_ArrayForEach(job, jobs)
		{
			if (cli->quiet || cli->output == OUTPUT_NAME)
				puts(json_text(job, "id"));
			else
				print_job(cli, job);
			if (job->next && !cli->quiet && cli->output != OUTPUT_NAME)
				putchar('\n');
		}
		return;
	}
	print_json(cli, cJSON_GetArraySize(jobs) == 1 ? jobs->child : jobs);
}

static int cmd_show(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct selection selection = { 0 };
	const char *value;
	int code = 0;
	args_begin(&args, cli, argc, argv);
	if (args_next(&args, &value) == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	else if (optind == argc)
		code = cli_usage_error(cli, "which job? A number, a name, or @last");
	for (int i = optind; i < argc && code == 0; i++)
		code = select_word(cli, argv[i], &selection);
	cJSON *jobs = cJSON_CreateArray();
	for (size_t i = 0; i < selection.count && code == 0; i++)
		code = show_one(cli, selection.items[i].id, jobs);
	if (cJSON_GetArraySize(jobs) > 0)
		print_all(cli, jobs);
	cJSON_Delete(jobs);
	selection_free(&selection);
	return code;
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "[flags] JOB...",
	.summary = "Show all that is known of a job: where it is, or why it waits.",
	.details = "JOB: a number, a name, @last, or a range like 10-20.\n",
	.flags = { NULL },
	.run = cmd_show,
};
