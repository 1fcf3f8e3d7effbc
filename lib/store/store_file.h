/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_H
#define CTR_STORE_FILE_H

/* The file backend: LMDB in a directory of its own, committed by a thread. */

#include <centro/store.h>

/* For "file:PATH", of which `path` is the rest. See centro_store_open(). */
int ctr_store_file_open(const char *path, const struct centro_store_options *options,
			struct centro_store **ret_store, struct centro_error_text *text);

#endif
