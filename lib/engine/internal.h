/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_INTERNAL_H
#define CTR_ENGINE_INTERNAL_H

/* What the files of this folder share. */

#include "base/arena.h"
#include "base/log.h"
#include "codec/keyspace.h"
#include "engine/clock.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include "engine/recent.h"
#include "engine/row_loader.h"
#include "engine/weight.h"

#define CTR_ENGINE_RECENT_BYTES_MAX ((size_t)32 * 1024 * 1024)
/* In one event record: below CENTRO_STORE_VALUE_SIZE_MAX, with the longest names. */
#define CTR_ENGINE_RECORD_EVENTS_MAX 1800
/* Old event records known by number, and how many of them go in one batch. */
#define CTR_ENGINE_RETENTION_ROWS    256
#define CTR_ENGINE_RETENTION_DELETES 64
/* Jobs known to leave the history next, and how many go in one batch beside those that have to. */
#define CTR_ENGINE_TRIM_ROWS    1024
#define CTR_ENGINE_TRIM_DELETES 64
/* Reads of the store under way at a time, beside the engine's own scans. */
#define CTR_ENGINE_READS_MAX       8
#define CTR_ENGINE_EVENT_READS_MAX 4
/*
 * What the open batch may weigh before the engine stops adding to it of its own
 * accord; commands may add three times as much more. Far enough below
 * CENTRO_STORE_BATCH_BYTES_MAX that the last command fits as well.
 */
#define CTR_ENGINE_BATCH_BYTES_MAX ((uint64_t)12 * 1024 * 1024)
#define CTR_ENGINE_BATCH_OVERRUN   4

/* The batch that is being committed. */
struct ctr_flight {
	struct centro_batch *batch;
	struct ctr_event *events; /* of the batch, to be told when it is durable */
	size_t event_count, event_capacity;
	bool under_way;
	bool done; /* with `status`; the next turn deals with it */
	int status;
};

/* Event records that are about to be deleted, by the number of their first event. */
struct ctr_retention {
	uint64_t first[CTR_ENGINE_RETENTION_ROWS];
	struct centro_instant made[CTR_ENGINE_RETENTION_ROWS]; /* cluster time */
	size_t next, count;
	uint64_t below;         /* everything below has been deleted, in this batch at the latest */
	uint64_t scanned_event; /* the last durable one when they were last looked for */
	bool scanning, discard;
};

/* One row of "history/", or of "gone/", where the request id stands of a job that has left it. */
struct ctr_trim_row {
	centro_job_id job;
	struct centro_instant ended, submitted; /* wall */
	uint64_t spec_hash;
	size_t text_at, owner_size, request_id_size; /* in the list's text, one behind the other */
};

/* The oldest rows of one kind. */
struct ctr_trim_list {
	struct ctr_engine *engine;
	enum ctr_key_type type;
	struct ctr_trim_row *rows; /* CTR_ENGINE_TRIM_ROWS */
	size_t next, count;
	struct ctr_buf text;
	centro_job_id from;   /* of rows below it only the listed ones are there */
	centro_job_id late;   /* the lowest that came since the scan began, or just before */
	centro_job_id lowest; /* that the batch under way, or being made, brings */
	uint64_t total;       /* rows there are, in the batch being made at the latest */
	uint64_t asked;       /* batch_durable when they were last looked for */
	bool scanning, discard;
};

enum { CTR_TRIM_HISTORY, CTR_TRIM_GONE, CTR_TRIM_LISTS };

struct ctr_trim {
	struct ctr_trim_list lists[CTR_TRIM_LISTS];
	struct ctr_arena arena; /* of the row being read */
	uint64_t ended;         /* jobs that this batch puts into the history */
	bool pressed;           /* the store needs the room */
};

enum ctr_recovery_phase {
	CTR_RECOVER_FORMAT,
	CTR_RECOVER_CAMPAIGN,
	CTR_RECOVER_LIVE,
	CTR_RECOVER_EVENTS,
	CTR_RECOVER_HISTORY,
	CTR_RECOVER_REQUESTS_FROM,
	CTR_RECOVER_REQUESTS,
	CTR_RECOVER_END,
};

/* The state being read from the store. */
struct ctr_recovery {
	enum ctr_recovery_phase phase;
	bool busy;  /* the phase's operation is under way */
	int status; /* of the operation that has ended */
	struct ctr_core *core;
	struct ctr_row_loader loader; /* its text is that of any error */
	bool has_format;
	uint64_t rows;
	uint64_t last_event;
	centro_job_id requests_from; /* 0: no request id counts any more */
	uint32_t expired;            /* that many were too old, one after another */
	struct centro_instant retry; /* steady; when it is tried again for want of memory */
};

struct ctr_read_slot;

/* One read of events under way. */
struct ctr_event_slot {
	struct ctr_engine *engine;   /* NULL: free */
	struct ctr_event_read *read; /* NULL: cancelled */
	uint64_t begin;              /* where the record with the first event wanted should begin */
	uint8_t phase;
	bool found;  /* a row that counts, in this phase */
	bool enough; /* the row function ended the scan */
};

struct ctr_engine {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	struct ctr_engine_options options; /* with the defaults filled in */
	struct centro_store *store;
	struct centro_instant store_wake;
	bool store_started; /* an operation, since the last poll */
	bool store_full;
	bool dispatching;

	enum ctr_engine_state state;
	int error;
	struct centro_error_text error_text;
	uint64_t term, campaign_term;
	bool fenced;

	struct ctr_clock clock;
	struct ctr_core *core;       /* NULL unless READY */
	struct ctr_journal *journal; /* NULL: nothing is recorded */
	struct ctr_recovery recovery;
	bool loaded; /* once, so that the next time is a reload */

	uint64_t batch_open;    /* gathers what is applied now */
	uint64_t batch_durable; /* everything up to it is */
	struct ctr_weight weight;
	size_t told; /* of the core's outbox, to `applied` */
	bool more;   /* the last turn did not get everything placed */
	struct ctr_flight flight;
	uint64_t durable_event;
	struct ctr_list releases;    /* of struct ctr_release, by batch */
	struct ctr_list subscribers; /* of struct ctr_subscriber */

	/* What the store holds of the records that are made from nothing else. */
	centro_job_id stored_job_ids;
	centro_node_id stored_node_ids;
	bool stored_format;
	struct ctr_buf record;        /* being encoded */
	struct ctr_buf event_records; /* of flight.events, each behind its size */
	struct ctr_retention retention;
	struct ctr_trim trim;

	struct ctr_recent recent;
	struct ctr_list job_reads, history_reads; /* that wait */
	struct ctr_list event_reads;              /* the same */
	struct ctr_event_slot event_slots[CTR_ENGINE_EVENT_READS_MAX];
	struct ctr_read_slot *read_slots; /* CTR_ENGINE_READS_MAX */
	size_t reads_under_way;
};

/* ---- engine.c ---- */

/* For good: nothing is acknowledged any more (I13). */
void ctr_engine_fail(struct ctr_engine *engine, int error, const char *why);

/* ---- pipeline.c ---- */

/* Whatever has been applied is not all in the hands of the store. */
bool ctr_pipeline_is_open(const struct ctr_engine *engine);
/* The engine should add nothing more of its own to the open batch for now. */
bool ctr_pipeline_is_crowded(const struct ctr_engine *engine);
/* What is applied so far is durable with this batch. */
uint64_t ctr_pipeline_tag(const struct ctr_engine *engine);
/* Hand what is open to the store. Nothing is under way. */
void ctr_pipeline_commit(struct ctr_engine *engine);
/* Forget all that was applied and is not durable, and whoever waited for it. */
void ctr_pipeline_drop(struct ctr_engine *engine, int status);

/* ---- batch_builder.c ---- */

/* Everything touched, into flight.batch and flight.events. On an error memory is ahead for good. */
int ctr_batch_build(struct ctr_engine *engine);

/* ---- events.c ---- */

/* Tell `applied` of what came into the outbox. */
void ctr_events_note(struct ctr_engine *engine);
void ctr_events_tell_durable(struct ctr_engine *engine);
void ctr_events_tell_reloaded(struct ctr_engine *engine);
/* Make the records of flight.events, as long as the core has the jobs. */
int ctr_events_encode(struct ctr_engine *engine);
/* Add them to flight.batch. */
int ctr_events_put(struct ctr_engine *engine);

/* ---- retention.c ---- */

void ctr_retention_reset(struct ctr_retention *retention);
/* Add the deletes that are due to flight.batch. */
int ctr_retention_put(struct ctr_engine *engine);
/* Look for the oldest records, if that is due. */
void ctr_retention_scan(struct ctr_engine *engine);

/* ---- trim.c ---- */

int ctr_trim_init(struct ctr_engine *engine);
void ctr_trim_fini(struct ctr_engine *engine);
void ctr_trim_reset(struct ctr_engine *engine);
/* A batch is made … */
void ctr_trim_begin(struct ctr_engine *engine);
/* … and puts `job` into the history. */
void ctr_trim_note_ended(struct ctr_engine *engine, centro_job_id job);
/* Such a row has been found in the store. */
void ctr_trim_note_row(struct ctr_engine *engine, enum ctr_key_type type);
/* Whether the store is nearly full. */
bool ctr_trim_note_usage(struct ctr_engine *engine, const struct centro_store_usage *usage);
/* So much is due that a batch should be written for it alone. */
bool ctr_trim_is_urgent(const struct ctr_engine *engine);
/* Add what is due to flight.batch. */
int ctr_trim_put(struct ctr_engine *engine);
/* Look for what goes next, if that is due. */
void ctr_trim_scan(struct ctr_engine *engine);

/* ---- event_read.c ---- */

/* As those of history.c. */
void ctr_event_reads_start(struct ctr_engine *engine);
bool ctr_event_reads_is_ready(const struct ctr_engine *engine);
void ctr_event_reads_cancel(struct ctr_engine *engine, int status);

/* ---- recover.c ---- */

/* From LOADING: to READY or FAILED, in the course of it. */
void ctr_recover_begin(struct ctr_engine *engine);
/* Go on as far as the store has answered. */
void ctr_recover_run(struct ctr_engine *engine);
void ctr_recover_fini(struct ctr_engine *engine);
/* When to run it again, on the steady clock. */
struct centro_instant ctr_recover_wake(const struct ctr_engine *engine);

/* ---- history.c ---- */

int ctr_history_init(struct ctr_engine *engine);
void ctr_history_fini(struct ctr_engine *engine);
/* Start those whose turn has come. */
void ctr_history_start(struct ctr_engine *engine);
bool ctr_history_is_ready(const struct ctr_engine *engine);
/* All that wait end with `status`. */
void ctr_history_cancel(struct ctr_engine *engine, int status);

#endif
