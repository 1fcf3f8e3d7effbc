/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_JOURNAL_FILE_H
#define CTR_IO_JOURNAL_FILE_H

/* A journal's file: what an engine records, appended as it comes. */

#include "engine/journal.h"

/* Without a limit a forgotten recording would fill the disk. */
#define CTR_JOURNAL_FILE_BYTES_DEFAULT (UINT64_C(1) << 30)

struct ctr_journal_file;

/*
 * A new file, for its owner's eyes alone: a job's environment is in it. `bytes_max`
 * 0: the default.
 *
 * @retval CENTRO_ERR_EXISTS  there is a file of that name, which is never overwritten
 * @retval CENTRO_ERR_INVALID it cannot be made: `text` says why
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_journal_file_open(const struct centro_allocator *allocator, const struct centro_log *log,
			  const char *path, uint64_t bytes_max, struct ctr_journal_file **ret_file,
			  struct centro_error_text *text);
/* After the engine that writes to it. NULL is allowed. */
void ctr_journal_file_free(struct ctr_journal_file *file);
struct ctr_journal_sink *ctr_journal_file_sink(struct ctr_journal_file *file);

#endif
