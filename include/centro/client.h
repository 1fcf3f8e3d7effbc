/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_CLIENT_H
#define CENTRO_CLIENT_H

/**
 * @file
 * Calls to a Centro server, from your own loop. One call for every method of
 * proto/centro/v1, with messages in protobuf or JSON.
 *
 * Wait until centro_client_fd() is readable or centro_client_timeout_ms() has
 * passed, then call centro_client_dispatch(); or use centro_client_wait().
 *
 * A client connects when there is something to send, and again after a failure,
 * with growing pauses, trying its addresses in turn. A call that the server
 * cannot have seen is sent again by itself; one that it may have seen is not,
 * unless `is_idempotent` says that this does no harm.
 *
 * Ownership: arguments are copied before a call returns; what a callback gets
 *   is borrowed for the call.
 * Threads: a client belongs to one thread at a time.
 * Re-entrancy: a callback may call anything here except _dispatch(), _wait()
 *   and _free().
 * Signals: ignore SIGPIPE in your process. A socket may be written to just when
 *   the other side has closed it.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/job.h>
#include <centro/log.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_client;
struct centro_call;

/** Start from CENTRO_CLIENT_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_client_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< NULL: the C library's */
	const struct centro_log *log;             /**< NULL: silent */
	/** "HOST:PORT" or "unix:PATH" each. Default "127.0.0.1:50051". */
	const char *const *servers;
	size_t server_count;
	struct centro_span connect_timeout; /**< of one attempt; default 3 s */
};
#define CENTRO_CLIENT_OPTIONS_INIT                                                                 \
	{                                                                                          \
		.size = sizeof(struct centro_client_options)                                       \
	}

/** @retval CENTRO_ERR_INVALID, _NOMEM, _IO, _ABI; `text` may be NULL */
CENTRO_API int centro_client_new(const struct centro_client_options *options,
				 struct centro_client **ret_client, struct centro_error_text *text);
/**
 * Unfinished calls end with CENTRO_ERR_CANCELLED. NULL is allowed. May block while
 * the name of a server is being looked up.
 */
CENTRO_API void centro_client_free(struct centro_client *client);

CENTRO_API int centro_client_fd(const struct centro_client *client);
CENTRO_API int centro_client_timeout_ms(const struct centro_client *client);
CENTRO_API int centro_client_dispatch(struct centro_client *client);

/** Start from CENTRO_CALL_OPTIONS_INIT. */
struct centro_call_options {
	size_t size;                   /**< sizeof this struct */
	enum centro_encoding encoding; /**< of the request and of what `message` gets */
	/**
	 * Of the whole call; default: none. Without one a call fails with
	 * CENTRO_ERR_UNAVAILABLE when every server was tried in vain; with one it
	 * goes on trying. An idempotent call whose connection broke goes on trying
	 * for 30 s in any case.
	 */
	struct centro_span timeout;
	bool is_idempotent;            /**< may be sent again when its outcome is unknown */
	/** Each message of the answer. May be NULL. */
	void (*message)(void *arg, struct centro_bytes message);
	/** The end, exactly once. `text` is the server's word on an error, never NULL. */
	void (*done)(void *arg, int status, const char *text);
	void *arg;
};
#define CENTRO_CALL_OPTIONS_INIT                                                                   \
	{                                                                                          \
		.size = sizeof(struct centro_call_options)                                         \
	}

/**
 * Start a call. `method` is "JobService/Submit" or "/centro.v1.JobService/Submit".
 * `ret_call` may be NULL; it is valid until `done`. A request has at most 4 MiB in
 * protobuf; at most 16,384 calls may be open.
 *
 * @retval CENTRO_ERR_INVALID        the request is not one for this method: see text
 * @retval CENTRO_ERR_UNIMPLEMENTED  no such method in the schema
 * @retval CENTRO_ERR_LIMIT, _NOMEM, _ABI
 */
CENTRO_API int centro_client_call(struct centro_client *client, const char *method,
				  struct centro_bytes request,
				  const struct centro_call_options *options,
				  struct centro_call **ret_call, struct centro_error_text *text);
/** Give up; `done` follows with CENTRO_ERR_CANCELLED, from a later dispatch. */
CENTRO_API void centro_call_cancel(struct centro_call *call);

/**
 * Block until no call is open.
 *
 * @retval CENTRO_ERR_DEADLINE   `timeout` has passed (0: none); the calls go on
 * @retval CENTRO_ERR_CANCELLED  the descriptor `interrupt_fd` (-1: none) is readable
 * @retval CENTRO_ERR_IO
 */
CENTRO_API int centro_client_wait(struct centro_client *client, struct centro_span timeout,
				  int interrupt_fd);

#ifdef __cplusplus
}
#endif
#endif
