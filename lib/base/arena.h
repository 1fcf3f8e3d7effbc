/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_ARENA_H
#define CTR_BASE_ARENA_H

/*
 * A bump allocator with a cap, for what lives as long as one request: decoding
 * something hostile can cost no more than the cap, and is freed in one go.
 */

#include "base/alloc.h"

struct ctr_arena_block;

struct ctr_arena {
	const struct centro_allocator *allocator;
	struct ctr_arena_block *block; /* newest first */
	size_t used_bytes;             /* of all blocks since the last reset */
	size_t bytes_max;
};

/* Takes no memory yet. `bytes_max` may be SIZE_MAX. */
void ctr_arena_init(struct ctr_arena *arena, const struct centro_allocator *allocator,
		    size_t bytes_max);
/* Frees everything; the arena can be used again, with a new cap. Keeps one block. */
void ctr_arena_reset(struct ctr_arena *arena, size_t bytes_max);
void ctr_arena_fini(struct ctr_arena *arena);

/* Aligned for any type, not zeroed. NULL: no memory, or over the cap. */
void *ctr_arena_alloc(struct ctr_arena *arena, size_t bytes);
void *ctr_arena_array(struct ctr_arena *arena, size_t count, size_t bytes); /* zeroed */
char *ctr_arena_strdup(struct ctr_arena *arena, struct centro_bytes text);  /* terminated */

#endif
