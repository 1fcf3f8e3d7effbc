/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_IO_RUNNER_FIXTURE_H
#define CTR_TESTS_IO_RUNNER_FIXTURE_H

/* A runner with the real shim in a state directory of its own, and what it told. */

#include <sys/types.h>

#include "io/runner.h"

#define RUN_HANDLES_MAX 64

struct run_fixture {
	char dir[64]; /* the state directory; beside it: <dir>.x for a test's own files */
	struct ctr_runner *runner;
	struct ctr_runner_options options;
	uint32_t starts[RUN_HANDLES_MAX]; /* by handle: how often */
	uint32_t ends[RUN_HANDLES_MAX];
	struct ctr_attempt_end end[RUN_HANDLES_MAX];
	struct ctr_adopted_attempt adopted[RUN_HANDLES_MAX];
	size_t adopted_count;
	uint64_t next_job;
};

/* A new directory and a runner in it. */
void run_fixture_init(struct run_fixture *fixture);
/* Kills what runs, frees the runner, removes the directory. */
void run_fixture_fini(struct run_fixture *fixture);
/* The runner goes, as if its process had; its shims stay. */
void run_fixture_close_runner(struct run_fixture *fixture);
/* A new one in the same directory, which adopts. */
void run_fixture_open_runner(struct run_fixture *fixture);

/* 0 and NULL: defaults that do not matter to most tests. */
struct run_what {
	const char *script;      /* sh -c SCRIPT … */
	const char *const *argv; /* … or this, ended by NULL */
	const char *const *env;  /* ended by NULL; default PATH */
	const char *working_dir;
	uint64_t lease_ms, lease_notice_ms, time_limit_ms, grace_ms;
	uint64_t lease_left_ms; /* until the first deadline; default 60 s */
};
/* Make ready: the handle. */
uint32_t run_prepare(struct run_fixture *fixture, const struct run_what *what,
		     struct centro_attempt_ref *ret_ref);
/* Prepare and start. */
uint32_t run_start(struct run_fixture *fixture, const struct run_what *what,
		   struct centro_attempt_ref *ret_ref);
/* Turn the runner until it has ended; fails after 20 s. */
const struct ctr_attempt_end *run_wait(struct run_fixture *fixture, uint32_t handle);
void run_wait_started(struct run_fixture *fixture, uint32_t handle);
/* Turn the runner for so long. */
void run_turn(struct run_fixture *fixture, uint64_t ms);
/* All of a stream, terminated; in a buffer that the next call uses again. */
const char *run_output(struct run_fixture *fixture, const struct centro_attempt_ref *ref,
		       enum ctr_log_stream stream);

/* "<dir>.x/NAME", in a buffer that the third next call uses again. */
const char *run_path(const struct run_fixture *fixture, const char *name);
/* Wait until a file of the test's own holds something, and read it as a number. */
long run_read_number(const struct run_fixture *fixture, const char *name);
/* Whether a process of that number is there and not a zombie. */
bool run_is_alive(pid_t pid);
/* Wait for it to go; false: it is still there after so long. */
bool run_wait_gone(pid_t pid, uint64_t ms);
void run_sleep(uint64_t ms);
struct centro_instant run_in(uint64_t ms);

#endif
