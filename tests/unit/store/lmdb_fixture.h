/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_FIXTURE_H
#define STORE_LMDB_FIXTURE_H

/* A file store's LMDB, opened without the store, and rows that no store would write. */

#include <lmdb.h>

#include "fixture.h"
#include "store/file_dir.h"
#include "store/file_lmdb.h"

struct lmdb_fixture {
	struct fixture_dir dir;
	int dir_fd;
	struct ctr_lmdb_options options;
	struct ctr_lmdb *db; /* NULL: not open */
	struct ctr_lmdb_result result;
	struct centro_error_text text;
};

/* A new store, not open. */
void lmdb_fixture_init(struct lmdb_fixture *f);
void lmdb_fixture_fini(struct lmdb_fixture *f);
/* What ctr_lmdb_open() says. */
int lmdb_fixture_open(struct lmdb_fixture *f);
void lmdb_fixture_close(struct lmdb_fixture *f);

/* While it is not open: put a row behind its back; `value` NULL: delete it. */
void lmdb_fixture_plant(struct lmdb_fixture *f, const char *key, const void *value, size_t size);
/* "data.mdb"'s length in bytes. */
off_t lmdb_fixture_length(const struct lmdb_fixture *f);
void lmdb_fixture_truncate(const struct lmdb_fixture *f, off_t length);

/* Open as leader of `term` 1: write `count` rows of `size` bytes, "%06d", in one batch. */
int lmdb_fixture_fill(struct lmdb_fixture *f, int count, size_t size);

#endif
