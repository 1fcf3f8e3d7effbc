/* SPDX-License-Identifier: MIT */
#ifndef CLI_RETRY_H
#define CLI_RETRY_H

/* When a stream that broke may be opened again, and when to give up. */

#include <stdbool.h>
#include <stdint.h>

/* A server that is started anew needs seconds; a lease is 5 minutes by default. */
#define RETRY_LIMIT_NS UINT64_C(300000000000)

struct retry {
	uint64_t away_since_ns; /* 0: all is well */
	uint64_t next_ns;       /* not before */
};

/* All is well: something came. */
void retry_reset(struct retry *retry);
/* It broke. False: it has been broken for too long. */
bool retry_plan(struct retry *retry, uint64_t now_ns);
bool retry_is_due(const struct retry *retry, uint64_t now_ns);
/* Until it is due, as for poll(2). */
int retry_wait_ms(const struct retry *retry, uint64_t now_ns);

#endif
