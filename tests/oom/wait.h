/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_WAIT_H
#define CTR_TESTS_OOM_WAIT_H

/* Waiting for what goes on outside of the test's thread: a disk, a process. */

#include <poll.h>

#include "io/clock.h"

static inline struct centro_instant wait_now(void)
{
	return ctr_clock_now().steady;
}

/* At most a second; -1 is no descriptor, and nothing to wait for. */
static inline void wait_readable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	if (fd >= 0)
		poll(&wait, 1, 1000);
}

#endif
