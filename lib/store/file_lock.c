/* SPDX-License-Identifier: MIT */
/*
 * file_lock.c - one process, and in it one store, for a directory.
 *
 * The lock belongs to the open file description: another open() in the same
 * process does not get it, no close() of another descriptor drops it, and it
 * goes when the process dies. A child that was forked and did not exec holds it
 * too. The file says who has it, for people only, and is never removed, since a
 * lock on a removed file keeps nobody out.
 *
 * Layer: store; a backend may use its own files.
 */
#include "store/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "store/file_dir.h"

#define HOST_SIZE_MAX   64
#define HOLDER_SIZE_MAX (20 + 1 + HOST_SIZE_MAX)

/* "1234 host", without what is unfit to be shown. */
static void write_holder(int fd)
{
	char host[HOST_SIZE_MAX + 1] = "";
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	char holder[HOLDER_SIZE_MAX + 2];
	int length = snprintf(holder, sizeof(holder), "%ld %s\n", (long)getpid(), host);
	CTR_ASSERT(length > 0 && (size_t)length < sizeof(holder));
	/* Only a message depends on it, so a full disk must not keep us out. */
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, holder, (size_t)length, 0);
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

/* The text of a locked file was written by somebody else: take no more than it should hold. */
static int refuse(int fd, const char *path, struct centro_error_text *text)
{
	char holder[HOLDER_SIZE_MAX + 1] = "";
	ssize_t size = pread(fd, holder, sizeof(holder) - 1, 0);
	holder[size > 0 ? size : 0] = '\0';

	const char *blank = strchr(holder, ' ');
	uint64_t pid = 0;
	size_t host_size = 0;
	if (blank) {
		while (is_host_char(blank[1 + host_size]))
			host_size++;
		if (!ctr_parse_u64(ctr_bytes(holder, (size_t)(blank - holder)), &pid))
			pid = 0;
	}
	if (pid == 0 || host_size == 0)
		return ctr_error(text, CENTRO_ERR_LOCKED,
				 "%.300s is in use by another process; stop it, or choose another "
				 "path",
				 path);
	return ctr_error(text, CENTRO_ERR_LOCKED,
			 "%.300s is in use by process %llu on host %.*s; stop it, or choose "
			 "another path",
			 path, (unsigned long long)pid, (int)host_size, blank + 1);
}

int ctr_file_lock_take(int dir_fd, const char *path, int *ret_fd, struct centro_error_text *text)
{
	int fd =
		openat(dir_fd, CTR_FILE_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ctr_file_error(text, errno, "open the lock file of", path);

	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		write_holder(fd);
		*ret_fd = fd;
		return CENTRO_OK;
	}
	int error = errno;
	int status = error == EAGAIN || error == EACCES ? refuse(fd, path, text)
							: ctr_file_error(text, error, "lock", path);
	close(fd);
	return status;
}

void ctr_file_lock_release(int fd)
{
	CTR_ASSERT(fd >= 0);
	(void)!ftruncate(fd, 0);
	close(fd);
}
