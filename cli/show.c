/* SPDX-License-Identifier: MIT */
/* show.c - the record of a job for people: facts, tasks, instances, and what to type next. */
#include "show.h"

#include <stdlib.h>
#include <string.h>

#include <centro/text.h>

#include "outcome.h"
#include "table.h"
#include "text.h"

#define TITLE_WIDTH     13
#define INSTANCES_SHOWN 100
#define MIB             UINT64_C(1048576)

/* ---- facts ---- */

static void fact(const char *title, const char *value)
{
	if (!value[0])
		return;
	printf("%-*s", TITLE_WIDTH, title);
	text_write_escaped(stdout, value);
	putchar('\n');
}

static void fact_time(const char *title, const cJSON *job, const char *member)
{
	char time[64];
	uint64_t ns = json_time_ns(job, member);
	if (ns)
		fact(title, text_time(ns, time, sizeof(time)));
}

static void fact_pairs(const char *title, const cJSON *pairs)
{
	const cJSON *pair;
	cJSON_ArrayForEach(pair, pairs)
	{
		char *text = NULL;
		const char *value = cJSON_IsString(pair) ? pair->valuestring : "";
		if (asprintf(&text, "%s=%s", pair->string, value) < 0)
			need(NULL);
		fact(pair == pairs->child ? title : "", text);
		free(text);
	}
}

static void show_state(const struct cli *cli, const cJSON *job)
{
	const char *state = json_text(job, "state"), *code = tint_code(cli, tint_of_state(state));
	printf("%-*s%s%s%s", TITLE_WIDTH, "state", code, state, code[0] ? TINT_END : "");
	if (outcome_is_final(job))
		printf(", exit code %lld", (long long)json_int(job, "exit_code"));
	putchar('\n');
}

static void show_facts(const struct cli *cli, const cJSON *job)
{
	const cJSON *spec = json_get(job, "spec");
	fact("job", json_text(job, "id"));
	fact("name", json_text(spec, "name"));
	show_state(cli, job);
	fact("waits for", json_text(job, "pending_reason"));
	fact("retry of", json_text(job, "retry_of"));
	fact("cancelled by", json_text(job, "cancelled_by"));
	fact("reason", json_text(job, "cancel_reason"));
	fact("queue", json_text_or(spec, "queue", "default"));
	fact("owner", json_text(job, "owner"));
	fact_pairs("label", json_get(spec, "labels"));
	fact_time("submitted", job, "submit_time");
	fact_time("started", job, "start_time");
	fact_time("ended", job, "end_time");
}

/* ---- tasks ---- */

char *show_resources(const cJSON *resources)
{
	char *text = NULL, amount[32];
	size_t size;
	const cJSON *named;
	FILE *file = need(open_memstream(&text, &size));
	uint64_t cpu = json_u64(resources, "cpu_milli"), memory = json_u64(resources, "memory_mib");
	uint64_t disk = json_u64(resources, "disk_mib");
	if (cpu)
		fprintf(file, ", %g %s", (double)cpu / 1000, cpu == 1000 ? "core" : "cores");
	if (memory)
		fprintf(file, ", %s", centro_size_format(memory * MIB, amount, sizeof(amount)));
	if (disk)
		fprintf(file, ", %s of disk",
			centro_size_format(disk * MIB, amount, sizeof(amount)));
	cJSON_ArrayForEach(named, json_get(resources, "named"))
		fprintf(file, ", %s=%.0f", named->string, named->valuedouble);
	if (fclose(file) != 0)
		need(NULL);
	/* Without the first comma. */
	if (size >= 2)
		memmove(text, text + 2, size - 1);
	return need(text);
}

static void show_command(const cJSON *task)
{
	const cJSON *word;
	printf("%-*s", TITLE_WIDTH, "");
	cJSON_ArrayForEach(word, json_get(task, "command"))
	{
		char *quoted = text_shell_quoted(cJSON_IsString(word) ? word->valuestring : "");
		if (word != json_get(task, "command")->child)
			putchar(' ');
		text_write_escaped(stdout, quoted);
		free(quoted);
	}
	putchar('\n');
}

static void show_tasks(const cJSON *job)
{
	const cJSON *task;
	cJSON_ArrayForEach(task, json_get(json_get(job, "spec"), "tasks"))
	{
		char *resources = show_resources(json_get(task, "resources"));
		int64_t count = json_int(task, "count");
		const char *limit = json_text(task, "time_limit");
		printf("%-*s", TITLE_WIDTH, "task");
		text_write_escaped(stdout, json_text_or(task, "name", "main"));
		if (count > 1)
			printf(", %lld instances", (long long)count);
		printf("%s%s", resources[0] ? ", " : "", resources);
		printf("%s%s\n", limit[0] ? ", time limit " : "", limit);
		show_command(task);
		free(resources);
	}
}

/* ---- instances ---- */

static void add_instance(struct table *table, const cJSON *job, const cJSON *instance)
{
	char age[32];
	const char *state = json_text(instance, "state");
	uint64_t start_ns = json_time_ns(instance, "start_time");
	uint64_t end_ns = json_time_ns(instance, "end_time");
	uint64_t until_ns = end_ns ? end_ns : text_now_ns();

	table_add(table, TINT_NONE, "%s.%s.%lld", json_text(job, "id"),
		  job_task_name(job, json_int(instance, "task")),
		  (long long)json_int(instance, "index"));
	table_add(table, tint_of_state(state), "%s", state);
	table_add(table, TINT_NONE, "%lld", (long long)json_int(instance, "attempt"));
	table_add(table, TINT_NONE, "%s", json_text(instance, "node"));
	table_add(table, TINT_NONE, "%s",
		  start_ns && until_ns >= start_ns ? text_age(until_ns - start_ns, age, sizeof(age))
						   : "");
	if (end_ns)
		table_add(table, TINT_NONE, "%lld", (long long)json_int(instance, "exit_code"));
	else
		table_add(table, TINT_NONE, "%s", "");
	table_add(table, TINT_NONE, "%s", json_text(instance, "cause"));
	table_add(table, TINT_NONE, "%s", json_text(instance, "message"));
}

static void show_instances(const struct cli *cli, const cJSON *job, const struct selector *selector)
{
	static const char *const titles[] = {"INSTANCE", "STATE", "ATTEMPT", "NODE",
					     "TIME",     "EXIT",  "CAUSE",   "MESSAGE"};
	const cJSON *instance;
	struct table table;
	size_t shown = 0, more = 0;
	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	cJSON_ArrayForEach(instance, json_get(job, "instances"))
	{
		if (!selector_takes(selector, job_task_name(job, json_int(instance, "task")),
				    (uint32_t)json_u64(instance, "index")))
			continue;
		if (shown < INSTANCES_SHOWN)
			add_instance(&table, job, instance);
		more += shown++ >= INSTANCES_SHOWN;
	}
	if (shown > 0) {
		putchar('\n');
		table_print(&table, cli);
	}
	if (more > 0)
		printf("and %zu more: centro show %s -o json\n", more, json_text(job, "id"));
	table_free(&table);
}

static void show_next(const cJSON *job)
{
	const char *id = json_text(job, "id"), *state = json_text(job, "state");
	if (outcome_is_final(job))
		printf("\nIts output: centro logs %s\n", id);
	else if (strcmp(state, "running") == 0)
		printf("\nFollow it: centro logs -f %s   Stop it: centro cancel %s\n", id, id);
	else
		printf("\nWait for it: centro wait %s   Take it back: centro cancel %s\n", id, id);
}

void show_job(const struct cli *cli, const cJSON *job, const struct selector *selector)
{
	show_facts(cli, job);
	show_tasks(job);
	show_instances(cli, job, selector);
	show_next(job);
}
