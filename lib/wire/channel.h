/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_CHANNEL_H
#define CTR_WIRE_CHANNEL_H

/*
 * A client's connection that comes back: which address to try, when, and the
 * gRPC connection that stands now. No socket: the host asks what is wanted,
 * does it, and tells what became of it.
 *
 * After a failure the next address is tried, at once within one round; between
 * rounds the pause grows from backoff_min to backoff_max, with jitter. A
 * connection counts as a success when the first bytes have come over it: a
 * server that accepts and hangs up is treated as one that refuses.
 *
 * Re-entrancy: callbacks may call ctr_channel_need(), _rest(), _conn(),
 *   _last_error() and _round_error(), and start calls.
 */

#include "wire/grpc.h"

struct ctr_channel;

#define CTR_CHANNEL_ADDRESSES_MAX 64

struct ctr_channel_options {
	const struct centro_allocator *allocator;
	struct ctr_grpc_limits limits;
	const char *const *addresses; /* see wire/address.h; copied */
	size_t address_count;         /* 1 to CTR_CHANNEL_ADDRESSES_MAX */
	struct centro_span backoff_min; /* 0: 100 ms */
	struct centro_span backoff_max; /* 0: 5 s */
	struct centro_span connect_timeout; /* 0: 3 s */
	uint64_t seed; /* of the jitter */
	/* A new connection stands / the one that stood is gone: its calls have been closed. */
	void (*up)(void *arg, struct ctr_channel *channel, struct centro_instant now);
	void (*down)(void *arg, struct ctr_channel *channel, struct centro_instant now, int error);
	/* Each address was tried in vain: see ctr_channel_round_error(). All three may be NULL. */
	void (*failed)(void *arg, struct ctr_channel *channel, struct centro_instant now);
	void *arg;
};

/* @retval CENTRO_ERR_INVALID  an address; `text` says which and why. Wants to connect at once if `eager`. */
int ctr_channel_new(const struct ctr_channel_options *options, struct centro_instant now,
		    bool eager, struct ctr_channel **ret_channel, struct centro_error_text *text);
/* Closes the calls (UNAVAILABLE), without `down`. NULL is allowed. */
void ctr_channel_free(struct ctr_channel *channel);

enum ctr_channel_want {
	CTR_CHANNEL_WANT_NOTHING,
	CTR_CHANNEL_WANT_CONNECT, /* to *ret_address, then say connected or closed */
	CTR_CHANNEL_WANT_CLOSE,   /* the socket, after sending what there is; then say closed */
};
enum ctr_channel_want ctr_channel_wants(struct ctr_channel *channel, struct centro_instant now,
					const char **ret_address);
/* The host has begun to connect. */
void ctr_channel_connecting(struct ctr_channel *channel, struct centro_instant now);
void ctr_channel_connected(struct ctr_channel *channel, struct centro_instant now);
/* The attempt failed, or the connection is over. */
void ctr_channel_closed(struct ctr_channel *channel, struct centro_instant now, int error);
/* Ask for a connection even though nothing failed: somebody has something to send. */
void ctr_channel_need(struct ctr_channel *channel, struct centro_instant now);
/* Nobody waits any more: no new attempt until the next need. Nothing for an eager one. */
void ctr_channel_rest(struct ctr_channel *channel);

/* As ctr_grpc_conn_recv() and _send(). STATE: no connection stands. */
int ctr_channel_recv(struct ctr_channel *channel, struct centro_instant now,
		     struct centro_bytes bytes);
int ctr_channel_send(struct ctr_channel *channel, struct centro_instant now, struct ctr_buf *out,
		     size_t bytes_max);
/* What is due; the next instant to be called at. */
struct centro_instant ctr_channel_tick(struct ctr_channel *channel, struct centro_instant now);

/* The connection that stands and takes new calls; NULL: none. */
struct ctr_grpc_conn *ctr_channel_conn(const struct ctr_channel *channel);
/* How the last failed attempt failed, for people: "127.0.0.1:50051: connection refused". */
const char *ctr_channel_last_error(const struct ctr_channel *channel);
/* The same of every address that has failed and not worked since, joined by "; ". */
void ctr_channel_round_error(const struct ctr_channel *channel, struct centro_error_text *ret_text);
/* The host's word on it ("connection refused"), set before ctr_channel_closed(). */
void ctr_channel_set_last_error(struct ctr_channel *channel, const char *text);

#endif
