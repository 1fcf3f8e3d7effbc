/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_ASSERT_H
#define CTR_BASE_ASSERT_H

/*
 * Assertions that stay on in every build. One that does not hold means that a
 * promise is already broken: going on would write the damage down, so the
 * process ends, and the next start reads what was durable.
 */

_Noreturn void ctr_panic(const char *file, int line, const char *what);

#define CTR_ASSERT(condition) \
	((condition) ? (void)0 : ctr_panic(__FILE__, __LINE__, "assertion failed: " #condition))

#define CTR_UNREACHABLE() ctr_panic(__FILE__, __LINE__, "reached what cannot be reached")

#define CTR_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define CTR_CONTAINER_OF(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
