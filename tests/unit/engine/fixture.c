/* SPDX-License-Identifier: MIT */
/* See fixture.h. */
#include "fixture.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/codec.h"

#define TURNS_MAX 100000

void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){
		.now = {{1000000000}, {UINT64_C(1700000000) * CTR_NS_PER_SEC}},
	};
	fixture->disk = ctr_memory_disk_new(NULL);
	ck_assert_ptr_nonnull(fixture->disk);
}

void fixture_fini(struct fixture *fixture)
{
	fixture_close(fixture);
	ctr_memory_disk_free(fixture->disk);
}

static void on_applied(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct fixture *fixture = CTR_CONTAINER_OF(subscriber, struct fixture, subscriber);
	fixture->applied_count++;
}

static void on_durable(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct fixture *fixture = CTR_CONTAINER_OF(subscriber, struct fixture, subscriber);
	if (fixture->durable_count < FIXTURE_EVENTS_MAX)
		fixture->durable[fixture->durable_count] = *event;
	fixture->durable_count++;
	ck_assert_uint_le(event->number, ctr_engine_durable_event(fixture->engine));
}

static void on_reloaded(struct ctr_subscriber *subscriber)
{
	struct fixture *fixture = CTR_CONTAINER_OF(subscriber, struct fixture, subscriber);
	fixture->reloaded_count++;
}

struct centro_store *fixture_store_new(struct fixture *fixture)
{
	struct centro_store_options options = {
		.size = sizeof(options),
		.allocator = fixture->options.allocator,
		.bytes_max = fixture->store_bytes_max,
		.complete_late = fixture->late,
	};
	struct centro_store *store = NULL;
	if (ctr_store_memory_open(fixture->disk, &options, &store) != CENTRO_OK)
		return NULL;
	return store;
}

int fixture_try_open(struct fixture *fixture, struct centro_error_text *text)
{
	ck_assert_ptr_null(fixture->engine);
	struct centro_store *store = fixture_store_new(fixture);
	if (!store)
		return CENTRO_ERR_NOMEM;
	int status = ctr_engine_new(&fixture->options, store, fixture->now, &fixture->engine, text);
	if (status != CENTRO_OK)
		return status;
	fixture->subscriber = (struct ctr_subscriber){
		.applied = on_applied,
		.durable = on_durable,
		.reloaded = on_reloaded,
	};
	ctr_engine_subscribe(fixture->engine, &fixture->subscriber);
	for (int i = 0; ctr_engine_get_state(fixture->engine) == CTR_ENGINE_LOADING; i++) {
		ck_assert_int_lt(i, TURNS_MAX);
		fixture_dispatch(fixture);
	}
	status = ctr_engine_get_error(fixture->engine, text);
	if (status != CENTRO_OK)
		fixture_close(fixture);
	return status;
}

void fixture_open(struct fixture *fixture)
{
	struct centro_error_text text = {0};
	int status = fixture_try_open(fixture, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), text.text);
}

void fixture_close(struct fixture *fixture)
{
	ctr_engine_free(fixture->engine);
	fixture->engine = NULL;
}

void fixture_reopen(struct fixture *fixture)
{
	fixture_close(fixture);
	fixture_open(fixture);
}

int fixture_dispatch(struct fixture *fixture)
{
	return ctr_engine_dispatch(fixture->engine, fixture->now);
}

void fixture_settle(struct fixture *fixture)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		fixture_dispatch(fixture);
		if (ctr_engine_get_wake(fixture->engine).ns > fixture->now.steady.ns)
			return;
	}
	ck_abort_msg("the engine never comes to rest");
}

void fixture_advance_ms(struct fixture *fixture, uint64_t ms)
{
	fixture->now.steady.ns += ms * CTR_NS_PER_MS;
	fixture->now.wall.ns += ms * CTR_NS_PER_MS;
}

/* ---- commands ---------------------------------------------------- */

int fixture_execute(struct fixture *fixture, const struct ctr_command *command,
		    struct ctr_result *ret_result)
{
	return ctr_engine_execute(fixture->engine, fixture->now, command, ret_result);
}

static int submit_task(struct fixture *fixture, const char *request_id,
		       const struct centro_task_options *task, struct ctr_result *ret_result)
{
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	job.name = "test";
	job.tasks = task;
	job.task_count = 1;

	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	struct ctr_job_spec spec;
	struct centro_error_text text;
	int status = ctr_codec_job_spec_from_options(&job, &arena, &spec, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	spec.owner = ctr_bytes_str("tester");
	spec.request_id = ctr_bytes_str(request_id);
	struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit.spec = &spec};
	status = fixture_execute(fixture, &command, ret_result);
	ctr_arena_fini(&arena);
	return status;
}

int fixture_try_submit(struct fixture *fixture, const char *request_id, uint32_t count,
		       const char *argument, struct ctr_result *ret_result)
{
	const char *argv[] = {"true", argument};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	task.command = argv;
	task.command_count = 2;
	task.count = count;
	task.cpu_milli = 1000;
	return submit_task(fixture, request_id, &task, ret_result);
}

centro_job_id fixture_submit_gang(struct fixture *fixture, uint32_t count)
{
	static const char *const argv[] = {"true"};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct ctr_result result;
	task.command = argv;
	task.command_count = 1;
	task.count = count;
	task.cpu_milli = 1000;
	task.gang = true;
	ck_assert_int_eq(submit_task(fixture, NULL, &task, &result), CENTRO_OK);
	return result.job;
}

int fixture_submit_many(struct fixture *fixture, const char *request_id, uint32_t count,
			struct ctr_result *ret_result)
{
	return fixture_try_submit(fixture, request_id, count, "hello world", ret_result);
}

centro_job_id fixture_submit_command(struct fixture *fixture, const char *argument)
{
	struct ctr_result result;
	int status = fixture_try_submit(fixture, NULL, 1, argument, &result);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), result.text.text);
	return result.job;
}

centro_job_id fixture_submit(struct fixture *fixture)
{
	return fixture_submit_command(fixture, "hello world");
}

int fixture_try_register(struct fixture *fixture, const char *name, uint32_t cores,
			 struct ctr_result *ret_result)
{
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = name;
	node.cpu_milli = cores * 1000;
	node.memory_mib = UINT32_MAX;

	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	struct ctr_node_spec spec;
	struct centro_error_text text;
	int status = ctr_codec_node_spec_from_options(&node, &arena, &spec, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	spec.agent_id = 7;
	spec.session = ctr_engine_get_term(fixture->engine);
	struct ctr_command command = {.type = CTR_COMMAND_REGISTER, .register_node.spec = &spec};
	status = fixture_execute(fixture, &command, ret_result);
	ctr_arena_fini(&arena);
	return status;
}

void fixture_register_named(struct fixture *fixture, const char *name, uint32_t cores)
{
	struct ctr_result result;
	int status = fixture_try_register(fixture, name, cores, &result);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", centro_error_name(status), result.text.text);
	fixture->node = result.node;
}

void fixture_register(struct fixture *fixture, uint32_t cores)
{
	fixture_register_named(fixture, "n1", cores);
}

int fixture_cancel(struct fixture *fixture, centro_job_id job)
{
	struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = {.job = job, .who = ctr_bytes_str("tester")},
	};
	struct ctr_result result;
	return fixture_execute(fixture, &command, &result);
}

int fixture_report(struct fixture *fixture, centro_job_id id, bool ended, int exit_code)
{
	const struct ctr_job *job = ctr_core_find_job(ctr_engine_core(fixture->engine), id);
	struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report =
			{
				.node = fixture->node,
				.session = ctr_engine_get_term(fixture->engine),
				.attempt = {.job = id, .attempt = 1},
				.ended = ended,
				.cause = ended ? CENTRO_CAUSE_EXITED : CENTRO_CAUSE_NONE,
				.exit_code = exit_code,
			},
	};
	if (job)
		command.report.attempt = ctr_instance_ref(&job->tasks[0].instances[0]);
	struct ctr_result result;
	return fixture_execute(fixture, &command, &result);
}

enum centro_instance_state fixture_state(const struct fixture *fixture, centro_job_id id)
{
	const struct ctr_job *job = ctr_core_find_job(ctr_engine_core(fixture->engine), id);
	return job ? (enum centro_instance_state)job->tasks[0].instances[0].state : 0;
}

/* ---- waiters ----------------------------------------------------- */

static void waiter_released(struct ctr_release *release, int status)
{
	struct waiter *waiter = CTR_CONTAINER_OF(release, struct waiter, release);
	waiter->called++;
	waiter->status = status;
	if (waiter->order)
		waiter->at = ++*waiter->order;
}

void waiter_wait(struct waiter *waiter, struct fixture *fixture, int *order)
{
	*waiter = (struct waiter){.order = order};
	ctr_release_init(&waiter->release, waiter_released);
	ctr_engine_release(fixture->engine, &waiter->release);
}

/* ---- state ------------------------------------------------------- */

void fixture_assert_sound(const struct fixture *fixture)
{
	struct centro_error_text text = {0};
	const struct ctr_core *core = ctr_engine_core(fixture->engine);
	if (core && ctr_core_check(core, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
}

uint64_t fixture_stored_hash(struct fixture *fixture)
{
	struct fixture *fresh = calloc(1, sizeof(*fresh));
	ck_assert_ptr_nonnull(fresh);
	fresh->now = fixture->now;
	fresh->options = fixture->options;
	fresh->options.allocator = NULL;
	fresh->disk = ctr_memory_disk_clone(fixture->disk);
	ck_assert_ptr_nonnull(fresh->disk);
	fixture_open(fresh);
	fixture_assert_sound(fresh);
	uint64_t hash = ctr_core_hash(ctr_engine_core(fresh->engine));
	fixture_fini(fresh);
	free(fresh);
	return hash;
}

void fixture_assert_stored(struct fixture *fixture)
{
	fixture_assert_sound(fixture);
	ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(fixture->engine)),
			  fixture_stored_hash(fixture));
}

/* ---- rows -------------------------------------------------------- */

struct rows {
	size_t count;
	bool done;
	uint8_t value[65536];
	size_t size;
};

static int count_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct rows *rows = arg;
	rows->count++;
	rows->size = value.size < sizeof(rows->value) ? value.size : sizeof(rows->value);
	if (rows->size > 0)
		memcpy(rows->value, value.data, rows->size);
	return CENTRO_OK;
}

static void count_done(void *arg, int status)
{
	struct rows *rows = arg;
	ck_assert_int_eq(status, CENTRO_OK);
	rows->done = true;
}

static void scan_rows(struct fixture *fixture, struct centro_bytes first, struct centro_bytes end,
		      struct rows *rows)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_store *store;
	ck_assert_int_eq(ctr_store_memory_open(fixture->disk, &options, &store), CENTRO_OK);
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.first = first;
	scan.end = end;
	rows->count = rows->size = 0;
	rows->done = false;
	ck_assert_int_eq(centro_store_scan(store, &scan, count_row, count_done, rows), CENTRO_OK);
	ck_assert(rows->done);
	centro_store_free(store);
}

size_t fixture_row_count(struct fixture *fixture, const char *first, const char *end)
{
	struct rows rows;
	scan_rows(fixture, ctr_bytes_str(first), ctr_bytes_str(end), &rows);
	return rows.count;
}

struct centro_bytes fixture_row(struct fixture *fixture, const char *key)
{
	static struct rows rows;
	/* With its terminator, the key is what comes right behind itself. */
	scan_rows(fixture, ctr_bytes_str(key), ctr_bytes(key, strlen(key) + 1), &rows);
	return ctr_bytes(rows.value, rows.size);
}

static void write_done(void *arg, int status)
{
	ck_assert_int_eq(status, CENTRO_OK);
}

void fixture_set_row(struct fixture *fixture, const char *key, const void *value, size_t size)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_store *store;
	uint64_t term = 0;
	ck_assert_int_eq(ctr_store_memory_open(fixture->disk, &options, &store), CENTRO_OK);
	ck_assert_int_eq(centro_store_campaign(store, "test", &term, write_done, NULL, NULL),
			 CENTRO_OK);
	struct centro_batch *batch = centro_batch_new(NULL);
	if (value)
		ck_assert_int_eq(
			centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes(value, size)),
			CENTRO_OK);
	else
		ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str(key)), CENTRO_OK);
	ck_assert_int_eq(centro_store_commit(store, batch, write_done, NULL), CENTRO_OK);
	centro_batch_free(batch);
	centro_store_free(store);
}
