/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_MAP_H
#define CTR_BASE_MAP_H

/*
 * Hash maps that iterate in the order of insertion, which is what keeps
 * everything that walks them deterministic. Values are pointers, never NULL.
 *
 * Inserting needs room reserved and cannot fail; that is how apply() cannot.
 * Removal leaves the order of the rest alone.
 */

#include "base/alloc.h"

struct ctr_map_slot;

/* From numbers to pointers. */
struct ctr_map {
	const struct centro_allocator *allocator;
	struct ctr_map_slot *slots; /* in order of insertion, with holes */
	uint32_t *index;            /* open addressing; slot number + 1 */
	size_t count;               /* live entries */
	size_t used;                /* slots in use, holes included */
	size_t slots_capacity, index_capacity;
};

void ctr_map_init(struct ctr_map *map, const struct centro_allocator *allocator);
void ctr_map_fini(struct ctr_map *map);
/* OK or NOMEM. May move holes out, so not while iterating. */
int ctr_map_reserve(struct ctr_map *map, size_t more);
/* `key` is not in the map. */
void ctr_map_insert(struct ctr_map *map, uint64_t key, void *value);
/* NULL: not there. */
void *ctr_map_find(const struct ctr_map *map, uint64_t key);
/* The value removed, or NULL. Allowed while iterating. */
void *ctr_map_remove(struct ctr_map *map, uint64_t key);
/*
 * Iterate: start with *cursor == 0; NULL at the end. Entries inserted meanwhile
 * are visited, those removed are not.
 */
void *ctr_map_next(const struct ctr_map *map, size_t *cursor);

#define ctr_map_for_each(value_type, value, map)                                          \
	for (size_t value##_cursor = 0, value##_once = 1; value##_once; value##_once = 0) \
		for (value_type * value; (value = ctr_map_next((map), &value##_cursor));)

/*
 * From byte strings to pointers, the same way. A key is borrowed: it lives in
 * the value, or at least as long as the entry.
 */
struct ctr_bytes_map_slot;
struct ctr_bytes_map {
	const struct centro_allocator *allocator;
	struct ctr_bytes_map_slot *slots;
	uint32_t *index;
	uint64_t seed; /* against keys that were chosen to collide */
	size_t count, used;
	size_t slots_capacity, index_capacity;
};

void ctr_bytes_map_init(struct ctr_bytes_map *map, const struct centro_allocator *allocator,
			uint64_t seed);
void ctr_bytes_map_fini(struct ctr_bytes_map *map);
int ctr_bytes_map_reserve(struct ctr_bytes_map *map, size_t more);
void ctr_bytes_map_insert(struct ctr_bytes_map *map, struct centro_bytes key, void *value);
void *ctr_bytes_map_find(const struct ctr_bytes_map *map, struct centro_bytes key);
void *ctr_bytes_map_remove(struct ctr_bytes_map *map, struct centro_bytes key);
void *ctr_bytes_map_next(const struct ctr_bytes_map *map, size_t *cursor);

#endif
