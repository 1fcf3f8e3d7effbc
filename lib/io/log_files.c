/* SPDX-License-Identifier: MIT */
/*
 * log_files.c - the ends of finished attempts' output, as files beside the store.
 *
 * Names are made of numbers alone, so nothing that a client chose becomes a path.
 * The files are not synced: output is not state, and nothing waits for it.
 */
#include "io/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/str.h"

#define JOBS_A_FOLDER 1000
#define HEADER_BYTES  8
#define STREAM_OUT    1
#define NAME_MAX_SIZE 128

struct ctr_log_files {
	const struct centro_allocator *allocator;
	int dir; /* descriptor */
	uint64_t folder; /* the newest one made in this life; 0: none yet */
	struct ctr_log_keeper keeper;
};

static void folder_name(uint64_t folder, char *name)
{
	snprintf(name, NAME_MAX_SIZE, "%llu", (unsigned long long)folder);
}

static void file_name(const struct centro_attempt_ref *ref, uint32_t stream, char *name)
{
	snprintf(name, NAME_MAX_SIZE, "%llu/%llu.%u.%u.%u.%s",
		 (unsigned long long)(ref->job / JOBS_A_FOLDER), (unsigned long long)ref->job,
		 ref->task, ref->index, ref->attempt, stream == STREAM_OUT ? "out" : "err");
}

static void remove_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
	unlinkat(dir, name, AT_REMOVEDIR);
}

/* Once a thousand jobs: let the oldest folder go if there are too many. */
static void trim_folders(struct ctr_log_files *files)
{
	int fd = openat(files->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t number, oldest = UINT64_MAX;
	size_t count = 0;
	while (dir && (entry = readdir(dir))) {
		if (!ctr_parse_u64(ctr_bytes_str(entry->d_name), &number))
			continue;
		count++;
		oldest = number < oldest ? number : oldest;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	char name[NAME_MAX_SIZE];
	folder_name(oldest, name);
	if (count > CTR_LOG_FOLDERS_MAX)
		remove_folder(files->dir, name);
}

static int make_folder(struct ctr_log_files *files, uint64_t folder)
{
	if (folder != 0 && folder == files->folder)
		return CENTRO_OK;
	char name[NAME_MAX_SIZE];
	folder_name(folder, name);
	if (mkdirat(files->dir, name, 0700) == 0)
		trim_folders(files);
	else if (errno != EEXIST)
		return CENTRO_ERR_IO;
	files->folder = folder;
	return CENTRO_OK;
}

static bool write_all(int fd, const void *data, size_t size)
{
	const uint8_t *rest = data;
	while (size > 0) {
		ssize_t written = write(fd, rest, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		rest += written;
		size -= (size_t)written;
	}
	return true;
}

static int put(void *arg, const struct centro_attempt_ref *ref, uint32_t stream, uint64_t offset,
	       struct centro_bytes data)
{
	struct ctr_log_files *files = arg;
	char name[NAME_MAX_SIZE];
	uint8_t header[HEADER_BYTES];
	int error = make_folder(files, ref->job / JOBS_A_FOLDER);
	if (error)
		return error;
	file_name(ref, stream, name);
	int fd = openat(files->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (fd < 0)
		return CENTRO_ERR_IO;
	for (size_t i = 0; i < HEADER_BYTES; i++)
		header[i] = (uint8_t)(offset >> (8 * i));
	bool ok = write_all(fd, header, sizeof(header)) && write_all(fd, data.data, data.size);
	ok = close(fd) == 0 && ok;
	if (!ok)
		unlinkat(files->dir, name, 0);
	return ok ? CENTRO_OK : CENTRO_ERR_IO;
}

static int read_file(int fd, uint64_t *ret_offset, struct ctr_buf *buf)
{
	uint8_t header[HEADER_BYTES];
	uint64_t offset = 0;
	if (read(fd, header, sizeof(header)) != (ssize_t)sizeof(header))
		return CENTRO_ERR_CORRUPT;
	for (size_t i = 0; i < HEADER_BYTES; i++)
		offset |= (uint64_t)header[i] << (8 * i);
	uint8_t part[4096];
	ssize_t size;
	while ((size = read(fd, part, sizeof(part))) > 0) {
		int error = ctr_buf_append(buf, part, (size_t)size);
		if (error)
			return error;
	}
	*ret_offset = offset;
	return size < 0 ? CENTRO_ERR_IO : CENTRO_OK;
}

static int get(void *arg, const struct centro_attempt_ref *ref, uint32_t stream,
	       uint64_t *ret_offset, struct ctr_buf *buf)
{
	struct ctr_log_files *files = arg;
	char name[NAME_MAX_SIZE];
	file_name(ref, stream, name);
	int fd = openat(files->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? CENTRO_ERR_NOT_FOUND : CENTRO_ERR_IO;
	int error = read_file(fd, ret_offset, buf);
	close(fd);
	return error;
}

int ctr_log_files_new(const struct centro_allocator *allocator, const char *dir,
		      struct ctr_log_files **ret_files)
{
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return CENTRO_ERR_IO;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return CENTRO_ERR_IO;
	struct ctr_log_files *files = ctr_alloc_zero(allocator, sizeof(*files));
	if (!files) {
		close(fd);
		return CENTRO_ERR_NOMEM;
	}
	files->allocator = allocator;
	files->dir = fd;
	files->keeper = (struct ctr_log_keeper){ .arg = files, .put = put, .get = get };
	*ret_files = files;
	return CENTRO_OK;
}

void ctr_log_files_free(struct ctr_log_files *files)
{
	if (!files)
		return;
	close(files->dir);
	ctr_free(files->allocator, files);
}

const struct ctr_log_keeper *ctr_log_files_keeper(const struct ctr_log_files *files)
{
	return &files->keeper;
}
