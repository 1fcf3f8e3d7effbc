/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_LMDB_H
#define CTR_STORE_FILE_LMDB_H

/*
 * Every call of LMDB that the file backend makes.
 *
 * Threads: ctr_lmdb_write() and ctr_lmdb_raise_term() belong to one thread, the
 * readers to another; opening and closing happen while no other call runs.
 */

#include <centro/store_impl.h>

struct ctr_lmdb;
struct ctr_lmdb_reader;

struct ctr_lmdb_options {
	const struct centro_allocator *allocator;
	const char *path; /* the directory */
	int dir_fd;       /* the same, open */
	uint64_t bytes_max;
};

/*
 * Make `new.mdb`: an empty store, synced and closed. OK; FULL; IO; NOMEM.
 */
int ctr_lmdb_create(const struct ctr_lmdb_options *options, struct centro_error_text *text);

/* OK; VERSION; CORRUPT; FULL; IO; NOMEM. */
int ctr_lmdb_open(const struct ctr_lmdb_options *options, struct ctr_lmdb **ret_db,
		  struct centro_error_text *text);
/* No reader is open. */
void ctr_lmdb_close(struct ctr_lmdb *db);

/* How a write ended. */
struct ctr_lmdb_result {
	int status;
	uint64_t bytes;     /* with CENTRO_OK: in use */
	uint64_t bytes_max; /* with CENTRO_OK: what could be, on this disk */
	char failure[160];  /* with CENTRO_ERR_IO: what failed */
};

/*
 * One transaction: all of `batch`, durable, or nothing; fenced by `term`.
 * OK, FULL, LIMIT, NOMEM, STATE, FENCED: nothing is in doubt. IO: the outcome is
 * unknown, and the store must not be used on.
 */
void ctr_lmdb_write(struct ctr_lmdb *db, uint64_t term, const struct centro_batch *batch,
		    struct ctr_lmdb_result *ret_result);
/* Make the term larger by one, durably. *ret_term is written with CENTRO_OK only. */
void ctr_lmdb_raise_term(struct ctr_lmdb *db, const char *name, uint64_t *ret_term,
			 struct ctr_lmdb_result *ret_result);

/* As ctr_lmdb_write() says it, of the store as it was opened. */
void ctr_lmdb_get_usage(const struct ctr_lmdb *db, struct ctr_lmdb_result *ret_result);

/*
 * Read at the revision that is the newest now. A reader keeps what it can see
 * from being used again, so it must not live long. OK; NOMEM; IO.
 */
int ctr_lmdb_reader_open(struct ctr_lmdb *db, struct ctr_lmdb_reader **ret_reader);
/* May keep it, empty, for the next one. */
void ctr_lmdb_reader_close(struct ctr_lmdb *db, struct ctr_lmdb_reader *reader);

struct ctr_lmdb_row {
	struct centro_bytes key, value; /* borrowed until the reader is closed */
};

/*
 * The first row with a key >= `key`, or the last with a key < `key` (empty: of
 * all); then the one after or before. The store's own rows are left out.
 * OK; NOT_FOUND: no more; CORRUPT; NOMEM; IO.
 */
int ctr_lmdb_seek(struct ctr_lmdb_reader *reader, struct centro_bytes key, bool reverse,
		  struct ctr_lmdb_row *ret_row);
int ctr_lmdb_step(struct ctr_lmdb_reader *reader, bool reverse, struct ctr_lmdb_row *ret_row);

#endif
