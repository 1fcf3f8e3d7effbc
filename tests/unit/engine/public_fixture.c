/* SPDX-License-Identifier: MIT */
/* See public_fixture.h. */
#include "public_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "engine/public.h"

void owner_init(struct owner *owner)
{
	*owner = (struct owner){
		.now = {{1000000000}, {UINT64_C(1700000000) * CTR_NS_PER_SEC}},
	};
	owner->disk = ctr_memory_disk_new(NULL);
	ck_assert_ptr_nonnull(owner->disk);
}

void owner_fini(struct owner *owner)
{
	owner_close(owner);
	ctr_memory_disk_free(owner->disk);
}

static void on_event(void *arg, const struct centro_event *event)
{
	struct owner *owner = arg;
	if (owner->event_count < OWNER_NOTES_MAX)
		owner->events[owner->event_count] = *event;
	owner->event_count++;
}

static void on_assignment(void *arg, const struct centro_assignment *assignment)
{
	struct owner *owner = arg;
	if (owner->assignment_count < OWNER_NOTES_MAX)
		owner->assignments[owner->assignment_count] = assignment->attempt;
	owner->assignment_count++;
	if (owner->on_assignment)
		owner->on_assignment(owner, assignment);
}

static void on_kill(void *arg, const struct centro_kill *kill)
{
	struct owner *owner = arg;
	if (owner->kill_count < OWNER_NOTES_MAX)
		owner->kills[owner->kill_count] = *kill;
	owner->kill_count++;
}

static void on_failed(void *arg, int error)
{
	struct owner *owner = arg;
	owner->failed = error;
	owner->failed_count++;
}

int owner_try_open(struct owner *owner, struct centro_error_text *text)
{
	struct centro_store_options store_options = {
		.size = sizeof(store_options),
		.allocator = owner->allocator,
		.complete_late = owner->late,
	};
	struct centro_store *store;
	int status = ctr_store_memory_open(owner->disk, &store_options, &store);
	if (status != CENTRO_OK)
		return status;
	struct centro_engine_callbacks callbacks = CENTRO_ENGINE_CALLBACKS_INIT;
	callbacks.event = on_event;
	callbacks.assignment = on_assignment;
	callbacks.kill = on_kill;
	callbacks.failed = on_failed;
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.allocator = ctr_allocator_or_default(owner->allocator);
	options.arg = owner;
	return ctr_public_new(store, &options, &callbacks, owner->now, &owner->engine, text);
}

void owner_open(struct owner *owner)
{
	struct centro_error_text text = {0};
	int status = owner_try_open(owner, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), text.text);
}

void owner_close(struct owner *owner)
{
	centro_engine_free(owner->engine);
	owner->engine = NULL;
}

int owner_dispatch(struct owner *owner)
{
	return centro_engine_dispatch(owner->engine, owner->now);
}

void owner_settle(struct owner *owner)
{
	for (int i = 0; i < 10000; i++) {
		if (owner_dispatch(owner) != CENTRO_OK ||
		    centro_engine_get_wake(owner->engine).ns > owner->now.steady.ns)
			return;
	}
	ck_abort_msg("the engine never comes to rest");
}

void owner_advance_ms(struct owner *owner, uint64_t ms)
{
	owner->now.steady.ns += ms * CTR_NS_PER_MS;
	owner->now.wall.ns += ms * CTR_NS_PER_MS;
}

void owner_submitted(void *arg, const struct centro_submit_result *result)
{
	struct owner *owner = arg;
	owner->answers++;
	owner->status = result->status;
	owner->job = result->job;
	owner->existing = result->existing;
	snprintf(owner->text, sizeof(owner->text), "%s", result->text);
}

void owner_registered(void *arg, const struct centro_node_result *result)
{
	struct owner *owner = arg;
	owner->answers++;
	owner->status = result->status;
	owner->node = result->node;
	snprintf(owner->text, sizeof(owner->text), "%s", result->text);
}

void owner_done(void *arg, int status)
{
	struct owner *owner = arg;
	owner->answers++;
	owner->status = status;
}

void owner_got(void *arg, int status, struct centro_bytes job)
{
	struct owner *owner = arg;
	owner->answers++;
	owner->status = status;
	ck_assert_uint_lt(job.size, sizeof(owner->document));
	owner->document_size = job.size;
	if (job.size > 0)
		memcpy(owner->document, job.data, job.size);
	owner->document[job.size] = '\0';
}

centro_job_id owner_submit(struct owner *owner, uint32_t count)
{
	const char *argv[] = {"sleep", "10"};
	const char *env[] = {"COLOUR=blue", "EMPTY="};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	task.command = argv;
	task.command_count = 2;
	task.env = env;
	task.env_count = 2;
	task.count = count;
	task.cpu_milli = 1000;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	job.name = "nap";
	job.tasks = &task;
	job.task_count = 1;
	struct centro_error_text text = {0};
	int status = centro_engine_submit(owner->engine, owner->now, &job, NULL, owner_submitted,
					  owner, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), text.text);
	owner_settle(owner);
	ck_assert_int_eq(owner->status, CENTRO_OK);
	return owner->job;
}

centro_node_id owner_register(struct owner *owner, const char *name, uint32_t cores)
{
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = name;
	node.cpu_milli = cores * 1000;
	node.memory_mib = 1000000;
	struct centro_error_text text = {0};
	int status = centro_engine_register_node(owner->engine, owner->now, &node, owner_registered,
						 owner, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), text.text);
	owner_settle(owner);
	ck_assert_int_eq(owner->status, CENTRO_OK);
	return owner->node;
}

int owner_report(struct owner *owner, const struct centro_attempt_ref *attempt, bool ended,
		 enum centro_cause cause, int exit_code)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = *attempt,
		.node = owner->node,
		.ended = ended,
		.cause = cause,
		.exit_code = exit_code,
	};
	int before = owner->answers;
	int status = centro_engine_report(owner->engine, owner->now, &report, owner_done, owner);
	if (status != CENTRO_OK)
		return status;
	owner_settle(owner);
	ck_assert_int_eq(owner->answers, before + 1);
	return owner->status;
}

int owner_get(struct owner *owner, centro_job_id job, enum centro_encoding encoding)
{
	int before = owner->answers;
	int status =
		centro_engine_get_job(owner->engine, owner->now, job, encoding, owner_got, owner);
	if (status != CENTRO_OK)
		return status;
	owner_settle(owner);
	ck_assert_int_eq(owner->answers, before + 1);
	return owner->status;
}
