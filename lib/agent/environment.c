/* SPDX-License-Identifier: MIT */
/*
 * environment.c - the environment of a command. A later name wins: first what the
 * agent hands on, then the task's own, then CENTRO_*, which nobody can pretend.
 */
#include "agent/environment.h"

#define OWN_MAX 16

struct environment {
	struct ctr_agent *agent;
	const char **items;
	size_t count;
	size_t replaceable; /* only the first so many: names within one map are unique */
	bool is_short;      /* of memory */
};

/* In the place of the same name, or at the end. */
static void put(struct environment *environment, const char *item)
{
	size_t size = strcspn(item, "=") + 1; /* the name with its '=' */
	for (size_t i = 0; i < environment->count && i < environment->replaceable; i++) {
		if (strncmp(environment->items[i], item, size) != 0)
			continue;
		environment->items[i] = item;
		return;
	}
	environment->items[environment->count++] = item;
}

static void put_pair(struct environment *environment, const char *name, const char *value)
{
	size_t name_size = strlen(name), value_size = strlen(value);
	char *item = ctr_arena_array(&environment->agent->arena, name_size + value_size + 2, 1);
	if (!item) {
		environment->is_short = true;
		return;
	}
	memcpy(item, name, name_size);
	item[name_size] = '=';
	memcpy(item + name_size + 1, value, value_size);
	put(environment, item);
}

static void put_number(struct environment *environment, const char *name, uint64_t value)
{
	struct ctr_buf *text = &environment->agent->scratch;
	ctr_buf_clear(text);
	if (ctr_buf_append_u64(text, value) != CENTRO_OK ||
	    ctr_buf_append_char(text, '\0') != CENTRO_OK)
		environment->is_short = true;
	else
		put_pair(environment, name, (const char *)text->data);
}

static void put_own(struct environment *environment, const Centro__V1__Assignment *assignment)
{
	const struct ctr_agent *agent = environment->agent;
	const Centro__V1__Resources *resources = assignment->task->resources;
	put_number(environment, "CENTRO_JOB_ID", assignment->attempt->job);
	put_pair(environment, "CENTRO_JOB_NAME", assignment->job_name);
	put_pair(environment, "CENTRO_QUEUE", assignment->queue);
	put_pair(environment, "CENTRO_TASK", assignment->task->name);
	put_number(environment, "CENTRO_INDEX", assignment->attempt->index);
	put_number(environment, "CENTRO_ATTEMPT", assignment->attempt->attempt);
	put_pair(environment, "CENTRO_NODE", (const char *)agent->node_name.data);
	put_pair(environment, "CENTRO_DATACENTER", (const char *)agent->datacenter.data);
	if (!resources)
		return;
	put_number(environment, "CENTRO_ALLOCATED_CPU_MILLI", resources->cpu_milli);
	put_number(environment, "CENTRO_ALLOCATED_MEMORY_MIB", resources->memory_mib);
	put_number(environment, "CENTRO_ALLOCATED_DISK_MIB", resources->disk_mib);
}

int ctr_environment_make(struct ctr_agent *agent, const Centro__V1__Assignment *assignment,
			 const char *const **ret_env, size_t *ret_count)
{
	const Centro__V1__Task *task = assignment->task;
	struct environment environment = {.agent = agent, .replaceable = SIZE_MAX};
	environment.items = ctr_arena_array(&agent->arena, agent->env_count + task->n_env + OWN_MAX,
					    sizeof(*environment.items));
	if (!environment.items)
		return CENTRO_ERR_NOMEM;
	for (size_t i = 0; i < agent->env_count; i++)
		put(&environment, agent->env[i]);
	environment.replaceable = environment.count;
	for (size_t i = 0; i < task->n_env; i++)
		put_pair(&environment, task->env[i]->key, task->env[i]->value);
	environment.replaceable = SIZE_MAX;
	put_own(&environment, assignment);
	*ret_env = environment.items;
	*ret_count = environment.count;
	return environment.is_short ? CENTRO_ERR_NOMEM : CENTRO_OK;
}
