/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_LOAD_AGENT_H
#define CTR_TESTS_LOAD_AGENT_H

/*
 * An agent that runs nothing: it takes assignments, claims them, and says at once
 * that they have ended with exit code 0. As a real one, it has one claim and one
 * report under way, and what comes meanwhile goes with the next.
 */
#include "load_net.h"

/* An encoded AttemptRef: it comes from the server and goes back to it as it is. */
struct load_ref {
	uint8_t size;
	uint8_t data[31];
};

struct load_refs {
	struct load_ref *at;
	size_t count, capacity;
};

struct load_agent {
	struct load_net *net;
	struct load_conn *conn;
	uint64_t node, session, term;
	bool reports_running; /* before the end, and waits until that is acknowledged */
	bool claim_is_out, report_is_out;
	struct centro_instant heartbeat_at;
	struct load_refs assigned, claiming;
	struct load_refs granted, starting; /* `starting` only with reports_running */
	struct load_refs running, ending;
	struct ctr_buf request;
	uint64_t ended, stale, denied; /* attempts; `ended`: acknowledged */
};

/* Registers node `number`, large enough for anything, and opens its stream of orders. */
void load_agent_init(struct load_agent *agent, struct load_net *net, uint16_t port, unsigned number,
		     bool reports_running);
void load_agent_fini(struct load_agent *agent);
/* Send what is due. */
void load_agent_turn(struct load_agent *agent);

#endif
