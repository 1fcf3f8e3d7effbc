/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_IO_TEMP_DIR_H
#define CTR_TESTS_IO_TEMP_DIR_H

/* A directory of a test's own. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct temp_dir {
	char path[64];
};

static inline void temp_dir_init(struct temp_dir *dir)
{
	strcpy(dir->path, "/tmp/ctr-io-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
}

static inline void temp_dir_fini(struct temp_dir *dir)
{
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", dir->path, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

#endif
