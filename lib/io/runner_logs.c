/* SPDX-License-Identifier: MIT */
/*
 * runner_logs.c - output: reading it, its limit, and how long it is kept.
 *
 * Layer: io.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "io/runner_private.h"

#define SIZE_CHECK_PERIOD     ctr_span_ms(1000)
#define SIZE_CHECKS_PER_TICK  256
#define SIZE_CHECK_TICK_PAUSE ctr_span_ms(10)
#define EXPIRED_PER_TICK      64
/* It fills the disk meanwhile. */
#define LOG_LIMIT_GRACE_MAX ctr_span_ms(1000)

/* ---- to read ---- */

static int open_stream(const struct ctr_runner *runner, const struct centro_attempt_ref *ref,
		       enum ctr_log_stream stream, uint64_t *ret_bytes)
{
	struct stat stat;
	int dir_fd = ctr_attempt_dir_open(&runner->state, ref);
	if (dir_fd < 0)
		return -1;
	int fd =
		ctr_open_beneath(dir_fd, ctr_attempt_stream_name(stream), O_RDONLY | O_NONBLOCK, 0);
	close(dir_fd);
	if (fd < 0)
		return -1;
	/* Whatever a job has put in its place is not read. */
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	*ret_bytes = (uint64_t)stat.st_size;
	return fd;
}

static int error_of_errno(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? CENTRO_ERR_NOT_FOUND
								     : CENTRO_ERR_IO;
}

int ctr_runner_read_log(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size)
{
	const struct ctr_runner *runner = arg;
	uint64_t bytes;
	CTR_ASSERT(size > 0);
	int fd = open_stream(runner, ref, stream, &bytes);
	if (fd < 0)
		return error_of_errno();
	ssize_t got = offset < bytes ? pread(fd, buffer, size, (off_t)offset) : 0;
	close(fd);
	if (got < 0)
		return CENTRO_ERR_IO;
	*ret_size = (size_t)got;
	return CENTRO_OK;
}

int ctr_runner_get_log_size(void *arg, const struct centro_attempt_ref *ref,
			    enum ctr_log_stream stream, uint64_t *ret_bytes)
{
	const struct ctr_runner *runner = arg;
	int fd = open_stream(runner, ref, stream, ret_bytes);
	if (fd < 0)
		return error_of_errno();
	close(fd);
	return CENTRO_OK;
}

/* ---- what is kept ---- */

static void remove_first(struct ctr_runner *runner)
{
	struct ctr_kept_ring *ring = &runner->kept;
	char name[CTR_ATTEMPT_NAME_SIZE];

	CTR_ASSERT(ring->count > 0);
	ctr_attempt_name(&ring->items[ring->first].ref, name);
	ring->first = (ring->first + 1) % ring->capacity;
	ring->count--;
	if (!ctr_trash_add(&runner->trash, runner->state.attempts_fd, name) && errno != ENOENT)
		ctr_log_warn(runner->log, "not removed attempt=%s", name);
}

void ctr_runner_keep(struct ctr_runner *runner, const struct centro_attempt_ref *ref,
		     struct centro_instant until)
{
	struct ctr_kept_ring *ring = &runner->kept;
	if (ring->count == ring->capacity)
		remove_first(runner);
	ring->items[(ring->first + ring->count) % ring->capacity] =
		(struct ctr_kept){.ref = *ref, .until = until};
	ring->count++;
	CTR_ASSERT(ring->count <= ring->capacity);
}

static struct centro_instant remove_expired(struct ctr_runner *runner)
{
	struct ctr_kept_ring *ring = &runner->kept;
	for (int i = 0; ring->count > 0; i++) {
		struct centro_instant until = ring->items[ring->first].until;
		if (i == EXPIRED_PER_TICK || !ctr_reached(until, runner->now.steady))
			return until;
		remove_first(runner);
	}
	return CTR_NEVER;
}

/* ---- the limit ---- */

static bool is_over(const struct ctr_runner *runner, const struct ctr_run *run)
{
	uint64_t most = runner->options.log_bytes_max;
	return ctr_attempt_stream_bytes(&runner->state, &run->ref, CTR_LOG_OUT) > most ||
	       ctr_attempt_stream_bytes(&runner->state, &run->ref, CTR_LOG_ERR) > most;
}

static void end_for_log_limit(struct ctr_runner *runner, struct ctr_run *run)
{
	struct centro_span grace = run->kill_grace;
	if (grace.ns > LOG_LIMIT_GRACE_MAX.ns)
		grace = LOG_LIMIT_GRACE_MAX;
	ctr_runner_order(runner, run, CENTRO_CAUSE_LOG_LIMIT, grace);
}

/* A piece of a round over all that run. A round begins once a period. */
static struct centro_instant check_sizes(struct ctr_runner *runner)
{
	uint32_t checks = 0;
	if (runner->size_check_slot == 0) {
		if (!ctr_reached(runner->next_size_check, runner->now.steady))
			return runner->next_size_check;
		runner->next_size_check = ctr_after(runner->now.steady, SIZE_CHECK_PERIOD);
		runner->size_check_slot = 1;
		runner->size_check_found = false;
	}
	for (; runner->size_check_slot < runner->leases.count; runner->size_check_slot++) {
		struct ctr_run *run = runner->runs[runner->size_check_slot];
		if (!run || run->stage != CTR_RUN_RUNNING)
			continue;
		runner->size_check_found = true;
		if (checks++ == SIZE_CHECKS_PER_TICK)
			return ctr_after(runner->now.steady, SIZE_CHECK_TICK_PAUSE);
		if (run->kill_cause == CENTRO_CAUSE_NONE && is_over(runner, run))
			end_for_log_limit(runner, run);
	}
	runner->size_check_slot = 0;
	return runner->size_check_found ? runner->next_size_check : CTR_NEVER;
}

struct centro_instant ctr_runner_check_logs(struct ctr_runner *runner)
{
	struct centro_instant expiry = remove_expired(runner);
	return ctr_earlier(expiry, check_sizes(runner));
}
