/* SPDX-License-Identifier: MIT */
/*
 * dir_reader.c - the names in a directory.
 *
 * Layer: io.
 */
#include "io/dir_reader.h"

#include <string.h>
#include <unistd.h>

#include "base/assert.h"

void ctr_dir_reader_init(struct ctr_dir_reader *reader, int fd)
{
	CTR_ASSERT(fd >= 0);
	reader->fd = fd;
	reader->at = reader->end = 0;
	(void)!lseek(fd, 0, SEEK_SET);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const struct dirent64 *ctr_dir_reader_next(struct ctr_dir_reader *reader)
{
	for (;;) {
		if (reader->at == reader->end) {
			ssize_t got =
				getdents64(reader->fd, reader->buffer, sizeof(reader->buffer));
			if (got <= 0)
				return NULL;
			reader->at = 0;
			reader->end = (size_t)got;
		}
		const struct dirent64 *entry = (const void *)(reader->buffer + reader->at);
		CTR_ASSERT(entry->d_reclen > 0);
		reader->at += entry->d_reclen;
		CTR_ASSERT(reader->at <= reader->end);
		if (!is_dots(entry->d_name))
			return entry;
	}
}
