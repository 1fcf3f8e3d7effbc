/* SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * One live line for a person who waits at a terminal: how many instances are done, and
 * when the last one may be. Nothing is written when stderr is no terminal, nor with -q;
 * whatever else is written takes its place, and at the end it is gone.
 */

#include "json.h"

/* Instances, of one job or of several. */
struct progress_tally {
	uint64_t total, done, running, failed; /* those that failed are done, too */
};

struct progress {
	struct cli *cli;
	struct live_line line;
	bool is_on, has_first;
	uint64_t first_done, first_ns; /* at the first look: the rate is counted from there */
	uint64_t next_ns;              /* not drawn before */
};

/* What `cli` writes clears the line from here on. */
void progress_init(struct progress *progress, struct cli *cli);
void progress_fini(struct progress *progress);
/* Whether it is time to count, and to show. */
bool progress_is_due(const struct progress *progress);
void progress_show(struct progress *progress, const struct progress_tally *tally);
/* Until it is due, as for poll(2). */
int progress_wait_ms(const struct progress *progress);

/* Add a job; NULL: nothing is known of it yet, so that it has one instance at least. */
void progress_count(struct progress_tally *tally, const cJSON *job);
/* "34 of 100 done, 8 running, 2 failed, about 1m05s left". `buffer` is returned. */
const char *progress_text(const struct progress_tally *tally, uint64_t done_since,
			  uint64_t elapsed_ns, char *buffer, size_t size);

#endif
