/* SPDX-License-Identifier: MIT */
/* job_flags.c - flags into a JobSpec. What they cannot know is left to the server. */
#include "job_flags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <centro/text.h>

#include "select.h"

enum {
	NAME = JOB_FLAG_FIRST,
	QUEUE,
	PRIORITY,
	CPU,
	MEMORY,
	DISK,
	RESOURCE,
	COUNT,
	DATACENTER,
	LABEL,
	ENV,
	DIR,
	TIME_LIMIT,
	LEASE,
	GRACE,
	REQUEST_ID,
	TASK,
};

const struct flag job_flags[] = {
	{ NAME, "name", 'n', "NAME", "a name for people" },
	{ QUEUE, "queue", 0, "QUEUE", "default: default" },
	{ PRIORITY, "priority", 0, "N", "-1000 to 1000, higher first" },
	{ CPU, "cpu", 0, "CORES", "2, 0.5 or 250m; default 1" },
	{ MEMORY, "memory", 0, "SIZE", "512MiB, 4GiB; default 128MiB" },
	{ DISK, "disk", 0, "SIZE", "10GiB" },
	{ RESOURCE, "resource", 0, "NAME=N", "any other, such as gpu=1; may be repeated" },
	{ COUNT, "count", 0, "N", "instances; default 1" },
	{ DATACENTER, "datacenter", 0, "NAME", "where it may run; may be repeated" },
	{ LABEL, "label", 'l', "KEY=VALUE", "may be repeated" },
	{ ENV, "env", 'e', "NAME=VALUE", "may be repeated" },
	{ DIR, "dir", 0, "PATH", "working directory; default: one of its own" },
	{ TIME_LIMIT, "time-limit", 't', "TIME", "10m, 1h30m: then it is killed" },
	{ LEASE, "lease", 0, "TIME", "it may run so long without word from the server; default 5m" },
	{ GRACE, "grace", 0, "TIME", "between TERM and KILL; default 5s" },
	{ REQUEST_ID, "request-id", 0, "ID", "the same id sent again gives the same job" },
	{ TASK, "task", 0, "NAME", "the task's name; default main" },
	{ 0 },
};

void job_spec_init(struct job_spec *spec)
{
	*spec = (struct job_spec){ .job = cJSON_CreateObject() };
	cJSON *tasks = cJSON_AddArrayToObject(spec->job, "tasks");
	spec->task = cJSON_CreateObject();
	cJSON_AddItemToArray(tasks, spec->task);
}

void job_spec_free(struct job_spec *spec)
{
	cJSON_Delete(spec->job);
	spec->job = NULL;
}

static cJSON *child(cJSON *object, const char *name)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	return member ? member : cJSON_AddObjectToObject(object, name);
}

static int set_number(struct cli *cli, cJSON *object, const char *name, const char *value,
		      double low, double high)
{
	char *end;
	errno = 0;
	double number = (double)strtoll(value, &end, 10);
	if (errno || *end || end == value || number < low || number > high)
		return cli_usage_error(cli, "--%s: \"%s\" is not a number from %.0f to %.0f", name,
				       value, low, high);
	cJSON_AddNumberToObject(object, name, number);
	return 0;
}

static int set_cpu(struct cli *cli, cJSON *task, const char *value)
{
	uint32_t cpu_milli;
	if (centro_cpu_parse(value, &cpu_milli) != CENTRO_OK)
		return cli_usage_error(cli, "--cpu: \"%s\"; write cores like 2, 0.5 or 250m", value);
	cJSON_AddNumberToObject(child(task, "resources"), "cpu_milli", cpu_milli);
	return 0;
}

static int set_mib(struct cli *cli, cJSON *task, const char *flag, const char *member,
		   const char *value)
{
	uint64_t bytes;
	if (centro_size_parse(value, &bytes) != CENTRO_OK || bytes / 1048576 >= UINT32_MAX)
		return cli_usage_error(cli, "--%s: \"%s\"; write a size like 512MiB or 4GiB", flag,
				       value);
	uint64_t mib = bytes / 1048576 + (bytes % 1048576 > 0);
	cJSON_AddNumberToObject(child(task, "resources"), member, (double)mib);
	return 0;
}

static int set_resource(struct cli *cli, cJSON *task, const char *value)
{
	char name[64];
	const char *equals = strchr(value, '=');
	if (!equals || equals == value || (size_t)(equals - value) >= sizeof(name))
		return cli_usage_error(cli, "--resource: \"%s\"; write it like gpu=1", value);
	memcpy(name, value, (size_t)(equals - value));
	name[equals - value] = '\0';
	cJSON *named = child(child(task, "resources"), "named");
	return set_number(cli, named, name, equals + 1, 0, UINT32_MAX);
}

static int set_span(struct cli *cli, cJSON *task, const char *flag, const char *member,
		    const char *value)
{
	struct centro_span span;
	char text[48];
	if (centro_span_parse(value, &span) != CENTRO_OK)
		return cli_usage_error(cli, "--%s: \"%s\"; write a time like 90s, 10m or 1h30m",
				       flag, value);
	snprintf(text, sizeof(text), "%llu.%09llus", (unsigned long long)(span.ns / 1000000000),
		 (unsigned long long)(span.ns % 1000000000));
	cJSON_AddStringToObject(task, member, text);
	return 0;
}

static int set_pair(struct cli *cli, cJSON *object, const char *value)
{
	return select_parse_label(cli, value, object);
}

static void add_text(cJSON *object, const char *name, const char *value)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name);
	if (!array)
		array = cJSON_AddArrayToObject(object, name);
	cJSON_AddItemToArray(array, cJSON_CreateString(value));
}

int job_spec_set(struct cli *cli, struct job_spec *spec, int id, const char *value)
{
	cJSON *job = spec->job, *task = spec->task;
	spec->is_described = spec->is_described || id != REQUEST_ID;
	switch (id) {
	case NAME:
		cJSON_AddStringToObject(job, "name", value);
		return 0;
	case QUEUE:
		cJSON_AddStringToObject(job, "queue", value);
		return 0;
	case PRIORITY:
		return set_number(cli, job, "priority", value, -1000, 1000);
	case CPU:
		return set_cpu(cli, task, value);
	case MEMORY:
		return set_mib(cli, task, "memory", "memory_mib", value);
	case DISK:
		return set_mib(cli, task, "disk", "disk_mib", value);
	case RESOURCE:
		return set_resource(cli, task, value);
	case COUNT:
		return set_number(cli, task, "count", value, 1, UINT32_MAX);
	case DATACENTER:
		add_text(job, "datacenters", value);
		return 0;
	case LABEL:
		return set_pair(cli, child(job, "labels"), value);
	case ENV:
		return set_pair(cli, child(task, "env"), value);
	case DIR:
		cJSON_AddStringToObject(task, "working_dir", value);
		return 0;
	case TIME_LIMIT:
		return set_span(cli, task, "time-limit", "time_limit", value);
	case LEASE:
		return set_span(cli, task, "lease", "lease", value);
	case GRACE:
		return set_span(cli, task, "grace", "kill_grace", value);
	case REQUEST_ID:
		spec->request_id = value;
		return 0;
	default:
		cJSON_AddStringToObject(task, "name", value);
		return 0;
	}
}

void job_spec_set_command(struct job_spec *spec, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		add_text(spec->task, "command", argv[i]);
}
