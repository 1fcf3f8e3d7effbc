/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_SUPPORT_CHANNEL_NET_H
#define CTR_TESTS_SUPPORT_CHANNEL_NET_H

/*
 * The host of one channel, and the servers that it reaches, all in memory: the
 * connections are real ones of lib/wire, time stands still unless a test moves
 * it, and what befalls an attempt is set by the test.
 */

#include <check.h>

#include "base/buf.h"
#include "wire/channel.h"

enum channel_net_fate {
	NET_ACCEPT,
	NET_REFUSE,
	NET_HANG,      /* the attempt never ends by itself */
	NET_HANG_UP,   /* accepted, then closed without a byte */
	NET_NOT_HTTP2, /* accepted, then another protocol is spoken */
};

struct channel_net {
	struct ctr_channel *channel;
	struct centro_instant now;
	enum channel_net_fate fate;
	const struct ctr_grpc_server_impl *server_impl;
	void *server_arg;
	struct ctr_grpc_conn *server; /* NULL: no connection */
	bool is_connecting;
	size_t attempts;
	char tried[512]; /* the addresses, each behind a space */
	/* After each step, as the link's `turn`. May be NULL. */
	void (*turn)(void *arg, struct centro_instant now);
	void *turn_arg;
};

/* Starts at a time that is not 0. The channel is set by the test before the first run. */
void channel_net_init(struct channel_net *net, const struct ctr_grpc_server_impl *server_impl,
		      void *server_arg);
void channel_net_fini(struct channel_net *net);
/* Until nothing moves any more. */
void channel_net_run(struct channel_net *net);
/* Move the time, step by step through what the channel waits for, and run. */
void channel_net_wait(struct channel_net *net, uint64_t ms);
/* The server is gone: what it had not sent is lost. */
void channel_net_cut(struct channel_net *net);

#endif
