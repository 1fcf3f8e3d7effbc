/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_CLOCK_H
#define CTR_IO_CLOCK_H

/* The only place that reads a clock or the system's entropy. */

#include <centro/types.h>

/* CLOCK_BOOTTIME and CLOCK_REALTIME. */
struct centro_time ctr_clock_now(void);
/* From getrandom(2), once at a start: seeds, ids of agents and sessions. Never 0. */
uint64_t ctr_entropy_u64(void);

#endif
