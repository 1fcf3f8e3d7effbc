/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_MEMORY_H
#define CTR_STORE_MEMORY_H

/*
 * The memory backend, and what only tests and the simulator may do to it: keep
 * its contents over a restart, copy them, and make its disk fail.
 */

#include <centro/store.h>

/* What outlives a store that is closed or crashed: its contents and its term. */
struct ctr_memory_disk;

/* NULL: no memory. `allocator` may be NULL, and outlives the disk. */
struct ctr_memory_disk *ctr_memory_disk_new(const struct centro_allocator *allocator);
/* The same contents and term once more; no fault. NULL: no memory. */
struct ctr_memory_disk *ctr_memory_disk_clone(const struct ctr_memory_disk *disk);
struct ctr_memory_range {
	struct centro_bytes first, end; /* `end` exclusive; empty: no bound */
};
/* The same, of the rows in `ranges` alone, which are in order and do not overlap. */
struct ctr_memory_disk *ctr_memory_disk_clone_ranges(const struct ctr_memory_disk *disk,
						     const struct ctr_memory_range *ranges,
						     size_t count);
/* No store is open on it. NULL is allowed. */
void ctr_memory_disk_free(struct ctr_memory_disk *disk);

struct ctr_memory_fault {
	uint64_t commits_before; /* that many go well first */
	/*
	 * What the one after them, and no other, ends with: CENTRO_ERR_FULL, _LIMIT,
	 * _NOMEM, _STATE, _FENCED or _IO. CENTRO_OK: there is no fault.
	 */
	int status;
	bool written; /* with CENTRO_ERR_IO: it reached the disk all the same */
};
void ctr_memory_disk_set_fault(struct ctr_memory_disk *disk, struct ctr_memory_fault fault);

/*
 * While held, commits neither reach the disk nor complete, also in stores that
 * complete at once; the first poll after the release completes them.
 */
void ctr_memory_disk_hold(struct ctr_memory_disk *disk, bool hold);

/*
 * While held, no campaign ends: a lease outlives the server that held it. And the
 * other way round: whoever leads has lost it, as when its lease vanishes.
 */
void ctr_memory_disk_hold_lease(struct ctr_memory_disk *disk, bool hold);
void ctr_memory_disk_depose(struct ctr_memory_disk *disk);

/* For whoever simulates a disk. Each may be NULL. */
struct ctr_memory_hooks {
	void *arg;
	/* A commit begins: how long it takes. Only for stores that complete late. */
	struct centro_span (*delay)(void *arg);
	/* A batch of a leader in `term` has reached the disk. */
	void (*written)(void *arg, const struct centro_batch *batch, uint64_t term);
	/* A write of that leader has failed: what is on the disk is unknown to it. */
	void (*failed)(void *arg, uint64_t term);
};
/* `hooks` is borrowed for the disk's life; NULL: none. */
void ctr_memory_disk_set_hooks(struct ctr_memory_disk *disk, const struct ctr_memory_hooks *hooks);
/* The largest term that was ever given. */
uint64_t ctr_memory_disk_get_term(const struct ctr_memory_disk *disk);

/*
 * Open a store on `disk`, which stays the caller's. Several may be open on one
 * disk, as several servers on one cluster store: who campaigns last leads, and
 * fences the one before.
 *
 * OK, NOMEM. `options` as centro_store_open() has filled them in.
 */
int ctr_store_memory_open(struct ctr_memory_disk *disk, const struct centro_store_options *options,
			  struct centro_store **ret_store);

/*
 * Close it as kill -9 would: no `done` is called. A commit under way has reached
 * the disk, if it could, or it has not.
 */
void ctr_store_memory_crash(struct centro_store *store, bool written);

/* For "memory:", which is all of the URI: a store with a disk of its own. */
int ctr_store_memory_open_uri(const char *rest, const struct centro_store_options *options,
			      struct centro_store **ret_store, struct centro_error_text *text);

#endif
