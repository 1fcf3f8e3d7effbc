/* SPDX-License-Identifier: MIT */
#ifndef CTR_AGENT_AGENT_H
#define CTR_AGENT_AGENT_H

/*
 * The brain of an agent: registers a node, renews leases, takes orders, claims what
 * is assigned before it starts anything, and reports until it is answered. No I/O
 * and no clock: the machine is behind agent/host.h, the server behind a channel
 * whose bytes the owner moves.
 *
 * Leases (I4): an attempt's lease counts from the sending of the claim or the
 * heartbeat that the server answered, never from the answer.
 *
 * Threads: one at a time. Nothing is called back but the host and the channel.
 */

#include <centro/log.h>

#include "agent/host.h"
#include "base/buf.h"
#include "wire/channel.h"

struct ctr_agent;

struct ctr_agent_options {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	const struct ctr_agent_host *host;
	void *host_arg;
	const char *const *servers;
	size_t server_count;
	struct centro_bytes node_info; /* an encoded NodeInfo; copied */
	const char *node_name;         /* the same as in it */
	const char *datacenter;
	const char *const *env; /* what every command gets besides its own */
	size_t env_count;
	uint64_t agent_id, session, seed;
	struct centro_span heartbeat; /* at the most between two; 0: 5 s */
	uint32_t attempts_max;        /* known at once; 0: 10,000 */
};

int ctr_agent_new(const struct ctr_agent_options *options, struct centro_time now,
		  struct ctr_agent **ret_agent, struct centro_error_text *text);
void ctr_agent_free(struct ctr_agent *agent);

/* One that an earlier agent left; before the first turn. OK, NOMEM. */
int ctr_agent_adopt(struct ctr_agent *agent, const struct ctr_adopted_attempt *adopted);

/* What the host saw. */
void ctr_agent_started(struct ctr_agent *agent, uint32_t handle, struct centro_instant wall);
void ctr_agent_ended(struct ctr_agent *agent, uint32_t handle, const struct ctr_attempt_end *end);

/* For the owner of the sockets. */
struct ctr_channel *ctr_agent_channel(struct ctr_agent *agent);
/* At the start of each turn, before anything above. */
void ctr_agent_set_now(struct ctr_agent *agent, struct centro_time now);
/* Send what is due. When to be called again at the latest, on the steady clock. */
struct centro_instant ctr_agent_turn(struct ctr_agent *agent);

bool ctr_agent_is_registered(const struct ctr_agent *agent);
/* Known ones whose end is not acknowledged. */
size_t ctr_agent_attempt_count(const struct ctr_agent *agent);
/* Take nothing new, kill what runs, go on reporting. */
void ctr_agent_stop(struct ctr_agent *agent);
/* OK; or CENTRO_ERR_EXISTS, _DENIED: the server refuses this node for good. */
int ctr_agent_error(const struct ctr_agent *agent);

#endif
