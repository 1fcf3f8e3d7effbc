/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_PROCESS_H
#define CTR_IO_PROCESS_H

/*
 * Processes by pidfd. A number alone never names one: it is used again.
 */

#include <sys/types.h>

#include <centro/types.h>

/*
 * A pidfd of the process that has this number and started then; -1: there is
 * none (any more).
 */
int ctr_process_open(pid_t pid, uint64_t start_ticks);
/* When a process started, in ticks since the boot; 0: there is none. */
uint64_t ctr_process_start_ticks(pid_t pid);
bool ctr_process_is_alive(int pidfd);
/* Whether it has ended; then also its status, if it is a child of ours: else -1. */
bool ctr_process_has_ended(int pidfd, int *ret_status);
/* "exited with 3", "was killed by signal 9"; of a status as in wait(2). Returns `buffer`. */
const char *ctr_process_status_text(int status, char *buffer, size_t size);

struct ctr_process_start {
	const char *path;
	const char *const *argv; /* ends with NULL */
	/* What it gets at 0, 1, 2, …; close-on-exec ones. fds[i] is i, or not below fd_count. */
	const int *fds;
	int fd_count;
};

/*
 * Start a program in a session of its own, with an empty environment, all
 * signals blocked and none ignored. This process is held until the program
 * runs, not copied. Returns a pidfd, or -1 and errno.
 */
int ctr_process_start(const struct ctr_process_start *start);

#endif
