/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_TIME_H
#define CTR_BASE_TIME_H

/* Arithmetic on instants and spans. It saturates: "never" stays never. */

#include <centro/types.h>

#define CTR_NS_PER_US  UINT64_C(1000)
#define CTR_NS_PER_MS  UINT64_C(1000000)
#define CTR_NS_PER_SEC UINT64_C(1000000000)

#define CTR_NEVER ((struct centro_instant){CENTRO_INSTANT_NEVER_NS})

static inline struct centro_span ctr_span_ms(uint64_t ms)
{
	uint64_t ns;
	return (struct centro_span){__builtin_mul_overflow(ms, CTR_NS_PER_MS, &ns) ? UINT64_MAX
										   : ns};
}

static inline struct centro_instant ctr_after(struct centro_instant from, struct centro_span span)
{
	uint64_t ns;
	return (struct centro_instant){__builtin_add_overflow(from.ns, span.ns, &ns) ? UINT64_MAX
										     : ns};
}

/* 0 when `to` is not later than `from`. */
static inline struct centro_span ctr_between(struct centro_instant from, struct centro_instant to)
{
	return (struct centro_span){to.ns > from.ns ? to.ns - from.ns : 0};
}

static inline bool ctr_reached(struct centro_instant deadline, struct centro_instant now)
{
	return now.ns >= deadline.ns;
}

static inline struct centro_instant ctr_earlier(struct centro_instant a, struct centro_instant b)
{
	return a.ns <= b.ns ? a : b;
}

#endif
