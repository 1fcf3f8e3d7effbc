/* SPDX-License-Identifier: MIT */
#ifndef CLI_WHY_H
#define CLI_WHY_H

/* Says once, to a person at a terminal who sees nothing happen, why a job waits. */

#include "call.h"

struct why {
	struct cli *cli;
	uint64_t job;
	uint64_t due_ns; /* 0: nothing more is said */
};

/* Nothing is ever said when stderr is no terminal. */
void why_init(struct why *why, struct cli *cli, uint64_t job);
/* `last` is the newest record of the job; NULL: none yet. Its call ends with the client. */
void why_pump(struct why *why, const cJSON *last);
/* Until the next pump is due, as for poll(2). */
int why_wait_ms(const struct why *why);

#endif
