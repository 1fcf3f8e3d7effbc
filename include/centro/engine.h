/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_ENGINE_H
#define CENTRO_ENGINE_H

/**
 * @file
 * The scheduler inside your own program: a node registry, queues and the whole
 * life of jobs on a store of your choice, without any network code.
 *
 * You own the event loop and the clocks. Every call takes the time; answers,
 * assignments and events come from centro_engine_dispatch(), and only once what
 * they tell is durable. So a loop is: wait until centro_engine_fd() is
 * readable or until centro_engine_get_wake(), then dispatch.
 *
 * Ownership: arguments are copied before a call returns; what a callback gets
 *   is borrowed for the call. The store belongs to the engine once opened.
 * Threads: an engine belongs to one thread at a time.
 * Blocking: only centro_engine_open() and centro_engine_free() may block.
 * Re-entrancy: a callback may call anything here except _dispatch() and _free().
 * Errors: functions returning int return CENTRO_OK or a negative enum
 *   centro_error, and then no callback follows.
 */

#include <centro/job.h>
#include <centro/log.h>
#include <centro/node.h>
#include <centro/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_engine;

enum centro_event_type {
	CENTRO_EVENT_JOB_SUBMITTED = 1,
	CENTRO_EVENT_JOB_CANCEL_REQUESTED = 2,
	CENTRO_EVENT_JOB_ENDED = 3,
	CENTRO_EVENT_INSTANCE_ASSIGNED = 4,
	CENTRO_EVENT_INSTANCE_RUNNING = 5,
	CENTRO_EVENT_INSTANCE_REQUEUED = 6,
	CENTRO_EVENT_INSTANCE_ENDED = 7,
	CENTRO_EVENT_NODE_REGISTERED = 8,
	CENTRO_EVENT_NODE_READY = 9,
	CENTRO_EVENT_NODE_DOWN = 10,
	CENTRO_EVENT_QUEUE_SET = 11,
	CENTRO_EVENT_NODE_DRAINING = 13, /**< it takes nothing new; one that is down stays so */
};

/** Something that has happened, and is durable. */
struct centro_event {
	size_t size;
	uint64_t number; /**< from 1, without a gap */
	enum centro_event_type type;
	struct centro_instant wall;
	struct centro_attempt_ref attempt; /**< job alone for events about a job */
	centro_node_id node;
	enum centro_instance_state instance_state; /**< after it */
	enum centro_job_state job_state;           /**< after it */
	enum centro_cause cause;
	int32_t exit_code;
};

/**
 * An attempt that one of your nodes shall run now. Durable. Start it at most
 * once: after the store has been opened anew, the same reference may come again
 * when its node registers, and is the same attempt.
 */
struct centro_assignment {
	size_t size;
	struct centro_attempt_ref attempt;
	centro_node_id node;
	const char *job_name; /**< "" when it has none */
	const char *task_name;
	/** The argument vector, with a NULL behind it. */
	const char *const *command;
	size_t command_count;
	/** "NAME=value" each, with a NULL behind them. */
	const char *const *env;
	size_t env_count;
	const char *working_dir;       /**< "": one of your choice */
	struct centro_span time_limit; /**< stop it then: CENTRO_CAUSE_TIME_LIMIT; 0: none */
	struct centro_span kill_grace; /**< between asking it to end and forcing it */
	struct centro_span lease;      /**< stop it after this long without a heartbeat */
	struct centro_bytes spec;      /**< the whole job: a JobSpec, encoded as protobuf */
};

/** An attempt that must be stopped; report how it ended. */
struct centro_kill {
	size_t size;
	struct centro_attempt_ref attempt;
	centro_node_id node;
	enum centro_cause cause;
	struct centro_span grace; /**< between asking and forcing */
};

/** What the engine tells its owner, from centro_engine_dispatch(). Each may be NULL. */
struct centro_engine_callbacks {
	size_t size; /**< sizeof this struct */
	void (*event)(void *arg, const struct centro_event *event);
	void (*assignment)(void *arg, const struct centro_assignment *assignment);
	void (*kill)(void *arg, const struct centro_kill *kill);
	/** The store failed for good (CENTRO_ERR_IO, _FENCED): nothing will be acknowledged again.
	 */
	void (*failed)(void *arg, int error);
};
#define CENTRO_ENGINE_CALLBACKS_INIT                           \
	{                                                      \
		.size = sizeof(struct centro_engine_callbacks) \
	}

/** Start from CENTRO_ENGINE_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_engine_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< NULL: the C library's; outlives the engine */
	const struct centro_log *log;             /**< NULL: silent; outlives the engine */
	const struct centro_engine_callbacks *callbacks; /**< NULL: none */
	void *arg;                                       /**< for the callbacks */
	uint64_t seed;            /**< of what is chosen at random; 0 is a seed like any other */
	uint64_t store_bytes_max; /**< see centro_store_options */
	struct centro_span node_timeout; /**< silence until a node is down; default 60 s */
	uint32_t jobs_max;               /**< that have not ended; default 4,000,000 */
	uint32_t nodes_max;              /**< default 200,000 */
	enum centro_order order;         /**< in which what waits is placed; default: fill */
	/**
	 * Jobs that have ended are kept up to so many, and for so long after their end by
	 * wall time; UINT64_MAX: no limit. Default 1,000,000 and 30 days. When the store is
	 * nearly full, fewer are.
	 */
	uint64_t history_keep;
	struct centro_span history_age;
	/**
	 * Attempts in a row, of different jobs, that a node could not start until it is
	 * drained by itself, unless no other is ready; default 5, UINT32_MAX: never.
	 */
	uint32_t quarantine_after;
	struct centro_span events_age;   /**< older ones are not kept; default: no limit */
	uint32_t events_max;             /**< kept in the store; default 100,000 */
};
#define CENTRO_ENGINE_OPTIONS_INIT                           \
	{                                                    \
		.size = sizeof(struct centro_engine_options) \
	}

/**
 * Open the store at `uri` (see centro/store.h), load what is in it, and become
 * its one writer. `text` may be NULL; on error it says what was wrong.
 *
 * Attempts that were assigned or running when the store was last closed are so
 * still. Register each node again: those of its attempts that were never
 * reported to run come as assignments again. Those reported to run are held for
 * a lease more; name them in heartbeats if they run, report their end if not.
 *
 * @retval CENTRO_ERR_INVALID, _LOCKED, _VERSION, _CORRUPT, _FULL, _LIMIT, _IO, _NOMEM, _ABI
 */
CENTRO_API int centro_engine_open(const char *uri, const struct centro_engine_options *options,
				  struct centro_time now, struct centro_engine **ret_engine,
				  struct centro_error_text *text);

/**
 * Commits what is pending unless a commit is under way, waits for that one, and
 * closes. Calls that wait for an answer get it: CENTRO_ERR_CANCELLED if what
 * they did has not become durable. Nothing else is called back. NULL is allowed.
 *
 * To lose nothing, dispatch until every call has been answered.
 */
CENTRO_API void centro_engine_free(struct centro_engine *engine);

/** Readable when there is something to dispatch; -1: none, go by the wake alone. */
CENTRO_API int centro_engine_fd(const struct centro_engine *engine);
/** When to dispatch at the latest, on the steady clock; CENTRO_INSTANT_NEVER_NS: not at all. */
CENTRO_API struct centro_instant centro_engine_get_wake(const struct centro_engine *engine);

/**
 * Do what is due: deadlines, one bounded pass of placement, commits; and call
 * back with what became durable. Call it at the end of each turn of your loop.
 *
 * @retval CENTRO_ERR_IO, _FENCED  the engine has failed for good; free it
 */
CENTRO_API int centro_engine_dispatch(struct centro_engine *engine, struct centro_time now);

/* ---- events ---- */

/** Told of in one read, at the most. */
#define CENTRO_EVENTS_READ_MAX 1000

typedef void centro_event_fn(void *arg, const struct centro_event *event);
/**
 * CENTRO_OK: `next` is where to go on. CENTRO_ERR_COMPACTED: `since` is not kept any
 * more, and `next` is the oldest that is. Else what became of the store.
 */
typedef void centro_events_fn(void *arg, int status, uint64_t next);

/**
 * Read what has happened, from event `since` on (0: from the first there ever was):
 * `event` for each, in order and without a gap, then `done`, from
 * centro_engine_dispatch(). Those of the `event` callback are among them, as soon
 * as it has told them.
 *
 * So who must miss nothing keeps the number of the last event it has dealt with. When it
 * has opened the store anew, it reads from behind that one until `next` passes what
 * centro_engine_get_last_event() said after the opening; all later ones come by
 * the callback.
 *
 * @retval CENTRO_ERR_INVALID (`event` and `done` are required), _NOMEM, _IO, _FENCED
 */
CENTRO_API int centro_engine_read_events(struct centro_engine *engine, uint64_t since,
					 centro_event_fn *event, centro_events_fn *done, void *arg);
/** The number of the last event that is durable; 0: none has ever been. */
CENTRO_API uint64_t centro_engine_get_last_event(const struct centro_engine *engine);

/** The number under which this engine writes; rises at each opening of the store. */
CENTRO_API uint64_t centro_engine_get_term(const struct centro_engine *engine);

/* ---- jobs ---- */

struct centro_submit_result {
	size_t size;
	int status; /**< CENTRO_OK: `job` is durable */
	centro_job_id job;
	bool existing;    /**< the request id had been seen */
	const char *text; /**< on an error: what was wrong; never NULL */
};
typedef void centro_submit_fn(void *arg, const struct centro_submit_result *result);

/** Who asks, and how to recognise the same request sent twice. */
struct centro_request {
	size_t size;
	const char *owner;      /**< NULL: "" */
	const char *request_id; /**< NULL: none */
};
#define CENTRO_REQUEST_INIT                           \
	{                                             \
		.size = sizeof(struct centro_request) \
	}

/*
 * What can be said at once, whatever the state of the cluster, is the result of
 * a call. What depends on the state (CENTRO_ERR_NOT_FOUND, _EXISTS, _CONFLICT,
 * _STATE, _STALE) comes with `done`, like success, and like it only when that
 * state is durable; without `done`, it is the result. `done` may also get
 * CENTRO_ERR_FULL, _LIMIT, _NOMEM or _UNAVAILABLE: it was not written, and never
 * happened; and CENTRO_ERR_CANCELLED from centro_engine_free().
 */

/**
 * Submit a job. `done` may be NULL.
 *
 * `done` gets CENTRO_ERR_CONFLICT when the request id came with another job before.
 *
 * @retval CENTRO_ERR_INVALID  see `text`, which may be NULL: all that is wrong, a line each, as
 *                             much of it as there is room for, and how much more there is
 * @retval CENTRO_ERR_UNAVAILABLE  too much waits to be written: dispatch, and try again
 * @retval CENTRO_ERR_FULL     the store is nearly full
 * @retval CENTRO_ERR_LIMIT, _NOMEM, _IO, _FENCED, _ABI
 */
CENTRO_API int centro_engine_submit(struct centro_engine *engine, struct centro_time now,
				    const struct centro_job_options *job,
				    const struct centro_request *request, centro_submit_fn *done,
				    void *arg, struct centro_error_text *text);

/** The same from a JobSpec, in protobuf or JSON. */
CENTRO_API int centro_engine_submit_encoded(struct centro_engine *engine, struct centro_time now,
					    struct centro_bytes spec, enum centro_encoding encoding,
					    const struct centro_request *request,
					    centro_submit_fn *done, void *arg,
					    struct centro_error_text *text);

typedef void centro_status_fn(void *arg, int status);

/**
 * After this is acknowledged nothing of the job starts any more. What runs comes
 * as `kill`. `who` and `reason` are for people and may be NULL.
 *
 * `done` gets CENTRO_ERR_NOT_FOUND or _STATE when there is no such job that has
 * not ended.
 *
 * @retval CENTRO_ERR_INVALID, _UNAVAILABLE, _NOMEM, _IO, _FENCED
 */
CENTRO_API int centro_engine_cancel(struct centro_engine *engine, struct centro_time now,
				    centro_job_id job, const char *who, const char *reason,
				    centro_status_fn *done, void *arg);

/**
 * `status` CENTRO_OK: `job` is a Job message in the encoding asked for; while it
 * waits, its pending_reason says for what. Ended jobs are read from the store.
 * CENTRO_ERR_NOT_FOUND: none, or no longer kept.
 */
typedef void centro_get_fn(void *arg, int status, struct centro_bytes job);
/** @retval CENTRO_ERR_INVALID (`done` is required), _UNAVAILABLE, _NOMEM, _IO, _FENCED */
CENTRO_API int centro_engine_get_job(struct centro_engine *engine, struct centro_time now,
				     centro_job_id job, enum centro_encoding encoding,
				     centro_get_fn *done, void *arg);

/* ---- nodes and attempts, for those who bring their own agents ---- */

struct centro_node_result {
	size_t size;
	int status;
	centro_node_id node;
	const char *text; /**< on an error: what was wrong; never NULL */
};
typedef void centro_node_fn(void *arg, const struct centro_node_result *result);

/**
 * Register a node, or change what it offers. Counts as a heartbeat. `done` may be
 * NULL. Its attempts that were assigned and are not known to have started come
 * as assignments.
 *
 * @retval CENTRO_ERR_INVALID  see `text`, which may be NULL
 * @retval CENTRO_ERR_LIMIT, _UNAVAILABLE, _NOMEM, _IO, _FENCED, _ABI
 */
CENTRO_API int centro_engine_register_node(struct centro_engine *engine, struct centro_time now,
					   const struct centro_node_options *node,
					   centro_node_fn *done, void *arg,
					   struct centro_error_text *text);

/**
 * The node is alive and holds these attempts: their leases are renewed, from
 * `now` on. Send one every few seconds, at most node_timeout apart. Those of
 * `held` that are not granted to it any more come back as `kill`.
 *
 * @retval CENTRO_ERR_NOT_FOUND  no such node
 * @retval CENTRO_ERR_LIMIT      more than CENTRO_HELD_MAX
 * @retval CENTRO_ERR_UNAVAILABLE, _NOMEM, _IO, _FENCED
 */
#define CENTRO_HELD_MAX 100000
CENTRO_API int centro_engine_heartbeat(struct centro_engine *engine, struct centro_time now,
				       centro_node_id node, const struct centro_attempt_ref *held,
				       size_t held_count);

/** Start from CENTRO_DRAIN_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_drain_options {
	size_t size;       /**< sizeof this struct */
	bool has_deadline; /**< false: what runs there may run to its end */
	struct centro_span deadline; /**< from now until what still runs is killed; 0: at once */
	const char *who;             /**< for people; may be NULL */
	const char *reason;          /**< for people; may be NULL */
};
#define CENTRO_DRAIN_OPTIONS_INIT                           \
	{                                                   \
		.size = sizeof(struct centro_drain_options) \
	}

/**
 * From now on the node gets nothing new, over restarts too. What still runs there
 * after the deadline comes as `kill` with CENTRO_CAUSE_DRAINED: report that cause, and
 * the instance waits again for another node. Drained again, a node takes the new
 * deadline and reason. `options` may be NULL.
 *
 * `done` gets CENTRO_ERR_NOT_FOUND when there is no such node.
 *
 * @retval CENTRO_ERR_INVALID, _UNAVAILABLE, _NOMEM, _IO, _FENCED, _ABI
 */
CENTRO_API int centro_engine_drain_node(struct centro_engine *engine, struct centro_time now,
					centro_node_id node,
					const struct centro_drain_options *options,
					centro_status_fn *done, void *arg);

/** The node takes jobs again. Harmless for one that is not drained. As above. */
CENTRO_API int centro_engine_undrain_node(struct centro_engine *engine, struct centro_time now,
					  centro_node_id node, centro_status_fn *done, void *arg);

struct centro_report {
	size_t size;
	struct centro_attempt_ref attempt;
	centro_node_id node;
	bool ended;              /**< false: its command has started */
	enum centro_cause cause; /**< of the end */
	int32_t exit_code;
	uint32_t signal;
	const char *message; /**< for people; may be NULL */
};

/**
 * What became of an attempt. Repeating a report is harmless. `done` may be NULL.
 *
 * `done` gets CENTRO_OK when it is durable, CENTRO_ERR_STALE when the attempt is
 * not the current one any more: stop it if it runs.
 *
 * @retval CENTRO_ERR_INVALID, _UNAVAILABLE, _NOMEM, _IO, _FENCED, _ABI
 */
CENTRO_API int centro_engine_report(struct centro_engine *engine, struct centro_time now,
				    const struct centro_report *report, centro_status_fn *done,
				    void *arg);

#ifdef __cplusplus
}
#endif
#endif
