/* SPDX-License-Identifier: MIT */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

/* What the tests of lib/store share. */

#include <centro/store.h>

#include "base/bytes.h"
#include "support/suite.h"

/* A temporary directory; `path` in it does not exist yet. */
struct fixture_dir {
	char base[128];
	char path[160];
	char uri[200];
};
void fixture_dir_init(struct fixture_dir *dir);
/* Removes the store in `path`, `path` and the directory. */
void fixture_dir_fini(struct fixture_dir *dir);

/* What was called, and how often. `done` is a centro_store_done_fn. */
struct fixture_wait {
	int calls;
	int status;
};
void fixture_done(void *arg, int status);

struct centro_instant fixture_now(void);
/* Poll until `wait` was called once. */
void fixture_wait(struct centro_store *store, const struct fixture_wait *wait);

/* A file store of at most `bytes_max` (0: 64 MiB) at dir->uri. */
struct centro_store *fixture_open(const struct fixture_dir *dir, uint64_t bytes_max);
/* Campaign and wait; gives the term. */
uint64_t fixture_lead(struct centro_store *store);
/* Commit and wait; gives the status. Clears the batch. */
int fixture_commit(struct centro_store *store, struct centro_batch *batch);
/* Put one row and commit it. */
void fixture_put(struct centro_store *store, const char *key, const char *value);
/* How many rows there are; *ret_status is what the scan ended with. */
size_t fixture_count(struct centro_store *store, int *ret_status);
/* The value of `key` is `value`; NULL: there is none. */
void fixture_expect(struct centro_store *store, const char *key, const char *value);

#endif
