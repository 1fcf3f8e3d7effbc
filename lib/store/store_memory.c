/* SPDX-License-Identifier: MIT */
/*
 * store_memory.c - the reference backend: a sorted map in memory.
 *
 * It completes at once, from inside the call that starts an operation, or, with
 * options.complete_late, only from poll, and its scans then take several polls.
 * Both are allowed to every backend, so a caller that passes its tests with both
 * relies on neither.
 *
 * Invariants: a batch is applied whole, when it completes, or not at all; a scan
 * reads the revision at which it started; rows that a scan may still need are
 * kept.
 *
 * Layer: store. Includes base.
 */
#include "store/store_memory.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/str.h"
#include "base/time.h"
#include "store/internal.h"
#include "store/memory_map.h"

/* So few that a scan in a small test takes several polls. */
#define LATE_ROWS_PER_POLL 16

struct ctr_memory_disk {
	const struct centro_allocator *allocator;
	struct ctr_memory_map map;
	uint64_t revision; /* of the last batch */
	uint64_t term;     /* of the last leader */
	struct ctr_list scans;
	struct ctr_memory_fault fault;
	const struct ctr_memory_hooks *hooks; /* NULL: none */
	uint32_t store_count;
	bool held, lease_held;
};

struct memory_scan {
	struct ctr_list store_node, disk_node;
	const struct centro_scan *scan;
	centro_store_row_fn *row;
	centro_store_done_fn *done;
	void *arg;
	uint64_t revision;
	uint64_t rows;
	size_t last_size; /* of the last key shown; 0: none yet */
	uint8_t last[CENTRO_STORE_KEY_SIZE_MAX];
};

struct memory_store {
	struct centro_store base;
	const struct centro_allocator *allocator;
	struct ctr_memory_disk *disk;
	uint64_t bytes_max;
	uint64_t term; /* of this store's leadership; 0: it does not lead */
	bool owns_disk, late, failed;

	struct centro_instant steady; /* of the last poll */

	const struct centro_batch *batch; /* NULL: no commit is under way */
	struct centro_instant commit_due; /* not to complete before */
	centro_store_done_fn *commit_done;
	void *commit_arg;

	centro_store_done_fn *lead_done; /* NULL: no campaign is under way */
	centro_store_done_fn *lost;
	uint64_t *ret_term;
	void *lead_arg;

	centro_store_done_fn *resign_done; /* NULL: no resignation is under way */
	void *resign_arg;

	struct ctr_list scans;
};

static struct memory_store *memory_of(struct centro_store *store)
{
	return CTR_CONTAINER_OF(store, struct memory_store, base);
}

/* ---- the disk ---------------------------------------------------- */

struct ctr_memory_disk *ctr_memory_disk_new(const struct centro_allocator *allocator)
{
	allocator = ctr_allocator_or_default(allocator);
	struct ctr_memory_disk *disk = ctr_alloc_zero(allocator, sizeof(*disk));
	if (!disk)
		return NULL;
	disk->allocator = allocator;
	ctr_list_init(&disk->scans);
	if (ctr_memory_map_init(&disk->map, allocator) != CENTRO_OK) {
		ctr_free(allocator, disk);
		return NULL;
	}
	return disk;
}

/* OK or NOMEM. */
static int copy_range(struct ctr_memory_disk *to, const struct ctr_memory_disk *from,
		      const struct ctr_memory_range *range)
{
	const struct ctr_memory_row *row =
		ctr_memory_map_seek(&from->map, range->first, from->revision);
	for (; row; row = ctr_memory_map_next(row, from->revision)) {
		struct centro_bytes key = ctr_memory_row_key(row);
		if (range->end.size > 0 && ctr_bytes_compare(key, range->end) >= 0)
			break;
		struct ctr_memory_row *copy =
			ctr_memory_row_new(&to->map, key, ctr_memory_row_value(row));
		if (!copy)
			return CENTRO_ERR_NOMEM;
		ctr_memory_map_put(&to->map, copy, to->revision);
	}
	return CENTRO_OK;
}

struct ctr_memory_disk *ctr_memory_disk_clone_ranges(const struct ctr_memory_disk *disk,
						     const struct ctr_memory_range *ranges,
						     size_t count)
{
	struct ctr_memory_disk *clone = ctr_memory_disk_new(disk->allocator);
	if (!clone)
		return NULL;
	clone->revision = disk->revision;
	clone->term = disk->term;
	for (size_t i = 0; i < count; i++) {
		if (copy_range(clone, disk, &ranges[i]) != CENTRO_OK) {
			ctr_memory_disk_free(clone);
			return NULL;
		}
	}
	return clone;
}

struct ctr_memory_disk *ctr_memory_disk_clone(const struct ctr_memory_disk *disk)
{
	const struct ctr_memory_range all = {0};
	return ctr_memory_disk_clone_ranges(disk, &all, 1);
}

void ctr_memory_disk_free(struct ctr_memory_disk *disk)
{
	if (!disk)
		return;
	CTR_ASSERT(disk->store_count == 0 && ctr_list_is_empty(&disk->scans));
	ctr_memory_map_fini(&disk->map);
	ctr_free(disk->allocator, disk);
}

void ctr_memory_disk_set_fault(struct ctr_memory_disk *disk, struct ctr_memory_fault fault)
{
	CTR_ASSERT(!fault.written || fault.status == CENTRO_ERR_IO);
	disk->fault = fault;
}

void ctr_memory_disk_hold(struct ctr_memory_disk *disk, bool hold)
{
	disk->held = hold;
}

void ctr_memory_disk_hold_lease(struct ctr_memory_disk *disk, bool hold)
{
	disk->lease_held = hold;
}

void ctr_memory_disk_depose(struct ctr_memory_disk *disk)
{
	disk->term++;
}

void ctr_memory_disk_set_hooks(struct ctr_memory_disk *disk, const struct ctr_memory_hooks *hooks)
{
	disk->hooks = hooks;
}

uint64_t ctr_memory_disk_get_term(const struct ctr_memory_disk *disk)
{
	return disk->term;
}

/* The fault that is due now, and never again. */
static struct ctr_memory_fault take_fault(struct ctr_memory_disk *disk)
{
	struct ctr_memory_fault fault = disk->fault;
	if (fault.status == CENTRO_OK)
		return fault;
	if (fault.commits_before > 0) {
		disk->fault.commits_before--;
		return (struct ctr_memory_fault){0};
	}
	disk->fault = (struct ctr_memory_fault){0};
	return fault;
}

static void sweep(struct ctr_memory_disk *disk)
{
	uint64_t oldest = disk->revision;
	ctr_list_for_each (node, &disk->scans) {
		struct memory_scan *scan = ctr_list_entry(node, struct memory_scan, disk_node);
		if (scan->revision < oldest)
			oldest = scan->revision;
	}
	ctr_memory_map_sweep(&disk->map, oldest);
}

/* ---- commit ------------------------------------------------------ */

static bool meets_requirements(const struct ctr_memory_map *map, const struct centro_batch *batch)
{
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		if (op.type != CENTRO_OP_REQUIRE_PRESENT && op.type != CENTRO_OP_REQUIRE_ABSENT)
			continue;
		bool present = ctr_memory_map_find(map, op.key) != NULL;
		if (present != (op.type == CENTRO_OP_REQUIRE_PRESENT))
			return false;
	}
	return true;
}

static void free_rows(struct ctr_memory_map *map, struct ctr_memory_row *first)
{
	struct ctr_memory_row *next;
	for (struct ctr_memory_row *row = first; row; row = next) {
		next = row->dead_next;
		ctr_memory_row_free(map, row);
	}
}

/*
 * The rows of all puts, chained in their order: what takes memory comes before
 * anything is changed.
 */
static int make_rows(struct ctr_memory_map *map, const struct centro_batch *batch,
		     uint64_t bytes_max, struct ctr_memory_row **ret_first)
{
	struct ctr_memory_row *first = NULL, **link = &first;
	uint64_t bytes = 0;
	int status = CENTRO_OK;
	for (size_t i = 0; i < centro_batch_count(batch) && status == CENTRO_OK; i++) {
		struct centro_op op = centro_batch_get(batch, i);
		if (op.type != CENTRO_OP_PUT)
			continue;
		struct ctr_memory_row *row = ctr_memory_row_new(map, op.key, op.value);
		if (!row) {
			status = CENTRO_ERR_NOMEM;
			break;
		}
		*link = row;
		link = &row->dead_next;
		bytes += ctr_memory_row_bytes(row);
		if (bytes_max > 0 && map->bytes + bytes > bytes_max)
			status = CENTRO_ERR_FULL;
	}
	if (status != CENTRO_OK) {
		free_rows(map, first);
		return status;
	}
	*ret_first = first;
	return CENTRO_OK;
}

static void apply(struct ctr_memory_disk *disk, const struct centro_batch *batch,
		  struct ctr_memory_row *first)
{
	uint64_t revision = ++disk->revision;
	struct ctr_memory_row *row = first;
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		if (op.type == CENTRO_OP_PUT) {
			CTR_ASSERT(row);
			struct ctr_memory_row *next = row->dead_next;
			row->dead_next = NULL;
			ctr_memory_map_put(&disk->map, row, revision);
			row = next;
		} else if (op.type == CENTRO_OP_DELETE) {
			ctr_memory_map_delete(&disk->map, op.key, revision);
		}
	}
	CTR_ASSERT(!row);
	sweep(disk);
}

static int write_batch(struct memory_store *memory, const struct centro_batch *batch)
{
	struct ctr_memory_disk *disk = memory->disk;
	CTR_ASSERT(memory->term > 0 && memory->term <= disk->term);

	if (memory->term != disk->term)
		return CENTRO_ERR_FENCED;
	struct ctr_memory_fault fault = take_fault(disk);
	if (fault.status == CENTRO_ERR_IO && disk->hooks && disk->hooks->failed)
		disk->hooks->failed(disk->hooks->arg, memory->term);
	if (fault.status != CENTRO_OK && !fault.written)
		return fault.status;
	if (!meets_requirements(&disk->map, batch))
		return CENTRO_ERR_STATE;

	struct ctr_memory_row *first = NULL;
	int status = make_rows(&disk->map, batch, memory->bytes_max, &first);
	if (status != CENTRO_OK)
		return status;
	apply(disk, batch, first);
	if (disk->hooks && disk->hooks->written)
		disk->hooks->written(disk->hooks->arg, batch, memory->term);
	return fault.status;
}

static void finish_commit(struct memory_store *memory)
{
	int status = write_batch(memory, memory->batch);
	if (status == CENTRO_ERR_IO)
		memory->failed = true;
	if (status == CENTRO_ERR_FENCED)
		memory->term = 0;
	memory->batch = NULL;
	memory->commit_done(memory->commit_arg, status);
}

static int memory_commit(struct centro_store *store, const struct centro_batch *batch,
			 centro_store_done_fn *done, void *arg)
{
	struct memory_store *memory = memory_of(store);
	CTR_ASSERT(!memory->batch);

	memory->batch = batch;
	memory->commit_done = done;
	memory->commit_arg = arg;
	const struct ctr_memory_hooks *hooks = memory->disk->hooks;
	memory->commit_due = hooks && hooks->delay
				     ? ctr_after(memory->steady, hooks->delay(hooks->arg))
				     : (struct centro_instant){0};
	if (!memory->late && !memory->disk->held)
		finish_commit(memory);
	return CENTRO_OK;
}

/* ---- scan -------------------------------------------------------- */

static const struct ctr_memory_row *scan_start(const struct memory_scan *run,
					       const struct ctr_memory_map *map)
{
	struct centro_bytes last = ctr_bytes(run->last, run->last_size);
	if (run->scan->reverse)
		return ctr_memory_map_seek_before(map, run->last_size ? last : run->scan->end,
						  run->revision);

	const struct ctr_memory_row *row =
		ctr_memory_map_seek(map, run->last_size ? last : run->scan->first, run->revision);
	if (row && run->last_size && ctr_bytes_equal(ctr_memory_row_key(row), last))
		row = ctr_memory_map_next(row, run->revision);
	return row;
}

static bool is_past_end(const struct centro_scan *scan, struct centro_bytes key)
{
	if (scan->reverse)
		return ctr_bytes_compare(key, scan->first) < 0;
	return scan->end.size > 0 && ctr_bytes_compare(key, scan->end) >= 0;
}

/* Show up to `rows_max` rows. True: the scan is over, with *ret_status. */
static bool scan_run(struct memory_scan *run, const struct ctr_memory_map *map, uint64_t rows_max,
		     int *ret_status)
{
	const struct ctr_memory_row *row = scan_start(run, map);
	for (uint64_t shown = 0; shown < rows_max; shown++) {
		bool enough = run->scan->rows_max > 0 && run->rows >= run->scan->rows_max;
		if (!row || enough || is_past_end(run->scan, ctr_memory_row_key(row))) {
			*ret_status = CENTRO_OK;
			return true;
		}
		struct centro_bytes key = ctr_memory_row_key(row);
		run->rows++;
		run->last_size = key.size;
		memcpy(run->last, key.data, key.size);
		int status = run->row(run->arg, key, ctr_memory_row_value(row));
		if (status != 0) {
			*ret_status = status;
			return true;
		}
		row = run->scan->reverse ? ctr_memory_map_prev(map, row, run->revision)
					 : ctr_memory_map_next(row, run->revision);
	}
	return false;
}

static void scan_free(struct memory_store *memory, struct memory_scan *run)
{
	ctr_list_remove(&run->store_node);
	ctr_list_remove(&run->disk_node);
	ctr_free(memory->allocator, run);
	sweep(memory->disk);
}

static void scan_end(struct memory_store *memory, struct memory_scan *run, int status)
{
	centro_store_done_fn *done = run->done;
	void *arg = run->arg;
	scan_free(memory, run);
	done(arg, status);
}

static int memory_scan(struct centro_store *store, const struct centro_scan *scan,
		       centro_store_row_fn *row, centro_store_done_fn *done, void *arg)
{
	struct memory_store *memory = memory_of(store);
	struct memory_scan *run = ctr_alloc(memory->allocator, sizeof(*run));
	if (!run)
		return CENTRO_ERR_NOMEM;
	*run = (struct memory_scan){
		.scan = scan,
		.row = row,
		.done = done,
		.arg = arg,
		.revision = memory->disk->revision,
	};
	ctr_list_append(&memory->scans, &run->store_node);
	ctr_list_append(&memory->disk->scans, &run->disk_node);
	if (memory->late)
		return CENTRO_OK;

	int status = CENTRO_OK;
	bool over = scan_run(run, &memory->disk->map, UINT64_MAX, &status);
	CTR_ASSERT(over);
	scan_end(memory, run, status);
	return CENTRO_OK;
}

/* ---- leadership -------------------------------------------------- */

static void finish_campaign(struct memory_store *memory)
{
	memory->term = ++memory->disk->term;
	*memory->ret_term = memory->term;
	centro_store_done_fn *done = memory->lead_done;
	memory->lead_done = NULL;
	done(memory->lead_arg, CENTRO_OK);
}

static int memory_campaign(struct centro_store *store, const char *name, uint64_t *ret_term,
			   centro_store_done_fn *done, centro_store_done_fn *lost, void *arg)
{
	struct memory_store *memory = memory_of(store);
	CTR_ASSERT(memory->term == 0 && !memory->lead_done);

	memory->ret_term = ret_term;
	memory->lead_done = done;
	memory->lost = lost;
	memory->lead_arg = arg;
	if (!memory->late && !memory->disk->lease_held)
		finish_campaign(memory);
	return CENTRO_OK;
}

static void finish_resign(struct memory_store *memory)
{
	memory->term = 0;
	centro_store_done_fn *done = memory->resign_done;
	memory->resign_done = NULL;
	done(memory->resign_arg, CENTRO_OK);
}

static int memory_resign(struct centro_store *store, centro_store_done_fn *done, void *arg)
{
	struct memory_store *memory = memory_of(store);
	CTR_ASSERT(!memory->resign_done && !memory->batch);

	memory->resign_done = done;
	memory->resign_arg = arg;
	if (!memory->late)
		finish_resign(memory);
	return CENTRO_OK;
}

static void notice_loss(struct memory_store *memory)
{
	if (memory->term == 0 || memory->term == memory->disk->term || memory->batch)
		return;
	memory->term = 0;
	if (memory->resign_done)
		return; /* it wanted to go anyway */
	memory->lost(memory->lead_arg, CENTRO_ERR_FENCED);
}

/* ---- progress ---------------------------------------------------- */

static void run_scans(struct memory_store *memory)
{
	/* Those that a `done` starts meanwhile stand behind, and wait for the next poll. */
	struct ctr_list *last = memory->scans.prev;
	struct ctr_list *node = memory->scans.next, *next;
	bool more = !ctr_list_is_empty(&memory->scans);
	for (; more; node = next) {
		more = node != last;
		next = node->next;
		struct memory_scan *run = ctr_list_entry(node, struct memory_scan, store_node);
		int status = CENTRO_ERR_IO;
		if (memory->failed ||
		    scan_run(run, &memory->disk->map, LATE_ROWS_PER_POLL, &status))
			scan_end(memory, run, status);
	}
}

static int memory_poll(struct centro_store *store, struct centro_instant steady,
		       struct centro_instant *ret_wake)
{
	struct memory_store *memory = memory_of(store);
	const struct ctr_memory_disk *disk = memory->disk;
	memory->steady = steady;
	if (memory->resign_done)
		finish_resign(memory);
	notice_loss(memory);
	if (memory->lead_done && !disk->lease_held)
		finish_campaign(memory);
	if (memory->batch && !disk->held && ctr_reached(memory->commit_due, steady))
		finish_commit(memory);
	run_scans(memory);

	bool more = memory->resign_done || (memory->lead_done && !disk->lease_held) ||
		    !ctr_list_is_empty(&memory->scans);
	*ret_wake = more ? steady : CTR_NEVER;
	if (memory->batch && !disk->held && ctr_reached(memory->commit_due, steady))
		*ret_wake = steady;
	else if (memory->batch && !disk->held)
		*ret_wake = ctr_earlier(*ret_wake, memory->commit_due);
	return memory->failed ? CENTRO_ERR_IO : CENTRO_OK;
}

static void memory_drain(struct centro_store *store)
{
	struct memory_store *memory = memory_of(store);
	if (memory->resign_done)
		finish_resign(memory);
	if (memory->lead_done)
		finish_campaign(memory);
	if (memory->batch)
		finish_commit(memory);
	while (!ctr_list_is_empty(&memory->scans))
		scan_end(memory, ctr_list_entry(memory->scans.next, struct memory_scan, store_node),
			 CENTRO_ERR_CANCELLED);
}

static void memory_usage(const struct centro_store *store, struct centro_store_usage *ret_usage)
{
	const struct memory_store *memory =
		CTR_CONTAINER_OF(store, const struct memory_store, base);
	ret_usage->bytes = memory->disk->map.bytes;
	ret_usage->bytes_max = memory->bytes_max;
}

static const char *memory_failure(const struct centro_store *store)
{
	return "the memory store was told to fail";
}

static void memory_destroy(struct centro_store *store)
{
	struct memory_store *memory = memory_of(store);
	while (!ctr_list_is_empty(&memory->scans))
		scan_free(memory,
			  ctr_list_entry(memory->scans.next, struct memory_scan, store_node));
	CTR_ASSERT(memory->disk->store_count > 0);
	memory->disk->store_count--;
	if (memory->owns_disk)
		ctr_memory_disk_free(memory->disk);
	ctr_free(memory->allocator, memory);
}

static const struct centro_store_impl memory_impl = {
	.size = sizeof(struct centro_store_impl),
	.name = "memory",
	.caps = 0,
	.destroy = memory_destroy,
	.scan = memory_scan,
	.campaign = memory_campaign,
	.resign = memory_resign,
	.commit = memory_commit,
	.poll = memory_poll,
	.drain = memory_drain,
	.usage = memory_usage,
	.failure = memory_failure,
};

int ctr_store_memory_open(struct ctr_memory_disk *disk, const struct centro_store_options *options,
			  struct centro_store **ret_store)
{
	const struct centro_allocator *allocator = ctr_allocator_or_default(options->allocator);
	struct memory_store *memory = ctr_alloc_zero(allocator, sizeof(*memory));
	if (!memory)
		return CENTRO_ERR_NOMEM;
	int status = centro_store_init(&memory->base, &memory_impl, allocator);
	CTR_ASSERT(status == CENTRO_OK);
	memory->allocator = allocator;
	memory->disk = disk;
	memory->bytes_max = options->bytes_max;
	memory->late = options->complete_late;
	ctr_list_init(&memory->scans);
	disk->store_count++;
	*ret_store = &memory->base;
	return CENTRO_OK;
}

void ctr_store_memory_crash(struct centro_store *store, bool written)
{
	CTR_ASSERT(store->impl == &memory_impl);
	struct memory_store *memory = memory_of(store);

	/* What becomes of it, nobody is told. */
	if (written && memory->batch)
		(void)write_batch(memory, memory->batch);
	ctr_store_abandon(store);
}

int ctr_store_memory_open_uri(const char *rest, const struct centro_store_options *options,
			      struct centro_store **ret_store, struct centro_error_text *text)
{
	if (rest[0] != '\0')
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "nothing may follow \"memory:\"; did you mean file:%.200s?", rest);
	struct ctr_memory_disk *disk = ctr_memory_disk_new(options->allocator);
	if (!disk)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	struct centro_store *store = NULL;
	int status = ctr_store_memory_open(disk, options, &store);
	if (status != CENTRO_OK) {
		ctr_memory_disk_free(disk);
		return ctr_error(text, status, "out of memory");
	}
	memory_of(store)->owns_disk = true;
	*ret_store = store;
	return CENTRO_OK;
}
