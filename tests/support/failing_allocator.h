/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_SUPPORT_FAILING_ALLOCATOR_H
#define CTR_TESTS_SUPPORT_FAILING_ALLOCATOR_H

/*
 * An allocator whose n-th allocation fails, alone or with all that follow. To see
 * every failure of a scenario once, run it with fail_at = 1, 2, … until a run ends
 * with `failed` false:
 *
 *	struct failing_allocator failing;
 *	size_t fail_at = 0;
 *	do {
 *		failing_allocator_init(&failing, ++fail_at);
 *		scenario(&failing.allocator);
 *		ck_assert_uint_eq(failing.live, 0);
 *	} while (failing.failed);
 */

#include <stdbool.h>
#include <stdlib.h>

#include <centro/alloc.h>

struct failing_allocator {
	struct centro_allocator allocator;
	size_t calls;
	size_t fail_at; /* 0: never */
	bool stays;     /* from then on, all fail */
	size_t live;    /* allocations not freed yet */
	bool failed;
};

/* Counts one allocation. True: it is to fail. */
static inline bool failing_allocator_refuses(struct failing_allocator *failing)
{
	failing->calls++;
	bool refuses =
		failing->calls == failing->fail_at ||
		(failing->stays && failing->fail_at > 0 && failing->calls > failing->fail_at);
	failing->failed = failing->failed || refuses;
	return refuses;
}

static inline void *failing_allocator_resize(void *arg, void *pointer, size_t bytes)
{
	struct failing_allocator *failing = arg;

	if (failing_allocator_refuses(failing))
		return NULL;
	void *result = realloc(pointer, bytes);
	if (result && !pointer)
		failing->live++;
	return result;
}

static inline void failing_allocator_free(void *arg, void *pointer)
{
	struct failing_allocator *failing = arg;

	if (pointer)
		failing->live--;
	free(pointer);
}

/* `failing` must stay where it is. */
static inline void failing_allocator_init(struct failing_allocator *failing, size_t fail_at)
{
	*failing = (struct failing_allocator){
		.allocator =
			{
				.size = sizeof(struct centro_allocator),
				.arg = failing,
				.resize = failing_allocator_resize,
				.free = failing_allocator_free,
			},
		.fail_at = fail_at,
	};
}

#endif
