/* SPDX-License-Identifier: MIT */
#ifndef CTR_CLIENT_CLIENT_H
#define CTR_CLIENT_CLIENT_H

/*
 * The brain of a client: calls by the name of their method, over a channel that
 * comes and goes. No socket and no clock: lib/io runs the channel, and calls
 * ctr_client_turn().
 *
 * A call waits for a connection, and is sent again by itself only if the server
 * cannot have seen it, or if it is idempotent and no message has come back yet.
 * One without a deadline fails when every address was tried in vain; one with a
 * deadline goes on until then. An idempotent one whose connection broke is tried
 * again for CTR_CLIENT_PATIENCE_MS, as a server needs to be started anew: that its
 * outcome is unknown is the worst answer.
 *
 * Re-entrancy: `message` and `done` may call ctr_client_call() and
 *   ctr_client_cancel(), nothing else here.
 */

#include <centro/client.h>

#include "wire/channel.h"

#define CTR_CLIENT_CALLS_MAX         16384
#define CTR_CLIENT_REQUEST_BYTES_MAX ((size_t)4 << 20) /* of one request */
/* For an idempotent call without a time-out whose connection broke. */
#define CTR_CLIENT_PATIENCE_MS     30000
#define CTR_CLIENT_QUEUE_BYTES_MAX ((size_t)64 << 20) /* of all requests not ended */

struct ctr_client;

struct ctr_client_options {
	const struct centro_allocator *allocator;
	const struct centro_log *log; /* outlives the client; may be NULL */
	const char *const *servers;
	size_t server_count;
	struct centro_span connect_timeout; /* 0: the channel's default */
	uint64_t seed;
	/* A call was made or cancelled: a turn is wanted soon. May be NULL. */
	void (*queued)(void *arg);
	void *arg;
};

/* As centro_client_new(). */
int ctr_client_new(const struct ctr_client_options *options, struct centro_instant now,
		   struct ctr_client **ret_client, struct centro_error_text *text);
/* Ends every call (CANCELLED). NULL is allowed. */
void ctr_client_free(struct ctr_client *client);

/* For the link that runs it. Owned by the client. */
struct ctr_channel *ctr_client_channel(const struct ctr_client *client);

/* As centro_client_call(). Nothing is sent, and no callback comes, before the next turn. */
int ctr_client_call(struct ctr_client *client, struct centro_instant now, const char *method,
		    struct centro_bytes request, const struct centro_call_options *options,
		    struct centro_call **ret_call, struct centro_error_text *text);
/* `done` comes from the next turn, if it has not come before. */
void ctr_client_cancel(struct centro_call *call);
/* Calls whose `done` has not come. */
size_t ctr_client_calls(const struct ctr_client *client);

/* End what is due, start what can be. To be called whenever bytes or time have passed. */
void ctr_client_turn(struct ctr_client *client, struct centro_instant now);
/* When the next turn is due, apart from the channel's own time. */
struct centro_instant ctr_client_wake(const struct ctr_client *client);

#endif
