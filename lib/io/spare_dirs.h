/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_SPARE_DIRS_H
#define CTR_IO_SPARE_DIRS_H

/*
 * Directories of attempts that left nothing, for the next ones: a file system
 * may take as long to make two directories as to start the command. In each
 * stands an empty work directory.
 */

#include <centro/types.h>

#include "io/trash.h"

struct ctr_spare_dirs {
	int fd; /* spare/ in the state directory; borrowed */
	uint32_t count;
};

/* What an earlier agent left goes into the trash. */
void ctr_spare_dirs_init(struct ctr_spare_dirs *spares, int spare_fd, struct ctr_trash *trash);
/*
 * One of them becomes `name` of `dir_fd`. False: there is none, or errno is EEXIST
 * since that name is taken.
 */
bool ctr_spare_dirs_take(struct ctr_spare_dirs *spares, int dir_fd, const char *name);
/*
 * `name` of `parent_fd`, open at `dir_fd`, becomes a spare one if it holds an
 * empty work directory and nothing else. False: it is still there.
 */
bool ctr_spare_dirs_give(struct ctr_spare_dirs *spares, int parent_fd, const char *name,
			 int dir_fd);

#endif
