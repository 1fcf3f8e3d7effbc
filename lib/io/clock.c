/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the one place that reads a clock or the system's entropy.
 *
 * Layer: io.
 */
#include "io/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "base/time.h"

static struct centro_instant read_clock(clockid_t clock)
{
	struct timespec now;
	int status = clock_gettime(clock, &now);
	CTR_ASSERT(status == 0);
	CTR_ASSERT(now.tv_sec >= 0);
	return (struct centro_instant){(uint64_t)now.tv_sec * CTR_NS_PER_SEC +
				       (uint64_t)now.tv_nsec};
}

struct centro_time ctr_clock_now(void)
{
	return (struct centro_time){
		.steady = read_clock(CLOCK_BOOTTIME),
		.wall = read_clock(CLOCK_REALTIME),
	};
}

uint64_t ctr_entropy_u64(void)
{
	uint64_t value = 0;
	while (value == 0) {
		/* Up to 256 bytes come whole or not at all; it can only be interrupted. */
		ssize_t size = getrandom(&value, sizeof(value), 0);
		CTR_ASSERT(size == (ssize_t)sizeof(value) || (size < 0 && errno == EINTR));
		if (size < 0)
			value = 0;
	}
	return value;
}
