/* SPDX-License-Identifier: MIT */
/*
 * store_file.c - the file backend: one server's store, in a directory.
 *
 * Commits and campaigns are handed to a thread, one at a time, and complete in
 * poll. Scans run in poll as well, on the owner's thread, a limited number of
 * rows each time, so that a long one keeps nobody waiting: the map is read
 * without a lock while the thread commits.
 *
 * Invariants: `request` belongs to the thread while `busy`; each scan holds one
 * reader from its start to its end; the event descriptor is readable while a
 * scan is under way, and soon after the thread has finished.
 *
 * Layer: store. Includes base; what it asks of the system is in file_*.c.
 */
#include "store/store_file.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/str.h"
#include "base/time.h"
#include "store/file_dir.h"
#include "store/file_lmdb.h"
#include "store/file_lock.h"
#include "store/file_worker.h"
#include "store/internal.h"

#define BYTES_MAX_DEFAULT (UINT64_C(16) << 30)

/* In one poll, of all scans together: about a millisecond. */
#define ROWS_PER_POLL  1024
#define BYTES_PER_POLL (1024 * 1024)

/* What the thread is to do, and how it went. */
struct request {
	const struct centro_batch *batch; /* NULL: a campaign */
	uint64_t term;                    /* of the commit; the new one of a campaign */
	char name[CENTRO_STORE_NAME_SIZE_MAX + 1];
	struct ctr_lmdb_result result;
};

struct file_scan {
	struct ctr_list node;
	struct ctr_lmdb_reader *reader;
	const struct centro_scan *scan;
	centro_store_row_fn *row;
	centro_store_done_fn *done;
	void *arg;
	struct centro_instant deadline; /* of a scan that holds something back */
	uint64_t commits;               /* there had been, when it began */
	uint64_t rows;
	bool polled; /* the deadline is set, and the cursor stands at a row */
};

struct file_store {
	struct centro_store base;
	const struct centro_allocator *allocator;
	int dir_fd, lock_fd, event_fd; /* -1: not open */
	struct ctr_lmdb *db;
	struct ctr_worker *worker;
	struct request request;
	bool busy, failed;
	bool signalled;       /* the descriptor is readable for the scans' sake */
	uint64_t events_owed; /* written or about to be, and not read */

	uint64_t term; /* 0: does not lead */
	uint64_t *ret_term;
	centro_store_done_fn *done; /* of the request */
	void *arg;

	struct ctr_list scans;
	uint64_t commits; /* that went well */
	uint64_t bytes, bytes_max;
	char failure[sizeof(((struct ctr_lmdb_result *)NULL)->failure)];
};

static struct file_store *file_of(struct centro_store *store)
{
	return CTR_CONTAINER_OF(store, struct file_store, base);
}

/* ---- commits and campaigns --------------------------------------- */

/* On the thread. */
static void work(void *arg)
{
	struct file_store *file = arg;
	struct request *request = &file->request;
	if (request->batch)
		ctr_lmdb_write(file->db, request->term, request->batch, &request->result);
	else
		ctr_lmdb_raise_term(file->db, request->name, &request->term, &request->result);
}

static void submit(struct file_store *file, centro_store_done_fn *done, void *arg)
{
	CTR_ASSERT(!file->busy && !file->failed);
	file->busy = true;
	file->done = done;
	file->arg = arg;
	file->events_owed++;
	ctr_worker_submit(file->worker);
}

/* The thread has finished, and the request is ours again. */
static void finish(struct file_store *file)
{
	CTR_ASSERT(file->busy);
	file->busy = false;
	const struct ctr_lmdb_result *result = &file->request.result;
	int status = result->status;
	if (status == CENTRO_OK) {
		file->commits++;
		file->bytes = result->bytes;
		file->bytes_max = result->bytes_max;
		if (!file->request.batch)
			*file->ret_term = file->term = file->request.term;
	} else if (status == CENTRO_ERR_IO) {
		file->failed = true;
		memcpy(file->failure, result->failure, sizeof(file->failure));
	} else if (status == CENTRO_ERR_FENCED) {
		file->term = 0;
	}
	file->request.batch = NULL;
	file->done(file->arg, status);
}

static int file_commit(struct centro_store *store, const struct centro_batch *batch,
		       centro_store_done_fn *done, void *arg)
{
	struct file_store *file = file_of(store);
	file->request.batch = batch;
	file->request.term = file->term;
	submit(file, done, arg);
	return CENTRO_OK;
}

/* Nobody else can have it open, so there is nobody to wait for, or to lose it to. */
static int file_campaign(struct centro_store *store, const char *name, uint64_t *ret_term,
			 centro_store_done_fn *done, centro_store_done_fn *lost, void *arg)
{
	struct file_store *file = file_of(store);
	size_t size = strlen(name);
	CTR_ASSERT(file->term == 0 && size < sizeof(file->request.name));

	memcpy(file->request.name, name, size + 1);
	file->request.batch = NULL;
	file->ret_term = ret_term;
	submit(file, done, arg);
	return CENTRO_OK;
}

static int file_resign(struct centro_store *store, centro_store_done_fn *done, void *arg)
{
	file_of(store)->term = 0;
	done(arg, CENTRO_OK);
	return CENTRO_OK;
}

/* ---- scans ------------------------------------------------------- */

/* So that waiting on the descriptor is enough. */
static void signal_owner(struct file_store *file)
{
	uint64_t one = 1;
	ssize_t size = write(file->event_fd, &one, sizeof(one));
	CTR_ASSERT(size == (ssize_t)sizeof(one));
	file->events_owed++;
	file->signalled = true;
}

static int file_scan(struct centro_store *store, const struct centro_scan *scan,
		     centro_store_row_fn *row, centro_store_done_fn *done, void *arg)
{
	struct file_store *file = file_of(store);
	struct file_scan *run = ctr_alloc_zero(file->allocator, sizeof(*run));
	if (!run)
		return CENTRO_ERR_NOMEM;
	int status = ctr_lmdb_reader_open(file->db, &run->reader);
	if (status != CENTRO_OK) {
		ctr_free(file->allocator, run);
		return status;
	}
	run->scan = scan;
	run->row = row;
	run->done = done;
	run->arg = arg;
	run->commits = file->commits;
	ctr_list_append(&file->scans, &run->node);
	if (!file->signalled)
		signal_owner(file);
	return CENTRO_OK;
}

static bool is_past_end(const struct centro_scan *scan, struct centro_bytes key)
{
	if (scan->reverse)
		return ctr_bytes_compare(key, scan->first) < 0;
	return scan->end.size > 0 && ctr_bytes_compare(key, scan->end) >= 0;
}

/* What a poll may still read. */
struct budget {
	uint64_t rows, bytes;
};

/* The next row of a scan. OK; NOT_FOUND: there is none; another: reading failed. */
static int scan_next(struct file_store *file, struct file_scan *run, struct ctr_lmdb_row *ret_row)
{
	const struct centro_scan *scan = run->scan;
	if (scan->rows_max > 0 && run->rows >= scan->rows_max)
		return CENTRO_ERR_NOT_FOUND;
	struct ctr_lmdb_row row;
	int status = run->polled
			     ? ctr_lmdb_step(run->reader, scan->reverse, &row)
			     : ctr_lmdb_seek(run->reader, scan->reverse ? scan->end : scan->first,
					     scan->reverse, &row);
	run->polled = true;
	if (status == CENTRO_ERR_IO)
		file->failed = true;
	if (status != CENTRO_OK)
		return status;
	if (is_past_end(scan, row.key))
		return CENTRO_ERR_NOT_FOUND;
	*ret_row = row;
	return CENTRO_OK;
}

/*
 * Show rows until the scan or the budget is at its end. True: the scan is over,
 * with *ret_status.
 */
static bool scan_run(struct file_store *file, struct file_scan *run, struct budget *budget,
		     int *ret_status)
{
	while (budget->rows > 0 && budget->bytes > 0) {
		struct ctr_lmdb_row row;
		int status = scan_next(file, run, &row);
		if (status != CENTRO_OK) {
			*ret_status = status == CENTRO_ERR_NOT_FOUND ? CENTRO_OK : status;
			return true;
		}
		uint64_t bytes = row.key.size + row.value.size;
		budget->rows--;
		budget->bytes -= bytes < budget->bytes ? bytes : budget->bytes;
		run->rows++;
		status = run->row(run->arg, row.key, row.value);
		if (status != 0) {
			*ret_status = status;
			return true;
		}
	}
	return false;
}

static void scan_end(struct file_store *file, struct file_scan *run, int status)
{
	centro_store_done_fn *done = run->done;
	void *arg = run->arg;
	ctr_list_remove(&run->node);
	ctr_lmdb_reader_close(file->db, run->reader);
	ctr_free(file->allocator, run);
	done(arg, status);
}

/* Holding nothing back, as at a start before the first commit, it may take its time. */
static bool is_too_old(const struct file_store *file, struct file_scan *run,
		       struct centro_instant steady)
{
	if (!run->polled) {
		run->deadline = ctr_after(steady, ctr_span_ms(CENTRO_STORE_SCAN_MS_MAX));
		return false;
	}
	return ctr_reached(run->deadline, steady) && file->commits > run->commits;
}

/* In turns: who uses up the budget goes to the end of the queue. */
static void run_scans(struct file_store *file, struct centro_instant steady)
{
	struct budget budget = {.rows = ROWS_PER_POLL, .bytes = BYTES_PER_POLL};
	while (!ctr_list_is_empty(&file->scans) && budget.rows > 0 && budget.bytes > 0) {
		struct file_scan *run = ctr_list_entry(file->scans.next, struct file_scan, node);
		int status = CENTRO_OK;
		if (file->failed)
			scan_end(file, run, CENTRO_ERR_IO);
		else if (is_too_old(file, run, steady))
			scan_end(file, run, CENTRO_ERR_DEADLINE);
		else if (scan_run(file, run, &budget, &status))
			scan_end(file, run, status);
	}
	if (!ctr_list_is_empty(&file->scans)) {
		struct ctr_list *first = file->scans.next;
		ctr_list_remove(first);
		ctr_list_append(&file->scans, first);
	}
}

/* ---- progress ---------------------------------------------------- */

static int file_fd(const struct centro_store *store)
{
	return CTR_CONTAINER_OF(store, const struct file_store, base)->event_fd;
}

/*
 * Before the work is taken: the thread writes its event after it, so none that is
 * read here is of work that cannot be taken yet. One that comes later is still
 * owed, and is read next time.
 */
static void empty_event(struct file_store *file)
{
	uint64_t count;
	ssize_t size = read(file->event_fd, &count, sizeof(count));
	file->signalled = false;
	if (size < 0) {
		CTR_ASSERT(errno == EAGAIN);
		return;
	}
	CTR_ASSERT(count <= file->events_owed);
	file->events_owed -= count;
}

static int file_poll(struct centro_store *store, struct centro_instant steady,
		     struct centro_instant *ret_wake)
{
	struct file_store *file = file_of(store);
	if (file->events_owed > 0)
		empty_event(file);
	if (file->busy && ctr_worker_take(file->worker))
		finish(file);
	run_scans(file, steady);

	bool more = !ctr_list_is_empty(&file->scans);
	if (more && !file->signalled)
		signal_owner(file);
	*ret_wake = more ? steady : CTR_NEVER;
	return file->failed ? CENTRO_ERR_IO : CENTRO_OK;
}

static void file_drain(struct centro_store *store)
{
	struct file_store *file = file_of(store);
	if (file->busy) {
		ctr_worker_wait(file->worker);
		finish(file);
	}
	while (!ctr_list_is_empty(&file->scans))
		scan_end(file, ctr_list_entry(file->scans.next, struct file_scan, node),
			 CENTRO_ERR_CANCELLED);
}

static void file_usage(const struct centro_store *store, struct centro_store_usage *ret_usage)
{
	const struct file_store *file = CTR_CONTAINER_OF(store, const struct file_store, base);
	ret_usage->bytes = file->bytes;
	ret_usage->bytes_max = file->bytes_max;
}

static const char *file_failure(const struct centro_store *store)
{
	const struct file_store *file = CTR_CONTAINER_OF(store, const struct file_store, base);
	return file->failure[0] != '\0' ? file->failure : "reading the store failed";
}

/* Also of one that is half open. The lock goes last: only then may another open it. */
static void file_destroy(struct centro_store *store)
{
	struct file_store *file = file_of(store);
	CTR_ASSERT(!file->busy && ctr_list_is_empty(&file->scans));
	ctr_worker_stop(file->worker);
	ctr_lmdb_close(file->db);
	if (file->event_fd >= 0)
		close(file->event_fd);
	if (file->lock_fd >= 0)
		ctr_file_lock_release(file->lock_fd);
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	ctr_free(file->allocator, file);
}

static const struct centro_store_impl file_impl = {
	.size = sizeof(struct centro_store_impl),
	.name = "file",
	.caps = CENTRO_STORE_DURABLE,
	.destroy = file_destroy,
	.scan = file_scan,
	.campaign = file_campaign,
	.resign = file_resign,
	.commit = file_commit,
	.fd = file_fd,
	.poll = file_poll,
	.drain = file_drain,
	.usage = file_usage,
	.failure = file_failure,
};

/* ---- open -------------------------------------------------------- */

static int open_db(struct file_store *file, const struct ctr_lmdb_options *options,
		   struct centro_error_text *text)
{
	bool has_store;
	int status = ctr_file_dir_has_store(file->dir_fd, options->path, &has_store, text);
	if (status == CENTRO_OK && !has_store) {
		status = ctr_lmdb_create(options, text);
		if (status == CENTRO_OK)
			status = ctr_file_dir_publish(file->dir_fd, options->path, text);
	}
	/* Also for who made the store, or the directory, and did not live to do it. */
	if (status == CENTRO_OK)
		status = ctr_file_dir_sync(file->dir_fd, options->path, text);
	if (status == CENTRO_OK)
		status = ctr_lmdb_open(options, &file->db, text);
	if (status != CENTRO_OK)
		return status;

	struct ctr_lmdb_result usage;
	ctr_lmdb_get_usage(file->db, &usage);
	file->bytes = usage.bytes;
	file->bytes_max = usage.bytes_max;
	return CENTRO_OK;
}

static int open_parts(struct file_store *file, const char *path, uint64_t bytes_max,
		      struct centro_error_text *text)
{
	int status = ctr_file_dir_open(path, &file->dir_fd, text);
	if (status == CENTRO_OK)
		status = ctr_file_lock_take(file->dir_fd, path, &file->lock_fd, text);
	if (status == CENTRO_OK) {
		struct ctr_lmdb_options options = {
			.allocator = file->allocator,
			.path = path,
			.dir_fd = file->dir_fd,
			.bytes_max = bytes_max > 0 ? bytes_max : BYTES_MAX_DEFAULT,
		};
		status = open_db(file, &options, text);
	}
	if (status != CENTRO_OK)
		return status;

	file->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (file->event_fd < 0)
		return ctr_file_error(text, errno, "make an event descriptor for", path);
	status = ctr_worker_start(file->allocator, work, file, file->event_fd, &file->worker);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "cannot start a thread to commit %.300s", path);
	return CENTRO_OK;
}

int ctr_store_file_open(const char *path, const struct centro_store_options *options,
			struct centro_store **ret_store, struct centro_error_text *text)
{
	if (path[0] == '\0')
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "\"file:\" lacks a path, as in file:/var/lib/centro");
	struct file_store *file = ctr_alloc_zero(options->allocator, sizeof(*file));
	if (!file)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	int status = centro_store_init(&file->base, &file_impl, options->allocator);
	CTR_ASSERT(status == CENTRO_OK);
	file->allocator = options->allocator;
	file->dir_fd = file->lock_fd = file->event_fd = -1;
	ctr_list_init(&file->scans);

	status = open_parts(file, path, options->bytes_max, text);
	if (status != CENTRO_OK) {
		file_destroy(&file->base);
		return status;
	}
	*ret_store = &file->base;
	return CENTRO_OK;
}
