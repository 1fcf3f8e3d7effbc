/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_LOG_FILES_H
#define CTR_IO_LOG_FILES_H

/*
 * The ends of finished attempts' output, as files beside the store:
 * DIR/<job / 1000>/<job>.<task>.<index>.<attempt>.<out|err>, which hold the offset
 * of the first byte (8 bytes, little endian) and the bytes. The oldest folders
 * go when there are more than CTR_LOG_FOLDERS_MAX.
 */

#include "service/service.h"

#define CTR_LOG_FOLDERS_MAX 1000

struct ctr_log_files;

/* `dir` is made if it is missing. OK, IO, NOMEM. */
int ctr_log_files_new(const struct centro_allocator *allocator, const char *dir,
		      struct ctr_log_files **ret_files);
void ctr_log_files_free(struct ctr_log_files *files);
/* Borrowed, for its life. */
const struct ctr_log_keeper *ctr_log_files_keeper(const struct ctr_log_files *files);

#endif
