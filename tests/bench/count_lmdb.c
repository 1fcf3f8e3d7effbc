/* SPDX-License-Identifier: MIT */
/*
 * count_lmdb.c - preloaded into a server, counts what it has LMDB write: puts,
 * deletes and commits, as three 64-bit numbers in the file that
 * CENTRO_BENCH_COUNTS names, where they can be read at any time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lmdb.h>

#define EXPORT __attribute__((visibility("default")))

struct counts {
	_Atomic uint64_t puts, deletes, syncs;
};

static struct counts nowhere;
static struct counts *counts = &nowhere;

static int (*real_put)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
static int (*real_cursor_put)(MDB_cursor *, MDB_val *, MDB_val *, unsigned);
static int (*real_del)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *);
static int (*real_cursor_del)(MDB_cursor *, unsigned);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void start(void)
{
	*(void **)&real_put = dlsym(RTLD_NEXT, "mdb_put");
	*(void **)&real_cursor_put = dlsym(RTLD_NEXT, "mdb_cursor_put");
	*(void **)&real_del = dlsym(RTLD_NEXT, "mdb_del");
	*(void **)&real_cursor_del = dlsym(RTLD_NEXT, "mdb_cursor_del");
	*(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");

	const char *path = getenv("CENTRO_BENCH_COUNTS");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0 || ftruncate(fd, sizeof(*counts)) < 0)
		return;
	void *map = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		counts = map;
	close(fd);
}

EXPORT int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
	counts->puts++;
	return real_put(txn, dbi, key, value, flags);
}

EXPORT int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags)
{
	counts->puts++;
	return real_cursor_put(cursor, key, value, flags);
}

EXPORT int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	counts->deletes++;
	return real_del(txn, dbi, key, value);
}

EXPORT int mdb_cursor_del(MDB_cursor *cursor, unsigned flags)
{
	counts->deletes++;
	return real_cursor_del(cursor, flags);
}

/* Once a commit: the meta page goes through a descriptor that syncs by itself. */
EXPORT int fdatasync(int fd)
{
	counts->syncs++;
	return real_fdatasync(fd);
}
