/* SPDX-License-Identifier: MIT */
#ifndef CLI_DEV_H
#define CLI_DEV_H

/*
 * A server and an agent in this process, in one poll loop: a temporary store, a
 * free port, and its address where clients of this user look for it.
 */

#include <centro/agent.h>
#include <centro/server.h>

#include "cli.h"

struct dev {
	struct cli *cli;
	/* Set by the owner. */
	uint16_t port;       /* of 127.0.0.1; 0: any free one */
	const char *storage; /* NULL: a temporary file store */
	struct centro_log log;
	struct centro_agent_options agent_options; /* its name and what it offers */
	/* The rest is private. */
	char folder[256]; /* temporary; "": none */
	struct centro_server *server;
	struct centro_agent *agent;
	int signal_fd;
	bool is_announced;
};

/* Until a signal comes, or something fails. 0, or the exit code: it has been said. */
int dev_run(struct dev *dev);

#endif
