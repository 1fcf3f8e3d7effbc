/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_TRASH_H
#define CTR_IO_TRASH_H

/*
 * Removes directories, whatever is in them, a bounded piece at a time.
 *
 * One that is to go is moved into the trash at once. There each directory is
 * emptied of its files, and the directories in it are moved up into the trash:
 * so nothing is deep, and no link is followed.
 */

#include "io/dir_reader.h"
#include "base/log.h"

struct ctr_trash {
	const struct centro_log *log;
	int fd;         /* borrowed: of the trash */
	uint64_t names; /* given so far */
	bool is_empty;  /* but for what cannot be removed */
};

/* What an earlier agent left in it is taken up too. */
void ctr_trash_init(struct ctr_trash *trash, int trash_fd, const struct centro_log *log);
/* Move the directory `name` of `dir_fd` there. False and errno. */
bool ctr_trash_add(struct ctr_trash *trash, int dir_fd, const char *name);
/* About `ops_max` removals. True: there is more to do. */
bool ctr_trash_work(struct ctr_trash *trash, size_t ops_max);

#endif
