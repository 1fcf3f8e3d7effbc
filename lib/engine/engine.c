/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the life of an engine: from a store to a state, and to its end.
 *
 * LOADING → READY ⇄ LOADING (a commit was refused) → FAILED. Failed is for good:
 * what the store holds is not known any more, so nothing is acknowledged (I13).
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/internal.h"

#define NAME_DEFAULT               "centro"
#define EVENTS_MAX_DEFAULT         100000
#define RECENT_JOBS_MAX_DEFAULT    1000
#define BATCH_OPS_MAX_DEFAULT      20000
#define SCHEDULE_OPS_DEFAULT       20000
#define STORE_FULL_PERCENT_DEFAULT 90
#define HISTORY_KEEP_DEFAULT       1000000
#define HISTORY_AGE_MS_DEFAULT     (UINT64_C(30) * 24 * 3600 * 1000)
#define REQUESTS_MAX_DEFAULT       1000000
#define REQUEST_TTL_MS_DEFAULT     (UINT64_C(24) * 3600 * 1000)

/* What one command may add beyond the overrun must still fit. */
_Static_assert(CTR_ENGINE_BATCH_BYTES_MAX *CTR_ENGINE_BATCH_OVERRUN <=
		       CENTRO_STORE_BATCH_BYTES_MAX / 4 * 3,
	       "a full batch is within the store's limit");

_Static_assert(CTR_RECORD_SIZE_MAX <= CENTRO_STORE_VALUE_SIZE_MAX, "a job's record is a value");

static void default_u32(uint32_t *value, uint32_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void fill_in_defaults(struct ctr_engine_options *options)
{
	if (!options->name)
		options->name = NAME_DEFAULT;
	default_u32(&options->events_max, EVENTS_MAX_DEFAULT);
	default_u32(&options->recent_jobs_max, RECENT_JOBS_MAX_DEFAULT);
	default_u32(&options->batch_ops_max, BATCH_OPS_MAX_DEFAULT);
	default_u32(&options->schedule_ops, SCHEDULE_OPS_DEFAULT);
	default_u32(&options->store_full_percent, STORE_FULL_PERCENT_DEFAULT);
	default_u32(&options->core.requests_max, REQUESTS_MAX_DEFAULT);
	if (options->history_keep == 0)
		options->history_keep = HISTORY_KEEP_DEFAULT;
	if (options->history_age.ns == 0)
		options->history_age = ctr_span_ms(HISTORY_AGE_MS_DEFAULT);
	if (options->core.request_ttl.ns == 0)
		options->core.request_ttl = ctr_span_ms(REQUEST_TTL_MS_DEFAULT);
}

static int check_options(const struct ctr_engine_options *options, struct centro_error_text *text)
{
	if (options->store_full_percent > 100)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "store_full_percent: %u is not a percentage: at most 100",
				 options->store_full_percent);
	uint64_t ops_max = (uint64_t)options->batch_ops_max * CTR_ENGINE_BATCH_OVERRUN;
	if (ops_max > CENTRO_STORE_BATCH_OPS_MAX / 2)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "batch_ops_max: %u is too many for a store: at most %u",
				 options->batch_ops_max,
				 CENTRO_STORE_BATCH_OPS_MAX / 2 / CTR_ENGINE_BATCH_OVERRUN);
	if ((unsigned)options->core.order > CTR_ORDER_FIFO)
		return ctr_error(text, CENTRO_ERR_INVALID, "order: %d is neither fill nor fifo",
				 (int)options->core.order);
	return CENTRO_OK;
}

static int init_parts(struct ctr_engine *engine)
{
	ctr_list_init(&engine->releases);
	ctr_list_init(&engine->subscribers);
	ctr_list_init(&engine->event_reads);
	ctr_buf_init(&engine->record, engine->allocator, 0);
	ctr_buf_init(&engine->event_records, engine->allocator, 0);
	int status = ctr_history_init(engine);
	int trim = ctr_trim_init(engine);
	int recent = ctr_recent_init(&engine->recent, engine->allocator,
				     engine->options.recent_jobs_max, CTR_ENGINE_RECENT_BYTES_MAX);
	engine->flight.batch = centro_batch_new(engine->allocator);
	int journal = CENTRO_OK;
	if (engine->options.journal)
		journal = ctr_journal_new(engine->allocator, engine->log, engine->options.journal,
					  &engine->journal);
	if (status != CENTRO_OK || trim != CENTRO_OK || recent != CENTRO_OK ||
	    journal != CENTRO_OK || !engine->flight.batch)
		return CENTRO_ERR_NOMEM;
	return CENTRO_OK;
}

static void free_parts(struct ctr_engine *engine)
{
	ctr_recover_fini(engine);
	ctr_core_free(engine->core);
	ctr_journal_free(engine->journal);
	ctr_history_fini(engine);
	ctr_trim_fini(engine);
	ctr_recent_fini(&engine->recent);
	ctr_buf_fini(&engine->record);
	ctr_buf_fini(&engine->event_records);
	centro_batch_free(engine->flight.batch);
	ctr_free(engine->allocator, engine->flight.events);
	ctr_free(engine->allocator, engine);
}

static struct ctr_engine *allocate(const struct ctr_engine_options *options)
{
	const struct centro_allocator *allocator = ctr_allocator_or_default(options->allocator);
	struct ctr_engine *engine = ctr_alloc_zero(allocator, sizeof(*engine));
	if (!engine)
		return NULL;
	engine->allocator = allocator;
	engine->log = options->log;
	engine->options = *options;
	engine->options.core.allocator = allocator;
	engine->options.core.keep_hash |= options->journal != NULL;
	fill_in_defaults(&engine->options);
	engine->store_wake = CTR_NEVER;
	engine->batch_open = 1;
	return engine;
}

int ctr_engine_new(const struct ctr_engine_options *options, struct centro_store *store,
		   struct centro_time now, struct ctr_engine **ret_engine,
		   struct centro_error_text *text)
{
	CTR_ASSERT(options && store && ret_engine);

	struct ctr_engine *engine = allocate(options);
	if (!engine) {
		centro_store_free(store);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	engine->store = store;
	int status = init_parts(engine);
	if (status != CENTRO_OK)
		ctr_error(text, status, "out of memory");
	else
		status = check_options(&engine->options, text);
	if (status == CENTRO_OK) {
		ctr_cluster_clock_init(&engine->clock, now);
		ctr_recover_begin(engine);
		if (engine->state == CTR_ENGINE_LOADING)
			ctr_recover_run(engine);
		if (engine->state == CTR_ENGINE_FAILED)
			status = ctr_engine_get_error(engine, text);
	}
	if (status != CENTRO_OK) {
		ctr_engine_free(engine);
		return status;
	}
	*ret_engine = engine;
	return CENTRO_OK;
}

/* Nobody is told of events any more, but whoever waits is told the outcome. */
void ctr_engine_free(struct ctr_engine *engine)
{
	if (!engine)
		return;
	CTR_ASSERT(!engine->dispatching);

	if (!engine->flight.under_way && ctr_pipeline_is_open(engine))
		ctr_pipeline_commit(engine);
	/* Waits for the commit under way; reads under way end with CENTRO_ERR_CANCELLED. */
	centro_store_free(engine->store);
	engine->store = NULL;
	if (engine->flight.done && engine->flight.status == CENTRO_OK)
		engine->batch_durable = engine->batch_open - 1;
	if (engine->state == CTR_ENGINE_READY)
		engine->state = CTR_ENGINE_LOADING; /* whoever is called may not go on */
	ctr_pipeline_drop(engine, CENTRO_ERR_CANCELLED);
	ctr_history_cancel(engine, CENTRO_ERR_CANCELLED);
	ctr_event_reads_cancel(engine, CENTRO_ERR_CANCELLED);
	free_parts(engine);
}

void ctr_engine_abandon(struct ctr_engine *engine)
{
	CTR_ASSERT(!engine->dispatching);
	CTR_ASSERT(ctr_list_is_empty(&engine->subscribers));
	engine->store = NULL;
	engine->reads_under_way = 0;
	free_parts(engine);
}

void ctr_engine_fail(struct ctr_engine *engine, int error, const char *why)
{
	CTR_ASSERT(error < 0);
	if (engine->state == CTR_ENGINE_FAILED)
		return;

	engine->state = CTR_ENGINE_FAILED;
	engine->error = error;
	ctr_error(&engine->error_text, error, "%s", why);
	ctr_log_error(engine->log, "engine failed error=%s: %s", centro_error_name(error), why);
	ctr_pipeline_drop(engine, CENTRO_ERR_UNAVAILABLE);
}

enum ctr_engine_state ctr_engine_get_state(const struct ctr_engine *engine)
{
	return engine->state;
}

int ctr_engine_get_error(const struct ctr_engine *engine, struct centro_error_text *text)
{
	if (engine->state != CTR_ENGINE_FAILED)
		return CENTRO_OK;
	return ctr_error(text, engine->error, "%s", engine->error_text.text);
}

uint64_t ctr_engine_get_term(const struct ctr_engine *engine)
{
	return engine->term;
}

const struct ctr_core *ctr_engine_core(const struct ctr_engine *engine)
{
	return engine->core;
}

const struct centro_allocator *ctr_engine_allocator(const struct ctr_engine *engine)
{
	return engine->allocator;
}

struct ctr_now ctr_engine_now(const struct ctr_engine *engine, struct centro_time now)
{
	return ctr_cluster_clock_at(&engine->clock, now);
}

void ctr_engine_history_limits(const struct ctr_engine *engine, uint64_t *ret_keep,
			       struct centro_span *ret_age)
{
	*ret_keep = engine->options.history_keep;
	*ret_age = engine->options.history_age;
}
