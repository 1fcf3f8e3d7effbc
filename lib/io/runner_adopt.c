/* SPDX-License-Identifier: MIT */
/*
 * runner_adopt.c - what an earlier agent left, and what became of an attempt
 * whose shim has ended: both are read from the record.
 *
 * Layer: io.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <centro/text.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/dir_reader.h"
#include "io/process.h"
#include "io/runner_private.h"

/* ---- how one ended ---- */

static void set_end(struct ctr_attempt_end *end, enum centro_cause cause, const char *message)
{
	*end = (struct ctr_attempt_end){.cause = cause};
	snprintf(end->message, sizeof(end->message), "%s", message);
}

/* Of an attempt of which no shim runs any more. True: processes may be left. */
static bool judge(struct ctr_runner *runner, int dir_fd, enum ctr_attempt_stage stage,
		  const struct ctr_shim_record *record, int status, struct ctr_attempt_end *ret_end)
{
	char how[64], message[CTR_ATTEMPT_MESSAGE_SIZE];
	bool same_boot =
		memcmp(record->boot_id, runner->state.boot_id, sizeof(record->boot_id)) == 0;

	if (ctr_shim_end_is_whole(&record->end)) {
		ctr_attempt_dir_describe(dir_fd, record, &runner->scratch, ret_end);
	} else if (stage == CTR_ATTEMPT_ENDED) {
		set_end(ret_end, CENTRO_CAUSE_REVOKED,
			"the agent was restarted before it was started");
	} else if (stage == CTR_ATTEMPT_CLAIMED) {
		snprintf(message, sizeof(message), "the shim %s before it started anything",
			 ctr_process_status_text(status, how, sizeof(how)));
		set_end(ret_end, CENTRO_CAUSE_START_FAILED, message);
	} else if (!same_boot) {
		set_end(ret_end, CTR_CAUSE_LOST, "the machine was restarted while it ran");
	} else {
		snprintf(message, sizeof(message), "its shim %s without a record of the end",
			 ctr_process_status_text(status, how, sizeof(how)));
		set_end(ret_end, CTR_CAUSE_LOST, message);
		return true;
	}
	return false;
}

static void explain_log_limit(const struct ctr_runner *runner, struct ctr_attempt_end *end)
{
	char size[32];
	snprintf(end->message, sizeof(end->message),
		 "it wrote more than this node allows for out or err: %s",
		 centro_size_format(runner->options.log_bytes_max, size, sizeof(size)));
}

bool ctr_runner_read_end(struct ctr_runner *runner, const struct ctr_run *run, int status,
			 struct ctr_attempt_end *ret_end)
{
	enum ctr_attempt_stage stage = CTR_ATTEMPT_KEPT;
	struct ctr_shim_record record;
	bool may_be_left = true;
	int dir_fd = ctr_attempt_dir_open(&runner->state, &run->ref);
	int error = dir_fd < 0 ? CENTRO_ERR_IO : ctr_attempt_dir_read(dir_fd, &stage, &record);

	/* Had its shim not come so far, none would: it is ours to say that it never will. */
	if (error == CENTRO_OK && stage == CTR_ATTEMPT_CLAIMED)
		ctr_attempt_dir_void(dir_fd);
	if (error != CENTRO_OK || stage == CTR_ATTEMPT_KEPT)
		set_end(ret_end, CTR_CAUSE_LOST, "its record is gone or damaged");
	else
		may_be_left = judge(runner, dir_fd, stage, &record, status, ret_end);
	if (ret_end->cause == CENTRO_CAUSE_LOG_LIMIT)
		explain_log_limit(runner, ret_end);
	if (ret_end->end_wall.ns == 0)
		ret_end->end_wall = ctr_clock_now().wall;
	ctr_close(dir_fd);
	return may_be_left;
}

/* ---- adoption ---- */

struct adoption {
	struct ctr_runner *runner;
	struct centro_time now;
	void (*fn)(void *arg, const struct ctr_adopted_attempt *attempt);
	void *arg;
	struct ctr_kept *kept; /* found so far; `until` is when it was last written, wall clock */
	size_t kept_count, kept_capacity;
};

static int remember_kept(struct adoption *adoption, const struct centro_attempt_ref *ref,
			 int dir_fd)
{
	struct stat stat;
	if (adoption->kept_count == adoption->kept_capacity) {
		size_t capacity = adoption->kept_capacity ? adoption->kept_capacity * 2 : 256;
		struct ctr_kept *kept = ctr_resize_array(adoption->runner->allocator,
							 adoption->kept, capacity, sizeof(*kept));
		if (!kept)
			return CENTRO_ERR_NOMEM;
		adoption->kept = kept;
		adoption->kept_capacity = capacity;
	}
	uint64_t written = fstat(dir_fd, &stat) == 0 && stat.st_mtim.tv_sec > 0
				   ? (uint64_t)stat.st_mtim.tv_sec * CTR_NS_PER_SEC +
					     (uint64_t)stat.st_mtim.tv_nsec
				   : 0;
	adoption->kept[adoption->kept_count++] = (struct ctr_kept){.ref = *ref, .until = {written}};
	return CENTRO_OK;
}

static int compare_kept(const void *a, const void *b)
{
	const struct ctr_kept *left = a, *right = b;
	return (left->until.ns > right->until.ns) - (left->until.ns < right->until.ns);
}

/* Oldest first. A wall clock that was set back since gives it its whole time anew. */
static void keep_all(struct adoption *adoption)
{
	struct ctr_runner *runner = adoption->runner;
	struct centro_span whole = runner->options.log_retention;
	if (adoption->kept_count > 0)
		qsort(adoption->kept, adoption->kept_count, sizeof(*adoption->kept), compare_kept);
	for (size_t i = 0; i < adoption->kept_count; i++) {
		const struct ctr_kept *kept = &adoption->kept[i];
		uint64_t age_ns = ctr_between(kept->until, adoption->now.wall).ns;
		uint64_t left_ns = age_ns < whole.ns ? whole.ns - age_ns : 0;
		ctr_runner_keep(runner, &kept->ref,
				ctr_after(adoption->now.steady, (struct centro_span){left_ns}));
	}
	ctr_free(runner->allocator, adoption->kept);
}

static void throw_away(struct ctr_runner *runner, const char *name, const char *why)
{
	ctr_log_warn(runner->log, "thrown away attempt=%s reason=\"%s\"", name, why);
	if (!ctr_trash_add(&runner->trash, runner->state.attempts_fd, name))
		ctr_log_warn(runner->log, "not removed attempt=%s", name);
}

/* Its shim, if that is still there. The end may have come meanwhile: read again after -1. */
static int find_shim(const struct ctr_runner *runner, enum ctr_attempt_stage stage,
		     const struct ctr_shim_record *record)
{
	if (stage != CTR_ATTEMPT_RUNNING ||
	    memcmp(record->boot_id, runner->state.boot_id, sizeof(record->boot_id)) != 0)
		return -1;
	return ctr_process_open((pid_t)record->identity.pid, record->identity.start_ticks);
}

/* NULL: no memory, or nothing to hold it by. */
static struct ctr_run *take_run(struct ctr_runner *runner, const struct centro_attempt_ref *ref,
				const struct ctr_shim_record *record, bool is_alive)
{
	uint32_t slot = record->spec.slot;
	if (!ctr_lease_file_adopt(&runner->leases, slot)) {
		/* Only if the file of leases was lost. What has ended needs a handle alone. */
		slot = is_alive ? 0 : ctr_lease_file_take(&runner->leases);
		if (slot == 0)
			return NULL;
	}
	struct ctr_run *run = ctr_runner_add(runner, ref, slot);
	if (run)
		run->kill_grace = (struct centro_span){record->spec.kill_grace_ns};
	else
		ctr_lease_file_release(&runner->leases, slot);
	return run;
}

static void adopt_alive(struct adoption *adoption, struct ctr_run *run,
			struct ctr_adopted_attempt *attempt)
{
	/* It cannot say any more that its command runs, but that takes no time. */
	run->stage = CTR_RUN_RUNNING;
	attempt->start_wall = ctr_lease_file_started(&adoption->runner->leases, run->slot);
	if (attempt->start_wall.ns == 0)
		attempt->start_wall = adoption->now.wall;
}

static int adopt_record(struct adoption *adoption, const struct centro_attempt_ref *ref, int dir_fd,
			enum ctr_attempt_stage stage, const struct ctr_shim_record *record)
{
	struct ctr_runner *runner = adoption->runner;
	int pidfd = find_shim(runner, stage, record);
	struct ctr_run *run = take_run(runner, ref, record, pidfd >= 0);
	if (!run) {
		/* Nobody could extend its lease, so it would end by itself: rather now. */
		if (pidfd >= 0)
			(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		ctr_close(pidfd);
		return CENTRO_ERR_NOMEM;
	}
	struct ctr_adopted_attempt attempt = {
		.ref = *ref,
		.handle = run->slot,
		.lease = {record->spec.lease_ns},
		.kill_grace = run->kill_grace,
	};
	if (pidfd >= 0 && ctr_runner_watch(runner, run, pidfd) != CENTRO_OK)
		return CENTRO_ERR_IO;
	if (pidfd >= 0) {
		adopt_alive(adoption, run, &attempt);
	} else if (ctr_runner_read_end(runner, run, -1, &attempt.end)) {
		ctr_runner_orphan(runner, run, -1);
	} else {
		run->stage = CTR_RUN_ENDED;
		attempt.has_ended = true;
		attempt.start_wall = attempt.end.start_wall;
	}
	adoption->fn(adoption->arg, &attempt);
	return CENTRO_OK;
}

static int adopt_dir(struct adoption *adoption, const char *name,
		     const struct centro_attempt_ref *ref, int dir_fd)
{
	enum ctr_attempt_stage stage;
	struct ctr_shim_record record;
	int error = ctr_attempt_dir_read(dir_fd, &stage, &record);
	/* From here on no shim can start it. If one just did, it is running. */
	if (error == CENTRO_OK && stage == CTR_ATTEMPT_CLAIMED) {
		ctr_attempt_dir_void(dir_fd);
		error = ctr_attempt_dir_read(dir_fd, &stage, &record);
	}
	if (error == CENTRO_ERR_CORRUPT) {
		throw_away(adoption->runner, name, "its record is damaged");
		return CENTRO_OK;
	}
	if (error != CENTRO_OK)
		return error;
	if (stage == CTR_ATTEMPT_KEPT)
		return remember_kept(adoption, ref, dir_fd);
	return adopt_record(adoption, ref, dir_fd, stage, &record);
}

static int adopt_name(struct adoption *adoption, const char *name)
{
	struct ctr_runner *runner = adoption->runner;
	struct centro_attempt_ref ref;
	if (!ctr_attempt_name_parse(name, &ref)) {
		ctr_log_warn(runner->log, "not an attempt, left alone: attempts/%s", name);
		return CENTRO_OK;
	}
	int dir_fd = ctr_attempt_dir_open(&runner->state, &ref);
	if (dir_fd < 0) {
		throw_away(runner, name, "cannot be opened");
		return CENTRO_OK;
	}
	int error = adopt_dir(adoption, name, &ref, dir_fd);
	close(dir_fd);
	return error;
}

int ctr_runner_adopt(struct ctr_runner *runner, struct centro_time now,
		     void (*fn)(void *arg, const struct ctr_adopted_attempt *attempt), void *arg)
{
	struct adoption adoption = {.runner = runner, .now = now, .fn = fn, .arg = arg};
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	int error = CENTRO_OK;

	runner->now = now;
	ctr_dir_reader_init(&reader, runner->state.attempts_fd);
	while (error == CENTRO_OK && (entry = ctr_dir_reader_next(&reader)))
		error = adopt_name(&adoption, entry->d_name);
	keep_all(&adoption);
	return error;
}
