/* SPDX-License-Identifier: MIT */
/*
 * spare_dirs.c - directories that are used again: see spare_dirs.h.
 *
 * Invariant: spares are named 0 to count - 1, and hold what a new one would: a job
 * must find nothing of another's.
 *
 * Layer: io.
 */
#include "io/spare_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "io/shim_abi.h"
#include "io/state_dir.h"

#define SPARES_MAX 64

static void spare_name(uint32_t number, char name[16])
{
	snprintf(name, 16, "%u", number);
}

void ctr_spare_dirs_init(struct ctr_spare_dirs *spares, int spare_fd, struct ctr_trash *trash)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;

	*spares = (struct ctr_spare_dirs){.fd = spare_fd};
	ctr_dir_reader_init(&reader, spare_fd);
	while ((entry = ctr_dir_reader_next(&reader)))
		(void)ctr_trash_add(trash, spare_fd, entry->d_name);
}

bool ctr_spare_dirs_take(struct ctr_spare_dirs *spares, int dir_fd, const char *name)
{
	char spare[16];
	errno = 0;
	if (spares->count == 0)
		return false;
	spare_name(spares->count - 1, spare);
	if (renameat2(spares->fd, spare, dir_fd, name, RENAME_NOREPLACE) == 0) {
		spares->count--;
		return true;
	}
	if (errno != EEXIST)
		spares->count = 0; /* whoever took them: do without */
	return false;
}

/* Whether the only entry is `name`; NULL: whether there is none. */
static bool holds_only(int fd, const char *name)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	bool found = !name;
	ctr_dir_reader_init(&reader, fd);
	while ((entry = ctr_dir_reader_next(&reader))) {
		if (!name || strcmp(entry->d_name, name) != 0)
			return false;
		found = true;
	}
	return found;
}

static bool is_private_dir(int fd)
{
	struct stat stat;
	return fstat(fd, &stat) == 0 && stat.st_mode == (S_IFDIR | 0700) &&
	       stat.st_uid == geteuid();
}

static bool is_as_new(int dir_fd)
{
	int work_fd = ctr_open_beneath(dir_fd, CTR_SHIM_WORK, O_RDONLY | O_DIRECTORY, 0);
	bool is_new = work_fd >= 0 && is_private_dir(work_fd) && is_private_dir(dir_fd) &&
		      holds_only(work_fd, NULL) && holds_only(dir_fd, CTR_SHIM_WORK);
	ctr_close(work_fd);
	return is_new;
}

bool ctr_spare_dirs_give(struct ctr_spare_dirs *spares, int parent_fd, const char *name, int dir_fd)
{
	char spare[16];
	CTR_ASSERT(spares->count <= SPARES_MAX);
	if (spares->count == SPARES_MAX || !is_as_new(dir_fd))
		return false;
	spare_name(spares->count, spare);
	if (renameat2(parent_fd, name, spares->fd, spare, RENAME_NOREPLACE) != 0)
		return false;
	spares->count++;
	return true;
}
