/* SPDX-License-Identifier: MIT */
#ifndef POWER_TAP_H
#define POWER_TAP_H

/*
 * What a file store asks of the system: written into a log as it happens, and
 * made to fail at will. The linker leads the calls of libctr_store and of LMDB to
 * wrap.c (--wrap); while nothing is tapped they go straight on.
 *
 * Threads: a store's own thread calls in only while its owner waits for it.
 */

#include "disk.h"

#include <sys/types.h>

#define TAP_CALLS(X)              \
	X(OPEN, "open")           \
	X(OPENAT, "openat")       \
	X(CLOSE, "close")         \
	X(MKDIR, "mkdir")         \
	X(FDOPENDIR, "fdopendir") \
	X(READDIR, "readdir")     \
	X(FSTAT, "fstat")         \
	X(FSTATAT, "fstatat")     \
	X(FSTATFS, "fstatfs")     \
	X(FSTATVFS, "fstatvfs")   \
	X(FCNTL, "fcntl")         \
	X(MMAP, "mmap")           \
	X(LSEEK, "lseek")         \
	X(PREAD, "pread")         \
	X(PWRITE, "pwrite")       \
	X(WRITEV, "writev")       \
	X(FTRUNCATE, "ftruncate") \
	X(FDATASYNC, "fdatasync") \
	X(FSYNC, "fsync")         \
	X(RENAME, "renameat")     \
	X(UNLINK, "unlinkat")     \
	X(EVENTFD, "eventfd")     \
	X(THREAD, "pthread_create")
enum tap_call {
#define X(id, name) TAP_##id,
	TAP_CALLS(X)
#undef X
		TAP_CALL_COUNT,
};

#define TAP_FAULTS(X)                                                    \
	X(NONE, "none")                                                  \
	X(EIO, "EIO")                                                    \
	X(ENOSPC, "ENOSPC")                                              \
	X(EINTR, "EINTR")                                                \
	X(SHORT, "short")             /* half of it is done */           \
	X(LATE, "EIO though written") /* it is in the system's memory */ \
	X(LASTS, "EIO from then on")  /* and no write or sync works again */
enum tap_fault {
#define X(id, name) TAP_FAULT_##id,
	TAP_FAULTS(X)
#undef X
		TAP_FAULT_COUNT,
};

const char *tap_call_name(enum tap_call call);
const char *tap_fault_name(enum tap_fault fault);
/* Whether it is one that a disk has to do something for, and not the system alone. */
bool tap_is_of_disk(enum tap_call call);
/* Whether this can happen to this call. */
bool tap_can_fail(enum tap_call call, enum tap_fault fault);

/*
 * From now on what happens in the directory `path` is added to `log`. `start` is
 * the disk as it is: the directory holds what the system would show of it.
 */
void tap_start(const char *path, const struct disk *start, struct disk_log *log);
void tap_stop(void);
/* Add to the log what holds now. */
void tap_promise(const struct promise *promise);

/* The `nth` such call from now on, counted from 0, fails. */
void tap_fail(enum tap_call call, uint64_t nth, enum tap_fault fault);
/* Nothing fails from now on. Where in the log something did; SIZE_MAX: nothing did. */
size_t tap_heal(void);
/* How many such calls there were since tap_start(). */
uint64_t tap_count(enum tap_call call);

/* ---- for wrap.c -------------------------------------------------- */

/* What is to become of the call. */
enum tap_fault tap_enter(enum tap_call call);
/* -1, with errno set. */
int tap_refuse(enum tap_fault fault);

/* These worked, or seemed to fail: `failed`. `dir_fd` as in openat. */
void tap_opened(int fd, int dir_fd, const char *path, int flags);
void tap_made_dir(const char *path);
void tap_wrote(int fd, const void *data, size_t size, off_t offset, bool failed);
void tap_resized(int fd, off_t size);
void tap_synced(int fd, bool failed);
void tap_renamed(const char *old_name, const char *name);
void tap_unlinked(const char *name);

#endif
