/* SPDX-License-Identifier: MIT */
/*
 * store.c - the one door to every backend.
 *
 * Callers use these functions and never touch `impl`. What centro/store.h
 * promises is checked here, once, for every backend: towards the caller by
 * refusing what is not allowed now, towards the backend by assertions, since a
 * backend that breaks its contract has already broken a promise.
 *
 * Invariants: `done` is called exactly once for each call that returned
 * CENTRO_OK, and never for another; at most one commit is under way, and only
 * while leading; terms only rise; after CENTRO_ERR_IO nothing is started any
 * more (I13).
 *
 * Layer: store. Includes base.
 */
#include <centro/store_impl.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/time.h"
#include "store/internal.h"

enum role {
	ROLE_NONE,
	ROLE_CAMPAIGN, /* a campaign is under way */
	ROLE_LEADER,
	ROLE_RESIGN, /* a resignation is under way */
	ROLE_FENCED, /* led, until another took over */
};

/* What the door remembers; it lives in centro_store's reserved part. */
struct guard {
	const struct centro_allocator *allocator;
	struct ctr_list scans; /* of struct scan_call */

	uint64_t term;      /* the last one that was given; 0: none yet */
	uint64_t term_next; /* where the backend writes it */
	uint64_t *ret_term;
	centro_store_done_fn *lead_done, *lost;
	void *lead_arg;

	centro_store_done_fn *resign_done;
	void *resign_arg;

	centro_store_done_fn *commit_done; /* NULL: no commit is under way */
	void *commit_arg;

	uint32_t scan_count;
	uint32_t done_count;     /* of all operations, to see that one has ended */
	uint32_t callback_depth; /* of the caller's functions that are running */
	uint8_t role;            /* of enum role */
	bool failed, closing, polling, in_row;
};

_Static_assert(sizeof(struct guard) <= sizeof(((struct centro_store *)NULL)->reserved),
	       "the guard fits into the head of a store");

/* Stands between the caller and one scan of the backend. */
struct scan_call {
	struct ctr_list node;
	struct centro_store *store;
	struct centro_scan scan; /* its bounds point behind this struct */
	centro_store_row_fn *row;
	centro_store_done_fn *done;
	void *arg;
	uint64_t rows;
	int row_status;
	uint8_t bounds[];
};

/* The first release of the vtable ended with `failure`. */
#define IMPL_SIZE_MIN sizeof(struct centro_store_impl)

static struct guard *guard_of(const struct centro_store *store)
{
	CTR_ASSERT(store && store->impl);
	return (struct guard *)(void *)store->reserved;
}

int centro_store_init(struct centro_store *store, const struct centro_store_impl *impl,
		      const struct centro_allocator *allocator)
{
	if (!store || !impl)
		return CENTRO_ERR_INVALID;
	if (impl->size < IMPL_SIZE_MIN)
		return CENTRO_ERR_ABI;
	if (!impl->name || !impl->destroy || !impl->scan || !impl->campaign || !impl->resign ||
	    !impl->commit || (impl->poll && !impl->drain))
		return CENTRO_ERR_INVALID;

	*store = (struct centro_store){.impl = impl};
	struct guard *guard = guard_of(store);
	guard->allocator = ctr_allocator_or_default(allocator);
	ctr_list_init(&guard->scans);
	return CENTRO_OK;
}

static bool is_idle(const struct guard *guard)
{
	CTR_ASSERT((guard->scan_count == 0) == ctr_list_is_empty(&guard->scans));
	return guard->scan_count == 0 && !guard->commit_done && guard->role != ROLE_CAMPAIGN &&
	       guard->role != ROLE_RESIGN;
}

void centro_store_free(struct centro_store *store)
{
	if (!store)
		return;
	struct guard *guard = guard_of(store);
	CTR_ASSERT(guard->callback_depth == 0 && !guard->polling);

	guard->closing = true;
	if (store->impl->drain)
		store->impl->drain(store);
	CTR_ASSERT(is_idle(guard));
	store->impl->destroy(store);
}

const char *centro_store_name(const struct centro_store *store)
{
	return store->impl->name;
}

uint32_t centro_store_caps(const struct centro_store *store)
{
	return store->impl->caps;
}

const char *centro_store_failure(const struct centro_store *store)
{
	if (!guard_of(store)->failed)
		return "";
	if (!store->impl->failure)
		return "the store failed";
	return store->impl->failure(store);
}

void centro_store_get_usage(const struct centro_store *store, struct centro_store_usage *ret_usage)
{
	struct centro_store_usage usage = {0};
	if (store->impl->usage)
		store->impl->usage(store, &usage);

	/* A caller of another release has a shorter or a longer struct. */
	size_t size = ret_usage->size;
	memcpy(ret_usage, &usage, size < sizeof(usage) ? size : sizeof(usage));
	if (size >= sizeof(size))
		ret_usage->size = size;
}

/* Why an operation cannot start now. */
static int refusal(const struct guard *guard)
{
	if (guard->failed)
		return CENTRO_ERR_IO;
	if (guard->closing)
		return CENTRO_ERR_CANCELLED;
	if (guard->in_row)
		return CENTRO_ERR_STATE;
	return CENTRO_OK;
}

/* An operation of the backend has ended; what is the caller's comes next. */
static void note_done(struct guard *guard, int status)
{
	CTR_ASSERT(status <= 0);
	guard->done_count++;
	if (status == CENTRO_ERR_IO)
		guard->failed = true;
}

static void call_done(struct guard *guard, centro_store_done_fn *done, void *arg, int status)
{
	guard->callback_depth++;
	done(arg, status);
	guard->callback_depth--;
}

/* The backend refused to start something: then `done` must not have come. */
static int note_refused(struct guard *guard, uint32_t done_count, int status)
{
	CTR_ASSERT(status < 0);
	CTR_ASSERT(guard->done_count == done_count);
	if (status == CENTRO_ERR_IO)
		guard->failed = true;
	return status;
}

/* ---- scan -------------------------------------------------------- */

static bool is_in_range(const struct centro_scan *scan, struct centro_bytes key)
{
	return ctr_bytes_compare(key, scan->first) >= 0 &&
	       (scan->end.size == 0 || ctr_bytes_compare(key, scan->end) < 0);
}

static int guard_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct scan_call *call = arg;
	struct guard *guard = guard_of(call->store);
	CTR_ASSERT(call->row_status == 0);
	CTR_ASSERT(key.size > 0 && key.size <= CENTRO_STORE_KEY_SIZE_MAX);
	CTR_ASSERT(value.size <= CENTRO_STORE_VALUE_SIZE_MAX);
	CTR_ASSERT(is_in_range(&call->scan, key));
	call->rows++;
	CTR_ASSERT(call->scan.rows_max == 0 || call->rows <= call->scan.rows_max);

	bool in_row = guard->in_row;
	guard->in_row = true;
	guard->callback_depth++;
	call->row_status = call->row(call->arg, key, value);
	guard->callback_depth--;
	guard->in_row = in_row;
	return call->row_status;
}

static void scan_call_free(struct guard *guard, struct scan_call *call)
{
	CTR_ASSERT(guard->scan_count > 0);
	ctr_list_remove(&call->node);
	guard->scan_count--;
	ctr_free(guard->allocator, call);
}

static void guard_scan_done(void *arg, int status)
{
	struct scan_call *call = arg;
	struct guard *guard = guard_of(call->store);
	CTR_ASSERT(call->row_status == 0 || status == call->row_status);

	/* What the row function said is the caller's own affair. */
	guard->done_count++;
	if (call->row_status == 0 && status == CENTRO_ERR_IO)
		guard->failed = true;
	centro_store_done_fn *done = call->done;
	void *done_arg = call->arg;
	scan_call_free(guard, call);
	call_done(guard, done, done_arg, status);
}

/* The bounds are copied, so that a backend can use them to the end. */
static struct scan_call *scan_call_new(struct centro_store *store, const struct centro_scan *scan)
{
	struct guard *guard = guard_of(store);
	size_t first_size = scan->first.size, end_size = scan->end.size;
	struct scan_call *call = ctr_alloc(guard->allocator, sizeof(*call) + first_size + end_size);
	if (!call)
		return NULL;
	*call = (struct scan_call){.store = store, .scan = *scan};
	if (first_size > 0)
		memcpy(call->bounds, scan->first.data, first_size);
	if (end_size > 0)
		memcpy(call->bounds + first_size, scan->end.data, end_size);
	call->scan.first = ctr_bytes(call->bounds, first_size);
	call->scan.end = ctr_bytes(call->bounds + first_size, end_size);
	ctr_list_append(&guard->scans, &call->node);
	guard->scan_count++;
	return call;
}

int centro_store_scan(struct centro_store *store, const struct centro_scan *scan,
		      centro_store_row_fn *row, centro_store_done_fn *done, void *arg)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(scan && row && done);

	int status = refusal(guard);
	if (status != CENTRO_OK)
		return status;
	struct centro_scan known;
	status = ctr_store_copy_struct(&known, sizeof(known), sizeof(known), scan, scan->size);
	if (status != CENTRO_OK)
		return status;
	if (known.first.size > CENTRO_STORE_KEY_SIZE_MAX ||
	    known.end.size > CENTRO_STORE_KEY_SIZE_MAX)
		return CENTRO_ERR_INVALID;
	if (guard->scan_count >= CENTRO_STORE_SCANS_MAX)
		return CENTRO_ERR_LIMIT;

	struct scan_call *call = scan_call_new(store, &known);
	if (!call)
		return CENTRO_ERR_NOMEM;
	call->row = row;
	call->done = done;
	call->arg = arg;
	uint32_t done_count = guard->done_count;
	status = store->impl->scan(store, &call->scan, guard_row, guard_scan_done, call);
	if (status == CENTRO_OK)
		return CENTRO_OK;
	note_refused(guard, done_count, status);
	scan_call_free(guard, call);
	return status;
}

void ctr_store_abandon(struct centro_store *store)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(guard->callback_depth == 0 && !guard->polling);

	ctr_list_for_each_safe (node, &guard->scans)
		scan_call_free(guard, ctr_list_entry(node, struct scan_call, node));
	store->impl->destroy(store);
}

/* ---- leadership -------------------------------------------------- */

static void guard_lost(void *arg, int status)
{
	struct guard *guard = guard_of(arg);
	CTR_ASSERT(status < 0);
	CTR_ASSERT(guard->role == ROLE_LEADER);

	guard->role = ROLE_FENCED;
	if (guard->lost)
		call_done(guard, guard->lost, guard->lead_arg, status);
}

static void guard_lead_done(void *arg, int status)
{
	struct guard *guard = guard_of(arg);
	CTR_ASSERT(guard->role == ROLE_CAMPAIGN);

	note_done(guard, status);
	guard->role = ROLE_NONE;
	if (status == CENTRO_OK) {
		CTR_ASSERT(guard->term_next > guard->term);
		guard->role = ROLE_LEADER;
		guard->term = guard->term_next;
		*guard->ret_term = guard->term;
	}
	call_done(guard, guard->lead_done, guard->lead_arg, status);
}

static bool name_is_valid(const char *name)
{
	return name && name[0] != '\0' &&
	       strnlen(name, CENTRO_STORE_NAME_SIZE_MAX + 1) <= CENTRO_STORE_NAME_SIZE_MAX;
}

int centro_store_campaign(struct centro_store *store, const char *name, uint64_t *ret_term,
			  centro_store_done_fn *done, centro_store_done_fn *lost, void *arg)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(ret_term && done);

	int status = refusal(guard);
	if (status != CENTRO_OK)
		return status;
	if (!name_is_valid(name))
		return CENTRO_ERR_INVALID;
	/* After a loss, the commit that was under way must end first. */
	if ((guard->role != ROLE_NONE && guard->role != ROLE_FENCED) || guard->commit_done)
		return CENTRO_ERR_STATE;

	uint8_t role = guard->role;
	guard->role = ROLE_CAMPAIGN;
	guard->ret_term = ret_term;
	guard->lead_done = done;
	guard->lost = lost;
	guard->lead_arg = arg;
	uint32_t done_count = guard->done_count;
	status = store->impl->campaign(store, name, &guard->term_next, guard_lead_done, guard_lost,
				       store);
	if (status == CENTRO_OK)
		return CENTRO_OK;
	guard->role = role;
	return note_refused(guard, done_count, status);
}

static void guard_resign_done(void *arg, int status)
{
	struct guard *guard = guard_of(arg);
	CTR_ASSERT(guard->role == ROLE_RESIGN);

	note_done(guard, status);
	guard->role = ROLE_NONE;
	call_done(guard, guard->resign_done, guard->resign_arg, status);
}

int centro_store_resign(struct centro_store *store, centro_store_done_fn *done, void *arg)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(done);

	int status = refusal(guard);
	if (status != CENTRO_OK)
		return status;
	if (guard->role != ROLE_LEADER || guard->commit_done)
		return CENTRO_ERR_STATE;

	guard->role = ROLE_RESIGN;
	guard->resign_done = done;
	guard->resign_arg = arg;
	uint32_t done_count = guard->done_count;
	status = store->impl->resign(store, guard_resign_done, store);
	if (status == CENTRO_OK)
		return CENTRO_OK;
	guard->role = ROLE_LEADER;
	return note_refused(guard, done_count, status);
}

/* ---- commit ------------------------------------------------------ */

static void guard_commit_done(void *arg, int status)
{
	struct guard *guard = guard_of(arg);
	CTR_ASSERT(guard->commit_done);
	CTR_ASSERT(guard->role == ROLE_LEADER || guard->role == ROLE_FENCED);

	note_done(guard, status);
	/* Still under way: `lost` cannot campaign or commit before `done` has come. */
	if (status == CENTRO_ERR_FENCED && guard->role == ROLE_LEADER)
		guard_lost(arg, status);
	centro_store_done_fn *done = guard->commit_done;
	guard->commit_done = NULL;
	call_done(guard, done, guard->commit_arg, status);
}

int centro_store_commit(struct centro_store *store, const struct centro_batch *batch,
			centro_store_done_fn *done, void *arg)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(batch && done);

	int status = refusal(guard);
	if (status != CENTRO_OK)
		return status;
	if (guard->role == ROLE_FENCED)
		return CENTRO_ERR_FENCED;
	if (guard->role != ROLE_LEADER || guard->commit_done)
		return CENTRO_ERR_STATE;
	CTR_ASSERT(guard->term > 0);

	guard->commit_done = done;
	guard->commit_arg = arg;
	uint32_t done_count = guard->done_count;
	status = store->impl->commit(store, batch, guard_commit_done, store);
	if (status == CENTRO_OK)
		return CENTRO_OK;
	guard->commit_done = NULL;
	return note_refused(guard, done_count, status);
}

/* ---- progress ---------------------------------------------------- */

int centro_store_fd(const struct centro_store *store)
{
	return store->impl->fd ? store->impl->fd(store) : -1;
}

int centro_store_poll(struct centro_store *store, struct centro_instant steady,
		      struct centro_instant *ret_wake)
{
	struct guard *guard = guard_of(store);
	CTR_ASSERT(ret_wake);

	if (guard->polling || guard->callback_depth > 0)
		return CENTRO_ERR_STATE;
	struct centro_instant wake = CTR_NEVER;
	if (!store->impl->poll) {
		CTR_ASSERT(is_idle(guard));
	} else if (!guard->failed || !is_idle(guard)) {
		guard->polling = true;
		int status = store->impl->poll(store, steady, &wake);
		guard->polling = false;
		CTR_ASSERT(status == CENTRO_OK || status == CENTRO_ERR_IO);
		if (status == CENTRO_ERR_IO)
			guard->failed = true;
	}
	*ret_wake = wake;
	return guard->failed ? CENTRO_ERR_IO : CENTRO_OK;
}
