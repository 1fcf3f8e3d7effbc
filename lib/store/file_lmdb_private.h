/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_LMDB_PRIVATE_H
#define CTR_STORE_FILE_LMDB_PRIVATE_H

/* What the three files that call LMDB share: file_lmdb.c, file_read.c, file_write.c. */

#include <lmdb.h>

#include "base/bytes.h"
#include "store/file_format.h"
#include "store/file_lmdb.h"

struct ctr_lmdb {
	const struct centro_allocator *allocator;
	MDB_env *env;
	MDB_dbi dbi;
	int fd; /* of data.mdb; LMDB's */
	uint64_t map_bytes;
	struct ctr_lmdb_reader *spare; /* reset, for the next reader */
	struct ctr_lmdb_result usage;  /* as it was at the start */
};

struct ctr_lmdb_reader {
	MDB_txn *txn;
	MDB_cursor *cursor;
};

static inline MDB_val val_of(struct centro_bytes bytes)
{
	return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

static inline struct centro_bytes bytes_of(MDB_val val)
{
	return ctr_bytes(val.mv_data, val.mv_size);
}

/* A row of the store's own. What LMDB says. */
int ctr_lmdb_get_own(MDB_txn *txn, MDB_dbi dbi, const char *name, struct centro_bytes *ret_value);
int ctr_lmdb_put_own(MDB_txn *txn, MDB_dbi dbi, const char *name,
		     const struct ctr_file_value *value);

/* Fill in what `txn` leaves in use, and what could be. */
void ctr_lmdb_note_usage(const struct ctr_lmdb *db, MDB_txn *txn, struct ctr_lmdb_result *result);

/* NULL is allowed. */
void ctr_lmdb_reader_free(struct ctr_lmdb *db, struct ctr_lmdb_reader *reader);

#endif
