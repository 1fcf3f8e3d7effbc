/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_RUNNER_H
#define CTR_IO_RUNNER_H

/*
 * Runs attempts: the host of an agent's brain (agent/host.h) on shims and files.
 *
 * Wait until ctr_runner_fd() is readable or the instant that ctr_runner_tick()
 * gave has come. Nothing is called back but from these two.
 */

#include <centro/log.h>

#include "agent/host.h"
#include "base/alloc.h"

struct ctr_runner;

/* All are needed. */
struct ctr_runner_options {
	const struct centro_allocator *allocator; /* NULL: the C library's */
	const struct centro_log *log;             /* NULL: silent */
	const char *state_dir;
	const char *shim;
	uint32_t attempts_max;  /* at once */
	uint64_t log_bytes_max; /* of each stream of an attempt; over it the attempt is ended */
	uint32_t kept_max;      /* attempts whose output is kept; the oldest go first */
	struct centro_span log_retention;
	/* The command runs. Not told when the attempt ends before it is known. */
	void (*started)(void *arg, uint32_t handle, struct centro_instant wall);
	/* Nothing of it is left. */
	void (*ended)(void *arg, uint32_t handle, const struct ctr_attempt_end *end);
	void *arg;
};

/* As centro_agent_new(). */
int ctr_runner_new(const struct ctr_runner_options *options, struct ctr_runner **ret_runner,
		   struct centro_error_text *text);
/* Leaves what runs running. NULL is allowed. */
void ctr_runner_free(struct ctr_runner *runner);

/* Drawn once, and kept in the state directory. */
uint64_t ctr_runner_agent_id(const struct ctr_runner *runner);
/*
 * Find what an earlier agent left, once, before anything else. What runs goes on
 * under its shims; what was never started will never be. OK, NOMEM, IO.
 */
int ctr_runner_adopt(struct ctr_runner *runner, struct centro_time now,
		     void (*fn)(void *arg, const struct ctr_adopted_attempt *attempt), void *arg);

/* The functions of agent/host.h; `arg` is the runner. */
const struct ctr_agent_host *ctr_runner_host(void);

/* Readable: something has started or ended. */
int ctr_runner_fd(const struct ctr_runner *runner);
void ctr_runner_dispatch(struct ctr_runner *runner);
/* Limits, retention, the trash: a bounded piece of it. When to be called next. */
struct centro_instant ctr_runner_tick(struct ctr_runner *runner, struct centro_time now);

/* The process that guards an attempt: a descriptor to ask the system about it. -1: none runs. */
int ctr_runner_get_pidfd(const struct ctr_runner *runner, uint32_t handle);

#endif
