/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_SITE_H
#define CTR_TESTS_OOM_SITE_H

/*
 * The places in lib/ that ask for memory. This is included before anything else
 * into each of its files, which are compiled once more for this suite: every call
 * that may find no memory leaves a record of its place in a section of its own, so
 * that all are known at run time, also those that are never reached.
 *
 * Two kinds: calls of base/alloc.h, which fail when the allocator does; and, outside
 * of base, calls that take a piece of an arena or reserve room in a buffer, map or
 * heap. Most of these find room that is there already, so they are made to fail
 * where they are called, as if there had been none.
 */

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/map.h"

struct oom_site {
	const char *file;
	int line;
	size_t index; /* in the ledger */
};

/* The allocation that follows is asked for here. Always true. */
bool oom_enter(const struct oom_site *site);
/* Whether it is to fail here and now. */
bool oom_refuses(const struct oom_site *site, const struct centro_allocator *allocator);

#define OOM_SITE                                                                                \
	({                                                                                      \
		static struct oom_site oom_here = {.file = __FILE__, .line = __LINE__};         \
		static struct oom_site *oom_entry __attribute__((used, section("oom_sites"))) = \
			&oom_here;                                                              \
		(const struct oom_site *)&oom_here;                                             \
	})

#define ctr_alloc(...)        (oom_enter(OOM_SITE) ? ctr_alloc(__VA_ARGS__) : NULL)
#define ctr_alloc_zero(...)   (oom_enter(OOM_SITE) ? ctr_alloc_zero(__VA_ARGS__) : NULL)
#define ctr_alloc_array(...)  (oom_enter(OOM_SITE) ? ctr_alloc_array(__VA_ARGS__) : NULL)
#define ctr_resize_array(...) (oom_enter(OOM_SITE) ? ctr_resize_array(__VA_ARGS__) : NULL)
#define ctr_strdup(...)       (oom_enter(OOM_SITE) ? ctr_strdup(__VA_ARGS__) : NULL)

#ifndef OOM_BASE

#define OOM_POINTER(owner, call) (oom_refuses(OOM_SITE, (owner)->allocator) ? NULL : (call))
/* A buffer remembers it. */
#define OOM_BUF(buf, call) \
	(oom_refuses(OOM_SITE, (buf)->allocator) ? (buf)->error = CENTRO_ERR_NOMEM : (call))
#define OOM_STATUS(owner, call) \
	(oom_refuses(OOM_SITE, (owner)->allocator) ? (int)CENTRO_ERR_NOMEM : (call))

#define ctr_arena_alloc(arena, ...)     OOM_POINTER(arena, ctr_arena_alloc(arena, __VA_ARGS__))
#define ctr_arena_array(arena, ...)     OOM_POINTER(arena, ctr_arena_array(arena, __VA_ARGS__))
#define ctr_arena_strdup(arena, ...)    OOM_POINTER(arena, ctr_arena_strdup(arena, __VA_ARGS__))
#define ctr_buf_reserve(buf, ...)       OOM_BUF(buf, ctr_buf_reserve(buf, __VA_ARGS__))
#define ctr_map_reserve(map, ...)       OOM_STATUS(map, ctr_map_reserve(map, __VA_ARGS__))
#define ctr_heap_reserve(heap, ...)     OOM_STATUS(heap, ctr_heap_reserve(heap, __VA_ARGS__))
#define ctr_bytes_map_reserve(map, ...) OOM_STATUS(map, ctr_bytes_map_reserve(map, __VA_ARGS__))

#endif
#endif
