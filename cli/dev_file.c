/* SPDX-License-Identifier: MIT */
/* dev_file.c - where `centro dev` says that it is. */
#include "dev_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

#define FILE_NAME      "dev.json"
#define FILE_NAME_NEW  "dev.json.new"
#define FILE_BYTES_MAX 1024

static char *folder_path(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *path = NULL;
	int size = runtime && runtime[0] == '/'
			   ? asprintf(&path, "%s/centro", runtime)
			   : asprintf(&path, "/tmp/centro-%u", (unsigned)getuid());
	return size < 0 ? need(NULL) : path;
}

static bool is_ours(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 && info.st_uid == getuid() &&
	       (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A descriptor of the folder, if it is ours alone; -1 and errno. */
static int open_folder(bool make)
{
	char *path = folder_path();
	int fd = -1;
	if (!make || mkdir(path, 0700) == 0 || errno == EEXIST)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	free(path);
	if (fd >= 0 && !is_ours(fd)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* Under another name first: whoever reads sees the old one or the new one whole. */
static bool write_file(int folder, const char *address)
{
	unlinkat(folder, FILE_NAME_NEW, 0);
	int fd = openat(folder, FILE_NAME_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (fd < 0)
		return false;
	bool is_written =
		dprintf(fd, "{\"address\":\"%s\",\"pid\":%d}\n", address, (int)getpid()) > 0;
	is_written = close(fd) == 0 && is_written;
	return is_written && renameat(folder, FILE_NAME_NEW, folder, FILE_NAME) == 0;
}

int dev_file_write(const struct cli *cli, const char *address)
{
	int folder = open_folder(/* make= */ true);
	if (folder >= 0 && write_file(folder, address)) {
		close(folder);
		return 0;
	}
	int error = errno;
	char *path = folder_path();
	int code = cli_error(cli, EXIT_CLI_OTHER, "%s/" FILE_NAME ": %s", path, strerror(error));
	free(path);
	if (folder >= 0)
		close(folder);
	return code;
}

/* The parsed file, or NULL. */
static cJSON *read_file(int folder)
{
	uint8_t text[FILE_BYTES_MAX];
	int fd = folder < 0 ? -1 : openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	ssize_t size = is_ours(fd) ? read(fd, text, sizeof(text)) : -1;
	close(fd);
	return size > 0 ? json_parse((struct centro_bytes){text, (size_t)size}) : NULL;
}

void dev_file_remove(void)
{
	int folder = open_folder(/* make= */ false);
	cJSON *file = read_file(folder);
	if (file && json_int(file, "pid") == (int)getpid())
		unlinkat(folder, FILE_NAME, 0);
	cJSON_Delete(file);
	if (folder >= 0)
		close(folder);
}

char *dev_file_read(void)
{
	int folder = open_folder(/* make= */ false);
	cJSON *file = read_file(folder);
	int pid = (int)json_int(file, "pid");
	const char *address = json_text(file, "address");
	char *found = NULL;
	/* One that was killed left its file behind. */
	if (pid > 0 && address[0] && (kill(pid, 0) == 0 || errno == EPERM))
		found = need(strdup(address));
	cJSON_Delete(file);
	if (folder >= 0)
		close(folder);
	return found;
}
