/* SPDX-License-Identifier: MIT */
/*
 * process.c - processes by pidfd: see process.h.
 *
 * Layer: io.
 */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "io/state_dir.h"

uint64_t ctr_process_start_ticks(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (ctr_read_file_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return 0;
	/* Field 22 of proc(5); the name in field 2 may hold spaces and parentheses. */
	char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

bool ctr_process_is_alive(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	return poll(&poll_fd, 1, 0) == 0;
}

int ctr_process_open(pid_t pid, uint64_t start_ticks)
{
	if (pid <= 0 || start_ticks == 0)
		return -1;
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return -1;
	/* Alive after its start was read: so it was this one whose start was read. */
	if (ctr_process_start_ticks(pid) == start_ticks && ctr_process_is_alive(pidfd))
		return pidfd;
	close(pidfd);
	return -1;
}

bool ctr_process_has_ended(int pidfd, int *ret_status)
{
	siginfo_t info = {0};
	CTR_ASSERT(pidfd >= 0);
	if (ctr_process_is_alive(pidfd))
		return false;
	*ret_status = -1;
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
		*ret_status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0)
							 : W_EXITCODE(0, info.si_status);
	return true;
}

const char *ctr_process_status_text(int status, char *buffer, size_t size)
{
	if (status < 0)
		snprintf(buffer, size, "is gone");
	else if (WIFEXITED(status))
		snprintf(buffer, size, "exited with %d", WEXITSTATUS(status));
	else
		snprintf(buffer, size, "was killed by signal %d", WTERMSIG(status));
	return buffer;
}

/* Both are libc's; they only fail for lack of memory. */
static int add_fds(posix_spawn_file_actions_t *actions, const int *fds, int fd_count)
{
	int error = 0;
	for (int i = 0; !error && i < fd_count; i++) {
		CTR_ASSERT(fds[i] == i || fds[i] >= fd_count);
		error = posix_spawn_file_actions_adddup2(actions, fds[i], i);
	}
	return error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all;
	sigfillset(&all);
	int error = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &all);
	return error ? error : posix_spawnattr_setsigdefault(attributes, &all);
}

static int spawn(const struct ctr_process_start *start, pid_t *ret_pid)
{
	static const char *const no_env[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	int error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	error = add_fds(&actions, start->fds, start->fd_count);
	if (!error)
		error = set_attributes(&attributes);
	if (!error)
		error = posix_spawn(ret_pid, start->path, &actions, &attributes,
				    (char *const *)start->argv, (char *const *)no_env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int ctr_process_start(const struct ctr_process_start *start)
{
	pid_t pid;
	int error = spawn(start, &pid);
	if (!error) {
		/* It is our child, so the number is its own until we wait for it. */
		int pidfd = pidfd_open(pid, 0);
		if (pidfd >= 0)
			return pidfd;
		error = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	errno = error;
	return -1;
}
