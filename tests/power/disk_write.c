/* SPDX-License-Identifier: MIT */
/*
 * disk_write.c - from the model of a disk to a directory.
 */
#include "disk.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 320

static const char *path_of(const char *path, enum disk_name name, char buffer[PATH_SIZE])
{
	snprintf(buffer, PATH_SIZE, "%s/%s", path, disk_names[name]);
	return buffer;
}

void disk_remove(const char *path)
{
	char buffer[PATH_SIZE];
	for (int i = 0; i < DISK_NAME_COUNT; i++)
		(void)unlink(path_of(path, (enum disk_name)i, buffer));
	ck_assert(rmdir(path) == 0 || errno == ENOENT);
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
	ck_assert_int_eq(close(fd), 0);
}

/* It is mapped, so nobody sees how it is written, and it is never synced. */
static void write_garbage(const char *path, size_t size, struct ctr_prng *prng)
{
	uint8_t bytes[8192];
	if (size > sizeof(bytes))
		size = sizeof(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)ctr_prng_next(prng);
	write_file(path, bytes, size);
}

static void write_name(const struct disk *image, const char *path, enum disk_name name,
		       struct ctr_prng *prng)
{
	char buffer[PATH_SIZE], other[PATH_SIZE];
	const char *target = path_of(path, name, buffer);
	const struct disk_file *file = &image->files[image->names[name]];
	for (int i = 0; i < (int)name; i++) {
		if (image->names[i] == image->names[name]) {
			ck_assert_int_eq(link(path_of(path, (enum disk_name)i, other), target), 0);
			return;
		}
	}
	if (name == DISK_LMDB_LOCK)
		write_garbage(target, file->size, prng);
	else
		write_file(target, file->bytes, file->size);
}

void disk_write(const struct disk *image, const char *path, struct ctr_prng *prng)
{
	ck_assert_uint_eq(image->piece_count, 0);
	disk_remove(path);
	if (!image->made)
		return;
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (int i = 0; i < DISK_NAME_COUNT; i++)
		if (image->names[i] >= 0)
			write_name(image, path, (enum disk_name)i, prng);
}
