/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_ORPHANS_H
#define CTR_IO_ORPHANS_H

/*
 * Processes of an attempt whose shim was killed, so that nobody guards them any
 * more. They are known by a string in the environment that they were started
 * with, which names this agent and the attempt and is given to nothing else.
 */

#include <stddef.h>

#include "agent/host.h"

#define CTR_ORPHAN_MARK_SIZE 96

/* "CENTRO_MARK=…", for the environment of an attempt. Returns `mark`. */
const char *ctr_orphan_mark(uint64_t agent_id, const struct centro_attempt_ref *ref, char *mark);
/*
 * KILL to every process that carries the mark. How many there were: none of an
 * attempt that has no other source of processes means that nothing is left.
 */
size_t ctr_orphans_kill(const char *mark);

#endif
