/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_RUN_H
#define CTR_TESTS_OOM_RUN_H

/*
 * A scenario, again and again: each time the next allocation of its armed part
 * fails, first alone, and then with all that follow until it is disarmed.
 *
 *	static void scenario(struct oom_run *run)
 *	{
 *		… prepare, with &run->allocator …
 *		oom_arm(run);
 *		int status = call();
 *		bool failed = oom_disarm(run);
 *		… is it as the contract says? Does the same call work now? …
 *	}
 *
 * What it allocates it gives back.
 */

#include <check.h>

#include "support/failing_allocator.h"

struct oom_site;

struct oom_run {
	struct centro_allocator allocator; /* for what is under test */
	struct failing_allocator failing;
	size_t nth;                   /* of the armed part is the one to fail */
	const void *arg;              /* of oom_each() */
	bool failed;                  /* in this run */
	const struct oom_site *where; /* the first one that did */
};

/* Ends when the armed part has been run without a failure. */
void oom_each(void (*scenario)(struct oom_run *run), const void *arg);
/* The same, several at a time, each in a process of its own: for those that mostly wait. */
void oom_each_aside(void (*scenario)(struct oom_run *run), const void *arg);

/*
 * For what is not under test. Nothing in a test uses the C library's memory by an
 * allocator of NULL: what does all the same, behind the embedder's back, is found so.
 */
const struct centro_allocator *oom_plain(void);

void oom_arm(struct oom_run *run);
/* Whether one has failed since. */
bool oom_disarm(struct oom_run *run);

/* `status` is what the contract says: out of memory if one failed, else success. */
void oom_check_status(const struct oom_run *run, int status);
/* The same of what opens something: its first turn may leave to the next what lacked memory. */
void oom_check_opened(const struct oom_run *run, int status);

#endif
