/* SPDX-License-Identifier: MIT */
/*
 * runner.c - runs attempts under shims: see runner.h.
 *
 * Invariants:
 * - A shim is started only for an attempt whose record stands as "claimed", and
 *   only once: the record is what the shim takes before it starts anything.
 * - A slot is given back when no shim uses it and the record is gone, so records
 *   on disk never share one.
 * - A signal goes to a pidfd that we got from our own child, or by number and
 *   start time (I15).
 *
 * Layer: io.
 */
#include "io/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "io/orphans.h"
#include "io/process.h"
#include "io/runner_private.h"

#define EVENTS_MAX    64
#define TRASH_OPS_MAX 64
#define TRASH_PAUSE   ctr_span_ms(2)
#define SWEEP_PAUSE   ctr_span_ms(20)
#define WAKE_FD_DATA  0 /* slot 0 belongs to nobody */

#define SAME(name) ((int)CTR_SHIM_##name == (int)CENTRO_CAUSE_##name)
_Static_assert(SAME(EXITED) && SAME(SIGNALLED) && SAME(TIME_LIMIT) && SAME(START_FAILED) &&
		       SAME(LEASE_EXPIRED),
	       "shims and the schema number causes alike");

/* ---- the table ---- */

struct ctr_run *ctr_runner_find(const struct ctr_runner *runner, uint32_t handle)
{
	CTR_ASSERT(handle > 0 && handle < runner->leases.count);
	CTR_ASSERT(runner->runs[handle]);
	CTR_ASSERT(runner->runs[handle]->slot == handle);
	return runner->runs[handle];
}

struct ctr_run *ctr_runner_add(struct ctr_runner *runner, const struct centro_attempt_ref *ref,
			       uint32_t slot)
{
	CTR_ASSERT(slot > 0 && slot < runner->leases.count);
	CTR_ASSERT(!runner->runs[slot]);
	struct ctr_run *run = ctr_alloc_zero(runner->allocator, sizeof(*run));
	if (!run)
		return NULL;
	run->ref = *ref;
	run->slot = slot;
	run->pidfd = -1;
	runner->runs[slot] = run;
	return run;
}

static void drop(struct ctr_runner *runner, struct ctr_run *run)
{
	CTR_ASSERT(run->pidfd < 0);
	runner->runs[run->slot] = NULL;
	ctr_lease_file_release(&runner->leases, run->slot);
	ctr_free(runner->allocator, run);
}

/* ---- what the brain asks ---- */

static int prepare(void *arg, const struct ctr_attempt_spec *spec, uint32_t *ret_handle,
		   struct centro_error_text *text)
{
	struct ctr_runner *runner = arg;
	uint32_t slot = ctr_lease_file_take(&runner->leases);
	if (slot == 0)
		return ctr_error(text, CENTRO_ERR_LIMIT, "this node runs at most %u attempts",
				 runner->options.attempts_max);
	struct ctr_run *run = ctr_runner_add(runner, &spec->ref, slot);
	if (!run) {
		ctr_lease_file_release(&runner->leases, slot);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	run->kill_grace = spec->kill_grace;
	int status = ctr_attempt_dir_make(&runner->state, &runner->spares, spec, slot,
					  &runner->scratch, text);
	if (status != CENTRO_OK) {
		drop(runner, run);
		return status;
	}
	*ret_handle = slot;
	return CENTRO_OK;
}

int ctr_runner_watch(struct ctr_runner *runner, struct ctr_run *run, int pidfd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = run->slot};
	CTR_ASSERT(run->pidfd < 0);
	CTR_ASSERT(pidfd >= 0);
	if (epoll_ctl(runner->epoll_fd, EPOLL_CTL_ADD, pidfd, &event) == 0) {
		run->pidfd = pidfd;
		return CENTRO_OK;
	}
	close(pidfd);
	return CENTRO_ERR_IO;
}

static int start_shim(struct ctr_runner *runner, const struct ctr_run *run)
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	const char *const argv[] = {"centro-shim", ctr_attempt_name(&run->ref, name), NULL};
	int dir_fd = ctr_attempt_dir_open(&runner->state, &run->ref);
	if (dir_fd < 0)
		return -1;
	int high = fcntl(dir_fd, F_DUPFD_CLOEXEC, CTR_SHIM_FD_END);
	close(dir_fd);
	if (high < 0)
		return -1;
	const int fds[CTR_SHIM_FD_END] = {
		runner->shim_null_fd,
		runner->shim_null_fd,
		runner->shim_null_fd,
		[CTR_SHIM_FD_DIR] = high,
		[CTR_SHIM_FD_LEASES] = runner->leases.fd,
		[CTR_SHIM_FD_WAKE] = runner->shim_wake_fd,
	};
	int pidfd = ctr_process_start(&(struct ctr_process_start){
		.path = runner->shim,
		.argv = argv,
		.fds = fds,
		.fd_count = CTR_SHIM_FD_END,
	});
	int error = errno;
	close(high);
	errno = error;
	return pidfd;
}

static int start(void *arg, uint32_t handle, struct centro_instant lease_end,
		 struct centro_error_text *text)
{
	struct ctr_runner *runner = arg;
	struct ctr_run *run = ctr_runner_find(runner, handle);
	char reason[128];

	CTR_ASSERT(run->stage == CTR_RUN_PREPARED);
	ctr_lease_file_set_end(&runner->leases, run->slot, lease_end);
	int pidfd = start_shim(runner, run);
	if (pidfd < 0)
		return ctr_error(text, CENTRO_ERR_IO, "the shim %s cannot be started: %s",
				 runner->shim, strerror_r(errno, reason, sizeof(reason)));
	/* It is there, whether we hear of it or not. */
	run->stage = CTR_RUN_STARTED;
	if (ctr_runner_watch(runner, run, pidfd) == CENTRO_OK)
		return CENTRO_OK;
	/* No lease: it starts nothing, or ends it at once. Nobody else would hold it to one. */
	ctr_lease_file_set_end(&runner->leases, run->slot, (struct centro_instant){0});
	run->stage = CTR_RUN_PREPARED;
	return ctr_error(text, CENTRO_ERR_IO, "the shim cannot be watched: %s",
			 strerror_r(errno, reason, sizeof(reason)));
}

static void set_lease(void *arg, uint32_t handle, struct centro_instant lease_end)
{
	struct ctr_runner *runner = arg;
	struct ctr_run *run = ctr_runner_find(runner, handle);
	CTR_ASSERT(run->stage != CTR_RUN_PREPARED);
	if (run->pidfd >= 0)
		ctr_lease_file_set_end(&runner->leases, run->slot, lease_end);
}

void ctr_runner_order(struct ctr_runner *runner, struct ctr_run *run, enum centro_cause cause,
		      struct centro_span grace)
{
	CTR_ASSERT(cause != CENTRO_CAUSE_NONE);
	CTR_ASSERT(run->stage == CTR_RUN_STARTED || run->stage == CTR_RUN_RUNNING);
	CTR_ASSERT(run->pidfd >= 0);
	if (run->kill_cause == CENTRO_CAUSE_NONE)
		run->kill_cause = cause;
	ctr_lease_file_set_order(&runner->leases, run->slot,
				 ctr_shim_order((uint32_t)run->kill_cause, grace.ns));
	/* One that has ended meanwhile needs no order. */
	(void)pidfd_send_signal(run->pidfd, CTR_SHIM_SIGNAL, NULL, 0);
}

static void kill_attempt(void *arg, uint32_t handle, enum centro_cause cause,
			 struct centro_span grace)
{
	struct ctr_runner *runner = arg;
	struct ctr_run *run = ctr_runner_find(runner, handle);
	CTR_ASSERT(run->stage != CTR_RUN_PREPARED);
	if (run->pidfd >= 0)
		ctr_runner_order(runner, run, cause, grace);
}

static void forget(void *arg, uint32_t handle)
{
	struct ctr_runner *runner = arg;
	struct ctr_run *run = ctr_runner_find(runner, handle);
	char name[CTR_ATTEMPT_NAME_SIZE];

	CTR_ASSERT(run->stage == CTR_RUN_PREPARED || run->stage == CTR_RUN_ENDED);
	switch (ctr_attempt_dir_forget(&runner->state, &run->ref, &runner->trash,
				       &runner->spares)) {
	case CTR_ATTEMPT_REST_NONE:
		break;
	case CTR_ATTEMPT_REST_OUTPUT:
		ctr_runner_keep(runner, &run->ref,
				ctr_after(runner->now.steady, runner->options.log_retention));
		break;
	case CTR_ATTEMPT_REST_FILES:
		if (!ctr_trash_add(&runner->trash, runner->state.attempts_fd,
				   ctr_attempt_name(&run->ref, name)))
			ctr_log_warn(runner->log, "not removed attempt=%s", name);
		break;
	}
	drop(runner, run);
}

static const struct ctr_agent_host host = {
	.size = sizeof(struct ctr_agent_host),
	.prepare = prepare,
	.start = start,
	.set_lease = set_lease,
	.kill = kill_attempt,
	.forget = forget,
	.read_log = ctr_runner_read_log,
	.get_log_size = ctr_runner_get_log_size,
};

const struct ctr_agent_host *ctr_runner_host(void)
{
	return &host;
}

/* ---- what happens ---- */

static void read_wakes(struct ctr_runner *runner)
{
	uint32_t slots[256];
	ssize_t size;
	/* Writes of one word are whole. */
	while ((size = read(runner->wake_fd, slots, sizeof(slots))) > 0) {
		for (size_t i = 0; i < (size_t)size / sizeof(slots[0]); i++) {
			struct ctr_run *run =
				slots[i] < runner->leases.count ? runner->runs[slots[i]] : NULL;
			if (!run || run->stage != CTR_RUN_STARTED)
				continue;
			run->stage = CTR_RUN_RUNNING;
			runner->options.started(runner->options.arg, run->slot,
						ctr_lease_file_started(&runner->leases, run->slot));
		}
		if ((size_t)size < sizeof(slots))
			break;
	}
}

static void look_at_shim(struct ctr_runner *runner, uint32_t slot)
{
	struct ctr_run *run = ctr_runner_find(runner, slot);
	struct ctr_attempt_end end;
	int status;

	CTR_ASSERT(run->pidfd >= 0);
	if (!ctr_process_has_ended(run->pidfd, &status))
		return;
	/*
	 * Closing is not enough for epoll to forget it: a shim that is being started has
	 * copies of all descriptors until its exec, which comes after vfork's return.
	 */
	epoll_ctl(runner->epoll_fd, EPOLL_CTL_DEL, run->pidfd, NULL);
	close(run->pidfd);
	run->pidfd = -1;
	if (ctr_runner_read_end(runner, run, status, &end)) {
		ctr_runner_orphan(runner, run, status);
		return;
	}
	run->stage = CTR_RUN_ENDED;
	runner->options.ended(runner->options.arg, slot, &end);
}

void ctr_runner_orphan(struct ctr_runner *runner, struct ctr_run *run, int status)
{
	CTR_ASSERT(run->pidfd < 0);
	CTR_ASSERT(run->stage != CTR_RUN_ORPHANED && run->stage != CTR_RUN_ENDED);
	run->stage = CTR_RUN_ORPHANED;
	run->shim_status = status;
	runner->orphaned++;
}

/* Kill what is left of one attempt; when nothing was, it has ended. */
static void sweep(struct ctr_runner *runner, struct ctr_run *run)
{
	char mark[CTR_ORPHAN_MARK_SIZE];
	struct ctr_attempt_end end;
	if (ctr_orphans_kill(ctr_orphan_mark(runner->state.agent_id, &run->ref, mark)) > 0)
		return;
	CTR_ASSERT(runner->orphaned > 0);
	runner->orphaned--;
	run->stage = CTR_RUN_ENDED;
	ctr_runner_read_end(runner, run, run->shim_status, &end);
	runner->options.ended(runner->options.arg, run->slot, &end);
}

static void sweep_orphans(struct ctr_runner *runner)
{
	for (uint32_t slot = 1; runner->orphaned > 0 && slot < runner->leases.count; slot++) {
		struct ctr_run *run = runner->runs[slot];
		if (run && run->stage == CTR_RUN_ORPHANED)
			sweep(runner, run);
	}
}

int ctr_runner_fd(const struct ctr_runner *runner)
{
	return runner->epoll_fd;
}

void ctr_runner_dispatch(struct ctr_runner *runner)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(runner->epoll_fd, events, EVENTS_MAX, 0);
	/* Starts before ends, or an attempt would end without having started. */
	read_wakes(runner);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 != WAKE_FD_DATA)
			look_at_shim(runner, events[i].data.u32);
	}
}

struct centro_instant ctr_runner_tick(struct ctr_runner *runner, struct centro_time now)
{
	runner->now = now;
	struct centro_instant next = ctr_runner_check_logs(runner);
	if (ctr_trash_work(&runner->trash, TRASH_OPS_MAX))
		next = ctr_earlier(next, ctr_after(now.steady, TRASH_PAUSE));
	sweep_orphans(runner);
	if (runner->orphaned > 0)
		next = ctr_earlier(next, ctr_after(now.steady, SWEEP_PAUSE));
	return next;
}

int ctr_runner_get_pidfd(const struct ctr_runner *runner, uint32_t handle)
{
	return ctr_runner_find(runner, handle)->pidfd;
}

uint64_t ctr_runner_agent_id(const struct ctr_runner *runner)
{
	return runner->state.agent_id;
}

/* ---- life ---- */

/* A copy that shims can be given; takes `fd`. */
static int move_up(int fd)
{
	if (fd < 0)
		return -1;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, CTR_SHIM_FD_END);
	close(fd);
	return high;
}

static int open_fds(struct ctr_runner *runner, struct centro_error_text *text)
{
	int pipe_fds[2];
	char reason[128];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = WAKE_FD_DATA};

	runner->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	runner->shim_null_fd = move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == 0) {
		runner->wake_fd = pipe_fds[0];
		runner->shim_wake_fd = move_up(pipe_fds[1]);
	}
	if (runner->epoll_fd >= 0 && runner->shim_null_fd >= 0 && runner->shim_wake_fd >= 0 &&
	    epoll_ctl(runner->epoll_fd, EPOLL_CTL_ADD, runner->wake_fd, &event) == 0)
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_IO, "no descriptors for the agent: %s",
			 strerror_r(errno, reason, sizeof(reason)));
}

static int check_shim(const struct ctr_runner *runner, struct centro_error_text *text)
{
	char reason[128];
	if (access(runner->shim, X_OK) == 0)
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "shim: %s: %s; the path of the program centro-shim is needed",
			 runner->shim, strerror_r(errno, reason, sizeof(reason)));
}

static int open_all(struct ctr_runner *runner, struct centro_error_text *text)
{
	const struct ctr_runner_options *options = &runner->options;
	runner->shim = ctr_strdup(runner->allocator, ctr_bytes_str(options->shim));
	runner->kept.items =
		ctr_alloc_array(runner->allocator, options->kept_max, sizeof(*runner->kept.items));
	runner->kept.capacity = options->kept_max;
	if (!runner->shim || !runner->kept.items)
		return CENTRO_ERR_NOMEM;
	int status = check_shim(runner, text);
	if (status == CENTRO_OK)
		status = ctr_state_dir_open(&runner->state, options->state_dir, text);
	if (status == CENTRO_OK)
		status = ctr_lease_file_open(&runner->leases, runner->allocator, &runner->state,
					     options->attempts_max, text);
	if (status == CENTRO_OK)
		status = open_fds(runner, text);
	if (status != CENTRO_OK)
		return status;
	runner->runs =
		ctr_alloc_array(runner->allocator, runner->leases.count, sizeof(*runner->runs));
	ctr_trash_init(&runner->trash, runner->state.trash_fd, runner->log);
	ctr_spare_dirs_init(&runner->spares, runner->state.spare_fd, &runner->trash);
	return runner->runs ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

int ctr_runner_new(const struct ctr_runner_options *options, struct ctr_runner **ret_runner,
		   struct centro_error_text *text)
{
	CTR_ASSERT(options->state_dir && options->shim);
	CTR_ASSERT(options->attempts_max > 0 && options->kept_max > 0);
	CTR_ASSERT(options->started && options->ended);

	struct ctr_runner *runner = ctr_alloc_zero(options->allocator, sizeof(*runner));
	if (!runner)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	runner->options = *options;
	runner->allocator = options->allocator;
	runner->log = options->log;
	runner->state = (struct ctr_state_dir)CTR_STATE_DIR_INIT;
	runner->leases.fd = runner->epoll_fd = runner->wake_fd = -1;
	runner->shim_wake_fd = runner->shim_null_fd = -1;
	ctr_buf_init(&runner->scratch, runner->allocator, 0);

	int status = open_all(runner, text);
	if (status == CENTRO_ERR_NOMEM)
		ctr_error(text, status, "out of memory");
	if (status != CENTRO_OK)
		ctr_runner_free(runner);
	else
		*ret_runner = runner;
	return status;
}

static void free_runs(struct ctr_runner *runner)
{
	for (uint32_t slot = 1; runner->runs && slot < runner->leases.count; slot++) {
		if (runner->runs[slot])
			ctr_close(runner->runs[slot]->pidfd);
		ctr_free(runner->allocator, runner->runs[slot]);
	}
	ctr_free(runner->allocator, runner->runs);
}

void ctr_runner_free(struct ctr_runner *runner)
{
	if (!runner)
		return;
	free_runs(runner);
	ctr_free(runner->allocator, runner->kept.items);
	ctr_close(runner->shim_null_fd);
	ctr_close(runner->shim_wake_fd);
	ctr_close(runner->wake_fd);
	ctr_close(runner->epoll_fd);
	ctr_lease_file_close(&runner->leases);
	ctr_state_dir_close(&runner->state);
	ctr_buf_fini(&runner->scratch);
	ctr_free(runner->allocator, runner->shim);
	ctr_free(runner->allocator, runner);
}
