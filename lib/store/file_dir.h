/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_DIR_H
#define CTR_STORE_FILE_DIR_H

/*
 * The directory of a file store: `data.mdb` and LMDB's `lock.mdb`, our `lock`,
 * and `new.mdb` while a store is being made.
 */

#include <centro/error.h>

#define CTR_FILE_DATA_NAME "data.mdb"
#define CTR_FILE_LOCK_NAME "lock"
#define CTR_FILE_NEW_NAME  "new.mdb"

/*
 * Open the directory `path`, made with mode 0700 if it is missing.
 *
 * OK; CORRUPT: it is no directory, or one that holds other things and no store
 * (nothing was touched); FULL; IO.
 */
int ctr_file_dir_open(const char *path, int *ret_fd, struct centro_error_text *text);

/*
 * Whether there is a store in it. OK; CORRUPT: what should be one is empty or
 * no file; IO.
 */
int ctr_file_dir_has_store(int dir_fd, const char *path, bool *ret_has,
			   struct centro_error_text *text);

/* `new.mdb`, which is complete and synced, becomes the store. OK; IO. */
int ctr_file_dir_publish(int dir_fd, const char *path, struct centro_error_text *text);

/* The names in it, and its own, survive a power cut from now on. OK; FULL; IO. */
int ctr_file_dir_sync(int dir_fd, const char *path, struct centro_error_text *text);

/* What to say, and return, about a call that failed with `error` of errno's. */
int ctr_file_error(struct centro_error_text *text, int error, const char *what, const char *path);

#endif
