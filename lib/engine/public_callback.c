/* SPDX-License-Identifier: MIT */
/*
 * public_callback.c - durable events, as the owner's callbacks.
 *
 * A callback may change the state, so nothing that points into it is kept over
 * one: attempts are looked up again by their reference.
 *
 * Layer: engine.
 */
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/codec.h"
#include "engine/public.h"

static void tell_event(struct centro_engine *engine, const struct ctr_event *event)
{
	if (!engine->callbacks.event)
		return;
	struct centro_event told = {
		.size = sizeof(told),
		.number = event->number,
		.type = event->type,
		.wall = event->at.wall,
		.attempt = event->attempt,
		.node = event->node,
		.instance_state = event->instance_state,
		.job_state = event->job_state,
		.cause = event->cause,
		.exit_code = event->exit_code,
	};
	engine->callbacks.event(engine->arg, &told);
}

/* ---- assignments ------------------------------------------------- */

/* From now on it counts as started: it ends by a report, or with its lease. */
static bool claim(struct centro_engine *engine, const struct ctr_instance *instance)
{
	struct centro_attempt_ref ref = ctr_instance_ref(instance);
	bool granted = false;
	struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim =
			{
				.node = instance->node->id,
				.session = ctr_engine_get_term(engine->engine),
				.attempts = &ref,
				.attempt_count = 1,
				.durable_event = ctr_engine_durable_event(engine->engine),
				.ret_granted = &granted,
			},
	};
	struct ctr_result result;
	int status = ctr_engine_execute(engine->engine, engine->now, &command, &result);
	return status == CENTRO_OK && granted;
}

/* "NAME=value" each, and a NULL. NULL: no memory. */
static const char **make_env(struct ctr_arena *arena, const Centro__V1__Task *task)
{
	const char **env = ctr_arena_array(arena, task->n_env + 1, sizeof(*env));
	for (size_t i = 0; env && i < task->n_env; i++) {
		size_t key = strlen(task->env[i]->key), value = strlen(task->env[i]->value);
		char *line = ctr_arena_alloc(arena, key + value + 2);
		if (!line)
			return NULL;
		memcpy(line, task->env[i]->key, key);
		line[key] = '=';
		memcpy(line + key + 1, task->env[i]->value, value + 1);
		env[i] = line;
	}
	return env;
}

static const char **make_command(struct ctr_arena *arena, const Centro__V1__Task *task)
{
	const char **command = ctr_arena_array(arena, task->n_command + 1, sizeof(*command));
	for (size_t i = 0; command && i < task->n_command; i++)
		command[i] = task->command[i];
	return command;
}

/* What the attempt shall run, all in the arena or in the job. */
static int describe(struct ctr_arena *arena, const struct ctr_instance *instance,
		    struct centro_assignment *ret_assignment)
{
	const struct ctr_job *job = instance->job;
	const struct ctr_task *task = &job->tasks[instance->task];
	ProtobufCMessage *message;
	ctr_arena_reset(arena, SIZE_MAX);
	int status = ctr_message_decode(&centro__v1__job_spec__descriptor, job->text, arena,
					&message, /* text= */ NULL);
	if (status != CENTRO_OK)
		return status;
	const Centro__V1__JobSpec *spec = (const Centro__V1__JobSpec *)message;
	CTR_ASSERT(instance->task < spec->n_tasks);
	const Centro__V1__Task *wanted = spec->tasks[instance->task];

	*ret_assignment = (struct centro_assignment){
		.size = sizeof(*ret_assignment),
		.attempt = ctr_instance_ref(instance),
		.node = instance->node->id,
		.job_name = spec->name,
		.task_name = ctr_arena_strdup(arena, task->name),
		.command = make_command(arena, wanted),
		.command_count = wanted->n_command,
		.env = make_env(arena, wanted),
		.env_count = wanted->n_env,
		.working_dir = wanted->working_dir,
		.time_limit = task->time_limit,
		.kill_grace = task->kill_grace,
		.lease = task->lease,
		.spec = job->text,
	};
	if (!ret_assignment->task_name || !ret_assignment->command || !ret_assignment->env)
		return CENTRO_ERR_NOMEM;
	return CENTRO_OK;
}

/*
 * If it is still granted, and durably. Without memory it is not claimed, and comes
 * again when its node registers.
 */
static void tell_assignment(struct centro_engine *engine, const struct centro_attempt_ref *ref)
{
	const struct ctr_core *core = ctr_engine_core(engine->engine);
	const struct ctr_instance *instance = core ? ctr_core_find_attempt(core, ref) : NULL;
	if (!engine->callbacks.assignment || !instance ||
	    instance->state != CENTRO_INSTANCE_ASSIGNED)
		return;
	struct centro_assignment assignment;
	if (describe(&engine->callback_arena, instance, &assignment) != CENTRO_OK ||
	    !claim(engine, instance))
		return;
	engine->callbacks.assignment(engine->arg, &assignment);
}

/* It waits for its node to take it. */
static bool awaits_node(const struct ctr_instance *instance)
{
	bool was_told = instance->claimed && instance->assign_event != 0;
	return instance->state == CENTRO_INSTANCE_ASSIGNED && !was_told;
}

/* Its node is to be emptied. */
static bool is_to_be_killed(const struct ctr_instance *instance)
{
	return ctr_instance_is_granted(instance) && ctr_node_is_cleared(instance->node) &&
	       ctr_instance_may_have_started(instance);
}

/* The attempts of a node that are wanted, collected before any callback. */
static size_t collect(struct centro_engine *engine, centro_node_id id,
		      bool (*is_wanted)(const struct ctr_instance *instance))
{
	const struct ctr_core *core = ctr_engine_core(engine->engine);
	const struct ctr_node *node = core ? ctr_core_find_node(core, id) : NULL;
	if (!node)
		return 0;
	if (node->attempt_count > engine->refs_capacity) {
		struct centro_attempt_ref *refs = ctr_resize_array(
			engine->allocator, engine->refs, node->attempt_count, sizeof(*refs));
		if (!refs)
			return 0;
		engine->refs = refs;
		engine->refs_capacity = node->attempt_count;
	}
	size_t count = 0;
	ctr_list_for_each (link, &node->attempts) {
		const struct ctr_instance *instance =
			ctr_list_entry(link, struct ctr_instance, on_node);
		if (is_wanted(instance))
			engine->refs[count++] = ctr_instance_ref(instance);
	}
	return count;
}

static void tell_assignments(struct centro_engine *engine, centro_node_id node)
{
	size_t count = collect(engine, node, awaits_node);
	for (size_t i = 0; i < count; i++)
		tell_assignment(engine, &engine->refs[i]);
}

/* ---- kills ------------------------------------------------------- */

static void tell_kill(struct centro_engine *engine, const struct ctr_instance *instance,
		      enum centro_cause cause)
{
	struct centro_kill kill = {
		.size = sizeof(kill),
		.attempt = ctr_instance_ref(instance),
		.node = instance->node->id,
		.cause = cause,
		.grace = instance->job->tasks[instance->task].kill_grace,
	};
	engine->callbacks.kill(engine->arg, &kill);
}

/* Everything of the job that runs or may run; it is looked up anew after each callback. */
static void tell_kills(struct centro_engine *engine, centro_job_id id)
{
	if (!engine->callbacks.kill)
		return;
	for (uint32_t task = 0, index = 0;;) {
		const struct ctr_core *core = ctr_engine_core(engine->engine);
		const struct ctr_job *job = core ? ctr_core_find_job(core, id) : NULL;
		if (!job || task == job->task_count)
			return;
		if (index == job->tasks[task].count) {
			task++;
			index = 0;
			continue;
		}
		const struct ctr_instance *instance = &job->tasks[task].instances[index++];
		if (instance->state == CENTRO_INSTANCE_ASSIGNED ||
		    instance->state == CENTRO_INSTANCE_RUNNING)
			tell_kill(engine, instance, CENTRO_CAUSE_CANCEL);
	}
}

/*
 * What may run on a node whose drain is over; it is looked up anew after each callback.
 * The core itself ends what cannot have been started.
 */
static void tell_cleared(struct centro_engine *engine, centro_node_id node)
{
	size_t count = engine->callbacks.kill ? collect(engine, node, is_to_be_killed) : 0;
	for (size_t i = 0; i < count; i++) {
		const struct ctr_core *core = ctr_engine_core(engine->engine);
		const struct ctr_instance *instance =
			core ? ctr_core_find_attempt(core, &engine->refs[i]) : NULL;
		if (instance && is_to_be_killed(instance))
			tell_kill(engine, instance, CENTRO_CAUSE_DRAINED);
	}
}

void ctr_callback_registered(struct centro_engine *engine, centro_node_id node)
{
	if (!ctr_engine_core(engine->engine))
		return;
	tell_cleared(engine, node);
	if (engine->callbacks.assignment)
		tell_assignments(engine, node);
}

void ctr_callback_durable(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct centro_engine *engine =
		CTR_CONTAINER_OF(subscriber, struct centro_engine, subscriber);
	tell_event(engine, event);
	if (event->type == CENTRO_EVENT_INSTANCE_ASSIGNED)
		tell_assignment(engine, &event->attempt);
	else if (event->type == CENTRO_EVENT_JOB_CANCEL_REQUESTED)
		tell_kills(engine, event->attempt.job);
	else if (event->type == CENTRO_EVENT_NODE_DRAINING)
		tell_cleared(engine, event->node);
}
