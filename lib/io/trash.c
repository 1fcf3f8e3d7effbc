/* SPDX-License-Identifier: MIT */
/*
 * trash.c - removal of directories by and by: see trash.h.
 *
 * What cannot be removed (a mount point, say) is named once in the log and kept
 * under a name of its own, so that it is not tried for ever.
 *
 * Layer: io.
 */
#include "io/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "io/state_dir.h"

#define STUCK_PREFIX "stuck-"
#define NAME_SIZE    64

void ctr_trash_init(struct ctr_trash *trash, int trash_fd, const struct centro_log *log)
{
	CTR_ASSERT(trash_fd >= 0);
	*trash = (struct ctr_trash){.log = log, .fd = trash_fd};
}

/* A directory of the trash that is empty or not there is replaced; a full one is not. */
static bool move_in(struct ctr_trash *trash, int dir_fd, const char *name, const char *prefix)
{
	char new_name[NAME_SIZE];
	do {
		snprintf(new_name, sizeof(new_name), "%s%llu", prefix,
			 (unsigned long long)trash->names++);
		if (renameat(dir_fd, name, trash->fd, new_name) == 0)
			return true;
	} while (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR);
	return false;
}

bool ctr_trash_add(struct ctr_trash *trash, int dir_fd, const char *name)
{
	if (!move_in(trash, dir_fd, name, ""))
		return false;
	trash->is_empty = false;
	return true;
}

/* Whoever filled it may have locked us out of it. */
static void unlock(int dir_fd, const char *name)
{
	char path[64];
	int fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)!chmod(path, 0700);
	close(fd);
}

/* A file, or an empty directory, goes; a full directory moves up. False and errno. */
static bool remove_entry(struct ctr_trash *trash, int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, 0) == 0)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0)
		return true;
	if (errno == ENOTEMPTY || errno == EEXIST || errno == EACCES) {
		if (move_in(trash, dir_fd, name, ""))
			return true;
		unlock(dir_fd, name);
		return move_in(trash, dir_fd, name, "");
	}
	return false;
}

/* Set aside what cannot be removed. */
static void give_up(struct ctr_trash *trash, const char *name)
{
	char reason[128];
	ctr_log_warn(trash->log, "not removed trash=%s error=\"%s\"", name,
		     strerror_r(errno, reason, sizeof(reason)));
	(void)!move_in(trash, trash->fd, name, STUCK_PREFIX);
}

/* Empty one directory of the trash, and remove it if that comes to an end. */
static void work_on(struct ctr_trash *trash, const char *name, size_t *ops)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	int fd = ctr_open_beneath(trash->fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 && errno == EACCES) {
		unlock(trash->fd, name);
		fd = ctr_open_beneath(trash->fd, name, O_RDONLY | O_DIRECTORY, 0);
	}
	bool is_fine = fd >= 0;
	if (is_fine)
		ctr_dir_reader_init(&reader, fd);
	while (is_fine && *ops > 0 && (entry = ctr_dir_reader_next(&reader))) {
		is_fine = remove_entry(trash, fd, entry->d_name);
		(*ops)--;
	}
	if (is_fine && *ops > 0) {
		(*ops)--;
		/* Not empty: something was added meanwhile; it has its turn again. */
		is_fine = unlinkat(trash->fd, name, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY;
	}
	if (!is_fine)
		give_up(trash, name);
	ctr_close(fd);
}

/* Once over the trash. Whether there was anything. */
static bool work_once(struct ctr_trash *trash, size_t *ops)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	bool found = false;

	ctr_dir_reader_init(&reader, trash->fd);
	while (*ops > 0 && (entry = ctr_dir_reader_next(&reader))) {
		if (strncmp(entry->d_name, STUCK_PREFIX, strlen(STUCK_PREFIX)) == 0)
			continue;
		found = true;
		(*ops)--;
		if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
			work_on(trash, entry->d_name, ops);
		else if (unlinkat(trash->fd, entry->d_name, 0) != 0)
			give_up(trash, entry->d_name);
	}
	return found;
}

bool ctr_trash_work(struct ctr_trash *trash, size_t ops_max)
{
	/* What was moved up while the trash was read may not have been seen: read it again. */
	for (size_t ops = ops_max; ops > 0 && !trash->is_empty;)
		trash->is_empty = !work_once(trash, &ops);
	return !trash->is_empty;
}
