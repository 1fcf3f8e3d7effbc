/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_DIR_H
#define CTR_TESTS_OOM_DIR_H

/*
 * A directory of a run's own. There are thousands, so they are in memory where the
 * system has such a place.
 */

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct dir {
	char path[64];
};

static inline void dir_init(struct dir *dir)
{
	const char *base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(dir->path, sizeof(dir->path), "%s/ctr-oom-XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
}

static inline int dir_remove_one(const char *path, const struct stat *stat, int type,
				 struct FTW *walk)
{
	return remove(path);
}

static inline void dir_fini(struct dir *dir)
{
	ck_assert_int_eq(nftw(dir->path, dir_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
