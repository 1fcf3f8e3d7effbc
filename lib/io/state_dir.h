/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_STATE_DIR_H
#define CTR_IO_STATE_DIR_H

/*
 * An agent's state directory: what must outlive the agent.
 *
 *	lock        held (an open-file-description lock) as long as an agent uses it
 *	id          who the agent is: drawn once, sixteen hex digits
 *	leases      slots that agent and shims share: io/lease_file.h
 *	attempts/   a directory each: io/attempt_dir.h
 *	spare/      empty directories for the next ones: io/spare_dirs.h
 *	trash/      what is being removed: io/trash.h
 *
 * Everything below it is opened relative to descriptors, without following links:
 * jobs may write there.
 */

#include <sys/types.h>

#include "base/str.h"

#define CTR_BOOT_ID_SIZE 16

/* None is open. */
#define CTR_STATE_DIR_INIT                                                                 \
	{                                                                                  \
		.fd = -1, .lock_fd = -1, .attempts_fd = -1, .spare_fd = -1, .trash_fd = -1 \
	}

struct ctr_state_dir {
	int fd, lock_fd, attempts_fd, spare_fd, trash_fd;
	uint64_t agent_id; /* never 0 */
	uint8_t boot_id[CTR_BOOT_ID_SIZE];
};

/*
 * Makes it, 0700, and the directories above it, if it is missing.
 *
 * @retval CENTRO_ERR_LOCKED   another agent uses it
 * @retval CENTRO_ERR_DENIED   it belongs to someone else, or others may write to it
 * @retval CENTRO_ERR_CORRUPT  its id does not make sense
 * @retval CENTRO_ERR_INVALID, _IO
 */
int ctr_state_dir_open(struct ctr_state_dir *dir, const char *path, struct centro_error_text *text);
void ctr_state_dir_close(struct ctr_state_dir *dir);

/*
 * openat(2), close-on-exec, that neither follows a link nor leaves `dir_fd`.
 * -1 and errno: ELOOP, EXDEV when it would have to.
 */
int ctr_open_beneath(int dir_fd, const char *path, int flags, mode_t mode);
/* All of a small file into `buffer`, terminated. -1 and errno. */
ssize_t ctr_read_file_at(int dir_fd, const char *path, char *buffer, size_t size);
/* Replace a small file so that a power cut leaves the old or the new one. False and errno. */
bool ctr_replace_file_at(int dir_fd, const char *path, struct centro_bytes content);
/* Harmless with -1. */
void ctr_close(int fd);

#endif
