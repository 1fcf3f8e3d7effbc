/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_STORE_IMPL_H
#define CENTRO_STORE_IMPL_H

/**
 * @file
 * For people who write a storage backend. To use a store, include
 * centro/store.h instead.
 *
 * Prove a backend with the suite in tests/contract, which is public for that
 * purpose. What centro/store.h promises is checked once, in the functions
 * that wrap these callbacks, so a backend may rely on it: arguments are within
 * their limits, a store that has failed is left alone, commits come one at a
 * time and from the leader. In return a backend that calls `done` twice or not
 * at all, or that shows rows out of bounds, ends the process.
 */

#include <centro/store.h>

#ifdef __cplusplus
extern "C" {
#endif

enum centro_op_type {
	CENTRO_OP_PUT,
	CENTRO_OP_DELETE,
	CENTRO_OP_REQUIRE_PRESENT,
	CENTRO_OP_REQUIRE_ABSENT,
};

/** One operation of a batch, borrowed from it. */
struct centro_op {
	enum centro_op_type type;
	struct centro_bytes key;
	struct centro_bytes value; /**< of a put */
	size_t group;              /**< rises by one at each centro_batch_end_group() */
};

/** Operation `index`, which is less than centro_batch_count(). */
CENTRO_API struct centro_op centro_batch_get(const struct centro_batch *batch, size_t index);

/**
 * One backend. Define it once, `static const`, with designated initialisers.
 * Members are only ever added at the end; `size` says which ones exist.
 *
 * The library calls these from one thread at a time, and never from inside
 * another one of them, except scan, campaign, resign and commit, which a
 * caller may start from a `done` or a `lost`.
 *
 * A status of CENTRO_ERR_IO, returned or given to a `done`, says that the store
 * has failed for good.
 */
struct centro_store_impl {
	size_t size;      /**< sizeof(struct centro_store_impl) */
	const char *name; /**< also the scheme of its URIs */
	uint32_t caps;    /**< of enum centro_store_caps */

	/** Required. Nothing is under way when it is called. */
	void (*destroy)(struct centro_store *store);

	/**
	 * Required. See centro_store_scan(). `scan` and the bounds in it stay where
	 * they are until `done`. What `row` returns, if not 0, ends the scan and is
	 * the status for `done`. Once the store has failed, the scans under way end
	 * with CENTRO_ERR_IO.
	 */
	int (*scan)(struct centro_store *store, const struct centro_scan *scan,
		    centro_store_row_fn *row, centro_store_done_fn *done, void *arg);

	/**
	 * Required. See centro_store_campaign(). `lost` is never NULL, and need
	 * not be called after a commit that ended with CENTRO_ERR_FENCED.
	 */
	int (*campaign)(struct centro_store *store, const char *name, uint64_t *ret_term,
			centro_store_done_fn *done, centro_store_done_fn *lost, void *arg);

	/** Required. See centro_store_resign(). */
	int (*resign)(struct centro_store *store, centro_store_done_fn *done, void *arg);

	/** Required. See centro_store_commit(). Called only by the leader, and one at a time. */
	int (*commit)(struct centro_store *store, const struct centro_batch *batch,
		      centro_store_done_fn *done, void *arg);

	/** Optional: NULL when there is no descriptor to wait on. */
	int (*fd)(const struct centro_store *store);

	/** Optional: NULL when every call completes at once. See centro_store_poll(). */
	int (*poll)(struct centro_store *store, struct centro_instant steady,
		    struct centro_instant *ret_wake);

	/** Required if poll is given: finish or cancel what is under way, calling its `done`. */
	void (*drain)(struct centro_store *store);

	/** Optional: NULL when nothing is known. See centro_store_get_usage(). */
	void (*usage)(const struct centro_store *store, struct centro_store_usage *ret_usage);

	/** Optional: see centro_store_failure(). Called only after a failure. Never NULL. */
	const char *(*failure)(const struct centro_store *store);
};

/** The first member of every backend's own struct. Only the library writes to it. */
struct centro_store {
	const struct centro_store_impl *impl;
	void *reserved[18]; /**< the library's own */
};

/**
 * Make `store`, the head of a backend's own struct, ready for the functions in
 * centro/store.h. Whoever opened it hands it to centro_store_free() at the end,
 * which calls destroy(). `allocator` may be NULL, and outlives the store.
 *
 * @retval CENTRO_ERR_ABI      impl->size is not one this library knows
 * @retval CENTRO_ERR_INVALID  a required callback or the name is missing
 */
CENTRO_API int centro_store_init(struct centro_store *store, const struct centro_store_impl *impl,
				 const struct centro_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
