/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_STORE_H
#define CENTRO_STORE_H

/**
 * @file
 * To open and use a store. To write a backend, include centro/store_impl.h.
 *
 * A store is an ordered map from keys to values (both bytes) with atomic
 * batches and one writer at a time. It knows nothing of jobs.
 *
 * Threads: a store belongs to one thread at a time. Callbacks come on the
 *   thread that calls centro_store_poll(), or from inside the call that
 *   started the operation: a caller relies on neither.
 * Re-entrancy: a `done` or `lost` may start operations. It may not poll
 *   (CENTRO_ERR_STATE) nor free the store (a defect, which ends the process).
 *   A row function may do none of these.
 * Blocking: only centro_store_open() and centro_store_free() may block.
 * Failure: once an operation has ended with CENTRO_ERR_IO the store has failed
 *   for good. What is under way ends, and every later call says
 *   CENTRO_ERR_IO: free the store, open it anew, and read.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_store;
struct centro_batch;

/** A key is at most this long in every backend (LMDB's limit). */
#define CENTRO_STORE_KEY_SIZE_MAX 511
/** A value is at most this long in every backend. */
#define CENTRO_STORE_VALUE_SIZE_MAX (1024 * 1024)
/** Operations between two centro_batch_end_group() calls. */
#define CENTRO_STORE_GROUP_OPS_MAX 100
/** Operations in a batch, and the bytes of all their keys and values. */
#define CENTRO_STORE_BATCH_OPS_MAX   (1024 * 1024)
#define CENTRO_STORE_BATCH_BYTES_MAX (64 * 1024 * 1024)
/** Scans under way at a time. */
#define CENTRO_STORE_SCANS_MAX 16
/** A scan holds back what commits free: once it does, it may last this long. */
#define CENTRO_STORE_SCAN_MS_MAX 60000
/** A name in centro_store_campaign(). */
#define CENTRO_STORE_NAME_SIZE_MAX 255
/** The smallest options.bytes_max. */
#define CENTRO_STORE_BYTES_MIN (1024 * 1024)
/**
 * Keys that begin so are the backend's own: no batch may hold one, and no scan
 * shows one. They sort before every letter, since a row behind the place where
 * keys are appended makes LMDB fill its pages only by half.
 */
#define CENTRO_STORE_RESERVED_PREFIX "!store/"

enum centro_store_caps {
	CENTRO_STORE_DURABLE = 1 << 0, /**< survives the process */
	CENTRO_STORE_SHARED = 1 << 1,  /**< other processes may write, in their own term */
	CENTRO_STORE_WATCH = 1 << 2,   /**< implements watch */
};

struct centro_store_options {
	size_t size;                              /**< sizeof(struct centro_store_options) */
	const struct centro_allocator *allocator; /**< NULL: the C library's; outlives the store */
	/** The store's largest size; 0: 16 GiB for file, no limit for memory. */
	uint64_t bytes_max;
	/** memory: complete operations only from centro_store_poll(). */
	bool complete_late;
};
#define CENTRO_STORE_OPTIONS_INIT                           \
	{                                                   \
		.size = sizeof(struct centro_store_options) \
	}

/**
 * Open `uri`: "memory:", or "file:PATH", a directory made if it is missing
 * (its parent must exist). Two stores never share a memory.
 *
 * @param options  NULL: the defaults
 * @param text     may be NULL; set on error: what was wrong and what to do
 *
 * @retval CENTRO_ERR_INVALID  the URI is none of those, or an option is out of range
 * @retval CENTRO_ERR_ABI      options->size is not one this library knows
 * @retval CENTRO_ERR_LOCKED   another process has it open, or this one
 * @retval CENTRO_ERR_VERSION  written by a newer, incompatible version
 * @retval CENTRO_ERR_CORRUPT  not a store, or damaged
 * @retval CENTRO_ERR_FULL     no room to make it
 * @retval CENTRO_ERR_IO       the system said no
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_store_open(const char *uri, const struct centro_store_options *options,
				 struct centro_store **ret_store, struct centro_error_text *text);

/**
 * Close. Waits for a commit or campaign under way; its `done` is called with
 * its outcome first, as are those of every other operation (with
 * CENTRO_ERR_CANCELLED). What these try to start is refused with
 * CENTRO_ERR_CANCELLED. NULL is allowed.
 */
CENTRO_API void centro_store_free(struct centro_store *store);

/** "memory", "file", … A static string. */
CENTRO_API const char *centro_store_name(const struct centro_store *store);
/** Of enum centro_store_caps. */
CENTRO_API uint32_t centro_store_caps(const struct centro_store *store);

/**
 * Why the store failed for good, for a log: "" while it has not. Borrowed for
 * as long as the store lives.
 */
CENTRO_API const char *centro_store_failure(const struct centro_store *store);

struct centro_store_usage {
	size_t size;    /**< sizeof(struct centro_store_usage), set by the caller */
	uint64_t bytes; /**< in use, as of the last commit; what was freed is not counted */
	/**
	 * 0: no limit of the store's own. Less than the option of that name when
	 * the disk has less to give.
	 */
	uint64_t bytes_max;
};
/** Cheap: it reads nothing from disk. */
CENTRO_API void centro_store_get_usage(const struct centro_store *store,
				       struct centro_store_usage *ret_usage);

typedef void centro_store_done_fn(void *arg, int status);

/**
 * One row of a scan. Both are borrowed for the call. A nonzero result ends the
 * scan, and is the status that `done` gets.
 */
typedef int centro_store_row_fn(void *arg, struct centro_bytes key, struct centro_bytes value);

struct centro_scan {
	size_t size;
	struct centro_bytes first; /**< inclusive; empty: from the start */
	struct centro_bytes end;   /**< exclusive; empty: to the end */
	bool reverse;              /**< from the last row back to the first */
	uint64_t rows_max;         /**< 0: no limit */
};
#define CENTRO_SCAN_INIT                           \
	{                                          \
		.size = sizeof(struct centro_scan) \
	}

/**
 * Visit the rows of a key range in byte order, all at one revision. `row` and
 * `done` are called from inside this call or from centro_store_poll(); `done`
 * exactly once if and only if the result is CENTRO_OK. `scan` is copied. A
 * scan sees every batch whose `done` came before it, may see the one under way,
 * and sees none that is started after it. A row function must not call into
 * the store.
 *
 * `done` gets CENTRO_OK, what `row` returned, CENTRO_ERR_IO, _CORRUPT, _NOMEM,
 * _DEADLINE (CENTRO_STORE_SCAN_MS_MAX), or _CANCELLED when the store is closed
 * first.
 *
 * @retval CENTRO_ERR_INVALID  a bound over CENTRO_STORE_KEY_SIZE_MAX
 * @retval CENTRO_ERR_LIMIT    CENTRO_STORE_SCANS_MAX are under way
 * @retval CENTRO_ERR_ABI      scan->size is not one this library knows
 * @retval CENTRO_ERR_IO       the store failed earlier
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_store_scan(struct centro_store *store, const struct centro_scan *scan,
				 centro_store_row_fn *row, centro_store_done_fn *done, void *arg);

/**
 * Become the writer. `done` is called once this process leads; `ret_term`, which
 * must outlive it, is then set to a number that is larger than that of every
 * writer before, and that is already durable. `lost`, which may be NULL, is
 * called at most once later, when another has taken over or leadership could
 * not be kept, also before the `done` of a commit that was fenced: from then on
 * each commit is refused with CENTRO_ERR_FENCED. It is not called after
 * centro_store_resign(), nor when the store fails. One may campaign again.
 *
 * `name` says to people who leads. It is copied.
 *
 * `done` gets CENTRO_OK, CENTRO_ERR_FULL, _NOMEM, _IO or _CANCELLED.
 *
 * @retval CENTRO_ERR_INVALID  `name` is NULL, empty or over CENTRO_STORE_NAME_SIZE_MAX
 * @retval CENTRO_ERR_STATE    leads already, or a campaign is under way
 * @retval CENTRO_ERR_IO       the store failed earlier
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_store_campaign(struct centro_store *store, const char *name,
				     uint64_t *ret_term, centro_store_done_fn *done,
				     centro_store_done_fn *lost, void *arg);

/**
 * Give leadership back, so that another need not wait. `done` gets CENTRO_OK,
 * CENTRO_ERR_IO or _CANCELLED.
 *
 * @retval CENTRO_ERR_STATE  not the leader, or a commit is under way
 * @retval CENTRO_ERR_IO     the store failed earlier
 */
CENTRO_API int centro_store_resign(struct centro_store *store, centro_store_done_fn *done,
				   void *arg);

/**
 * Write all of `batch`, or nothing, in the term that centro_store_campaign()
 * gave. At most one commit is under way at a time. `batch` is borrowed until
 * `done`, which is called exactly once if and only if the result is CENTRO_OK:
 *
 * - CENTRO_OK: durable, and visible to every later scan;
 * - CENTRO_ERR_FULL, _LIMIT, _NOMEM, _STATE (a precondition), _FENCED: nothing
 *   was written and the store goes on;
 * - CENTRO_ERR_IO: the outcome is unknown, and the store has failed for good.
 *
 * @retval CENTRO_ERR_STATE   not the leader, or a commit is under way
 * @retval CENTRO_ERR_FENCED  leadership was lost
 * @retval CENTRO_ERR_IO      the store failed earlier
 * @retval CENTRO_ERR_NOMEM   nothing was written and the store goes on
 */
CENTRO_API int centro_store_commit(struct centro_store *store, const struct centro_batch *batch,
				   centro_store_done_fn *done, void *arg);

/** A descriptor that becomes readable when poll() has something to do; -1: none. */
CENTRO_API int centro_store_fd(const struct centro_store *store);

/**
 * Make progress without blocking and call what is due. Sets *ret_wake to the
 * instant by which it wants to be called again even if the descriptor stays
 * quiet (CENTRO_INSTANT_NEVER_NS: not at all; `steady` itself: at once). An
 * operation that is started later may want an earlier one, so poll last, just
 * before waiting.
 *
 * @retval CENTRO_ERR_IO     the store has failed for good; *ret_wake is set
 * @retval CENTRO_ERR_STATE  called from a callback
 */
CENTRO_API int centro_store_poll(struct centro_store *store, struct centro_instant steady,
				 struct centro_instant *ret_wake);

/* ------------------------------------------------------------------ */

/** An empty batch. NULL: out of memory. `allocator` may be NULL, and outlives it. */
CENTRO_API struct centro_batch *centro_batch_new(const struct centro_allocator *allocator);
CENTRO_API void centro_batch_free(struct centro_batch *batch);
/** Empty it, and keep its memory. */
CENTRO_API void centro_batch_clear(struct centro_batch *batch);

/**
 * Add one operation. Key and value are copied. Operations take effect in
 * order, so that a later one on the same key wins.
 *
 * @retval CENTRO_ERR_INVALID  empty or reserved key, or key or value over its limit
 * @retval CENTRO_ERR_LIMIT    the group or the batch is at one of its limits
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_batch_put(struct centro_batch *batch, struct centro_bytes key,
				struct centro_bytes value);
/** A key that is not there is no error. */
CENTRO_API int centro_batch_delete(struct centro_batch *batch, struct centro_bytes key);
/**
 * The commit is refused with CENTRO_ERR_STATE unless the key is there / is not
 * there in the store as it was before the batch, wherever in the batch this
 * stands.
 */
CENTRO_API int centro_batch_require(struct centro_batch *batch, struct centro_bytes key,
				    bool present);

/**
 * What was added since the last call is one group: a backend that must cut a
 * batch into several transactions never cuts a group. Those cut apart become
 * durable in order, and `done` comes after the last.
 */
CENTRO_API void centro_batch_end_group(struct centro_batch *batch);
/** Take back what was added since the last end of a group: it did not fit whole. */
CENTRO_API void centro_batch_drop_group(struct centro_batch *batch);

/** How many operations, and the bytes of all keys and values. */
CENTRO_API size_t centro_batch_count(const struct centro_batch *batch);
CENTRO_API size_t centro_batch_bytes(const struct centro_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
