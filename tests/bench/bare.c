/* SPDX-License-Identifier: MIT */
/* bare.c - the baseline of starting jobs: one fdatasync, one fork and exec. */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load_net.h"

int bare_open(const char *folder)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/bare", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		load_die("%s: %s", path, strerror(errno));
	return fd;
}

void bare_sync(int fd)
{
	static const char block[4096];
	if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fdatasync(fd) < 0)
		load_die("append and fdatasync: %s", strerror(errno));
}

pid_t bare_start(const char *const *argv)
{
	pid_t pid = fork();
	if (pid < 0)
		load_die("fork: %s", strerror(errno));
	if (pid == 0) {
		execv(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

void bare_wait(pid_t pid)
{
	int status;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		load_die("a process of the baseline failed");
}
