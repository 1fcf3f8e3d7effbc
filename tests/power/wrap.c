/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - the system calls of a store, on their way.
 *
 * Each asks first what is to become of it, and tells what it did. libctr_store
 * is built for large files and calls pwrite64, where LMDB calls pwrite: both lead
 * here, and on machines of 64 bits they are the same.
 */
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* LMDB writes no more pages at a time. */
#define PARTS_MAX 64

/* ret __wrap_name(params) is this file's, and __real_name the C library's. */
#define WRAP(ret, name, params)   \
	ret __real_##name params; \
	ret __wrap_##name params; \
	ret __wrap_##name params

/* What refuses or goes on, and leaves no trace. */
#define WRAP_PLAIN(call, ret, failed, name, params, args) \
	WRAP(ret, name, params)                           \
	{                                                 \
		enum tap_fault fault = tap_enter(call);   \
		if (fault != TAP_FAULT_NONE) {            \
			tap_refuse(fault);                \
			return failed;                    \
		}                                         \
		return __real_##name args;                \
	}

WRAP_PLAIN(TAP_FDOPENDIR, DIR *, NULL, fdopendir, (int fd), (fd))
WRAP_PLAIN(TAP_READDIR, struct dirent *, NULL, readdir64, (DIR * dir), (dir))
WRAP_PLAIN(TAP_FSTAT, int, -1, fstat64, (int fd, struct stat *info), (fd, info))
WRAP_PLAIN(TAP_FSTAT, int, -1, __fxstat, (int version, int fd, struct stat *info),
	   (version, fd, info))
WRAP_PLAIN(TAP_FSTATAT, int, -1, fstatat64,
	   (int fd, const char *path, struct stat *info, int flags), (fd, path, info, flags))
WRAP_PLAIN(TAP_FSTATFS, int, -1, fstatfs, (int fd, struct statfs *info), (fd, info))
WRAP_PLAIN(TAP_FSTATVFS, int, -1, fstatvfs64, (int fd, struct statvfs *info), (fd, info))
WRAP_PLAIN(TAP_MMAP, void *, MAP_FAILED, mmap,
	   (void *start, size_t size, int protection, int flags, int fd, off_t offset),
	   (start, size, protection, flags, fd, offset))
WRAP_PLAIN(TAP_LSEEK, off_t, -1, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))
WRAP_PLAIN(TAP_EVENTFD, int, -1, eventfd, (unsigned int count, int flags), (count, flags))

/* It returns its error, and is not interrupted. */
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg))
{
	if (tap_enter(TAP_THREAD) != TAP_FAULT_NONE)
		return EAGAIN;
	return __real_pthread_create(thread, attributes, run, arg);
}

/* The descriptor is gone all the same. */
WRAP(int, close, (int fd))
{
	enum tap_fault fault = tap_enter(TAP_CLOSE);
	int result = __real_close(fd);
	return fault != TAP_FAULT_NONE ? tap_refuse(fault) : result;
}

/* ---- that open --------------------------------------------------- */

static mode_t mode_of(int flags, va_list list)
{
	return flags & O_CREAT ? va_arg(list, mode_t) : 0;
}

#define WRAP_OPEN(name)                                        \
	WRAP(int, name, (const char *path, int flags, ...))    \
	{                                                      \
		va_list list;                                  \
		va_start(list, flags);                         \
		mode_t mode = mode_of(flags, list);            \
		va_end(list);                                  \
		enum tap_fault fault = tap_enter(TAP_OPEN);    \
		if (fault != TAP_FAULT_NONE)                   \
			return tap_refuse(fault);              \
		int fd = __real_##name(path, flags, mode);     \
		if (fd >= 0)                                   \
			tap_opened(fd, AT_FDCWD, path, flags); \
		return fd;                                     \
	}
WRAP_OPEN(open)
WRAP_OPEN(open64)

WRAP(int, openat64, (int dir_fd, const char *path, int flags, ...))
{
	va_list list;
	va_start(list, flags);
	mode_t mode = mode_of(flags, list);
	va_end(list);
	enum tap_fault fault = tap_enter(TAP_OPENAT);
	if (fault != TAP_FAULT_NONE)
		return tap_refuse(fault);
	int fd = __real_openat64(dir_fd, path, flags, mode);
	if (fd >= 0)
		tap_opened(fd, dir_fd, path, flags);
	return fd;
}

/* Each of those that are called here takes a pointer, a number or nothing. */
#define WRAP_FCNTL(name)                                     \
	WRAP(int, name, (int fd, int command, ...))          \
	{                                                    \
		va_list list;                                \
		va_start(list, command);                     \
		void *arg = va_arg(list, void *);            \
		va_end(list);                                \
		enum tap_fault fault = tap_enter(TAP_FCNTL); \
		if (fault != TAP_FAULT_NONE)                 \
			return tap_refuse(fault);            \
		return __real_##name(fd, command, arg);      \
	}
WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

/* ---- that read and write ----------------------------------------- */

#define WRAP_PREAD(name)                                                     \
	WRAP(ssize_t, name, (int fd, void *data, size_t size, off_t offset)) \
	{                                                                    \
		enum tap_fault fault = tap_enter(TAP_PREAD);                 \
		if (fault == TAP_FAULT_SHORT)                                \
			size /= 2;                                           \
		else if (fault != TAP_FAULT_NONE)                            \
			return tap_refuse(fault);                            \
		return __real_##name(fd, data, size, offset);                \
	}
WRAP_PREAD(pread)
WRAP_PREAD(pread64)

#define WRAP_PWRITE(name)                                                          \
	WRAP(ssize_t, name, (int fd, const void *data, size_t size, off_t offset)) \
	{                                                                          \
		enum tap_fault fault = tap_enter(TAP_PWRITE);                      \
		bool late = fault == TAP_FAULT_LATE;                               \
		if (fault == TAP_FAULT_SHORT)                                      \
			size /= 2;                                                 \
		else if (fault != TAP_FAULT_NONE && !late)                         \
			return tap_refuse(fault);                                  \
		ssize_t written = __real_##name(fd, data, size, offset);           \
		if (written > 0)                                                   \
			tap_wrote(fd, data, (size_t)written, offset, late);        \
		return late ? tap_refuse(fault) : written;                         \
	}
WRAP_PWRITE(pwrite)
WRAP_PWRITE(pwrite64)

/* Half of the parts, or of the only one. */
static int halve(struct iovec *parts, int count)
{
	if (count > 1)
		return count / 2;
	parts[0].iov_len /= 2;
	return 1;
}

static void tell_parts(int fd, const struct iovec *parts, size_t size, off_t offset)
{
	uint8_t *data = malloc(size + 1);
	if (!data)
		abort();
	for (size_t done = 0, part = 0; done < size; part++) {
		size_t some = parts[part].iov_len < size - done ? parts[part].iov_len : size - done;
		memcpy(data + done, parts[part].iov_base, some);
		done += some;
	}
	tap_wrote(fd, data, size, offset, /* failed= */ false);
	free(data);
}

WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int count))
{
	enum tap_fault fault = tap_enter(TAP_WRITEV);
	struct iovec few[PARTS_MAX];
	if (fault == TAP_FAULT_SHORT) {
		memcpy(few, parts, (size_t)count * sizeof(*parts));
		count = halve(few, count);
		parts = few;
	} else if (fault != TAP_FAULT_NONE && fault != TAP_FAULT_LATE) {
		return tap_refuse(fault);
	}
	off_t offset = __real_lseek(fd, 0, SEEK_CUR);
	ssize_t written = __real_writev(fd, parts, count);
	if (written > 0)
		tell_parts(fd, parts, (size_t)written, offset);
	return fault == TAP_FAULT_LATE ? tap_refuse(fault) : written;
}

#define WRAP_FTRUNCATE(name)                                     \
	WRAP(int, name, (int fd, off_t size))                    \
	{                                                        \
		enum tap_fault fault = tap_enter(TAP_FTRUNCATE); \
		if (fault != TAP_FAULT_NONE)                     \
			return tap_refuse(fault);                \
		int result = __real_##name(fd, size);            \
		if (result == 0)                                 \
			tap_resized(fd, size);                   \
		return result;                                   \
	}
WRAP_FTRUNCATE(ftruncate)
WRAP_FTRUNCATE(ftruncate64)

/* ---- that make durable ------------------------------------------- */

#define WRAP_SYNC(call, name)                                                                 \
	WRAP(int, name, (int fd))                                                             \
	{                                                                                     \
		enum tap_fault fault = tap_enter(call);                                       \
		int result = fault != TAP_FAULT_NONE ? tap_refuse(fault) : __real_##name(fd); \
		int error = errno;                                                            \
		tap_synced(fd, result != 0);                                                  \
		errno = error;                                                                \
		return result;                                                                \
	}
WRAP_SYNC(TAP_FDATASYNC, fdatasync)
WRAP_SYNC(TAP_FSYNC, fsync)

WRAP(int, mkdir, (const char *path, mode_t mode))
{
	enum tap_fault fault = tap_enter(TAP_MKDIR);
	if (fault != TAP_FAULT_NONE)
		return tap_refuse(fault);
	int result = __real_mkdir(path, mode);
	if (result == 0)
		tap_made_dir(path);
	return result;
}

WRAP(int, renameat, (int old_fd, const char *old_name, int fd, const char *name))
{
	enum tap_fault fault = tap_enter(TAP_RENAME);
	if (fault != TAP_FAULT_NONE)
		return tap_refuse(fault);
	int result = __real_renameat(old_fd, old_name, fd, name);
	if (result == 0)
		tap_renamed(old_name, name);
	return result;
}

WRAP(int, unlinkat, (int fd, const char *name, int flags))
{
	enum tap_fault fault = tap_enter(TAP_UNLINK);
	if (fault != TAP_FAULT_NONE)
		return tap_refuse(fault);
	int result = __real_unlinkat(fd, name, flags);
	if (result == 0)
		tap_unlinked(name);
	return result;
}
