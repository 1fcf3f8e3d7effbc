/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_LOCK_H
#define CTR_STORE_FILE_LOCK_H

/*
 * The lock against a second process, or a second store in this one: an
 * open-file-description lock on `lock` in the store's directory. LMDB's own
 * would go as soon as anybody in the process closed its file.
 */

#include <centro/error.h>

/*
 * OK; LOCKED, and the text says who has it; FULL; IO. `path` is for the text.
 */
int ctr_file_lock_take(int dir_fd, const char *path, int *ret_fd, struct centro_error_text *text);

/* The lock goes with the descriptor. */
void ctr_file_lock_release(int fd);

#endif
