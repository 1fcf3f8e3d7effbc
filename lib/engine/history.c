/* SPDX-License-Identifier: MIT */
/*
 * history.c - jobs that have ended: the recent ones from memory, the others from
 * the store.
 *
 * A read waits like an answer does, until all that had been applied when it was
 * asked for is durable, and then sees at least that (I12). A few are under way at
 * a time; the others wait in order.
 *
 * Invariant: whoever asked is called exactly once, from ctr_engine_dispatch() or
 * ctr_engine_free(), and never from inside the store's row function, except
 * `row`.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "engine/internal.h"

/* One read under way: of a job or of a stretch of the history. */
struct ctr_read_slot {
	struct ctr_engine *engine;
	struct ctr_job_read *job;         /* NULL: none */
	struct ctr_history_read *history; /* NULL: none */
	struct ctr_buf value;             /* of the job */
	bool stopped;                     /* by `row` */
};

/* A read buffer larger than this is not kept. */
#define VALUE_BYTES_KEPT ((size_t)64 * 1024)

int ctr_history_init(struct ctr_engine *engine)
{
	ctr_list_init(&engine->job_reads);
	ctr_list_init(&engine->history_reads);
	engine->read_slots = ctr_alloc_array(engine->allocator, CTR_ENGINE_READS_MAX,
					     sizeof(*engine->read_slots));
	if (!engine->read_slots)
		return CENTRO_ERR_NOMEM;
	for (size_t i = 0; i < CTR_ENGINE_READS_MAX; i++) {
		engine->read_slots[i].engine = engine;
		ctr_buf_init(&engine->read_slots[i].value, engine->allocator, 0);
	}
	return CENTRO_OK;
}

void ctr_history_fini(struct ctr_engine *engine)
{
	CTR_ASSERT(engine->reads_under_way == 0);

	for (size_t i = 0; engine->read_slots && i < CTR_ENGINE_READS_MAX; i++)
		ctr_buf_fini(&engine->read_slots[i].value);
	ctr_free(engine->allocator, engine->read_slots);
}

struct centro_bytes ctr_engine_recent_job(const struct ctr_engine *engine, centro_job_id id)
{
	return ctr_recent_find(&engine->recent, id);
}

void ctr_engine_read_job(struct ctr_engine *engine, struct ctr_job_read *read)
{
	CTR_ASSERT(read->fn);
	read->batch = ctr_pipeline_tag(engine);
	ctr_list_append(&engine->job_reads, &read->link);
}

void ctr_engine_read_history(struct ctr_engine *engine, struct ctr_history_read *read)
{
	CTR_ASSERT(read->fn && read->row);
	read->batch = ctr_pipeline_tag(engine);
	ctr_list_append(&engine->history_reads, &read->link);
}

/* ---- under way --------------------------------------------------- */

static struct ctr_read_slot *take_slot(struct ctr_engine *engine)
{
	for (size_t i = 0; i < CTR_ENGINE_READS_MAX; i++) {
		struct ctr_read_slot *slot = &engine->read_slots[i];
		if (slot->job || slot->history)
			continue;
		engine->reads_under_way++;
		return slot;
	}
	CTR_UNREACHABLE();
}

static void end_read(struct ctr_read_slot *slot, int status)
{
	struct ctr_job_read *job = slot->job;
	struct ctr_history_read *history = slot->history;
	CTR_ASSERT(!job != !history);

	/* The slot is not free before the answer, which is in its buffer, is given. */
	if (job)
		job->fn(job, status, ctr_buf_bytes(&slot->value));
	else
		history->fn(history, status);
	if (slot->value.capacity > VALUE_BYTES_KEPT)
		ctr_buf_fini(&slot->value);
	ctr_buf_clear(&slot->value);
	slot->job = NULL;
	slot->history = NULL;
	slot->stopped = false;
	slot->engine->reads_under_way--;
}

static int job_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_read_slot *slot = arg;
	return ctr_buf_append_bytes(&slot->value, value);
}

static void job_done(void *arg, int status)
{
	struct ctr_read_slot *slot = arg;
	if (status == CENTRO_OK && slot->value.size == 0)
		status = CENTRO_ERR_NOT_FOUND;
	end_read(slot, status);
}

static int history_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_read_slot *slot = arg;
	uint64_t id;
	struct centro_bytes name;
	if (ctr_key_parse(key, &id, &name) != CTR_KEY_HISTORY)
		return CENTRO_ERR_CORRUPT;
	slot->stopped = slot->history->row(slot->history, id, value) != 0;
	/* Only ends the scan: it is no error. */
	return slot->stopped ? CENTRO_ERR_CANCELLED : CENTRO_OK;
}

static void history_done(void *arg, int status)
{
	struct ctr_read_slot *slot = arg;
	end_read(slot, slot->stopped ? CENTRO_OK : status);
}

/* ---- start ------------------------------------------------------- */

static void start_job_read(struct ctr_engine *engine, struct ctr_job_read *read)
{
	struct ctr_read_slot *slot = take_slot(engine);
	slot->job = read;
	struct ctr_key key = ctr_key_history(read->id);
	/* With its terminator, the key is what comes right behind itself. */
	struct centro_scan scan = {
		.size = sizeof(scan),
		.first = ctr_key_bytes(&key),
		.end = ctr_bytes(key.text, key.size + 1),
		.rows_max = 1,
	};
	int status = centro_store_scan(engine->store, &scan, job_row, job_done, slot);
	if (status != CENTRO_OK)
		end_read(slot, status);
}

static void start_history_read(struct ctr_engine *engine, struct ctr_history_read *read)
{
	struct ctr_read_slot *slot = take_slot(engine);
	slot->history = read;
	struct ctr_key below = ctr_key_history(read->id_below);
	struct centro_scan scan = {
		.size = sizeof(scan),
		.first = ctr_bytes_str(CTR_KEY_HISTORY_FIRST),
		.end = read->id_below > 0 ? ctr_key_bytes(&below)
					  : ctr_bytes_str(CTR_KEY_HISTORY_END),
		.reverse = true,
		.rows_max = read->rows_max,
	};
	int status = centro_store_scan(engine->store, &scan, history_row, history_done, slot);
	if (status != CENTRO_OK)
		end_read(slot, status);
}

static struct ctr_job_read *first_job_read(const struct ctr_engine *engine)
{
	if (ctr_list_is_empty(&engine->job_reads))
		return NULL;
	return ctr_list_entry(engine->job_reads.next, struct ctr_job_read, link);
}

static struct ctr_history_read *first_history_read(const struct ctr_engine *engine)
{
	if (ctr_list_is_empty(&engine->history_reads))
		return NULL;
	return ctr_list_entry(engine->history_reads.next, struct ctr_history_read, link);
}

bool ctr_history_is_ready(const struct ctr_engine *engine)
{
	const struct ctr_job_read *job = first_job_read(engine);
	const struct ctr_history_read *history = first_history_read(engine);
	return engine->reads_under_way < CTR_ENGINE_READS_MAX &&
	       ((job && job->batch <= engine->batch_durable) ||
		(history && history->batch <= engine->batch_durable));
}

/* The one whose turn it is; single jobs first, they are small. */
static void start_one(struct ctr_engine *engine)
{
	struct ctr_job_read *job = first_job_read(engine);
	if (job && job->batch <= engine->batch_durable) {
		ctr_list_remove(&job->link);
		start_job_read(engine, job);
		return;
	}
	struct ctr_history_read *history = first_history_read(engine);
	CTR_ASSERT(history && history->batch <= engine->batch_durable);
	ctr_list_remove(&history->link);
	start_history_read(engine, history);
}

void ctr_history_start(struct ctr_engine *engine)
{
	if (engine->state == CTR_ENGINE_FAILED) {
		ctr_history_cancel(engine, engine->error);
		return;
	}
	/* Bounded, for a store that answers at once and an asker who asks again. */
	for (size_t i = 0; i < CTR_ENGINE_READS_MAX && ctr_history_is_ready(engine); i++) {
		engine->store_started = true;
		start_one(engine);
	}
}

void ctr_history_cancel(struct ctr_engine *engine, int status)
{
	struct ctr_job_read *job;
	while ((job = first_job_read(engine))) {
		ctr_list_remove(&job->link);
		job->fn(job, status, ctr_bytes(NULL, 0));
	}
	struct ctr_history_read *history;
	while ((history = first_history_read(engine))) {
		ctr_list_remove(&history->link);
		history->fn(history, status);
	}
}
