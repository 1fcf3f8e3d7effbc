/* SPDX-License-Identifier: MIT */
/*
 * job_flags.c - flags into a JobSpec.
 *
 * Only what is written in its own way here is read (sizes, times, cores); names,
 * limits and everything else is left to the server, which knows.
 */
#include "job_flags.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <centro/text.h>

#include "selection.h"

#define MIB        UINT64_C(1048576)
#define NS_PER_SEC UINT64_C(1000000000)

enum {
	NAME = JOB_FLAG_FIRST,
	QUEUE,
	PRIORITY,
	CPU,
	MEMORY,
	DISK,
	RESOURCE,
	COUNT,
	GANG,
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
	{NAME, "name", 'n', "NAME", "a name for people"},
	{QUEUE, "queue", 0, "QUEUE", "default: default"},
	{PRIORITY, "priority", 'p', "N", "-1000 to 1000, higher first"},
	{CPU, "cpu", 'c', "CORES",
	 "2, 0.5 or 250m. With no resource at all: one core\nand 128 MiB"},
	{MEMORY, "memory", 'm', "SIZE", "512MiB, 4GiB"},
	{DISK, "disk", 0, "SIZE", "10GiB"},
	{RESOURCE, "resource", 'r', "NAME=N", "any other, such as gpu=1; may be repeated"},
	{COUNT, "count", 0, "N", "instances, numbered from 0; default 1"},
	{GANG, "gang", 0, NULL, "all instances start together, or none does"},
	{DATACENTER, "datacenter", 0, "NAME", "where it may run; may be repeated"},
	{LABEL, "label", 'l', "KEY=VALUE", "may be repeated"},
	{ENV, "env", 'e', "NAME=VALUE", "of the command; may be repeated"},
	{DIR, "dir", 'd', "PATH", "where it runs; default: a directory of its own"},
	{TIME_LIMIT, "time-limit", 't', "TIME", "10m, 1h30m: then it is killed"},
	{LEASE, "lease", 0, "TIME",
	 "how long it may run without word from the server;\ndefault 5m"},
	{GRACE, "grace", 0, "TIME", "between TERM and KILL; default 5s"},
	{REQUEST_ID, "request-id", 0, "ID", "the same one sent again gives the same job"},
	{TASK, "task", 0, "NAME", "the task's name; default main"},
	{0},
};

void job_flags_init(struct job_flags *flags)
{
	*flags = (struct job_flags){.job = json_object(), .task = json_object()};
	json_append(json_add_array(flags->job, "tasks"), flags->task);
}

void job_flags_free(struct job_flags *flags)
{
	cJSON_Delete(flags->job);
	*flags = (struct job_flags){0};
}

static int set_number(const struct cli *cli, cJSON *object, const char *name, const char *value,
		      int64_t min, int64_t max)
{
	int64_t number;
	int code = args_parse_number(cli, name, value, min, max, &number);
	if (code == 0)
		json_set_int(object, name, number);
	return code;
}

static int set_cpu(const struct cli *cli, cJSON *resources, const char *value)
{
	uint32_t cpu_milli;
	if (centro_cpu_parse(value, &cpu_milli) != CENTRO_OK)
		return cli_usage_error(cli, "--cpu: \"%s\"; write cores like 2, 0.5 or 250m",
				       value);
	json_set_int(resources, "cpu_milli", cpu_milli);
	return 0;
}

static int set_mib(const struct cli *cli, cJSON *resources, const char *flag, const char *member,
		   const char *value)
{
	uint64_t bytes;
	if (centro_size_parse(value, &bytes) != CENTRO_OK || bytes / MIB >= UINT32_MAX)
		return cli_usage_error(cli, "--%s: \"%s\"; write a size like 512MiB or 4GiB", flag,
				       value);
	json_set_u64(resources, member, bytes / MIB + (bytes % MIB > 0));
	return 0;
}

static int set_span(const struct cli *cli, cJSON *task, const char *flag, const char *member,
		    const char *value)
{
	struct centro_span span;
	char text[48];
	if (centro_span_parse(value, &span) != CENTRO_OK)
		return cli_usage_error(cli, "--%s: \"%s\"; write a time like 90s, 10m or 1h30m",
				       flag, value);
	snprintf(text, sizeof(text), "%llu.%09llus", (unsigned long long)(span.ns / NS_PER_SEC),
		 (unsigned long long)(span.ns % NS_PER_SEC));
	json_set_text(task, member, text);
	return 0;
}

static int set_of_job(const struct cli *cli, cJSON *job, const struct arg *arg)
{
	switch (arg->id) {
	case PRIORITY:
		return set_number(cli, job, "priority", arg->value, -1000, 1000);
	case DATACENTER:
		json_append_text(json_member_array(job, "datacenters"), arg->value);
		return 0;
	case LABEL:
		return selection_parse_pair(cli, "label", arg->value,
					    json_member_object(job, "labels"));
	default:
		json_set_text(job, arg->id == NAME ? "name" : "queue", arg->value);
		return 0;
	}
}

static int set_of_task(const struct cli *cli, cJSON *task, const struct arg *arg)
{
	switch (arg->id) {
	case COUNT:
		return set_number(cli, task, "count", arg->value, 1, UINT32_MAX);
	case GANG:
		json_set_bool(task, "gang", true);
		return 0;
	case ENV:
		return selection_parse_pair(cli, "env", arg->value,
					    json_member_object(task, "env"));
	case TIME_LIMIT:
		return set_span(cli, task, "time-limit", "time_limit", arg->value);
	case LEASE:
		return set_span(cli, task, "lease", "lease", arg->value);
	case GRACE:
		return set_span(cli, task, "grace", "kill_grace", arg->value);
	default:
		json_set_text(task, arg->id == DIR ? "working_dir" : "name", arg->value);
		return 0;
	}
}

static int set_resource(const struct cli *cli, cJSON *resources, const struct arg *arg)
{
	switch (arg->id) {
	case CPU:
		return set_cpu(cli, resources, arg->value);
	case MEMORY:
		return set_mib(cli, resources, "memory", "memory_mib", arg->value);
	case DISK:
		return set_mib(cli, resources, "disk", "disk_mib", arg->value);
	default:
		/* How much of it: a number as a string is one to the server, too. */
		return selection_parse_pair(cli, "resource", arg->value,
					    json_member_object(resources, "named"));
	}
}

int job_flags_set(const struct cli *cli, struct job_flags *flags, const struct arg *arg)
{
	if (arg->id == REQUEST_ID) {
		flags->request_id = arg->value;
		return 0;
	}
	flags->is_described = true;
	switch (arg->id) {
	case NAME:
	case QUEUE:
	case PRIORITY:
	case DATACENTER:
	case LABEL:
		return set_of_job(cli, flags->job, arg);
	case CPU:
	case MEMORY:
	case DISK:
	case RESOURCE:
		return set_resource(cli, json_member_object(flags->task, "resources"), arg);
	default:
		return set_of_task(cli, flags->task, arg);
	}
}

void job_flags_set_command(struct job_flags *flags, char **command, size_t count)
{
	cJSON *words = json_member_array(flags->task, "command");
	for (size_t i = 0; i < count; i++)
		json_append_text(words, command[i]);
}

cJSON *job_flags_request(struct job_flags *flags)
{
	char random[RANDOM_ID_SIZE];
	cJSON *request = json_object();
	random_id(random);
	json_set(request, "job", cJSON_Duplicate(flags->job, true));
	json_set_text(request, "request_id", flags->request_id ? flags->request_id : random);
	return request;
}

void random_id(char id[RANDOM_ID_SIZE])
{
	unsigned char bytes[(RANDOM_ID_SIZE - 1) / 2];
	/* Only a kernel without the call fails here: better no id than one that repeats. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		perror("centro: getrandom");
		exit(EXIT_CLI_OTHER);
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}
