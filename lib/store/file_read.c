/* SPDX-License-Identifier: MIT */
/*
 * file_read.c - reading LMDB at one revision.
 *
 * Invariant: a row that is shown has a key and a value within the store's
 * limits, whatever the disk says, and is none of the store's own.
 *
 * Layer: store. Includes base and LMDB. Runs on the owner's thread.
 */
#include "store/file_lmdb.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "store/file_lmdb_private.h"

void ctr_lmdb_reader_free(struct ctr_lmdb *db, struct ctr_lmdb_reader *reader)
{
	if (!reader)
		return;
	if (reader->cursor)
		mdb_cursor_close(reader->cursor);
	if (reader->txn)
		mdb_txn_abort(reader->txn);
	ctr_free(db->allocator, reader);
}

static int read_status(int code)
{
	switch (code) {
	case 0:
		return CENTRO_OK;
	case MDB_NOTFOUND:
		return CENTRO_ERR_NOT_FOUND;
	case ENOMEM:
		return CENTRO_ERR_NOMEM;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_CURSOR_FULL:
		return CENTRO_ERR_CORRUPT;
	default:
		return CENTRO_ERR_IO;
	}
}

static int renew_spare(struct ctr_lmdb *db, struct ctr_lmdb_reader **ret_reader)
{
	struct ctr_lmdb_reader *reader = db->spare;
	db->spare = NULL;
	int code = mdb_txn_renew(reader->txn);
	if (code == 0)
		code = mdb_cursor_renew(reader->txn, reader->cursor);
	if (code != 0) {
		ctr_lmdb_reader_free(db, reader);
		return read_status(code);
	}
	*ret_reader = reader;
	return CENTRO_OK;
}

int ctr_lmdb_reader_open(struct ctr_lmdb *db, struct ctr_lmdb_reader **ret_reader)
{
	if (db->spare)
		return renew_spare(db, ret_reader);
	struct ctr_lmdb_reader *reader = ctr_alloc_zero(db->allocator, sizeof(*reader));
	if (!reader)
		return CENTRO_ERR_NOMEM;
	int code = mdb_txn_begin(db->env, /* parent= */ NULL, MDB_RDONLY, &reader->txn);
	if (code == 0)
		code = mdb_cursor_open(reader->txn, db->dbi, &reader->cursor);
	if (code != 0) {
		ctr_lmdb_reader_free(db, reader);
		return read_status(code);
	}
	*ret_reader = reader;
	return CENTRO_OK;
}

void ctr_lmdb_reader_close(struct ctr_lmdb *db, struct ctr_lmdb_reader *reader)
{
	CTR_ASSERT(reader->txn && reader->cursor);
	if (db->spare) {
		ctr_lmdb_reader_free(db, reader);
		return;
	}
	mdb_txn_reset(reader->txn);
	db->spare = reader;
}

/* The row at which the cursor stands, or the next one that is not our own. */
static int take_row(struct ctr_lmdb_reader *reader, bool reverse, int code, MDB_val key,
		    MDB_val value, struct ctr_lmdb_row *ret_row)
{
	struct centro_bytes own = ctr_bytes_str(CENTRO_STORE_RESERVED_PREFIX);
	while (code == 0 && ctr_bytes_starts_with(bytes_of(key), own))
		code = mdb_cursor_get(reader->cursor, &key, &value, reverse ? MDB_PREV : MDB_NEXT);
	if (code != 0)
		return read_status(code);
	if (key.mv_size == 0 || key.mv_size > CENTRO_STORE_KEY_SIZE_MAX ||
	    value.mv_size > CENTRO_STORE_VALUE_SIZE_MAX)
		return CENTRO_ERR_CORRUPT;
	*ret_row = (struct ctr_lmdb_row){.key = bytes_of(key), .value = bytes_of(value)};
	return CENTRO_OK;
}

int ctr_lmdb_seek(struct ctr_lmdb_reader *reader, struct centro_bytes key, bool reverse,
		  struct ctr_lmdb_row *ret_row)
{
	MDB_val found = val_of(key), value = {0};
	int code;
	if (key.size == 0) {
		code = mdb_cursor_get(reader->cursor, &found, &value,
				      reverse ? MDB_LAST : MDB_FIRST);
	} else {
		code = mdb_cursor_get(reader->cursor, &found, &value, MDB_SET_RANGE);
		/* One before the first that is not smaller. */
		if (reverse && (code == 0 || code == MDB_NOTFOUND))
			code = mdb_cursor_get(reader->cursor, &found, &value,
					      code == 0 ? MDB_PREV : MDB_LAST);
	}
	return take_row(reader, reverse, code, found, value, ret_row);
}

int ctr_lmdb_step(struct ctr_lmdb_reader *reader, bool reverse, struct ctr_lmdb_row *ret_row)
{
	MDB_val key = {0}, value = {0};
	int code = mdb_cursor_get(reader->cursor, &key, &value, reverse ? MDB_PREV : MDB_NEXT);
	return take_row(reader, reverse, code, key, value, ret_row);
}
