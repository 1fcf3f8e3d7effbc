/* SPDX-License-Identifier: MIT */
#ifndef POWER_LIFE_H
#define POWER_LIFE_H

/*
 * Jobs come, run, end and are forgotten in a file store, through its public API,
 * beside a plain copy of what must be there after each commit.
 *
 * What is stored once is what was acknowledged (I1), whole batches of it, and at
 * the most the one that was under way: life_open() and life_scan() compare every
 * row with the copies. After CENTRO_ERR_IO the store must say so for good (I13).
 * What is not as promised stands in `complaint`, and all else is a status.
 */

#include "disk.h"

#include <centro/store.h>

#define LIFE_JOBS 20
/* Of each job its four records, and one more row. */
#define LIFE_PLACES (4 * LIFE_JOBS + 1)

/* For each key that is ever used the number of the value that stands there; 0: none. */
struct life_state {
	uint32_t values[LIFE_PLACES];
};

struct life {
	const char *uri;
	struct ctr_prng prng;
	struct life_state *states; /* that were acknowledged or begun, in order */
	size_t count, room;
	struct promise promise; /* in numbers of states */
	uint32_t last_value;
	uint32_t commits;

	struct centro_store *store; /* NULL: not open */
	struct centro_batch *batch;
	uint64_t term;
	uint32_t seen;       /* the state that a scan showed, or a commit made */
	bool failed;         /* the store has said CENTRO_ERR_IO */
	char complaint[240]; /* the first one; "": none */
};

/* A life before its first store. `uri` is borrowed. */
void life_init(struct life *life, const char *uri, uint64_t seed);
/* A life that goes on from what `life` had promised when `promise` was so. */
void life_fork(struct life *fork, const struct life *life, const struct promise *promise,
	       uint64_t seed);
/* It is closed. */
void life_fini(struct life *life);

/* Open the store, and look at every row. */
int life_open(struct life *life);
int life_lead(struct life *life);
/* A few of the things that happen to jobs. */
int life_commit(struct life *life);
/* Look at every row once more. */
int life_scan(struct life *life);
/* Leads or not, whatever happened to it. NULL store: harmless. */
void life_close(struct life *life);

/* Lead, and commit `commits` times. The first status that is not OK. */
int life_go_on(struct life *life, int commits);

#endif
