/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_RUNNER_PRIVATE_H
#define CTR_IO_RUNNER_PRIVATE_H

/* What the files of the runner share. */

#include "base/log.h"
#include "io/attempt_dir.h"
#include "io/lease_file.h"
#include "io/runner.h"
#include "io/spare_dirs.h"
#include "io/trash.h"

/*
 * Of an attempt that ended unseen, with its machine or its shim: only a server says
 * node_lost, and this is what a node may say that makes it try again.
 */
#define CTR_CAUSE_LOST CENTRO_CAUSE_LEASE_EXPIRED

enum ctr_run_stage {
	CTR_RUN_PREPARED,
	CTR_RUN_STARTED, /* its shim was, the command perhaps not yet */
	CTR_RUN_RUNNING,
	CTR_RUN_ORPHANED, /* its shim was killed; what it left is being killed */
	CTR_RUN_ENDED,
};

/* One attempt. Its handle is its slot: both are its own until it is forgotten. */
struct ctr_run {
	struct centro_attempt_ref ref;
	uint32_t slot;
	enum ctr_run_stage stage;
	int pidfd;       /* of its shim; -1: there is none */
	int shim_status; /* orphaned: as from ctr_process_has_ended() */
	struct centro_span kill_grace;
	enum centro_cause kill_cause; /* of the first order; NONE: there was none */
};

/* An attempt of which only the output is left. */
struct ctr_kept {
	struct centro_attempt_ref ref;
	struct centro_instant until; /* steady */
};

/* In the order in which they go: a ring. */
struct ctr_kept_ring {
	struct ctr_kept *items;
	uint32_t first, count, capacity;
};

struct ctr_runner {
	struct ctr_runner_options options; /* its strings are not ours */
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	char *shim;
	struct ctr_state_dir state;
	struct ctr_lease_file leases;
	struct ctr_trash trash;
	struct ctr_spare_dirs spares;
	struct ctr_kept_ring kept;
	struct ctr_run **runs; /* by slot */
	int epoll_fd;
	int wake_fd;                    /* shims say here that their command runs … */
	int shim_wake_fd, shim_null_fd; /* … and get these; not below CTR_SHIM_FD_END */
	struct ctr_buf scratch;
	struct centro_time now; /* of the last tick */
	uint32_t orphaned;      /* attempts of that stage */
	struct centro_instant next_size_check;
	uint32_t size_check_slot; /* how far this round of checks is; 0: none is under way */
	bool size_check_found;    /* something runs */
};

struct ctr_run *ctr_runner_find(const struct ctr_runner *runner, uint32_t handle);
/* NULL: no memory. `slot` has been taken. */
struct ctr_run *ctr_runner_add(struct ctr_runner *runner, const struct centro_attempt_ref *ref,
			       uint32_t slot);
/* Hear of the end of its shim. Takes `pidfd`, also on an error. */
int ctr_runner_watch(struct ctr_runner *runner, struct ctr_run *run, int pidfd);
/*
 * What its record says now that its shim has ended; `status` as from
 * ctr_process_has_ended(). True: the shim did not see the end, and processes of
 * the attempt may be left.
 */
bool ctr_runner_read_end(struct ctr_runner *runner, const struct ctr_run *run, int status,
			 struct ctr_attempt_end *ret_end);
/* Its shim is gone and did not see the end: kill what is left before that is told. */
void ctr_runner_orphan(struct ctr_runner *runner, struct ctr_run *run, int status);
void ctr_runner_order(struct ctr_runner *runner, struct ctr_run *run, enum centro_cause cause,
		      struct centro_span grace);

/* ---- output: runner_logs.c ---- */

int ctr_runner_read_log(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size);
int ctr_runner_get_log_size(void *arg, const struct centro_attempt_ref *ref,
			    enum ctr_log_stream stream, uint64_t *ret_bytes);
/* Keep its output until then. The oldest goes when there are too many. */
void ctr_runner_keep(struct ctr_runner *runner, const struct centro_attempt_ref *ref,
		     struct centro_instant until);
/* Attempts that write too much, and output that is too old. When to look again. */
struct centro_instant ctr_runner_check_logs(struct ctr_runner *runner);

#endif
