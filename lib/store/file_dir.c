/* SPDX-License-Identifier: MIT */
/*
 * file_dir.c - the directory that holds a file store.
 *
 * Invariant: `data.mdb` appears by a rename, when it is complete and synced. So
 * one that is not a store is damage, never a store that was being made when the
 * power went, and is never made anew.
 *
 * Layer: store; a backend may use its own files.
 */
#include "store/file_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

int ctr_file_error(struct centro_error_text *text, int error, const char *what, const char *path)
{
	char reason[128];
	int status = CENTRO_ERR_IO;
	if (error == ENOSPC || error == EDQUOT)
		status = CENTRO_ERR_FULL;
	if (error == ENOMEM)
		status = CENTRO_ERR_NOMEM;
	return ctr_error(text, status, "cannot %s %.300s: %s", what, path,
			 strerror_r(error, reason, sizeof(reason)));
}

static bool is_ours(const char *name)
{
	static const char *const names[] = {".", "..", CTR_FILE_LOCK_NAME, CTR_FILE_NEW_NAME,
					    "lock.mdb"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Beside a store other things may lie; without one they mean a wrong path. */
static int check_entries(DIR *dir, const char *path, struct centro_error_text *text)
{
	char foreign[64] = "";
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry && errno != 0)
			return ctr_file_error(text, errno, "list", path);
		if (!entry)
			break;
		if (strcmp(entry->d_name, CTR_FILE_DATA_NAME) == 0)
			return CENTRO_OK;
		if (!is_ours(entry->d_name) && foreign[0] == '\0')
			snprintf(foreign, sizeof(foreign), "%.60s", entry->d_name);
	}
	if (foreign[0] != '\0')
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "%.300s holds no store but other things (\"%s\"); choose an empty "
				 "directory, or one that does not exist yet",
				 path, foreign);
	return CENTRO_OK;
}

static int check_content(int dir_fd, const char *path, struct centro_error_text *text)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ctr_file_error(text, errno, "list", path);
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int error = errno;
		close(fd);
		return ctr_file_error(text, error, "list", path);
	}
	int status = check_entries(dir, path, text);
	closedir(dir);
	return status;
}

int ctr_file_dir_open(const char *path, int *ret_fd, struct centro_error_text *text)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return ctr_file_error(text, errno, "make the directory", path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "%.300s is no directory; a file store is one", path);
	if (fd < 0)
		return ctr_file_error(text, errno, "open", path);

	int status = check_content(fd, path, text);
	if (status != CENTRO_OK) {
		close(fd);
		return status;
	}
	*ret_fd = fd;
	return CENTRO_OK;
}

int ctr_file_dir_has_store(int dir_fd, const char *path, bool *ret_has,
			   struct centro_error_text *text)
{
	struct stat info;
	if (fstatat(dir_fd, CTR_FILE_DATA_NAME, &info, 0) != 0) {
		if (errno != ENOENT)
			return ctr_file_error(text, errno, "look into", path);
		*ret_has = false;
		return CENTRO_OK;
	}
	/* LMDB would take an empty file for a new one. */
	if (!S_ISREG(info.st_mode) || info.st_size == 0)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "%.300s/" CTR_FILE_DATA_NAME " is empty or no file; restore it "
				 "from a backup, or choose another path",
				 path);
	*ret_has = true;
	return CENTRO_OK;
}

int ctr_file_dir_publish(int dir_fd, const char *path, struct centro_error_text *text)
{
	if (renameat(dir_fd, CTR_FILE_NEW_NAME, dir_fd, CTR_FILE_DATA_NAME) != 0)
		return ctr_file_error(text, errno, "make a store in", path);
	return CENTRO_OK;
}

/* Some file systems cannot sync a directory, and say so: they need not. */
static int sync_dir(int fd)
{
	return fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
}

/* One that we may not read: somebody else made the directory in it, and long ago. */
static int sync_parent(int dir_fd)
{
	int fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : errno;
	int error = sync_dir(fd);
	close(fd);
	return error;
}

int ctr_file_dir_sync(int dir_fd, const char *path, struct centro_error_text *text)
{
	int error = sync_dir(dir_fd);
	if (error == 0)
		error = sync_parent(dir_fd);
	return error == 0 ? CENTRO_OK : ctr_file_error(text, error, "sync", path);
}
