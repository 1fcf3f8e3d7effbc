/* SPDX-License-Identifier: MIT */
/*
 * contract_file_fault.c - the file store on a disk that fails, and without memory.
 *
 * LMDB is linked statically, and the linker leads its calls to write, sync and
 * allocate here (--wrap), so that each step of a commit can fail: its pages, their
 * sync, and the head that makes them valid. LMDB 0.9.24 writes runs of pages by
 * lseek and writev, single ones and the head by pwrite.
 */
#include "contract.h"
#include "file_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum step {
	STEP_PAGE, /* a write before the sync */
	STEP_SYNC,
	STEP_HEAD, /* a write after it */
};

static const struct disk_fault {
	const char *name;
	enum step step;
	int error;  /* 0: it wrote less than it was told */
	bool works; /* it did its work all the same */
	bool lasts; /* and so does everything after it */
} disk_faults[] = {
	{"file, page EIO", STEP_PAGE, EIO, false, true},
	{"file, page ENOSPC", STEP_PAGE, ENOSPC, false, false},
	{"file, page short", STEP_PAGE, 0, false, false},
	{"file, sync EIO", STEP_SYNC, EIO, false, false},
	{"file, sync EIO from then on", STEP_SYNC, EIO, false, true},
	{"file, head EIO", STEP_HEAD, EIO, false, false},
	{"file, head EIO from then on", STEP_HEAD, EIO, false, true},
	{"file, head EIO though written", STEP_HEAD, EIO, true, true},
	{"file, head short", STEP_HEAD, 0, false, false},
};

/*
 * Set while nothing is under way, used on the thread that commits, and read again
 * when it is done: the store's own handing over orders that.
 */
static struct {
	const struct disk_fault *disk; /* NULL: none */
	bool synced;                   /* the pages of this commit are written */
	int hits;
	pthread_t owner;
	bool traced;    /* note what the other thread calls: */
	char trace[64]; /* 'p'ages, 's'ync, 'H'ead that is synced as it is written, 'h'ead */
	bool memory;    /* allocations of another thread fail: */
	int allocations_before;
	int allocation_hits;
} fault;

static void trace(char call)
{
	size_t size = strlen(fault.trace);
	bool again = size > 0 && fault.trace[size - 1] == call;
	if (!fault.traced || pthread_equal(pthread_self(), fault.owner) || again)
		return;
	if (size < sizeof(fault.trace) - 1)
		fault.trace[size] = call;
}

static bool is_due(enum step step)
{
	if (!fault.disk || pthread_equal(pthread_self(), fault.owner))
		return false;
	if (fault.hits > 0 ? !fault.disk->lasts : step != fault.disk->step)
		return false;
	fault.hits++;
	return true;
}

static enum step step_of_write(void)
{
	return fault.synced ? STEP_HEAD : STEP_PAGE;
}

/* What a write that is due to fail returns, having written `written` of `size`. */
static ssize_t failed_write(size_t size)
{
	if (fault.disk->error == 0)
		return (ssize_t)size / 2;
	errno = fault.disk->error;
	return -1;
}

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
	if (step_of_write() == STEP_PAGE)
		trace('p');
	else
		trace(fcntl(fd, F_GETFL) & O_DSYNC ? 'H' : 'h');
	if (!is_due(step_of_write()))
		return __real_pwrite(fd, data, size, offset);
	/* Only the first: what LMDB writes next takes it back. */
	if (fault.disk->works && fault.hits == 1)
		(void)!__real_pwrite(fd, data, size, offset);
	return failed_write(size);
}

ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
	trace('p');
	if (!is_due(step_of_write()))
		return __real_writev(fd, parts, count);
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	return failed_write(size);
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	bool due = is_due(STEP_SYNC);
	trace('s');
	if (!pthread_equal(pthread_self(), fault.owner))
		fault.synced = true;
	if (!due)
		return __real_fdatasync(fd);
	errno = fault.disk->error;
	return -1;
}

/* ---- the contract suite on such a disk --------------------------- */

struct faulty {
	struct file_backend file; /* first: it is the backend's `arg` */
	struct store_contract_backend plain;
	const struct disk_fault *disk;
};

static void heal(void)
{
	fault.disk = NULL;
	fault.memory = false;
	fault.traced = false;
}

static bool faulty_inject(void *arg, struct centro_store *store, int status)
{
	struct faulty *faulty = arg;
	if (status != CENTRO_ERR_IO)
		return false;
	fault.synced = false;
	fault.hits = 0;
	fault.owner = pthread_self();
	fault.disk = faulty->disk;
	return true;
}

static int faulty_reopen(void *arg, struct centro_store **ret_store)
{
	struct faulty *faulty = arg;
	heal();
	return faulty->plain.reopen(arg, ret_store);
}

static void faulty_close(void *arg)
{
	struct faulty *faulty = arg;
	heal();
	faulty->plain.close(arg);
}

static int run_disk_fault(const struct disk_fault *disk)
{
	struct faulty faulty = {.disk = disk};
	faulty.plain = file_backend(&faulty.file);
	struct store_contract_backend backend = faulty.plain;
	backend.name = disk->name;
	backend.only = "fault";
	backend.reopen = faulty_reopen;
	backend.close = faulty_close;
	backend.inject = faulty_inject;
	return store_contract_run(&backend);
}

/* ---- a commit without memory ------------------------------------- */

static bool is_out_of_memory(void)
{
	if (!fault.memory || pthread_equal(pthread_self(), fault.owner))
		return false;
	if (fault.allocations_before-- > 0)
		return false;
	fault.allocation_hits++;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return is_out_of_memory() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return is_out_of_memory() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size)
{
	return is_out_of_memory() ? NULL : __real_realloc(pointer, size);
}

/* The new rows need many more pages than the old ones, so that LMDB allocates. */
static bool fill_many(struct contract *t, char value)
{
	char text[1201] = "";
	memset(text, value, value == 'o' ? 12 : sizeof(text) - 1);
	for (int i = 0; i < 400; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%05d", i * 7919 % 100000);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str(text)),
			   CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	return true;
}

struct counts {
	struct waiter waiter;
	size_t rows, old, fresh;
};

static int count_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct counts *counts = arg;
	counts->rows++;
	counts->old += value.data[0] == 'o';
	counts->fresh += value.data[0] == 'n';
	return 0;
}

static void count_done(void *arg, int status)
{
	contract_done(&((struct counts *)arg)->waiter, status);
}

static bool count(struct contract *t, struct counts *counts)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	*counts = (struct counts){0};
	REQUIRE_EQ(centro_store_scan(t->store, &scan, count_row, count_done, counts), CENTRO_OK);
	REQUIRE(contract_wait(t, &counts->waiter));
	REQUIRE_EQ(counts->waiter.status, CENTRO_OK);
	REQUIRE_EQ(counts->rows, 400);
	REQUIRE_EQ(counts->old + counts->fresh, 400);
	return true;
}

/* The n-th allocation of a commit fails. *ret_over: it has fewer. */
static bool commit_without_memory(struct contract *t, int n, bool *ret_over)
{
	struct counts counts;
	int status;
	REQUIRE(contract_lead(t));
	REQUIRE(fill_many(t, 'o'));
	REQUIRE(contract_write(t, ""));
	REQUIRE(fill_many(t, 'n'));
	fault.owner = pthread_self();
	fault.allocations_before = n;
	fault.allocation_hits = 0;
	fault.memory = true;
	REQUIRE(contract_commit(t, &status));
	heal();
	*ret_over = fault.allocation_hits == 0;

	REQUIRE(status == CENTRO_OK || status == CENTRO_ERR_NOMEM || status == CENTRO_ERR_IO);
	REQUIRE(status == CENTRO_OK || !*ret_over);
	if (status == CENTRO_ERR_IO)
		REQUIRE(contract_reopen(t));
	REQUIRE(count(t, &counts));
	REQUIRE(counts.old == 0 || counts.fresh == 0);
	REQUIRE(status != CENTRO_OK || counts.fresh == 400);
	REQUIRE(status != CENTRO_ERR_NOMEM || counts.old == 400);
	if (status == CENTRO_ERR_IO)
		REQUIRE(contract_lead(t));
	REQUIRE(fill_many(t, 'n'));
	REQUIRE(contract_write(t, ""));
	REQUIRE(count(t, &counts));
	REQUIRE_EQ(counts.fresh, 400);
	return true;
}

static int run_without_memory(void)
{
	struct file_backend file;
	struct store_contract_backend backend = file_backend(&file);
	bool passed = true, over = false;
	int n = 0;
	for (; passed && !over; n++) {
		struct contract t = {.backend = &backend, .batch = centro_batch_new(NULL)};
		passed = t.batch && backend.open(backend.arg, &t.store) == CENTRO_OK &&
			 commit_without_memory(&t, n, &over);
		centro_store_free(t.store);
		centro_batch_free(t.batch);
		backend.close(backend.arg);
	}
	printf("%s file: a commit without memory (%d allocations)\n", passed ? "ok" : "not ok",
	       n - 1);
	return passed ? 0 : 1;
}

/* ---- what makes a commit durable --------------------------------- */

/* The pages, then their sync, then the head that makes them valid, and its sync. */
static bool commit_in_order(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(fill_many(t, 'n'));
	fault.owner = pthread_self();
	fault.synced = false;
	memset(fault.trace, 0, sizeof(fault.trace));
	fault.traced = true;
	REQUIRE(contract_write(t, ""));
	heal();
	printf("# a commit calls %s\n", fault.trace);
	REQUIRE_EQ(strcmp(fault.trace, "psH"), 0);
	return true;
}

static int run_in_order(void)
{
	struct file_backend file;
	struct store_contract_backend backend = file_backend(&file);
	struct contract t = {.backend = &backend, .batch = centro_batch_new(NULL)};
	bool passed =
		t.batch && backend.open(backend.arg, &t.store) == CENTRO_OK && commit_in_order(&t);
	heal();
	centro_store_free(t.store);
	centro_batch_free(t.batch);
	backend.close(backend.arg);
	printf("%s file: a commit syncs its pages before its head\n", passed ? "ok" : "not ok");
	return passed ? 0 : 1;
}

int main(void)
{
	int failed = run_in_order();
	for (size_t i = 0; i < sizeof(disk_faults) / sizeof(disk_faults[0]); i++)
		failed += run_disk_fault(&disk_faults[i]);
	failed += run_without_memory();
	return failed > 0;
}
