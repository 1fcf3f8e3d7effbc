/* SPDX-License-Identifier: MIT */
/*
 * journal_file.c - a journal's file: see journal_file.h.
 *
 * Written to the page cache, a turn at a time, and never synced: it must survive a
 * killed server, and need not survive a power cut.
 *
 * Invariant: unless the disk fails twice over, the file ends with a whole record.
 * When it cannot go on (the limit, a full disk) the recording stops with one line in
 * the log, and the server goes on.
 *
 * Layer: io.
 */
#include "io/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/str.h"

struct ctr_journal_file {
	struct ctr_journal_sink sink;
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	int fd;
	uint64_t bytes, bytes_max;
};

/* False: errno says why; some of it may have been written. */
static bool write_all(int fd, struct centro_bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t written = write(fd, bytes.data, bytes.size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes = ctr_bytes(bytes.data + written, bytes.size - (size_t)written);
	}
	return true;
}

static bool fail(struct ctr_journal_file *file)
{
	char reason[128];
	ctr_log_warn(file->log, "recording stops bytes=%llu: %s", (unsigned long long)file->bytes,
		     strerror_r(errno, reason, sizeof(reason)));
	/* Half a record is told from a whole one, so this need not succeed. */
	int status = ftruncate(file->fd, (off_t)file->bytes);
	(void)status;
	return false;
}

static bool take(struct ctr_journal_sink *sink, struct centro_bytes bytes)
{
	struct ctr_journal_file *file = CTR_CONTAINER_OF(sink, struct ctr_journal_file, sink);
	CTR_ASSERT(file->bytes <= file->bytes_max);

	if (bytes.size > file->bytes_max - file->bytes) {
		ctr_log_warn(file->log, "recording stops bytes=%llu bytes_max=%llu: it is full",
			     (unsigned long long)file->bytes, (unsigned long long)file->bytes_max);
		return false;
	}
	if (!write_all(file->fd, bytes))
		return fail(file);
	file->bytes += bytes.size;
	return true;
}

static int open_new(const char *path, int *ret_fd, struct centro_error_text *text)
{
	char reason[128];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return ctr_error(text, CENTRO_ERR_EXISTS,
				 "%s: there is such a file, and a recording overwrites none; move "
				 "it away or choose another name",
				 path);
	if (fd < 0)
		return ctr_error(text, CENTRO_ERR_INVALID, "%s: cannot record there: %s", path,
				 strerror_r(errno, reason, sizeof(reason)));
	*ret_fd = fd;
	return CENTRO_OK;
}

int ctr_journal_file_open(const struct centro_allocator *allocator, const struct centro_log *log,
			  const char *path, uint64_t bytes_max, struct ctr_journal_file **ret_file,
			  struct centro_error_text *text)
{
	struct ctr_journal_file *file = ctr_alloc_zero(allocator, sizeof(*file));
	if (!file)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	file->sink.write = take;
	file->allocator = allocator;
	file->log = log;
	file->bytes_max = bytes_max > 0 ? bytes_max : CTR_JOURNAL_FILE_BYTES_DEFAULT;
	int error = open_new(path, &file->fd, text);
	if (error) {
		ctr_free(allocator, file);
		return error;
	}
	*ret_file = file;
	return CENTRO_OK;
}

void ctr_journal_file_free(struct ctr_journal_file *file)
{
	if (!file)
		return;
	close(file->fd);
	ctr_free(file->allocator, file);
}

struct ctr_journal_sink *ctr_journal_file_sink(struct ctr_journal_file *file)
{
	return &file->sink;
}
