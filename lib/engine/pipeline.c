/* SPDX-License-Identifier: MIT */
/*
 * pipeline.c - command → core → batch → release after commit.
 *
 * A command is applied at once, and belongs to the open batch. While one batch
 * is being committed the next one gathers. What waits is tagged with the batch
 * that it saw, and is let go, in order, when that batch is durable.
 *
 * Invariants: at most one commit is under way; batch_durable < batch_open; the
 * list of releases is in the order of its tags; nobody is called back but from
 * ctr_engine_dispatch(), except `applied`.
 *
 * Layer: engine.
 */

#include "base/assert.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/internal.h"

/* Between two looks at how large the batch has become. */
#define SCHEDULE_STEP_OPS 1024

/* ---- the open batch ---------------------------------------------- */

bool ctr_pipeline_is_open(const struct ctr_engine *engine)
{
	if (engine->state != CTR_ENGINE_READY)
		return false;
	size_t count;
	ctr_core_events(engine->core, &count);
	return count > 0;
}

/* Whether there is something to be written, be it only what goes. */
static bool wants_commit(const struct ctr_engine *engine)
{
	return !engine->flight.under_way &&
	       (ctr_pipeline_is_open(engine) || ctr_trim_is_urgent(engine));
}

bool ctr_pipeline_is_crowded(const struct ctr_engine *engine)
{
	return engine->weight.ops >= engine->options.batch_ops_max ||
	       engine->weight.bytes >= CTR_ENGINE_BATCH_BYTES_MAX;
}

/* Commands must wait as well. */
static bool is_closed(const struct ctr_engine *engine)
{
	uint64_t ops_max = (uint64_t)engine->options.batch_ops_max * CTR_ENGINE_BATCH_OVERRUN;
	return engine->weight.ops >= ops_max ||
	       engine->weight.bytes >= CTR_ENGINE_BATCH_BYTES_MAX * CTR_ENGINE_BATCH_OVERRUN;
}

uint64_t ctr_pipeline_tag(const struct ctr_engine *engine)
{
	CTR_ASSERT(engine->batch_durable < engine->batch_open);

	if (ctr_pipeline_is_open(engine))
		return engine->batch_open;
	if (engine->flight.under_way)
		return engine->batch_open - 1;
	return engine->batch_durable;
}

uint64_t ctr_engine_batch(const struct ctr_engine *engine)
{
	return engine->batch_open;
}

uint64_t ctr_engine_durable_event(const struct ctr_engine *engine)
{
	return engine->durable_event;
}

/* ---- execute ----------------------------------------------------- */

static int refuse(struct ctr_result *ret_result, int status, const char *text)
{
	*ret_result = (struct ctr_result){.status = status};
	return ctr_error(&ret_result->text, status, "%s", text);
}

/* Why the command is not even looked at. */
static int check_command(const struct ctr_engine *engine, enum ctr_command_type type,
			 const char **ret_text)
{
	CTR_ASSERT(type < CTR_COMMAND_COUNT);

	if (engine->state == CTR_ENGINE_FAILED) {
		*ret_text = engine->error_text.text;
		return engine->error;
	}
	if (engine->state == CTR_ENGINE_LOADING) {
		*ret_text = "the state is being read from the store; try again";
		return CENTRO_ERR_UNAVAILABLE;
	}
	if (type == CTR_COMMAND_HEARTBEAT || type == CTR_COMMAND_CLAIM)
		return CENTRO_OK;
	if (type == CTR_COMMAND_SUBMIT && engine->store_full) {
		*ret_text = "the store is nearly full; no jobs are taken until there is room";
		return CENTRO_ERR_FULL;
	}
	if (is_closed(engine)) {
		*ret_text = "too much waits to be written; try again";
		return CENTRO_ERR_UNAVAILABLE;
	}
	return CENTRO_OK;
}

int ctr_engine_execute(struct ctr_engine *engine, struct centro_time now,
		       const struct ctr_command *command, struct ctr_result *ret_result)
{
	CTR_ASSERT(command && ret_result);

	const char *text = "";
	int status = check_command(engine, command->type, &text);
	if (status != CENTRO_OK)
		return refuse(ret_result, status, text);

	ctr_cluster_clock_advance(&engine->clock, now);
	struct ctr_now at = ctr_cluster_clock_now(&engine->clock);
	status = ctr_core_execute(engine->core, at, command, ret_result);
	ctr_journal_executed(engine->journal, engine->core, at, command, ret_result);
	ctr_events_note(engine);
	return status;
}

int ctr_engine_try_submit(const struct ctr_engine *engine, struct centro_time now,
			  const struct ctr_job_spec *spec, struct ctr_result *ret_result)
{
	const char *text = "";
	int status = check_command(engine, CTR_COMMAND_SUBMIT, &text);
	if (status != CENTRO_OK)
		return refuse(ret_result, status, text);
	return ctr_core_try_submit(engine->core, ctr_engine_now(engine, now), spec, ret_result);
}

/* ---- release ----------------------------------------------------- */

void ctr_release_init(struct ctr_release *release,
		      void (*fn)(struct ctr_release *release, int status))
{
	CTR_ASSERT(fn);

	ctr_list_init(&release->link);
	release->fn = fn;
	release->batch = 0;
}

void ctr_engine_release(struct ctr_engine *engine, struct ctr_release *release)
{
	CTR_ASSERT(ctr_list_is_empty(&release->link));

	release->batch = ctr_pipeline_tag(engine);
	if (!ctr_list_is_empty(&engine->releases)) {
		const struct ctr_release *last =
			ctr_list_entry(engine->releases.prev, struct ctr_release, link);
		CTR_ASSERT(last->batch <= release->batch);
	}
	ctr_list_append(&engine->releases, &release->link);
}

void ctr_release_cancel(struct ctr_release *release)
{
	ctr_list_remove(&release->link);
}

/* Move those of batches up to `batch_max` to the end of `to`. */
static void take_releases(struct ctr_engine *engine, uint64_t batch_max, struct ctr_list *to)
{
	while (!ctr_list_is_empty(&engine->releases)) {
		struct ctr_list *first = engine->releases.next;
		if (ctr_list_entry(first, struct ctr_release, link)->batch > batch_max)
			return;
		ctr_list_remove(first);
		ctr_list_append(to, first);
	}
}

/* Each may cancel others of the list, and add new ones to the engine's. */
static void let_go(struct ctr_list *releases, int status)
{
	while (!ctr_list_is_empty(releases)) {
		struct ctr_release *release =
			ctr_list_entry(releases->next, struct ctr_release, link);
		ctr_list_remove(&release->link);
		release->fn(release, status);
	}
}

static void release_durable(struct ctr_engine *engine)
{
	struct ctr_list durable;
	ctr_list_init(&durable);
	take_releases(engine, engine->batch_durable, &durable);
	let_go(&durable, engine->state == CTR_ENGINE_FAILED ? CENTRO_ERR_UNAVAILABLE : CENTRO_OK);
}

void ctr_pipeline_drop(struct ctr_engine *engine, int status)
{
	CTR_ASSERT(status < 0);
	CTR_ASSERT(engine->state != CTR_ENGINE_READY);

	ctr_core_free(engine->core);
	engine->core = NULL;
	release_durable(engine);
	struct ctr_list lost;
	ctr_list_init(&lost);
	take_releases(engine, UINT64_MAX, &lost);

	engine->told = 0;
	engine->more = false;
	engine->batch_durable = engine->batch_open++;
	ctr_weight_clear(&engine->weight);
	ctr_recent_clear(&engine->recent);
	ctr_retention_reset(&engine->retention);
	ctr_trim_reset(engine);
	let_go(&lost, status);
}

/* ---- commit ------------------------------------------------------ */

static void commit_done(void *arg, int status)
{
	struct ctr_engine *engine = arg;
	CTR_ASSERT(engine->flight.under_way && !engine->flight.done);

	engine->flight.done = true;
	engine->flight.status = status;
}

void ctr_pipeline_commit(struct ctr_engine *engine)
{
	struct ctr_flight *flight = &engine->flight;
	CTR_ASSERT(wants_commit(engine));

	engine->batch_open++;
	ctr_weight_clear(&engine->weight);
	flight->under_way = true;
	flight->done = false;
	engine->store_started = true;
	int status = ctr_batch_build(engine);
	engine->told = 0;
	if (status == CENTRO_OK)
		ctr_journal_took(engine->journal, engine->core);
	if (status == CENTRO_OK)
		status = centro_store_commit(engine->store, flight->batch, commit_done, engine);
	if (status != CENTRO_OK)
		commit_done(engine, status);
}

static void check_usage(struct ctr_engine *engine)
{
	struct centro_store_usage usage = {.size = sizeof(usage)};
	centro_store_get_usage(engine->store, &usage);
	bool full = ctr_trim_note_usage(engine, &usage);
	if (full && !engine->store_full)
		ctr_log_warn(engine->log, "store nearly full bytes=%llu bytes_max=%llu",
			     (unsigned long long)usage.bytes, (unsigned long long)usage.bytes_max);
	engine->store_full = full;
}

static void note_durable(struct ctr_engine *engine)
{
	const struct ctr_flight *flight = &engine->flight;
	engine->batch_durable = engine->batch_open - 1;
	if (flight->event_count > 0) {
		CTR_ASSERT(flight->events[0].number == engine->durable_event + 1);
		engine->durable_event = flight->events[flight->event_count - 1].number;
	}
	check_usage(engine);
	ctr_events_tell_durable(engine);
}

/* The state is ahead of what the store has taken: read it anew. */
static void reload(struct ctr_engine *engine, int status)
{
	ctr_log_warn(engine->log, "commit refused error=%s: reading the state anew",
		     centro_error_name(status));
	engine->state = CTR_ENGINE_LOADING;
	ctr_pipeline_drop(engine, status);
	ctr_recover_begin(engine);
}

/* Deal with what the store has answered. */
static void settle(struct ctr_engine *engine)
{
	struct ctr_flight *flight = &engine->flight;

	if (engine->state != CTR_ENGINE_FAILED && flight->done) {
		int status = flight->status;
		flight->under_way = flight->done = false;
		if (status == CENTRO_OK)
			note_durable(engine);
		else if (status == CENTRO_ERR_IO)
			ctr_engine_fail(engine, status, centro_store_failure(engine->store));
		else if (status != CENTRO_ERR_FENCED)
			reload(engine, status);
		else
			engine->fenced = true;
	}
	if (engine->fenced)
		ctr_engine_fail(engine, CENTRO_ERR_FENCED,
				"another server has taken the store over");
	release_durable(engine);
}

/* ---- dispatch ---------------------------------------------------- */

static void poll_store(struct ctr_engine *engine)
{
	engine->store_started = false;
	int status = centro_store_poll(engine->store, engine->clock.steady, &engine->store_wake);
	settle(engine);
	if (status == CENTRO_ERR_IO)
		ctr_engine_fail(engine, status, centro_store_failure(engine->store));
	if (engine->state == CTR_ENGINE_LOADING)
		ctr_recover_run(engine);
}

static bool schedule(struct ctr_engine *engine)
{
	struct ctr_now now = ctr_cluster_clock_now(&engine->clock);
	uint32_t left = engine->options.schedule_ops;
	bool more = true;
	while (more && left > 0 && !ctr_pipeline_is_crowded(engine)) {
		uint32_t step = left < SCHEDULE_STEP_OPS ? left : SCHEDULE_STEP_OPS;
		more = ctr_core_schedule(engine->core, now, step);
		ctr_journal_scheduled(engine->journal, engine->core, now, step, more);
		ctr_events_note(engine);
		left -= step;
	}
	return more;
}

/* What the engine does of its own accord, in bounded pieces. */
static void work(struct ctr_engine *engine)
{
	CTR_ASSERT(engine->state == CTR_ENGINE_READY);

	/* What it leaves undone, the core's next wake tells. */
	if (!ctr_pipeline_is_crowded(engine)) {
		struct ctr_now now = ctr_cluster_clock_now(&engine->clock);
		bool more = ctr_core_tick(engine->core, now);
		ctr_journal_ticked(engine->journal, engine->core, now, more);
		ctr_events_note(engine);
	}
	engine->more = schedule(engine);
	if (wants_commit(engine))
		ctr_pipeline_commit(engine);
	ctr_retention_scan(engine);
	ctr_trim_scan(engine);
}

int ctr_engine_dispatch(struct ctr_engine *engine, struct centro_time now)
{
	CTR_ASSERT(!engine->dispatching);

	engine->dispatching = true;
	ctr_cluster_clock_advance(&engine->clock, now);
	poll_store(engine);
	if (engine->state == CTR_ENGINE_READY)
		work(engine);
	ctr_history_start(engine);
	ctr_event_reads_start(engine);
	/* The wake counts what has just been started; and some of it may be done already. */
	if (engine->store_started)
		poll_store(engine);
	ctr_journal_flush(engine->journal);
	engine->dispatching = false;
	return engine->state == CTR_ENGINE_FAILED ? engine->error : CENTRO_OK;
}

int ctr_engine_fd(const struct ctr_engine *engine)
{
	return centro_store_fd(engine->store);
}

/* Something can be done without waiting for anybody. */
static bool is_due(const struct ctr_engine *engine)
{
	if (!ctr_list_is_empty(&engine->releases)) {
		const struct ctr_release *first =
			ctr_list_entry(engine->releases.next, struct ctr_release, link);
		if (first->batch <= engine->batch_durable)
			return true;
	}
	return ctr_history_is_ready(engine) || ctr_event_reads_is_ready(engine) ||
	       wants_commit(engine);
}

struct centro_instant ctr_engine_get_wake(const struct ctr_engine *engine)
{
	if (is_due(engine))
		return engine->clock.steady;
	if (engine->state == CTR_ENGINE_FAILED)
		return CTR_NEVER;
	/* The last poll did not know of it yet. */
	if (engine->store_started)
		return engine->clock.steady;
	if (engine->state == CTR_ENGINE_LOADING)
		return ctr_earlier(engine->store_wake, ctr_recover_wake(engine));

	/* A full batch waits for the commit under way, however much is due. */
	if (ctr_pipeline_is_crowded(engine))
		return engine->store_wake;
	if (engine->more)
		return engine->clock.steady;
	struct centro_instant due = ctr_core_next_wake(engine->core);
	return ctr_earlier(engine->store_wake, ctr_cluster_clock_to_steady(&engine->clock, due));
}
