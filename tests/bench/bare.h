/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_BARE_H
#define CTR_TESTS_BARE_H

/* What no scheduler can do without: writing down a job, and starting a process. */
#include <sys/types.h>

/* A file to append to. */
int bare_open(const char *folder);
/* Append 4 KiB, and wait until they are on disk. */
void bare_sync(int fd);
/* fork and exec. */
pid_t bare_start(const char *const *argv);
/* Its exit code must be 0. */
void bare_wait(pid_t pid);

#endif
