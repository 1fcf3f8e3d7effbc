/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_WATCH_H
#define CLI_JOB_WATCH_H

/*
 * Follows the record of one job to its end, across lost connections and servers
 * that are started anew.
 */

#include "call.h"
#include "retry.h"

struct job_watch {
	struct cli *cli;
	uint64_t job;
	cJSON *last;  /* the newest record; NULL: none yet */
	bool is_new;  /* set with each record; the owner clears it */
	bool is_over; /* the job has ended, or `code` says why it cannot be watched */
	uint64_t over_ns;
	int code;                 /* an exit code: it has been said; 0: all is well */
	bool is_silent;           /* does not say that the server is away */
	struct centro_call *call; /* NULL: not open */
	struct retry retry;
};

void job_watch_init(struct job_watch *watch, struct cli *cli, uint64_t job);
/* Open it, or open it again, if that is due. To be called before each turn. */
void job_watch_pump(struct job_watch *watch);
/* Until the next pump is due, as for poll(2); -1: something must come first. */
int job_watch_wait_ms(const struct job_watch *watch);
/* Ends the call, with the client's help. */
void job_watch_close(struct job_watch *watch);

#endif
