/* SPDX-License-Identifier: MIT */
/*
 * state_dir.c - an agent's state directory: see state_dir.h.
 *
 * The lock is one of the open file description: it goes with the agent however
 * the agent ends, and is not lost when some other part of the process opens and
 * closes the same file, as a POSIX lock would be.
 *
 * Layer: io.
 */
#include "io/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "io/clock.h"

#define PATH_SIZE_MAX 4096
#define ID_DIGITS     16

/* ---- files ---- */

int ctr_open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

void ctr_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

ssize_t ctr_read_file_at(int dir_fd, const char *path, char *buffer, size_t size)
{
	CTR_ASSERT(size > 0);
	int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t used = 0;
	ssize_t got = 0;
	while (used < size - 1 && (got = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	if (got < 0)
		return -1;
	buffer[used] = '\0';
	return (ssize_t)used;
}

static bool write_new_file(int dir_fd, const char *path, struct centro_bytes content)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool written =
		write(fd, content.data, content.size) == (ssize_t)content.size && fsync(fd) == 0;
	close(fd);
	return written;
}

bool ctr_replace_file_at(int dir_fd, const char *path, struct centro_bytes content)
{
	char new_path[64];
	int size = snprintf(new_path, sizeof(new_path), "%s.new", path);
	CTR_ASSERT(size > 0 && (size_t)size < sizeof(new_path));
	return write_new_file(dir_fd, new_path, content) &&
	       renameat(dir_fd, new_path, dir_fd, path) == 0 && fsync(dir_fd) == 0;
}

/* ---- the directory ---- */

static int fail(struct centro_error_text *text, int error, const char *path, const char *what)
{
	char reason[128];
	return ctr_error(text, error, "state directory %s: %s: %s", path, what,
			 strerror_r(errno, reason, sizeof(reason)));
}

static bool make_dir(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static int make_dirs(const char *path, struct centro_error_text *text)
{
	char partial[PATH_SIZE_MAX];
	size_t size = strlen(path);
	if (size == 0 || size >= sizeof(partial))
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "state_dir: a path of 1 to %d bytes is needed", PATH_SIZE_MAX - 1);
	for (size_t i = 1; i <= size; i++) {
		if (i < size && path[i] != '/')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		if (!make_dir(partial))
			return fail(text, CENTRO_ERR_IO, partial, "cannot be made");
	}
	return CENTRO_OK;
}

static int check_owner(int fd, const char *path, struct centro_error_text *text)
{
	struct stat stat;
	if (fstat(fd, &stat) != 0)
		return fail(text, CENTRO_ERR_IO, path, "fstat");
	if (stat.st_uid != geteuid())
		return ctr_error(text, CENTRO_ERR_DENIED,
				 "state directory %s: belongs to user %u, not to %u, who runs this",
				 path, (unsigned)stat.st_uid, (unsigned)geteuid());
	if (stat.st_mode & (S_IWGRP | S_IWOTH))
		return ctr_error(text, CENTRO_ERR_DENIED,
				 "state directory %s: others may write to it; chmod 700 it", path);
	return CENTRO_OK;
}

static int take_lock(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	dir->lock_fd = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (dir->lock_fd < 0)
		return fail(text, CENTRO_ERR_IO, path, "lock cannot be opened");
	if (fcntl(dir->lock_fd, F_OFD_SETLK, &lock) == 0)
		return CENTRO_OK;
	if (errno == EAGAIN || errno == EACCES)
		return ctr_error(text, CENTRO_ERR_LOCKED,
				 "state directory %s: another agent uses it; give each its own",
				 path);
	return fail(text, CENTRO_ERR_IO, path, "lock cannot be taken");
}

/* The value of `count` hex digits; false: they are not that. */
static bool parse_hex(const char *digits, size_t count, uint64_t *ret_value)
{
	uint64_t value = 0;
	for (size_t i = 0; i < count; i++) {
		char c = digits[i];
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret_value = value;
	return true;
}

static int draw_id(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text)
{
	char digits[ID_DIGITS + 2];
	uint64_t id = ctr_entropy_u64();
	int size = snprintf(digits, sizeof(digits), "%016llx\n", (unsigned long long)id);
	CTR_ASSERT(size == ID_DIGITS + 1);
	if (!ctr_replace_file_at(dir->fd, "id", ctr_bytes(digits, (size_t)size)))
		return fail(text, CENTRO_ERR_IO, path, "id cannot be written");
	dir->agent_id = id;
	return CENTRO_OK;
}

static int read_id(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text)
{
	char digits[64];
	ssize_t size = ctr_read_file_at(dir->fd, "id", digits, sizeof(digits));
	if (size < 0 && errno == ENOENT)
		return draw_id(dir, path, text);
	if (size < 0)
		return fail(text, CENTRO_ERR_IO, path, "id cannot be read");
	if (size != ID_DIGITS + 1 || !parse_hex(digits, ID_DIGITS, &dir->agent_id) ||
	    dir->agent_id == 0)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "state directory %s: id is damaged; without that file the agent "
				 "becomes a new node",
				 path);
	return CENTRO_OK;
}

static int read_boot_id(struct ctr_state_dir *dir, struct centro_error_text *text)
{
	char digits[64];
	size_t used = 0;
	uint64_t byte;
	ssize_t size = ctr_read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", digits,
					sizeof(digits));
	for (ssize_t i = 0; i + 1 < size && used < CTR_BOOT_ID_SIZE; i++) {
		if (digits[i] == '-')
			continue;
		if (!parse_hex(digits + i, 2, &byte))
			break;
		dir->boot_id[used++] = (uint8_t)byte;
		i++;
	}
	if (used == CTR_BOOT_ID_SIZE)
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_IO,
			 "/proc/sys/kernel/random/boot_id cannot be read; is /proc mounted?");
}

static int open_below(struct ctr_state_dir *dir, const char *path, const char *name, int *ret_fd,
		      struct centro_error_text *text)
{
	if (mkdirat(dir->fd, name, 0700) != 0 && errno != EEXIST)
		return fail(text, CENTRO_ERR_IO, path, name);
	int fd = ctr_open_beneath(dir->fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 && errno == ENOSYS)
		return ctr_error(text, CENTRO_ERR_IO, "Linux 5.9 or later is needed (openat2)");
	if (fd < 0)
		return fail(text, CENTRO_ERR_IO, path, name);
	*ret_fd = fd;
	return CENTRO_OK;
}

static int open_all(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text)
{
	int status = make_dirs(path, text);
	if (status != CENTRO_OK)
		return status;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
		return fail(text, CENTRO_ERR_IO, path, "cannot be opened");
	status = check_owner(dir->fd, path, text);
	if (status == CENTRO_OK)
		status = take_lock(dir, path, text);
	if (status == CENTRO_OK)
		status = read_id(dir, path, text);
	if (status == CENTRO_OK)
		status = read_boot_id(dir, text);
	if (status == CENTRO_OK)
		status = open_below(dir, path, "attempts", &dir->attempts_fd, text);
	if (status == CENTRO_OK)
		status = open_below(dir, path, "spare", &dir->spare_fd, text);
	if (status == CENTRO_OK)
		status = open_below(dir, path, "trash", &dir->trash_fd, text);
	return status;
}

int ctr_state_dir_open(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text)
{
	struct ctr_state_dir opened = CTR_STATE_DIR_INIT;
	int status = open_all(&opened, path, text);
	if (status != CENTRO_OK)
		ctr_state_dir_close(&opened);
	else
		*dir = opened;
	return status;
}

void ctr_state_dir_close(struct ctr_state_dir *dir)
{
	ctr_close(dir->trash_fd);
	ctr_close(dir->spare_fd);
	ctr_close(dir->attempts_fd);
	ctr_close(dir->lock_fd);
	ctr_close(dir->fd);
	*dir = (struct ctr_state_dir)CTR_STATE_DIR_INIT;
}
