/* SPDX-License-Identifier: MIT */
/*
 * file_write.c - one LMDB transaction for a batch or a new term.
 *
 * Invariants: a write ends with the whole batch on disk, or with nothing of it
 * and a status that says so, or with CENTRO_ERR_IO, after which nothing is
 * written any more (I13); each write checks that the term in the store is still
 * its own (I5).
 *
 * Layer: store. Includes base and LMDB. Runs on the commit thread.
 */
#include "store/file_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "store/file_lmdb_private.h"

/* mdb_strerror() would call strerror(), which another thread may be in. */
static const char *describe(int code, char *buffer, size_t size)
{
	return code > 0 ? strerror_r(code, buffer, size) : mdb_strerror(code);
}

/* LMDB said `code` in step `what` of a transaction. */
static void note_failure(struct ctr_lmdb_result *result, int code, const char *what,
			 bool committing)
{
	CTR_ASSERT(code != 0);
	char reason[96];
	if (code == MDB_MAP_FULL)
		result->status = CENTRO_ERR_FULL;
	else if (code == MDB_TXN_FULL)
		result->status = CENTRO_ERR_LIMIT;
	else if (code == ENOMEM && !committing)
		result->status = CENTRO_ERR_NOMEM;
	else
		result->status = CENTRO_ERR_IO;
	if (result->status == CENTRO_ERR_IO)
		snprintf(result->failure, sizeof(result->failure), "%s failed: %s", what,
			 describe(code, reason, sizeof(reason)));
}

/* Begin, and learn the term that the store is in. NULL: *result says why. */
static MDB_txn *begin_write(struct ctr_lmdb *db, uint64_t *ret_term, struct ctr_lmdb_result *result)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(db->env, /* parent= */ NULL, 0, &txn);
	if (code != 0) {
		note_failure(result, code, "beginning a transaction", /* committing= */ false);
		return NULL;
	}
	struct centro_bytes value;
	code = ctr_lmdb_get_own(txn, db->dbi, CTR_FILE_TERM_KEY, &value);
	if (code == 0 && ctr_file_term_parse(value, ret_term) != CENTRO_OK)
		code = MDB_CORRUPTED;
	if (code != 0) {
		note_failure(result, code, "reading the term", /* committing= */ false);
		mdb_txn_abort(txn);
		return NULL;
	}
	return txn;
}

static void commit_write(struct ctr_lmdb *db, MDB_txn *txn, struct ctr_lmdb_result *result)
{
	ctr_lmdb_note_usage(db, txn, result);
	int code = mdb_txn_commit(txn);
	if (code != 0)
		note_failure(result, code, "committing to disk", /* committing= */ true);
	else
		result->status = CENTRO_OK;
}

/* 0; MDB_KEYEXIST or MDB_NOTFOUND: one is not met; another: an error. */
static int check_requirements(MDB_txn *txn, MDB_dbi dbi, const struct centro_batch *batch)
{
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		if (op.type != CENTRO_OP_REQUIRE_PRESENT && op.type != CENTRO_OP_REQUIRE_ABSENT)
			continue;
		MDB_val key = val_of(op.key), value;
		int code = mdb_get(txn, dbi, &key, &value);
		if (code == MDB_NOTFOUND && op.type == CENTRO_OP_REQUIRE_ABSENT)
			continue;
		if (code == 0 && op.type == CENTRO_OP_REQUIRE_ABSENT)
			return MDB_KEYEXIST;
		if (code != 0)
			return code;
	}
	return 0;
}

static int apply_op(MDB_cursor *cursor, const struct centro_op *op)
{
	MDB_val key = val_of(op->key), value = val_of(op->value);
	if (op->type == CENTRO_OP_PUT)
		return mdb_cursor_put(cursor, &key, &value, 0);
	if (op->type != CENTRO_OP_DELETE)
		return 0;
	int code = mdb_cursor_get(cursor, &key, &value, MDB_SET);
	if (code == 0)
		code = mdb_cursor_del(cursor, 0);
	return code == MDB_NOTFOUND ? 0 : code;
}

static int apply(MDB_txn *txn, MDB_dbi dbi, const struct centro_batch *batch)
{
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn, dbi, &cursor);
	if (code != 0)
		return code;
	for (size_t i = 0; i < centro_batch_count(batch) && code == 0; i++) {
		struct centro_op op = centro_batch_get(batch, i);
		code = apply_op(cursor, &op);
	}
	mdb_cursor_close(cursor);
	return code;
}

void ctr_lmdb_write(struct ctr_lmdb *db, uint64_t term, const struct centro_batch *batch,
		    struct ctr_lmdb_result *ret_result)
{
	CTR_ASSERT(term > 0);
	*ret_result = (struct ctr_lmdb_result){0};

	uint64_t stored_term;
	MDB_txn *txn = begin_write(db, &stored_term, ret_result);
	if (!txn)
		return;
	/* Somebody got past our lock: a removed lock file, another mount. */
	if (stored_term != term) {
		mdb_txn_abort(txn);
		ret_result->status = CENTRO_ERR_FENCED;
		return;
	}
	int code = check_requirements(txn, db->dbi, batch);
	if (code == MDB_KEYEXIST || code == MDB_NOTFOUND) {
		mdb_txn_abort(txn);
		ret_result->status = CENTRO_ERR_STATE;
		return;
	}
	if (code == 0)
		code = apply(txn, db->dbi, batch);
	if (code != 0) {
		mdb_txn_abort(txn);
		note_failure(ret_result, code, "writing a batch", /* committing= */ false);
		return;
	}
	commit_write(db, txn, ret_result);
}

void ctr_lmdb_raise_term(struct ctr_lmdb *db, const char *name, uint64_t *ret_term,
			 struct ctr_lmdb_result *ret_result)
{
	*ret_result = (struct ctr_lmdb_result){0};

	uint64_t term;
	MDB_txn *txn = begin_write(db, &term, ret_result);
	if (!txn)
		return;
	struct ctr_file_value value = ctr_file_term_print(term + 1, name);
	/* So near the end no counting got it: the row is damaged. */
	int code = term == UINT64_MAX ? MDB_CORRUPTED
				      : ctr_lmdb_put_own(txn, db->dbi, CTR_FILE_TERM_KEY, &value);
	if (code != 0) {
		mdb_txn_abort(txn);
		note_failure(ret_result, code, "writing the term", /* committing= */ false);
		return;
	}
	commit_write(db, txn, ret_result);
	if (ret_result->status == CENTRO_OK)
		*ret_term = term + 1;
}
