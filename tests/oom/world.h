/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_WORLD_H
#define CTR_TESTS_OOM_WORLD_H

/*
 * An engine of centro/engine.h with two nodes and some jobs, and the owner who
 * runs what is assigned. Time stands still unless it is moved.
 */

#include <centro/engine.h>

#include "run.h"
#include "dir.h"

#define WORLD_ATTEMPTS_MAX 64

/* Beside those of enum centro_error: no answer has come yet. */
#define WORLD_NO_ANSWER 1

struct world_attempt {
	struct centro_attempt_ref ref;
	centro_node_id node;
};

struct world {
	const struct centro_allocator *allocator;
	struct dir dir; /* of a store of files; "" otherwise */
	char uri[128];
	struct centro_engine *engine;
	struct centro_time now;

	/* Told by callbacks. */
	struct world_attempt assigned[WORLD_ATTEMPTS_MAX];
	size_t assigned_count, kill_count;
	int failed;

	/* The last answer. */
	int answers, status;
	centro_job_id job;
};

/* "memory:" or "file:". Not open yet. */
void world_init(struct world *world, const struct centro_allocator *allocator, const char *scheme);
void world_fini(struct world *world);
int world_try_open(struct world *world);
void world_open(struct world *world);
void world_close(struct world *world);

/*
 * Two nodes; job 1, an array of which one runs and one is assigned; job 2, which
 * nothing can run; job 3, which has ended.
 */
void world_furnish(struct world *world);

/* Until it comes to rest, or for so many turns of 50 ms. */
void world_settle(struct world *world);
void world_turn(struct world *world, int turns);
/* The same, and until the engine is ready, unless it never is for want of memory. */
void world_rest(struct world *world);
/* The same; the status of the last call's answer. */
int world_answer(struct world *world);

/* ---- one call each; WORLD_NO_ANSWER stands in `status` afterwards ---- */

int world_register(struct world *world, const char *name);
int world_submit(struct world *world, const char *request_id);
int world_submit_rich(struct world *world);
int world_submit_encoded(struct world *world, struct centro_bytes spec,
			 enum centro_encoding encoding);
int world_report(struct world *world, const struct world_attempt *attempt, bool ended,
		 enum centro_cause cause);
int world_get(struct world *world, centro_job_id job, enum centro_encoding encoding);
int world_cancel(struct world *world, centro_job_id job);

uint64_t world_hash(const struct world *world);
/* Every invariant of the core. */
void world_check(const struct world *world);
/* Whatever is live comes to its end: nothing was lost on the way. */
void world_finish(struct world *world);

#endif
