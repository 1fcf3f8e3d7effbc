/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_SERVER_H
#define CENTRO_SERVER_H

/**
 * @file
 * A whole server in your process: an engine on a store, and the gRPC API on
 * sockets. centrod is a thin program around this.
 *
 * It brings its own sockets and reads the clocks itself, but not your loop: wait
 * until centro_server_fd() is readable or centro_server_timeout_ms() has
 * passed, then call centro_server_dispatch().
 *
 * Threads: a server belongs to one thread at a time.
 * Blocking: only centro_server_new() and centro_server_free() may block.
 * Signals: ignore SIGPIPE in your process. A socket may be written to just when
 *   the other side has closed it.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/log.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_server;

/** Start from CENTRO_SERVER_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_server_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< NULL: the C library's */
	const struct centro_log *log;             /**< NULL: silent; outlives the server */
	const char *storage;                      /**< required: see centro_store_open() */
	/**
	 * "HOST:PORT" or "unix:PATH" each; port 0: any free one. Default
	 * "127.0.0.1:50051". A host that is not a loopback address is refused
	 * unless `insecure` says that everyone who reaches it may do everything.
	 */
	const char *const *listen;
	size_t listen_count;
	bool insecure;
	uint64_t storage_bytes_max;      /**< default 16 GiB */
	struct centro_span node_timeout; /**< silence until a node is down; default 60 s */
	uint32_t connections_max;        /**< default 10,000 */
	uint32_t jobs_max;               /**< that have not ended; default 4,000,000 */
	/** Names of queues besides "default", with their weight and priority. */
	const char *const *queues;
	const uint32_t *queue_weights;
	const int32_t *queue_priorities;
	size_t queue_count;
	struct centro_span drain_limit; /**< from drain until calls are cut; default 10 s */
	enum centro_order order;        /**< in which what waits is placed; default: fill */
	/**
	 * A file that must not exist yet: all that the scheduler is given is recorded
	 * in it, for centro/replay.h. It holds the jobs' environment.
	 */
	const char *record;
	uint64_t record_bytes_max; /**< the recording stops there; default 1 GiB */
	/**
	 * Jobs that have ended are kept up to so many, and for so long after their end by
	 * wall time; UINT64_MAX: no limit. Default 1,000,000 and 30 days. When the store is
	 * nearly full, fewer are.
	 */
	uint64_t history_keep;
	struct centro_span history_age;
	uint32_t quarantine_after; /**< see centro_engine_options */
	struct centro_span events_age; /**< older ones are not kept; default 7 days */
	uint32_t events_max;           /**< kept, the newest; default 1,000,000 */
};
#define CENTRO_SERVER_OPTIONS_INIT                                                                 \
	{                                                                                          \
		.size = sizeof(struct centro_server_options)                                       \
	}

/**
 * Open the store, load it, and listen. `text` may be NULL; on error it says what
 * was wrong and what to do.
 *
 * @retval CENTRO_ERR_INVALID, _LOCKED, _VERSION, _CORRUPT, _IO, _NOMEM, _ABI
 * @retval CENTRO_ERR_UNAVAILABLE  an address is in use
 * @retval CENTRO_ERR_DENIED       an address needs `insecure`
 */
CENTRO_API int centro_server_new(const struct centro_server_options *options,
				 struct centro_server **ret_server, struct centro_error_text *text);
/** Ends every connection at once, commits what is pending, closes the store. NULL is allowed. */
CENTRO_API void centro_server_free(struct centro_server *server);

/** Readable when there is something to dispatch. */
CENTRO_API int centro_server_fd(const struct centro_server *server);
/** How long to wait at the most, as for poll(2): 0 now, -1 for ever. */
CENTRO_API int centro_server_timeout_ms(const struct centro_server *server);
/**
 * Do what is due, without blocking.
 *
 * @retval CENTRO_ERR_IO, _FENCED  the store failed for good: free the server, and end
 */
CENTRO_API int centro_server_dispatch(struct centro_server *server);

/** Take no new calls, let those in flight end, at most for drain_limit. */
CENTRO_API void centro_server_drain(struct centro_server *server);
CENTRO_API bool centro_server_is_drained(const struct centro_server *server);

/** "127.0.0.1:50051", of the index-th address that it listens on; NULL: no more. Borrowed. */
CENTRO_API const char *centro_server_address(const struct centro_server *server, size_t index);

#ifdef __cplusplus
}
#endif
#endif
