/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_CGROUP_H
#define CTR_IO_CGROUP_H

/* What the control groups that this process is in leave it of the machine. */

#include <stdint.h>

struct ctr_cgroup_limits {
	uint64_t memory_bytes; /* UINT64_MAX: no limit */
	uint64_t cpu_milli;    /* UINT64_MAX: no limit */
};

/*
 * The least over its own groups and those above them, of version 1 and 2. `root`
 * stands before the paths of /proc and of the mounts: "" but in tests.
 */
struct ctr_cgroup_limits ctr_cgroup_read_limits(const char *root);

#endif
