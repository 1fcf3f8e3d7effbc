/* SPDX-License-Identifier: MIT */
/*
 * arena.c - a capped bump allocator in growing blocks.
 *
 * Invariants: `used_bytes` is what was handed out since the last reset, rounded
 * up to the alignment, and never exceeds `bytes_max`; only the newest block has
 * room that is still given out.
 *
 * Layer: base.
 */
#include "base/arena.h"

#include "base/assert.h"
#include "base/bytes.h"

#define BLOCK_BYTES_FIRST 1024
#define BLOCK_BYTES_MAX   ((size_t)64 * 1024)
#define ALIGNMENT         _Alignof(max_align_t)

struct ctr_arena_block {
	struct ctr_arena_block *older;
	size_t capacity;
	size_t used;
	max_align_t data[];
};

void ctr_arena_init(struct ctr_arena *arena, const struct centro_allocator *allocator,
		    size_t bytes_max)
{
	*arena = (struct ctr_arena){
		.allocator = allocator,
		.bytes_max = bytes_max,
	};
}

static void free_blocks(struct ctr_arena *arena, struct ctr_arena_block *block)
{
	while (block) {
		struct ctr_arena_block *older = block->older;
		ctr_free(arena->allocator, block);
		block = older;
	}
}

void ctr_arena_reset(struct ctr_arena *arena, size_t bytes_max)
{
	struct ctr_arena_block *kept = arena->block;

	arena->used_bytes = 0;
	arena->bytes_max = bytes_max;
	if (!kept)
		return;

	/* One big request must not pin its memory for as long as the arena lives. */
	if (kept->capacity > BLOCK_BYTES_MAX) {
		arena->block = kept->older;
		ctr_free(arena->allocator, kept);
		ctr_arena_reset(arena, bytes_max);
		return;
	}
	free_blocks(arena, kept->older);
	kept->older = NULL;
	kept->used = 0;
}

void ctr_arena_fini(struct ctr_arena *arena)
{
	free_blocks(arena, arena->block);
	arena->block = NULL;
	arena->used_bytes = 0;
}

/* A new newest block with room for `bytes`. */
static bool add_block(struct ctr_arena *arena, size_t bytes)
{
	size_t capacity = BLOCK_BYTES_FIRST;
	if (arena->block)
		capacity = arena->block->capacity * 2;
	if (capacity > BLOCK_BYTES_MAX)
		capacity = BLOCK_BYTES_MAX;
	if (capacity < bytes)
		capacity = bytes;

	size_t total;
	if (!ctr_add_size(sizeof(struct ctr_arena_block), capacity, &total))
		return false;
	struct ctr_arena_block *block = ctr_alloc(arena->allocator, total);
	if (!block)
		return false;

	block->older = arena->block;
	block->capacity = capacity;
	block->used = 0;
	arena->block = block;
	return true;
}

void *ctr_arena_alloc(struct ctr_arena *arena, size_t bytes)
{
	size_t rounded;
	if (!ctr_add_size(bytes, ALIGNMENT - 1, &rounded))
		return NULL;
	rounded -= rounded % ALIGNMENT;
	if (rounded == 0)
		rounded = ALIGNMENT;

	CTR_ASSERT(arena->used_bytes <= arena->bytes_max);
	if (rounded > arena->bytes_max - arena->used_bytes)
		return NULL;
	if (!arena->block || rounded > arena->block->capacity - arena->block->used) {
		if (!add_block(arena, rounded))
			return NULL;
	}

	struct ctr_arena_block *block = arena->block;
	void *pointer = (char *)block->data + block->used;
	block->used += rounded;
	arena->used_bytes += rounded;
	CTR_ASSERT(block->used <= block->capacity);
	return pointer;
}

void *ctr_arena_array(struct ctr_arena *arena, size_t count, size_t bytes)
{
	size_t total;
	if (!ctr_mul_size(count, bytes, &total))
		return NULL;
	void *pointer = ctr_arena_alloc(arena, total);
	if (pointer)
		memset(pointer, 0, total);
	return pointer;
}

char *ctr_arena_strdup(struct ctr_arena *arena, struct centro_bytes text)
{
	size_t bytes;
	if (!ctr_add_size(text.size, 1, &bytes))
		return NULL;
	char *copy = ctr_arena_alloc(arena, bytes);
	if (!copy)
		return NULL;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}
