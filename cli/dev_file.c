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

#define FILE_BYTES_MAX 1024

static void folder_path(char *path, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (runtime && runtime[0] == '/')
		snprintf(path, size, "%s/centro", runtime);
	else
		snprintf(path, size, "/tmp/centro-%u", (unsigned)getuid());
}

/* A descriptor of the folder, if it is ours alone; -1. */
static int open_folder(bool make)
{
	char path[4096];
	struct stat info;
	folder_path(path, sizeof(path));
	if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &info) == 0 && info.st_uid == getuid() && !(info.st_mode & 022))
		return fd;
	if (fd >= 0)
		close(fd);
	errno = EPERM;
	return -1;
}

int dev_file_write(const struct cli *cli, const char *address)
{
	int folder = open_folder(true);
	int fd = folder < 0 ? -1
			    : openat(folder, "dev.json.new",
				     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 &&
		  dprintf(fd, "{\"address\":\"%s\",\"pid\":%d}\n", address, (int)getpid()) > 0;
	ok = ok && renameat(folder, "dev.json.new", folder, "dev.json") == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	if (ok)
		return 0;
	char path[4096];
	folder_path(path, sizeof(path));
	return cli_error(cli, EXIT_CLI_OTHER, "%s/dev.json: %s", path, strerror(error));
}

/* The parsed file, or NULL. */
static cJSON *read_file(int folder)
{
	char text[FILE_BYTES_MAX];
	struct stat info;
	int fd = folder < 0 ? -1 : openat(folder, "dev.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	ssize_t size = -1;
	if (fstat(fd, &info) == 0 && info.st_uid == getuid() && !(info.st_mode & 022))
		size = read(fd, text, sizeof(text));
	close(fd);
	return size > 0 ? cJSON_ParseWithLength(text, (size_t)size) : NULL;
}

void dev_file_remove(const struct cli *cli)
{
	(void)cli;
	int folder = open_folder(false);
	cJSON *file = read_file(folder);
	if (file && json_int(file, "pid") == (int)getpid())
		unlinkat(folder, "dev.json", 0);
	cJSON_Delete(file);
	if (folder >= 0)
		close(folder);
}

char *dev_file_read(void)
{
	int folder = open_folder(false);
	cJSON *file = read_file(folder);
	int pid = json_int(file, "pid");
	char *address = NULL;
	if (pid > 0 && (kill(pid, 0) == 0 || errno == EPERM))
		address = strdup(json_text(file, "address"));
	cJSON_Delete(file);
	if (folder >= 0)
		close(folder);
	return address;
}
