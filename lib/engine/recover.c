/* SPDX-License-Identifier: MIT */
/*
 * recover.c - the state, read from the store.
 *
 * One path for a start and for a commit that was refused (I11): a new core; the
 * format; leadership, unless we have it; all that lives, in one scan; the end of
 * the events; request ids of jobs that have ended. State records are the truth:
 * of the events only the last number and the cluster time are read.
 *
 * What does not make sense ends it with an error that names the row.
 *
 * Invariant: one operation of the store at a time; the core is not handed over
 * before everything has been read.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/codec.h"
#include "engine/internal.h"

/* Only a reload waits for memory: a start that lacks it fails. */
#define RETRY_MS 100
/*
 * The history is in the order of submits, but their wall times may have jumped:
 * look at so many that are too old before believing that all the rest are.
 */
#define EXPIRED_ROWS_MAX 10000
/* Ends a scan, and is no error. */
#define ENOUGH 1

static struct ctr_engine *engine_of(void *arg)
{
	return arg;
}

/* ---- rows -------------------------------------------------------- */

static int format_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_recovery *recovery = &engine_of(arg)->recovery;
	struct centro_error_text why = {0};
	recovery->has_format = true;
	return ctr_row_status(&recovery->loader, key, ctr_codec_decode_format(value, &why), &why);
}

static int live_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_recovery *recovery = &engine_of(arg)->recovery;
	enum ctr_key_type type;

	recovery->rows++;
	int status = ctr_row_load(&recovery->loader, key, value, &type);
	ctr_journal_row(engine_of(arg)->journal, recovery->core, key, value, status);
	if (status == CENTRO_OK && type == CTR_KEY_FORMAT)
		status = format_row(arg, key, value);
	return status;
}

static int events_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_engine *engine = engine_of(arg);
	struct ctr_recovery *recovery = &engine->recovery;
	struct centro_error_text why = {0};
	struct centro_instant cluster;
	int status = ctr_codec_decode_events_end(value, &recovery->last_event, &cluster, &why);
	if (status == CENTRO_OK)
		ctr_cluster_clock_raise(&engine->clock, cluster);
	return ctr_row_status(&recovery->loader, key, status, &why);
}

/* Whether a job that has ended can have its number, given who else has one. */
static int check_ended_id(struct ctr_recovery *recovery, struct centro_bytes key, centro_job_id id)
{
	uint64_t number = 0;
	struct centro_bytes name;
	centro_job_id job;
	centro_node_id node;
	enum ctr_key_type type = ctr_key_parse(key, &number, &name);
	if (type != CTR_KEY_HISTORY && type != CTR_KEY_GONE)
		return ctr_row_error(&recovery->loader, key, CENTRO_ERR_CORRUPT,
				     "no record has such a key");
	if (id == 0 || id != number)
		return ctr_row_error(&recovery->loader, key, CENTRO_ERR_CORRUPT,
				     "the record is that of another job");
	ctr_core_reserved_ids(recovery->core, &job, &node);
	if (id >= job)
		return ctr_row_error(&recovery->loader, key, CENTRO_ERR_CORRUPT,
				     "the row \"meta/ids\" says that its number is free");
	return CENTRO_OK;
}

static int decode_request(struct ctr_recovery *recovery, struct centro_bytes key,
			  struct centro_bytes value, struct ctr_request_load *ret_request)
{
	struct centro_error_text why = {0};
	ctr_row_reset_arena(&recovery->loader, value.size);
	int status = ctr_codec_decode_request(value, &recovery->loader.arena, ret_request, &why);
	if (status != CENTRO_OK)
		return ctr_row_status(&recovery->loader, key, status, &why);
	return check_ended_id(recovery, key, ret_request->job);
}

/* From the newest back, to find the oldest whose request id still counts. */
static int requests_from_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_engine *engine = engine_of(arg);
	struct ctr_recovery *recovery = &engine->recovery;
	struct ctr_request_load request;
	int status = decode_request(recovery, key, value, &request);
	if (status != CENTRO_OK)
		return status;

	struct centro_instant until = ctr_after(request.wall, engine->options.core.request_ttl);
	if (!ctr_reached(until, engine->clock.wall)) {
		recovery->requests_from = request.job;
		recovery->expired = 0;
	} else if (++recovery->expired == EXPIRED_ROWS_MAX) {
		return ENOUGH;
	}
	return CENTRO_OK;
}

/* In the order in which they came, which is the order in which they are forgotten. */
static int requests_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_recovery *recovery = &engine_of(arg)->recovery;
	struct ctr_request_load request;
	int status = decode_request(recovery, key, value, &request);
	if (status != CENTRO_OK || request.request_id.size == 0)
		return status;
	struct centro_error_text why = {0};
	status = ctr_core_load_request(recovery->core, request.owner, request.request_id,
				       request.spec_hash, request.job, request.wall);
	ctr_journal_request(engine_of(arg)->journal, recovery->core, &request, status);
	return ctr_row_status(&recovery->loader, key, status, &why);
}

/* All rows of "gone/", whose request ids count, and of "history/", which are only counted. */
static int history_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_engine *engine = engine_of(arg);
	uint64_t number;
	struct centro_bytes name;
	enum ctr_key_type type = ctr_key_parse(key, &number, &name);

	ctr_trim_note_row(engine, type);
	if (type == CTR_KEY_GONE || ctr_bytes_starts_with(key, ctr_bytes_str(CTR_KEY_GONE_FIRST)))
		return requests_row(arg, key, value);
	return CENTRO_OK;
}

/* ---- phases ------------------------------------------------------ */

static void operation_done(void *arg, int status)
{
	struct ctr_recovery *recovery = &engine_of(arg)->recovery;
	CTR_ASSERT(recovery->busy);

	recovery->busy = false;
	recovery->status = status;
}

static void leadership_lost(void *arg, int status)
{
	engine_of(arg)->fenced = true;
}

static int scan(struct ctr_engine *engine, struct centro_scan what, centro_store_row_fn *row)
{
	what.size = sizeof(what);
	return centro_store_scan(engine->store, &what, row, operation_done, engine);
}

static int start_format(struct ctr_engine *engine)
{
	/* With its terminator, the key is what comes right behind itself. */
	struct ctr_key key = ctr_key_format();
	struct centro_scan what = {
		.first = ctr_key_bytes(&key),
		.end = ctr_bytes(key.text, key.size + 1),
	};
	return scan(engine, what, format_row);
}

static int start_campaign(struct ctr_engine *engine)
{
	return centro_store_campaign(engine->store, engine->options.name, &engine->campaign_term,
				     operation_done, leadership_lost, engine);
}

static int start_live(struct ctr_engine *engine)
{
	return scan(engine, (struct centro_scan){.first = ctr_bytes_str(CTR_KEY_LIVE_FIRST)},
		    live_row);
}

static int start_events(struct ctr_engine *engine)
{
	struct centro_scan what = {
		.first = ctr_bytes_str(CTR_KEY_EVENT_FIRST),
		.end = ctr_bytes_str(CTR_KEY_EVENT_END),
		.reverse = true,
		.rows_max = 1,
	};
	return scan(engine, what, events_row);
}

static int start_history(struct ctr_engine *engine)
{
	struct centro_scan what = {
		.first = ctr_bytes_str(CTR_KEY_GONE_FIRST),
		.end = ctr_bytes_str(CTR_KEY_HISTORY_END),
	};
	return scan(engine, what, history_row);
}

static int start_requests_from(struct ctr_engine *engine)
{
	struct centro_scan what = {
		.first = ctr_bytes_str(CTR_KEY_HISTORY_FIRST),
		.end = ctr_bytes_str(CTR_KEY_HISTORY_END),
		.reverse = true,
		.rows_max = engine->options.core.requests_max,
	};
	return scan(engine, what, requests_from_row);
}

static int start_requests(struct ctr_engine *engine)
{
	struct ctr_key from = ctr_key_history(engine->recovery.requests_from);
	struct centro_scan what = {
		.first = ctr_key_bytes(&from),
		.end = ctr_bytes_str(CTR_KEY_HISTORY_END),
	};
	return scan(engine, what, requests_row);
}

static int (*const phase_start[])(struct ctr_engine *engine) = {
	[CTR_RECOVER_FORMAT] = start_format,     [CTR_RECOVER_CAMPAIGN] = start_campaign,
	[CTR_RECOVER_LIVE] = start_live,         [CTR_RECOVER_EVENTS] = start_events,
	[CTR_RECOVER_HISTORY] = start_history,   [CTR_RECOVER_REQUESTS_FROM] = start_requests_from,
	[CTR_RECOVER_REQUESTS] = start_requests,
};

/* What a phase's end says beside its status. */
static int check_phase(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	if (recovery->phase == CTR_RECOVER_CAMPAIGN)
		engine->term = engine->campaign_term;
	if (recovery->phase == CTR_RECOVER_LIVE)
		return ctr_row_load_end(&recovery->loader);
	if (recovery->phase == CTR_RECOVER_EVENTS && !recovery->has_format &&
	    (recovery->rows > 0 || recovery->last_event > 0))
		return ctr_error(&recovery->loader.text, CENTRO_ERR_CORRUPT,
				 "the store has no row \"%s\": it is not a store of Centro",
				 ctr_key_format().text);
	return CENTRO_OK;
}

static void finish(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	CTR_ASSERT(!engine->core && recovery->core);
	CTR_ASSERT(engine->term > 0);

	engine->core = recovery->core;
	recovery->core = NULL;
	engine->stored_format = recovery->has_format;
	engine->stored_job_ids = recovery->loader.job_ids;
	engine->stored_node_ids = recovery->loader.node_ids;
	/* The core's: a record may tell of a later event than what is kept of the events. */
	engine->durable_event = ctr_core_last_event(engine->core);
	bool reloaded = engine->loaded;
	engine->loaded = true;
	engine->state = CTR_ENGINE_READY;
	ctr_log_info(engine->log, "loaded jobs=%zu nodes=%zu term=%llu last_event=%llu",
		     ctr_core_job_count(engine->core), ctr_core_node_count(engine->core),
		     (unsigned long long)engine->term, (unsigned long long)engine->durable_event);
	ctr_recover_fini(engine);
	if (reloaded)
		ctr_events_tell_reloaded(engine);
}

static void fail(struct ctr_engine *engine, int status)
{
	struct ctr_recovery *recovery = &engine->recovery;
	if (status == CENTRO_ERR_NOMEM && engine->loaded) {
		ctr_log_warn(engine->log, "no memory to read the state anew; trying again");
		ctr_recover_fini(engine);
		recovery->retry = ctr_after(engine->clock.steady, ctr_span_ms(RETRY_MS));
		return;
	}
	struct centro_error_text text = recovery->loader.text;
	if (text.text[0] == '\0' && status == CENTRO_ERR_IO)
		ctr_error(&text, status, "%s", centro_store_failure(engine->store));
	if (text.text[0] == '\0')
		ctr_error(&text, status, "the store cannot be read: %s", centro_error_help(status));
	ctr_engine_fail(engine, status, text.text);
}

/* ---- the course of it -------------------------------------------- */

static void start_phase(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	CTR_ASSERT(!recovery->busy && recovery->phase < CTR_RECOVER_END);

	recovery->busy = true;
	engine->store_started = true;
	int status = phase_start[recovery->phase](engine);
	if (status != CENTRO_OK)
		operation_done(engine, status);
}

void ctr_recover_begin(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	CTR_ASSERT(engine->state == CTR_ENGINE_LOADING);
	CTR_ASSERT(!recovery->core && !recovery->busy);

	*recovery = (struct ctr_recovery){.phase = CTR_RECOVER_FORMAT};
	ctr_trim_reset(engine);
	int status = ctr_core_new(&engine->options.core, &recovery->core);
	ctr_row_loader_init(&recovery->loader, engine->allocator, recovery->core);
	if (status != CENTRO_OK) {
		fail(engine, status);
		return;
	}
	ctr_journal_begin(engine->journal, ctr_cluster_clock_now(&engine->clock),
			  &engine->options.core);
	start_phase(engine);
}

static int end_load(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	struct ctr_now now = ctr_cluster_clock_now(&engine->clock);
	uint64_t last_event = recovery->last_event;
	int status = ctr_core_load_end(recovery->core, now, last_event, &recovery->loader.text);
	ctr_journal_loaded(engine->journal, recovery->core, now, last_event, status);
	return status;
}

/* The phase is over: start the next one. */
static int step(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	int status = recovery->status;
	if (status == ENOUGH)
		status = CENTRO_OK;
	if (status == CENTRO_OK)
		status = check_phase(engine);
	if (status != CENTRO_OK)
		return status;

	recovery->phase++;
	if (recovery->phase == CTR_RECOVER_CAMPAIGN && engine->term != 0)
		recovery->phase++; /* we lead already */
	if (recovery->phase == CTR_RECOVER_REQUESTS && recovery->requests_from == 0)
		recovery->phase++; /* there are none */
	if (recovery->phase == CTR_RECOVER_END)
		return end_load(engine);
	start_phase(engine);
	return CENTRO_OK;
}

void ctr_recover_run(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	CTR_ASSERT(engine->state == CTR_ENGINE_LOADING);

	if (!recovery->core && ctr_reached(recovery->retry, engine->clock.steady))
		ctr_recover_begin(engine);
	while (recovery->core && !recovery->busy) {
		int status = step(engine);
		if (status != CENTRO_OK) {
			fail(engine, status);
			return;
		}
		if (recovery->phase == CTR_RECOVER_END) {
			finish(engine);
			return;
		}
	}
}

void ctr_recover_fini(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	ctr_core_free(recovery->core);
	recovery->core = NULL;
	ctr_row_loader_fini(&recovery->loader);
}

struct centro_instant ctr_recover_wake(const struct ctr_engine *engine)
{
	const struct ctr_recovery *recovery = &engine->recovery;
	if (!recovery->core)
		return recovery->retry;
	return recovery->busy ? CTR_NEVER : engine->clock.steady;
}
