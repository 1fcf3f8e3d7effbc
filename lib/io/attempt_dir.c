/* SPDX-License-Identifier: MIT */
/*
 * attempt_dir.c - the directory of one attempt: see attempt_dir.h.
 *
 * Nothing here is synced but by the shim at the end. A directory only has to
 * outlive the agent, and what the kernel has accepted does; after a power cut
 * nothing runs any more, and what is missing then is, to the server, a node that
 * was lost.
 *
 * Layer: io.
 */
#include "io/attempt_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "io/orphans.h"
#include "io/spare_dirs.h"
#include "io/trash.h"

/* Of a record, strings included: a specification is far smaller. */
#define RECORD_BYTES_MAX ((size_t)4 << 20)

static const char *const record_names[] = {
	[CTR_ATTEMPT_CLAIMED] = CTR_SHIM_CLAIMED,
	[CTR_ATTEMPT_RUNNING] = CTR_SHIM_RUNNING,
	[CTR_ATTEMPT_ENDED] = CTR_SHIM_ENDED,
};

/* ---- names ---- */

const char *ctr_attempt_name(const struct centro_attempt_ref *ref, char *name)
{
	int size = snprintf(name, CTR_ATTEMPT_NAME_SIZE, "%llu.%u.%u.%u",
			    (unsigned long long)ref->job, ref->task, ref->index, ref->attempt);
	CTR_ASSERT(size > 0 && size < CTR_ATTEMPT_NAME_SIZE);
	return name;
}

bool ctr_attempt_name_parse(const char *name, struct centro_attempt_ref *ret_ref)
{
	uint64_t numbers[4];
	const char *at = name;
	for (int i = 0; i < 4; i++) {
		const char *end = strchrnul(at, '.');
		if ((*end == '\0') != (i == 3))
			return false;
		if (!ctr_parse_u64(ctr_bytes(at, (size_t)(end - at)), &numbers[i]))
			return false;
		if (i > 0 && numbers[i] > UINT32_MAX)
			return false;
		at = end + 1;
	}
	*ret_ref = (struct centro_attempt_ref){
		.job = numbers[0],
		.task = (uint32_t)numbers[1],
		.index = (uint32_t)numbers[2],
		.attempt = (uint32_t)numbers[3],
	};
	return true;
}

/* "<attempt>/<file>" */
static void file_path(const struct centro_attempt_ref *ref, const char *file,
		      char path[CTR_ATTEMPT_NAME_SIZE * 2])
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	snprintf(path, CTR_ATTEMPT_NAME_SIZE * 2, "%s/%s", ctr_attempt_name(ref, name), file);
}

/* ---- to make one ---- */

static int append_strings(struct ctr_buf *buf, const char *const *strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ctr_buf_append(buf, strings[i], strlen(strings[i]) + 1);
	return buf->error;
}

static int encode_record(const struct ctr_state_dir *state, const struct ctr_attempt_spec *spec,
			 uint32_t slot, struct ctr_buf *buf)
{
	struct ctr_shim_record record = {
		.magic = CTR_SHIM_MAGIC,
		.abi = CTR_SHIM_ABI,
		.spec =
			{
				.job = spec->ref.job,
				.task = spec->ref.task,
				.index = spec->ref.index,
				.attempt = spec->ref.attempt,
				.slot = slot,
				.lease_ns = spec->lease.ns,
				.lease_notice_ns = spec->lease_notice.ns,
				.time_limit_ns = spec->time_limit.ns,
				.kill_grace_ns = spec->kill_grace.ns,
				.argc = (uint32_t)spec->argc,
				.envc = (uint32_t)spec->envc + 1,
			},
	};
	char mark[CTR_ORPHAN_MARK_SIZE];
	const char *env_mark = ctr_orphan_mark(state->agent_id, &spec->ref, mark);
	memcpy(record.boot_id, state->boot_id, sizeof(record.boot_id));

	ctr_buf_clear(buf);
	ctr_buf_append(buf, &record, sizeof(record));
	append_strings(buf, &spec->working_dir, 1);
	append_strings(buf, spec->argv, spec->argc);
	append_strings(buf, &env_mark, 1);
	append_strings(buf, spec->env, spec->envc);
	if (buf->error)
		return buf->error;
	if (buf->size > RECORD_BYTES_MAX)
		return CENTRO_ERR_LIMIT;
	record.spec.text_bytes = (uint32_t)(buf->size - sizeof(record));
	memcpy(buf->data, &record, sizeof(record));
	return CENTRO_OK;
}

static int fail(struct centro_error_text *text, const char *what, const char *name)
{
	char reason[128];
	return ctr_error(text, CENTRO_ERR_IO, "attempts/%s in the agent's state directory: %s: %s",
			 name, what, strerror_r(errno, reason, sizeof(reason)));
}

static bool write_record(const struct ctr_state_dir *state, const char *path,
			 struct centro_bytes content)
{
	int fd = openat(state->attempts_fd, path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool written = write(fd, content.data, content.size) == (ssize_t)content.size;
	close(fd);
	return written;
}

static bool make_dir(const struct ctr_state_dir *state, struct ctr_spare_dirs *spares,
		     const char *name)
{
	if (ctr_spare_dirs_take(spares, state->attempts_fd, name))
		return true;
	return errno != EEXIST && mkdirat(state->attempts_fd, name, 0700) == 0;
}

int ctr_attempt_dir_make(const struct ctr_state_dir *state, struct ctr_spare_dirs *spares,
			 const struct ctr_attempt_spec *spec, uint32_t slot,
			 struct ctr_buf *scratch, struct centro_error_text *text)
{
	char name[CTR_ATTEMPT_NAME_SIZE], path[CTR_ATTEMPT_NAME_SIZE * 2];
	CTR_ASSERT(spec->argc > 0);
	CTR_ASSERT(slot > 0);
	if (spec->argc > CTR_SHIM_STRINGS_MAX || spec->envc >= CTR_SHIM_STRINGS_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "command and env: at most %d strings each", CTR_SHIM_STRINGS_MAX);
	int status = encode_record(state, spec, slot, scratch);
	if (status == CENTRO_ERR_LIMIT)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "command and env: at most %zu bytes together", RECORD_BYTES_MAX);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "out of memory");

	ctr_attempt_name(&spec->ref, name);
	if (!make_dir(state, spares, name))
		return errno == EEXIST ? ctr_error(text, CENTRO_ERR_EXISTS,
						   "attempt %s was on this node before", name)
				       : fail(text, "cannot be made", name);
	file_path(&spec->ref, CTR_SHIM_CLAIMED, path);
	if (write_record(state, path, ctr_buf_bytes(scratch)))
		return CENTRO_OK;
	status = fail(text, "cannot be written to", name);
	unlinkat(state->attempts_fd, path, 0);
	file_path(&spec->ref, CTR_SHIM_WORK, path);
	unlinkat(state->attempts_fd, path, AT_REMOVEDIR);
	unlinkat(state->attempts_fd, name, AT_REMOVEDIR);
	return status;
}

/* ---- to read one ---- */

int ctr_attempt_dir_open(const struct ctr_state_dir *state, const struct centro_attempt_ref *ref)
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	return ctr_open_beneath(state->attempts_fd, ctr_attempt_name(ref, name),
				O_RDONLY | O_DIRECTORY, 0);
}

static int open_record(int dir_fd, enum ctr_attempt_stage stage)
{
	return openat(dir_fd, record_names[stage], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* In the order in which it is renamed: one that moves on meanwhile is met further down. */
static int find_record(int dir_fd, enum ctr_attempt_stage *ret_stage)
{
	for (int stage = CTR_ATTEMPT_CLAIMED; stage <= CTR_ATTEMPT_ENDED; stage++) {
		int fd = open_record(dir_fd, (enum ctr_attempt_stage)stage);
		if (fd >= 0)
			*ret_stage = (enum ctr_attempt_stage)stage;
		if (fd >= 0 || errno != ENOENT)
			return fd;
	}
	return -1;
}

int ctr_attempt_dir_read(int dir_fd, enum ctr_attempt_stage *ret_stage,
			 struct ctr_shim_record *ret_record)
{
	enum ctr_attempt_stage stage;
	struct ctr_shim_record record;
	int fd = find_record(dir_fd, &stage);
	if (fd < 0 && errno == ENOENT) {
		*ret_stage = CTR_ATTEMPT_KEPT;
		return CENTRO_OK;
	}
	if (fd < 0)
		return CENTRO_ERR_IO;
	ssize_t size = pread(fd, &record, sizeof(record), 0);
	close(fd);
	if (size < 0)
		return CENTRO_ERR_IO;
	if (size != (ssize_t)sizeof(record) || record.magic != CTR_SHIM_MAGIC ||
	    record.abi != CTR_SHIM_ABI)
		return CENTRO_ERR_CORRUPT;
	*ret_stage = stage;
	*ret_record = record;
	return CENTRO_OK;
}

bool ctr_attempt_dir_void(int dir_fd)
{
	return renameat(dir_fd, CTR_SHIM_CLAIMED, dir_fd, CTR_SHIM_ENDED) == 0;
}

/* ---- how it ended ---- */

/* The strings of a record that messages name, cut to what fits. */
struct names {
	char text[4096 + 256];
	const char *working_dir, *command;
};

static void read_names(int dir_fd, struct names *names)
{
	enum ctr_attempt_stage stage;
	int fd = find_record(dir_fd, &stage);
	ssize_t size =
		fd < 0 ? 0 : pread(fd, names->text, sizeof(names->text) - 1, CTR_SHIM_RECORD_BYTES);
	ctr_close(fd);
	names->text[size > 0 ? size : 0] = '\0';
	names->working_dir = names->text;
	const char *next = names->text + strlen(names->text) + 1;
	names->command = next < names->text + size ? next : "";
}

static void append_quoted(struct ctr_buf *buf, const char *field, const char *value)
{
	ctr_buf_appendf(buf, "%s: \"", field);
	ctr_escape(buf, ctr_bytes_str(value), 128);
	ctr_buf_append_char(buf, '"');
}

static void describe_exec(const struct names *names, int error, const char *reason,
			  struct ctr_buf *buf)
{
	append_quoted(buf, "command", names->command);
	if (error == ENOENT && !strchr(names->command, '/'))
		ctr_buf_append_str(buf, " is in no directory of PATH");
	else if (error == ENOEXEC)
		ctr_buf_appendf(buf, ": %s; a script needs a first line such as #!/bin/sh", reason);
	else if (error == E2BIG)
		ctr_buf_appendf(buf, ": %s: command and env are too large for the kernel", reason);
	else
		ctr_buf_appendf(buf, ": %s", reason);
}

static void describe_start_failure(int dir_fd, const struct ctr_shim_record *record,
				   struct ctr_buf *buf)
{
	static const char *const steps[] = {
#define X(name, text) [CTR_SHIM_STEP_##name] = text,
		CTR_SHIM_STEP_MAP(X)
#undef X
	};
	struct names names;
	char reason_buffer[128];
	uint32_t step = record->end.step < CTR_SHIM_STEP_COUNT ? record->end.step : 0;
	const char *reason = strerror_r(record->end.error, reason_buffer, sizeof(reason_buffer));

	read_names(dir_fd, &names);
	if (step == CTR_SHIM_STEP_EXEC) {
		describe_exec(&names, record->end.error, reason, buf);
	} else if (step == CTR_SHIM_STEP_CHDIR) {
		append_quoted(buf, "working_dir", names.working_dir);
		ctr_buf_appendf(buf, ": %s", reason);
	} else {
		ctr_buf_appendf(buf, "could not %s: %s", steps[step], reason);
	}
}

void ctr_attempt_dir_describe(int dir_fd, const struct ctr_shim_record *record,
			      struct ctr_buf *scratch, struct ctr_attempt_end *ret_end)
{
	const struct ctr_shim_end *end = &record->end;
	CTR_ASSERT(ctr_shim_end_is_whole(end));
	*ret_end = (struct ctr_attempt_end){
		.cause = end->cause > 0 && end->cause < CENTRO_CAUSE_COUNT
				 ? (enum centro_cause)end->cause
				 : CENTRO_CAUSE_LEASE_EXPIRED,
		.exit_code = end->exit_code,
		.signal = end->signal,
		.start_wall = {end->start_wall_ns},
		.end_wall = {end->end_wall_ns},
	};
	if (end->cause != CENTRO_CAUSE_START_FAILED)
		return;
	ctr_buf_clear(scratch);
	describe_start_failure(dir_fd, record, scratch);
	size_t size = scratch->size < sizeof(ret_end->message) ? scratch->size
							       : sizeof(ret_end->message) - 1;
	if (size > 0)
		memcpy(ret_end->message, scratch->data, size);
	ret_end->message[ctr_utf8_cut(ret_end->message, size)] = '\0';
}

/* ---- output, and the rest ---- */

const char *ctr_attempt_stream_name(enum ctr_log_stream stream)
{
	CTR_ASSERT(stream == CTR_LOG_OUT || stream == CTR_LOG_ERR);
	return stream == CTR_LOG_OUT ? CTR_SHIM_OUT : CTR_SHIM_ERR;
}

uint64_t ctr_attempt_stream_bytes(const struct ctr_state_dir *state,
				  const struct centro_attempt_ref *ref, enum ctr_log_stream stream)
{
	char path[CTR_ATTEMPT_NAME_SIZE * 2];
	struct stat stat;
	file_path(ref, ctr_attempt_stream_name(stream), path);
	if (fstatat(state->attempts_fd, path, &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(stat.st_mode))
		return 0;
	return (uint64_t)stat.st_size;
}

/* False: it is neither gone nor in the trash. */
static bool remove_work(int dir_fd, struct ctr_trash *trash)
{
	return unlinkat(dir_fd, CTR_SHIM_WORK, AT_REMOVEDIR) == 0 || errno == ENOENT ||
	       ctr_trash_add(trash, dir_fd, CTR_SHIM_WORK);
}

static enum ctr_attempt_rest remove_all(const struct ctr_state_dir *state,
					const struct centro_attempt_ref *ref, int dir_fd,
					struct ctr_trash *trash, struct ctr_spare_dirs *spares)
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	ctr_attempt_name(ref, name);
	unlinkat(dir_fd, CTR_SHIM_OUT, 0);
	unlinkat(dir_fd, CTR_SHIM_ERR, 0);
	if (ctr_spare_dirs_give(spares, state->attempts_fd, name, dir_fd))
		return CTR_ATTEMPT_REST_NONE;
	if (remove_work(dir_fd, trash) && unlinkat(state->attempts_fd, name, AT_REMOVEDIR) == 0)
		return CTR_ATTEMPT_REST_NONE;
	return CTR_ATTEMPT_REST_FILES;
}

enum ctr_attempt_rest ctr_attempt_dir_forget(const struct ctr_state_dir *state,
					     const struct centro_attempt_ref *ref,
					     struct ctr_trash *trash, struct ctr_spare_dirs *spares)
{
	enum ctr_attempt_rest rest = CTR_ATTEMPT_REST_OUTPUT;
	bool has_output = ctr_attempt_stream_bytes(state, ref, CTR_LOG_OUT) > 0 ||
			  ctr_attempt_stream_bytes(state, ref, CTR_LOG_ERR) > 0;
	int dir_fd = ctr_attempt_dir_open(state, ref);
	if (dir_fd < 0)
		return errno == ENOENT ? CTR_ATTEMPT_REST_NONE : CTR_ATTEMPT_REST_FILES;

	if (unlinkat(dir_fd, CTR_SHIM_ENDED, 0) != 0) {
		unlinkat(dir_fd, CTR_SHIM_CLAIMED, 0);
		unlinkat(dir_fd, CTR_SHIM_RUNNING, 0);
	}
	if (!has_output)
		rest = remove_all(state, ref, dir_fd, trash, spares);
	else
		(void)remove_work(dir_fd, trash); /* else it goes with the output */
	close(dir_fd);
	return rest;
}
