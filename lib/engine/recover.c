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
/* Of a key in an error text. */
#define KEY_SHOWN_MAX 128

static struct ctr_engine *engine_of(void *arg)
{
	return arg;
}

/* ---- errors ------------------------------------------------------ */

/* "store row "job/…/spec": what is wrong with it". */
static int row_error(struct ctr_recovery *recovery, struct centro_bytes key, int status,
		     const char *what)
{
	struct ctr_buf shown;
	ctr_buf_init(&shown, recovery->arena.allocator, 0);
	ctr_escape(&shown, key, KEY_SHOWN_MAX);
	ctr_error(&recovery->text, status, "store row \"%.*s\": %s", (int)shown.size,
		  shown.data ? (const char *)shown.data : "", what);
	ctr_buf_fini(&shown);
	return status;
}

/* The same, with what the codec or the core has said in `why`. */
static int row_status(struct ctr_recovery *recovery, struct centro_bytes key, int status,
		      const struct centro_error_text *why)
{
	if (status == CENTRO_OK)
		return CENTRO_OK;
	return row_error(recovery, key, status,
			 why->text[0] ? why->text : centro_error_help(status));
}

/* ---- rows -------------------------------------------------------- */

static int format_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_recovery *recovery = &engine_of(arg)->recovery;
	struct centro_error_text why = {0};
	recovery->has_format = true;
	return row_status(recovery, key, ctr_codec_decode_format(value, &why), &why);
}

static void reset_arena(struct ctr_recovery *recovery, size_t wire_bytes)
{
	ctr_arena_reset(&recovery->arena, ctr_message_arena_bytes(wire_bytes));
}

/* The first half is kept until the second one comes, which is the next row. */
static int load_job_spec(struct ctr_recovery *recovery, centro_job_id id, struct centro_bytes key,
			 struct centro_bytes value)
{
	ctr_buf_clear(&recovery->spec);
	recovery->spec_job = id;
	int status = ctr_buf_append_bytes(&recovery->spec, value);
	return status == CENTRO_OK ? CENTRO_OK
				   : row_error(recovery, key, status, centro_error_help(status));
}

static int load_job_state(struct ctr_recovery *recovery, centro_job_id id, struct centro_bytes key,
			  struct centro_bytes value)
{
	if (recovery->spec_job != id)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the job has no row .../spec before it");
	recovery->spec_job = 0;
	reset_arena(recovery, recovery->spec.size + value.size);

	struct centro_error_text why = {0};
	struct ctr_job_load job;
	int status = ctr_codec_decode_job(ctr_buf_bytes(&recovery->spec), value, &recovery->arena,
					  &job, &why);
	if (status == CENTRO_OK && job.id != id)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the record is that of another job");
	if (status == CENTRO_OK)
		status = ctr_core_load_job(recovery->core, &job, &why);
	return row_status(recovery, key, status, &why);
}

static int load_node(struct ctr_recovery *recovery, centro_node_id id, struct centro_bytes key,
		     struct centro_bytes value)
{
	struct centro_error_text why = {0};
	struct ctr_node_load node;
	reset_arena(recovery, value.size);
	int status = ctr_codec_decode_node(value, &recovery->arena, &node, &why);
	if (status == CENTRO_OK && node.id != id)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the record is that of another node");
	if (status == CENTRO_OK)
		status = ctr_core_load_node(recovery->core, &node, &why);
	return row_status(recovery, key, status, &why);
}

static int load_queue(struct ctr_recovery *recovery, struct centro_bytes name,
		      struct centro_bytes key, struct centro_bytes value)
{
	struct centro_error_text why = {0};
	struct ctr_set_queue queue;
	uint64_t revision;
	reset_arena(recovery, value.size);
	int status = ctr_codec_decode_queue(value, &recovery->arena, &queue, &revision, &why);
	if (status == CENTRO_OK && !ctr_bytes_equal(queue.name, name))
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the record is that of another queue");
	if (status == CENTRO_OK)
		status = ctr_core_load_queue(recovery->core, &queue, revision, &why);
	return row_status(recovery, key, status, &why);
}

static int load_ids(struct ctr_engine *engine, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_recovery *recovery = &engine->recovery;
	struct centro_error_text why = {0};
	centro_job_id job;
	centro_node_id node;
	int status = ctr_codec_decode_ids(value, &job, &node, &why);
	if (status == CENTRO_OK)
		status = ctr_core_load_ids(recovery->core, job, node);
	if (status != CENTRO_OK)
		return row_status(recovery, key, status, &why);
	engine->stored_job_ids = job;
	engine->stored_node_ids = node;
	return CENTRO_OK;
}

/* A newer version may keep more kinds of rows; but those in our folders must be ours. */
static int unknown_row(struct ctr_engine *engine, struct centro_bytes key)
{
	static const char *const folders[] = {"job/", "node/", "queue/"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(folders); i++)
		if (ctr_bytes_starts_with(key, ctr_bytes_str(folders[i])))
			return row_error(&engine->recovery, key, CENTRO_ERR_CORRUPT,
					 "no record has such a key");
	return CENTRO_OK;
}

static int live_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_engine *engine = engine_of(arg);
	struct ctr_recovery *recovery = &engine->recovery;
	uint64_t number = 0;
	struct centro_bytes name = {0};
	enum ctr_key_type type = ctr_key_parse(key, &number, &name);

	recovery->rows++;
	if (recovery->spec_job != 0 && type != CTR_KEY_JOB_STATE)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the job before it has no row .../state");
	switch (type) {
	case CTR_KEY_JOB_SPEC:
		return load_job_spec(recovery, number, key, value);
	case CTR_KEY_JOB_STATE:
		return load_job_state(recovery, number, key, value);
	case CTR_KEY_NODE:
		return load_node(recovery, number, key, value);
	case CTR_KEY_QUEUE:
		return load_queue(recovery, name, key, value);
	case CTR_KEY_IDS:
		return load_ids(engine, key, value);
	case CTR_KEY_FORMAT:
		return format_row(arg, key, value);
	case CTR_KEY_UNKNOWN:
		return unknown_row(engine, key);
	case CTR_KEY_EVENT:
	case CTR_KEY_HISTORY:
		break; /* they sort before all that lives */
	}
	CTR_UNREACHABLE();
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
	return row_status(recovery, key, status, &why);
}

/* Whether a job in history can have its number, given who else has one. */
static int check_history_id(struct ctr_recovery *recovery, struct centro_bytes key,
			    centro_job_id id)
{
	uint64_t number = 0;
	struct centro_bytes name;
	centro_job_id job;
	centro_node_id node;
	if (ctr_key_parse(key, &number, &name) != CTR_KEY_HISTORY)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT, "no record has such a key");
	if (id == 0 || id != number)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the record is that of another job");
	ctr_core_reserved_ids(recovery->core, &job, &node);
	if (id >= job)
		return row_error(recovery, key, CENTRO_ERR_CORRUPT,
				 "the row \"meta/ids\" says that its number is free");
	return CENTRO_OK;
}

static int decode_request(struct ctr_recovery *recovery, struct centro_bytes key,
			  struct centro_bytes value, struct ctr_request_load *ret_request)
{
	struct centro_error_text why = {0};
	reset_arena(recovery, value.size);
	int status = ctr_codec_decode_request(value, &recovery->arena, ret_request, &why);
	if (status != CENTRO_OK)
		return row_status(recovery, key, status, &why);
	return check_history_id(recovery, key, ret_request->job);
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
	return row_status(recovery, key, status, &why);
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
	[CTR_RECOVER_FORMAT] = start_format,
	[CTR_RECOVER_CAMPAIGN] = start_campaign,
	[CTR_RECOVER_LIVE] = start_live,
	[CTR_RECOVER_EVENTS] = start_events,
	[CTR_RECOVER_REQUESTS_FROM] = start_requests_from,
	[CTR_RECOVER_REQUESTS] = start_requests,
};

/* What a phase's end says beside its status. */
static int check_phase(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	if (recovery->phase == CTR_RECOVER_CAMPAIGN)
		engine->term = engine->campaign_term;
	if (recovery->phase == CTR_RECOVER_LIVE && recovery->spec_job != 0) {
		struct ctr_key key = ctr_key_job_spec(recovery->spec_job);
		return row_error(recovery, ctr_key_bytes(&key), CENTRO_ERR_CORRUPT,
				 "the job has no row .../state");
	}
	if (recovery->phase == CTR_RECOVER_EVENTS && !recovery->has_format &&
	    (recovery->rows > 0 || recovery->last_event > 0))
		return ctr_error(&recovery->text, CENTRO_ERR_CORRUPT,
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
	struct centro_error_text text = recovery->text;
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
	ctr_arena_init(&recovery->arena, engine->allocator, 0);
	ctr_buf_init(&recovery->spec, engine->allocator, 2 * CENTRO_STORE_VALUE_SIZE_MAX);
	engine->stored_job_ids = 0;
	engine->stored_node_ids = 0;
	int status = ctr_core_new(&engine->options.core, &recovery->core);
	if (status != CENTRO_OK)
		fail(engine, status);
	else
		start_phase(engine);
}

static int end_load(struct ctr_engine *engine)
{
	struct ctr_recovery *recovery = &engine->recovery;
	return ctr_core_load_end(recovery->core, ctr_cluster_clock_now(&engine->clock),
				 recovery->last_event, &recovery->text);
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
	ctr_arena_fini(&recovery->arena);
	ctr_buf_fini(&recovery->spec);
}

struct centro_instant ctr_recover_wake(const struct ctr_engine *engine)
{
	const struct ctr_recovery *recovery = &engine->recovery;
	if (!recovery->core)
		return recovery->retry;
	return recovery->busy ? CTR_NEVER : engine->clock.steady;
}
