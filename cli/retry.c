/* SPDX-License-Identifier: MIT */
/* retry.c - when to open a broken stream again. */
#include "retry.h"

/* The client library paces attempts to connect; this one is for servers that answer. */
#define PAUSE_NS  UINT64_C(100000000)
#define NS_PER_MS UINT64_C(1000000)

void retry_reset(struct retry *retry)
{
	*retry = (struct retry){0};
}

bool retry_plan(struct retry *retry, uint64_t now_ns)
{
	if (retry->away_since_ns == 0)
		retry->away_since_ns = now_ns;
	retry->next_ns = now_ns + PAUSE_NS;
	return now_ns - retry->away_since_ns < RETRY_LIMIT_NS;
}

bool retry_is_due(const struct retry *retry, uint64_t now_ns)
{
	return now_ns >= retry->next_ns;
}

int retry_wait_ms(const struct retry *retry, uint64_t now_ns)
{
	if (retry_is_due(retry, now_ns))
		return 0;
	return (int)((retry->next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}
