/* SPDX-License-Identifier: MIT */
/*
 * tap.c - what a store does to its directory becomes a log.
 *
 * Descriptors and names are followed, so that a write is known to be of one file,
 * whatever that is called by now.
 */
#include "tap.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define FDS_MAX 1024

/* What a descriptor is of, if it is not the number of a file. */
enum {
	OF_NOTHING = -1,
	OF_DIR = -2,
	OF_PARENT = -3,
};

static struct {
	const char *path;
	struct disk_log *log; /* NULL: nothing is tapped */
	int names[DISK_NAME_COUNT];
	int file_count;
	struct {
		int of;
		bool durable; /* each write syncs itself */
	} fds[FDS_MAX];
	uint64_t counts[TAP_CALL_COUNT];

	enum tap_call call;
	enum tap_fault fault;
	uint64_t before; /* calls that still work */
	bool hit;
	size_t hit_at; /* in the log */
} tap;

const char *tap_call_name(enum tap_call call)
{
	static const char *const names[] = {
#define X(id, name) name,
		TAP_CALLS(X)
#undef X
	};
	return names[call];
}

const char *tap_fault_name(enum tap_fault fault)
{
	static const char *const names[] = {
#define X(id, name) name,
		TAP_FAULTS(X)
#undef X
	};
	return names[fault];
}

/* ---- what fails -------------------------------------------------- */

bool tap_is_of_disk(enum tap_call call)
{
	return call == TAP_PWRITE || call == TAP_WRITEV || call == TAP_FTRUNCATE ||
	       call == TAP_FDATASYNC || call == TAP_FSYNC;
}

bool tap_can_fail(enum tap_call call, enum tap_fault fault)
{
	switch (fault) {
	case TAP_FAULT_SHORT:
		return call == TAP_PWRITE || call == TAP_WRITEV || call == TAP_PREAD;
	case TAP_FAULT_LATE:
		return call == TAP_PWRITE || call == TAP_WRITEV;
	case TAP_FAULT_LASTS:
		return tap_is_of_disk(call);
	case TAP_FAULT_NONE:
		return false;
	default:
		return true;
	}
}

void tap_fail(enum tap_call call, uint64_t nth, enum tap_fault fault)
{
	tap.call = call;
	tap.before = nth;
	tap.fault = fault;
	tap.hit = false;
}

size_t tap_heal(void)
{
	tap.fault = TAP_FAULT_NONE;
	return tap.hit ? tap.hit_at : SIZE_MAX;
}

uint64_t tap_count(enum tap_call call)
{
	return tap.counts[call];
}

enum tap_fault tap_enter(enum tap_call call)
{
	if (!tap.log)
		return TAP_FAULT_NONE;
	tap.counts[call]++;
	if (tap.fault == TAP_FAULT_NONE)
		return TAP_FAULT_NONE;
	if (tap.hit)
		return tap.fault == TAP_FAULT_LASTS && tap_is_of_disk(call) ? TAP_FAULT_EIO
									    : TAP_FAULT_NONE;
	if (call != tap.call || tap.before-- > 0)
		return TAP_FAULT_NONE;
	tap.hit = true;
	tap.hit_at = tap.log->count;
	return tap.fault == TAP_FAULT_LASTS ? TAP_FAULT_EIO : tap.fault;
}

int tap_refuse(enum tap_fault fault)
{
	errno = fault == TAP_FAULT_ENOSPC ? ENOSPC : fault == TAP_FAULT_EINTR ? EINTR : EIO;
	return -1;
}

/* ---- what happens ------------------------------------------------ */

void tap_start(const char *path, const struct disk *start, struct disk_log *log)
{
	tap.path = path;
	tap.log = log;
	for (int i = 0; i < DISK_NAME_COUNT; i++)
		tap.names[i] = disk_cached_name(start, (enum disk_name)i);
	tap.file_count = start->file_count;
	for (int i = 0; i < FDS_MAX; i++)
		tap.fds[i].of = OF_NOTHING;
	memset(tap.counts, 0, sizeof(tap.counts));
	tap.fault = TAP_FAULT_NONE;
}

void tap_stop(void)
{
	tap.log = NULL;
}

static void add(struct disk_op op)
{
	disk_log_add(tap.log, op);
}

void tap_promise(const struct promise *promise)
{
	if (tap.log)
		add((struct disk_op){.type = DISK_PROMISE, .promise = *promise});
}

/* Of a file in the directory; DISK_NAME_COUNT: another. */
static enum disk_name name_of(const char *name)
{
	int i = 0;
	while (i < DISK_NAME_COUNT && strcmp(disk_names[i], name) != 0)
		i++;
	return (enum disk_name)i;
}

static int fd_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX ? tap.fds[fd].of : OF_NOTHING;
}

static int open_file(const char *path, int flags)
{
	enum disk_name name = name_of(path);
	if (name == DISK_NAME_COUNT)
		return OF_NOTHING;
	if (tap.names[name] < 0) {
		ck_assert(flags & O_CREAT);
		ck_assert_int_lt(tap.file_count, DISK_FILES_MAX);
		tap.names[name] = tap.file_count++;
		add((struct disk_op){.type = DISK_LINK, .name = name, .file = tap.names[name]});
	}
	ck_assert(!(flags & O_TRUNC));
	return tap.names[name];
}

static int of_path(int dir_fd, const char *path, int flags)
{
	size_t size = strlen(tap.path);
	if (fd_of(dir_fd) == OF_DIR && strcmp(path, "..") == 0)
		return OF_PARENT;
	if (fd_of(dir_fd) == OF_DIR && strcmp(path, ".") == 0)
		return OF_DIR;
	if (fd_of(dir_fd) == OF_DIR)
		return open_file(path, flags);
	if (strncmp(path, tap.path, size) != 0)
		return OF_NOTHING;
	if (path[size] == '\0')
		return OF_DIR;
	return path[size] == '/' ? open_file(path + size + 1, flags) : OF_NOTHING;
}

void tap_opened(int fd, int dir_fd, const char *path, int flags)
{
	if (!tap.log)
		return;
	ck_assert_int_lt(fd, FDS_MAX);
	tap.fds[fd].of = of_path(dir_fd, path, flags);
	tap.fds[fd].durable = flags & O_DSYNC;
}

void tap_made_dir(const char *path)
{
	if (tap.log && strcmp(path, tap.path) == 0)
		add((struct disk_op){.type = DISK_MKDIR});
}

void tap_wrote(int fd, const void *data, size_t size, off_t offset, bool failed)
{
	if (!tap.log || fd_of(fd) < 0)
		return;
	add((struct disk_op){
		.type = DISK_WRITE,
		.file = fd_of(fd),
		.offset = (uint64_t)offset,
		.size = size,
		.data = (uint8_t *)(uintptr_t)data,
		.durable = tap.fds[fd].durable,
		.failed = failed,
	});
}

void tap_resized(int fd, off_t size)
{
	if (tap.log && fd_of(fd) >= 0)
		add((struct disk_op){
			.type = DISK_RESIZE, .file = fd_of(fd), .offset = (uint64_t)size});
}

void tap_synced(int fd, bool failed)
{
	if (!tap.log || fd_of(fd) == OF_NOTHING)
		return;
	struct disk_op op = {.type = DISK_SYNC, .file = fd_of(fd), .failed = failed};
	if (op.file == OF_DIR)
		op.type = DISK_SYNC_DIR;
	if (op.file == OF_PARENT)
		op.type = DISK_SYNC_PARENT;
	add(op);
}

void tap_renamed(const char *old_name, const char *name)
{
	if (!tap.log)
		return;
	enum disk_name from = name_of(old_name), to = name_of(name);
	ck_assert(from != DISK_NAME_COUNT && to != DISK_NAME_COUNT);
	tap.names[to] = tap.names[from];
	tap.names[from] = -1;
	add((struct disk_op){
		.type = DISK_RENAME, .name = to, .old_name = from, .file = tap.names[to]});
}

void tap_unlinked(const char *name)
{
	if (!tap.log)
		return;
	enum disk_name known = name_of(name);
	ck_assert(known != DISK_NAME_COUNT);
	tap.names[known] = -1;
	add((struct disk_op){.type = DISK_LINK, .name = known, .file = -1});
}
