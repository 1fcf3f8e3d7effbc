/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_ENGINE_H
#define CTR_ENGINE_ENGINE_H

/*
 * Where core and store meet: command → core → batch → release after commit.
 *
 * A command changes the state in memory at once. What it touched gathers in the
 * open batch while another is being committed; when a batch is durable, what
 * waited for it is released in order: events first, then answers. If a commit
 * is refused or fails, memory is ahead of the store: the core is thrown away,
 * everything that waited is released with the error, and a new core is loaded
 * from the store (I11, I13). Start-up takes the same path.
 *
 * Nothing here is called back from inside ctr_engine_execute(), except
 * `applied`; all else comes from ctr_engine_dispatch().
 */

#include "base/list.h"
#include "core/core.h"

#include <centro/log.h>
#include <centro/store.h>

struct ctr_engine;
struct ctr_journal_sink;

/* 0 means the default. */
struct ctr_engine_options {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	const char *name; /* of this server, for the store's leadership; NULL: "centro" */
	struct ctr_core_options core;
	uint32_t events_max;           /* kept in the store; 100,000 */
	struct centro_span events_age; /* older ones are not, on cluster time; 0: no limit */
	uint32_t recent_jobs_max;      /* that have ended, kept in memory; 1,000 */
	/*
	 * Operations gathered while a commit is under way, after which the engine
	 * stops placing and looking at deadlines, and four times as many after which
	 * commands are refused, until the batch can be written; 20,000.
	 */
	uint32_t batch_ops_max;
	uint32_t schedule_ops;       /* looks at a node in one turn; 20,000 */
	uint32_t store_full_percent; /* submits are refused above it; 90 */
	/*
	 * Jobs that have ended are kept in the store up to so many, and for so long
	 * after their end, by wall time; UINT64_MAX: no limit. 1,000,000 and 30 days.
	 */
	uint64_t history_keep;
	struct centro_span history_age;
	/* All that the core is given is recorded there: see engine/journal.h. NULL: it is not. */
	struct ctr_journal_sink *journal;
};

enum ctr_engine_state {
	CTR_ENGINE_LOADING, /* nothing can be executed; dispatch until it is over */
	CTR_ENGINE_READY,
	CTR_ENGINE_FAILED, /* for good */
};

/*
 * Takes the store over, whatever the result. Campaigns and loads; returns when
 * that has begun: dispatch until ctr_engine_get_state() is no longer LOADING.
 * What is wrong with the store is the result here, or found later in
 * ctr_engine_get_error(): `text` names the row.
 *
 * @retval CENTRO_ERR_INVALID  an option
 * @retval CENTRO_ERR_VERSION, _CORRUPT, _IO, _FULL, _LIMIT, _NOMEM
 */
int ctr_engine_new(const struct ctr_engine_options *options, struct centro_store *store,
		   struct centro_time now, struct ctr_engine **ret_engine,
		   struct centro_error_text *text);
/*
 * Commits what is open unless a commit is under way, waits for that one, and
 * closes the store. Releases what waits, with CENTRO_ERR_CANCELLED if it did not
 * become durable. Tells of no event any more. NULL is allowed.
 */
void ctr_engine_free(struct ctr_engine *engine);

/*
 * Let go as kill -9 would: nothing is committed, nobody is called. For the
 * simulator, which has taken the store away before.
 */
void ctr_engine_abandon(struct ctr_engine *engine);

enum ctr_engine_state ctr_engine_get_state(const struct ctr_engine *engine);
/* Why it failed. */
int ctr_engine_get_error(const struct ctr_engine *engine, struct centro_error_text *text);
uint64_t ctr_engine_get_term(const struct ctr_engine *engine);
/* To read. NULL unless READY. Replaced by a reload: keep no pointer over a dispatch. */
const struct ctr_core *ctr_engine_core(const struct ctr_engine *engine);
const struct centro_allocator *ctr_engine_allocator(const struct ctr_engine *engine);

/* Cluster time and wall time of a point of the caller's clocks. */
struct ctr_now ctr_engine_now(const struct ctr_engine *engine, struct centro_time now);

/*
 * Decide and apply one command. The result may be told to nobody before what
 * has been applied so far is durable: see ctr_engine_release().
 *
 * As ctr_core_execute(), and:
 * @retval CENTRO_ERR_UNAVAILABLE  loading, or too much waits to be written
 * @retval CENTRO_ERR_FULL         submit: the store is nearly full
 * @retval CENTRO_ERR_IO, _FENCED  failed
 */
int ctr_engine_execute(struct ctr_engine *engine, struct centro_time now,
		       const struct ctr_command *command, struct ctr_result *ret_result);

/* What a submit would come to, without doing it: as ctr_core_try_submit(), and as above. */
int ctr_engine_try_submit(const struct ctr_engine *engine, struct centro_time now,
			  const struct ctr_job_spec *spec, struct ctr_result *ret_result);

/* Somebody who waits until what was applied before is durable. In the waiter's own memory. */
struct ctr_release {
	struct ctr_list link;
	/* OK: durable. Else it never will be: say UNAVAILABLE. The link is free again. */
	void (*fn)(struct ctr_release *release, int status);
	uint64_t batch; /* the engine's */
};
void ctr_release_init(struct ctr_release *release,
		      void (*fn)(struct ctr_release *release, int status));
/* Comes from ctr_engine_dispatch(), never from inside this call, in the order of these calls. */
void ctr_engine_release(struct ctr_engine *engine, struct ctr_release *release);
/* Do not wait any longer. Harmless when it does not. */
void ctr_release_cancel(struct ctr_release *release);
/* The number of the open batch: equal numbers become durable together. */
uint64_t ctr_engine_batch(const struct ctr_engine *engine);
/* The last event that is durable. */
uint64_t ctr_engine_durable_event(const struct ctr_engine *engine);

/* Somebody who follows what happens. In the follower's own memory. May leave from a callback. */
struct ctr_subscriber {
	struct ctr_list link;
	/*
	 * Optional: the event has been applied, and is not durable. For those who must
	 * see the state as it is right after it; they may tell nobody yet. Called from
	 * inside execute and dispatch; must not execute.
	 */
	void (*applied)(struct ctr_subscriber *subscriber, const struct ctr_event *event);
	/* Optional: the event is durable. The state may already be ahead. */
	void (*durable)(struct ctr_subscriber *subscriber, const struct ctr_event *event);
	/* Optional: the state was thrown away and read anew; what was only applied never was. */
	void (*reloaded)(struct ctr_subscriber *subscriber);
};
void ctr_engine_subscribe(struct ctr_engine *engine, struct ctr_subscriber *subscriber);
void ctr_engine_unsubscribe(struct ctr_subscriber *subscriber);

/*
 * Read what has happened, from the store. In the reader's own memory. Durable events
 * alone: a reader who has had them all waits for `durable` of a subscriber.
 */
struct ctr_event_read {
	struct ctr_list link;
	uint64_t from;     /* the first event wanted, from 1; a record may begin before it */
	uint32_t rows_max; /* 0: no limit */
	/* One record of events (an EventBatch), borrowed; nonzero: enough. May not call the engine.
	 */
	int (*row)(struct ctr_event_read *read, struct centro_bytes batch);
	/*
	 * The end, from a dispatch or ctr_engine_free(): CENTRO_OK; CENTRO_ERR_COMPACTED
	 * when `from` is not kept any more, `oldest` is then the first that is; or what
	 * became of the store.
	 */
	void (*fn)(struct ctr_event_read *read, int status);
	uint64_t oldest;
	struct ctr_event_slot *slot; /* the engine's */
};
void ctr_event_read_init(struct ctr_event_read *read);
void ctr_engine_read_events(struct ctr_engine *engine, struct ctr_event_read *read);
/* Nothing is called any more. Harmless when it has ended or never began. */
void ctr_event_read_cancel(struct ctr_event_read *read);

/*
 * A job that has ended, from the recent ones in memory: a whole Job message.
 * Empty: not there, ask ctr_engine_read_job(). Borrowed until the next dispatch.
 */
struct centro_bytes ctr_engine_recent_job(const struct ctr_engine *engine, centro_job_id id);

/* As declared in the options; UINT64_MAX: no limit. */
void ctr_engine_history_limits(const struct ctr_engine *engine, uint64_t *ret_keep,
			       struct centro_span *ret_age);

/*
 * Read a job that has ended from the store. `fn` comes from a dispatch, with
 * CENTRO_ERR_NOT_FOUND if there is none.
 */
struct ctr_job_read {
	struct ctr_list link;
	centro_job_id id;
	/* `job` is borrowed for the call. */
	void (*fn)(struct ctr_job_read *read, int status, struct centro_bytes job);
	uint64_t batch; /* the engine's */
};
void ctr_engine_read_job(struct ctr_engine *engine, struct ctr_job_read *read);

/*
 * Jobs that have ended, newest first, below `id_below`; rows until `row` says
 * stop (nonzero). `row` may not call the engine; `fn` may.
 */
struct ctr_history_read {
	struct ctr_list link;
	centro_job_id id_below; /* 0: from the newest */
	uint32_t rows_max;      /* looked at, at the most */
	int (*row)(struct ctr_history_read *read, centro_job_id id, struct centro_bytes job);
	void (*fn)(struct ctr_history_read *read, int status);
	uint64_t batch; /* the engine's */
};
void ctr_engine_read_history(struct ctr_engine *engine, struct ctr_history_read *read);

/* ---- the owner's loop ---- */

int ctr_engine_fd(const struct ctr_engine *engine);
struct centro_instant ctr_engine_get_wake(const struct ctr_engine *engine);
/* At the end of each turn. OK, or the error it failed with. */
int ctr_engine_dispatch(struct ctr_engine *engine, struct centro_time now);

#endif
