/* SPDX-License-Identifier: MIT */
/*
 * orphans.c - processes that outlived their shim: see orphans.h.
 *
 * A process is signalled by a pidfd, and only if the mark stood in its environment
 * after the pidfd was opened and it was still alive then: so the number had not
 * gone to another (I15). One that has cleaned its environment is not found.
 *
 * Layer: io.
 */
#include "io/orphans.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "io/attempt_dir.h"
#include "io/dir_reader.h"
#include "io/process.h"
#include "io/state_dir.h"

#define CHUNK_BYTES 16384

const char *ctr_orphan_mark(uint64_t agent_id, const struct centro_attempt_ref *ref, char *mark)
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	int size = snprintf(mark, CTR_ORPHAN_MARK_SIZE, "CENTRO_MARK=%016llx.%s",
			    (unsigned long long)agent_id, ctr_attempt_name(ref, name));
	CTR_ASSERT(size > 0 && size < CTR_ORPHAN_MARK_SIZE);
	return mark;
}

/* Whether one of the terminated strings in a file is `mark`; it may lie across two reads. */
static bool holds_mark(int fd, const char *mark)
{
	char buffer[CHUNK_BYTES + CTR_ORPHAN_MARK_SIZE + 1];
	size_t size = strlen(mark) + 1; /* with its terminator */
	/* As if a string had ended before the first, so that each begins behind a terminator. */
	size_t kept = 1;
	ssize_t got;

	buffer[0] = '\0';
	while ((got = read(fd, buffer + kept, CHUNK_BYTES)) > 0) {
		size_t end = kept + (size_t)got;
		const char *at = buffer;
		while ((at = memmem(at, end - (size_t)(at - buffer), mark, size))) {
			if (at > buffer && at[-1] == '\0')
				return true;
			at++;
		}
		kept = end < size ? end : size;
		memmove(buffer, buffer + end - kept, kept);
	}
	return false;
}

static bool is_marked(int proc_fd, const char *number, const char *mark)
{
	char path[64];
	snprintf(path, sizeof(path), "%.20s/environ", number);
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool found = holds_mark(fd, mark);
	close(fd);
	return found;
}

static bool kill_if_marked(int proc_fd, const char *number, const char *mark)
{
	pid_t pid = (pid_t)strtol(number, NULL, 10);
	/* Most are not: no pidfd for those. */
	if (pid <= 1 || pid == getpid() || !is_marked(proc_fd, number, mark))
		return false;
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return false;
	bool found = is_marked(proc_fd, number, mark) && ctr_process_is_alive(pidfd);
	if (found)
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	close(pidfd);
	return found;
}

size_t ctr_orphans_kill(const char *mark)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	size_t found = 0;
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return 0;
	ctr_dir_reader_init(&reader, proc_fd);
	while ((entry = ctr_dir_reader_next(&reader))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    kill_if_marked(proc_fd, entry->d_name, mark))
			found++;
	}
	close(proc_fd);
	return found;
}
