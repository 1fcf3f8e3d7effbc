/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_LINK_H
#define CTR_IO_LINK_H

/*
 * Runs one channel (wire/channel.h) over a TCP or unix socket on a libuv loop:
 * resolves, connects, reads, writes, and keeps the channel's timer.
 *
 * Re-entrancy: callbacks of the channel, of its calls and `turn` may call
 *   ctr_link_pump(), but not ctr_link_close().
 */

#include <uv.h>

#include "wire/channel.h"

struct ctr_link;

struct ctr_link_options {
	const struct centro_allocator *allocator;
	uv_loop_t *loop;             /* outlives the link */
	struct ctr_channel *channel; /* outlives the link */
	/* After bytes or a timer were handled: a good moment to start calls. May be NULL. */
	void (*turn)(void *arg, struct centro_instant now);
	void *arg;
};

/* OK, NOMEM. Nothing happens before the first ctr_link_pump(). */
int ctr_link_new(const struct ctr_link_options *options, struct ctr_link **ret_link);
/*
 * Something was queued on the channel, or it was needed: connect, write, set the
 * timer. Calls `turn` too. Inside a callback it is put off to the end of the turn.
 */
void ctr_link_pump(struct ctr_link *link, struct centro_instant now);
/*
 * Closes the socket; `closed` comes from a later turn of the loop, when the link
 * has been freed. A name that is being looked up delays it. The channel is not
 * told: free it next.
 */
void ctr_link_close(struct ctr_link *link, void (*closed)(void *arg), void *arg);

#endif
