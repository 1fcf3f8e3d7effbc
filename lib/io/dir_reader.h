/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_DIR_READER_H
#define CTR_IO_DIR_READER_H

/* The names in a directory, in the order of the file system, without libc's memory. */

#include <dirent.h>

#include <centro/types.h>

struct ctr_dir_reader {
	int fd; /* borrowed; its position is the reader's */
	size_t at, end;
	_Alignas(struct dirent64) char buffer[4096];
};

/* From the start. Entries made or removed meanwhile may be seen or not. */
void ctr_dir_reader_init(struct ctr_dir_reader *reader, int fd);
/* The next one but "." and ".."; NULL: no more. Borrowed until the next call. */
const struct dirent64 *ctr_dir_reader_next(struct ctr_dir_reader *reader);

#endif
