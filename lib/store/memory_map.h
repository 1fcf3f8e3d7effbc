/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_MEMORY_MAP_H
#define CTR_STORE_MEMORY_MAP_H

/*
 * A sorted map in memory that can still be read as it was at an older revision.
 *
 * A skip list of versions: a row is visible at the revisions from `born` on,
 * and below `died`. Its shape comes from a fixed seed, so that the same calls
 * build the same list everywhere. Only making a row takes memory; what changes
 * the map cannot fail.
 */

#include "base/alloc.h"
#include "base/prng.h"

#define CTR_MEMORY_LEVELS_MAX 12 /* for 4^12 rows: one of four rises a level */

struct ctr_memory_row {
	uint64_t born, died;
	struct ctr_memory_row *prev;      /* the row before it, or the head */
	struct ctr_memory_row *dead_next; /* in the order of dying */
	uint32_t value_size;
	uint16_t key_size;
	uint8_t level_count;
	struct ctr_memory_row *next[]; /* level_count of them; then key and value */
};

struct ctr_memory_map {
	const struct centro_allocator *allocator;
	struct ctr_memory_row *head; /* no row, but in front of all; on every level */
	struct ctr_memory_row *last; /* the last row, or the head */
	struct ctr_memory_row *dead_first, *dead_last;
	struct ctr_prng prng;
	uint64_t bytes; /* of the rows that are alive */
};

int ctr_memory_map_init(struct ctr_memory_map *map, const struct centro_allocator *allocator);
void ctr_memory_map_fini(struct ctr_memory_map *map);

/* A row that is in no map yet. NULL: no memory. */
struct ctr_memory_row *ctr_memory_row_new(struct ctr_memory_map *map, struct centro_bytes key,
					  struct centro_bytes value);
void ctr_memory_row_free(struct ctr_memory_map *map, struct ctr_memory_row *row);

struct centro_bytes ctr_memory_row_key(const struct ctr_memory_row *row);
struct centro_bytes ctr_memory_row_value(const struct ctr_memory_row *row);
/* What the row takes. */
size_t ctr_memory_row_bytes(const struct ctr_memory_row *row);

/* From `revision` on, `row` stands for its key. Takes the row. */
void ctr_memory_map_put(struct ctr_memory_map *map, struct ctr_memory_row *row, uint64_t revision);
/* From `revision` on, there is no such key. */
void ctr_memory_map_delete(struct ctr_memory_map *map, struct centro_bytes key, uint64_t revision);
/* The row that is alive. Borrowed. NULL: none. */
const struct ctr_memory_row *ctr_memory_map_find(const struct ctr_memory_map *map,
						 struct centro_bytes key);

/* Free what died at or before `revision`: nobody reads older ones any more. */
void ctr_memory_map_sweep(struct ctr_memory_map *map, uint64_t revision);

/*
 * Walk the rows visible at `revision`: the first with a key >= `key`, the last
 * with a key < `key` (empty: the last of all), the next, the one before. NULL:
 * no more.
 */
const struct ctr_memory_row *ctr_memory_map_seek(const struct ctr_memory_map *map,
						 struct centro_bytes key, uint64_t revision);
const struct ctr_memory_row *ctr_memory_map_seek_before(const struct ctr_memory_map *map,
							struct centro_bytes key, uint64_t revision);
const struct ctr_memory_row *ctr_memory_map_next(const struct ctr_memory_row *row,
						 uint64_t revision);
const struct ctr_memory_row *ctr_memory_map_prev(const struct ctr_memory_map *map,
						 const struct ctr_memory_row *row,
						 uint64_t revision);

#endif
