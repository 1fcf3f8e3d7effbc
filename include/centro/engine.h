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
 * once: a repeated attempt reference is the same attempt.
 */
struct centro_assignment {
	size_t size;
	struct centro_attempt_ref attempt;
	centro_node_id node;
	struct centro_span lease; /**< stop it after this long without a heartbeat */
	struct centro_bytes spec; /**< the job's JobSpec, encoded as protobuf */
	uint32_t task;            /**< which of its tasks */
};

/** An attempt that must be stopped; report how it ended. */
struct centro_kill {
	size_t size;
	struct centro_attempt_ref attempt;
	centro_node_id node;
	enum centro_cause cause;
	struct centro_span grace; /**< between asking and forcing */
};

/** What the engine tells its owner. Each may be NULL. */
struct centro_engine_callbacks {
	size_t size;
	void (*event)(void *arg, const struct centro_event *event);
	void (*assignment)(void *arg, const struct centro_assignment *assignment);
	void (*kill)(void *arg, const struct centro_kill *kill);
	/** The store failed for good (CENTRO_ERR_IO, _FENCED): nothing will be acknowledged again. */
	void (*failed)(void *arg, int error);
};

struct centro_engine_options {
	size_t size;
	const struct centro_allocator *allocator; /**< NULL: the C library's */
	const struct centro_log *log;             /**< NULL: silent; outlives the engine */
	struct centro_engine_callbacks callbacks;
	void *arg;                 /**< for the callbacks */
	uint64_t seed;             /**< of what is chosen at random; 0 is a seed like any other */
	uint64_t store_bytes_max;  /**< see centro_store_options */
	struct centro_span node_timeout; /**< silence until a node is down; default 60 s */
	uint32_t jobs_max;         /**< that have not ended; default 4,000,000 */
	uint32_t nodes_max;        /**< default 200,000 */
};
#define CENTRO_ENGINE_OPTIONS_INIT                                                                 \
	{                                                                                          \
		.size = sizeof(struct centro_engine_options)                                       \
	}

/**
 * Open the store at `uri` (see centro/store.h), load what is in it, and become
 * its one writer. `text` may be NULL; on error it says what was wrong.
 *
 * @retval CENTRO_ERR_INVALID, _LOCKED, _VERSION, _CORRUPT, _IO, _NOMEM, _ABI
 */
CENTRO_API int centro_engine_open(const char *uri, const struct centro_engine_options *options,
				  struct centro_time now, struct centro_engine **ret_engine,
				  struct centro_error_text *text);

/** Commits what is pending, then closes. Unanswered calls get CENTRO_ERR_CANCELLED. NULL is allowed. */
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

/** The number under which this engine writes; rises at each opening of the store. */
CENTRO_API uint64_t centro_engine_get_term(const struct centro_engine *engine);

/* ---- jobs ---- */

struct centro_submit_result {
	size_t size;
	int status; /**< CENTRO_OK: `job` is durable */
	centro_job_id job;
	bool existing; /**< the request id had been seen */
	const char *text; /**< on an error: what was wrong; never NULL */
};
typedef void centro_submit_fn(void *arg, const struct centro_submit_result *result);

/** Who asks, and how to recognise the same request sent twice. */
struct centro_request {
	size_t size;
	const char *owner;      /**< NULL: "" */
	const char *request_id; /**< NULL: none */
};
#define CENTRO_REQUEST_INIT                                                                        \
	{                                                                                          \
		.size = sizeof(struct centro_request)                                              \
	}

/**
 * Submit a job. `done` may be NULL.
 *
 * @retval CENTRO_ERR_INVALID  see `text`, which may be NULL
 * @retval CENTRO_ERR_LIMIT, _NOMEM, _UNAVAILABLE, _IO, _ABI
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

/** After this is acknowledged nothing of the job starts any more. */
CENTRO_API int centro_engine_cancel(struct centro_engine *engine, struct centro_time now,
				    centro_job_id job, const char *who, const char *reason,
				    centro_status_fn *done, void *arg);

/**
 * `status` CENTRO_OK: `job` is a Job message in the encoding asked for. Ended
 * jobs are read from the store. CENTRO_ERR_NOT_FOUND: none, or no longer kept.
 */
typedef void centro_get_fn(void *arg, int status, struct centro_bytes job);
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

/** Register a node, or change what it offers. Counts as a heartbeat. */
CENTRO_API int centro_engine_register_node(struct centro_engine *engine, struct centro_time now,
					   const struct centro_node_options *node,
					   centro_node_fn *done, void *arg,
					   struct centro_error_text *text);

/**
 * The node is alive and holds these attempts: their leases are renewed. At once,
 * without an answer. An attempt that is not held any more and never reported
 * comes back as `kill`.
 *
 * @retval CENTRO_ERR_NOT_FOUND
 */
CENTRO_API int centro_engine_heartbeat(struct centro_engine *engine, struct centro_time now,
				       centro_node_id node,
				       const struct centro_attempt_ref *held, size_t held_count);

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
 * What became of an attempt. Repeating a report is harmless.
 *
 * `done` gets CENTRO_OK when it is durable, CENTRO_ERR_STALE when the attempt is
 * not the current one any more.
 */
CENTRO_API int centro_engine_report(struct centro_engine *engine, struct centro_time now,
				    const struct centro_report *report, centro_status_fn *done,
				    void *arg);

#ifdef __cplusplus
}
#endif
#endif
