/* SPDX-License-Identifier: MIT */
/*
 * memory_map.c - the skip list behind the memory store.
 *
 * Order: by key, and the versions of one key from the newest to the oldest.
 *
 * Invariants: of the versions of one key at most one is visible at any
 * revision, and only the newest can be alive; the dead stand in a queue in the
 * order in which they died, and stay in the list until they are swept.
 *
 * Layer: store. Includes base.
 */
#include "store/memory_map.h"

#include "base/assert.h"
#include "base/bytes.h"

#define ALIVE UINT64_MAX
#define SEED  0x6d656d6f7279

static struct ctr_memory_row *row_alloc(struct ctr_memory_map *map, uint8_t level_count,
					size_t payload)
{
	struct ctr_memory_row *row = ctr_alloc(
		map->allocator, sizeof(*row) + level_count * sizeof(row->next[0]) + payload);
	if (!row)
		return NULL;
	*row = (struct ctr_memory_row){.died = ALIVE, .level_count = level_count};
	memset(row->next, 0, level_count * sizeof(row->next[0]));
	return row;
}

int ctr_memory_map_init(struct ctr_memory_map *map, const struct centro_allocator *allocator)
{
	*map = (struct ctr_memory_map){.allocator = allocator};
	ctr_prng_init(&map->prng, SEED);
	map->head = row_alloc(map, CTR_MEMORY_LEVELS_MAX, /* payload= */ 0);
	if (!map->head)
		return CENTRO_ERR_NOMEM;
	map->last = map->head;
	return CENTRO_OK;
}

void ctr_memory_map_fini(struct ctr_memory_map *map)
{
	struct ctr_memory_row *next;
	for (struct ctr_memory_row *row = map->head; row; row = next) {
		next = row->next[0];
		ctr_memory_row_free(map, row);
	}
	map->head = map->last = NULL;
}

static uint8_t draw_level_count(struct ctr_memory_map *map)
{
	uint64_t bits = ctr_prng_next(&map->prng);
	uint8_t count = 1;
	while (count < CTR_MEMORY_LEVELS_MAX && (bits & 3) == 0) {
		count++;
		bits >>= 2;
	}
	return count;
}

static uint8_t *row_payload(const struct ctr_memory_row *row)
{
	return (uint8_t *)(uintptr_t)&row->next[row->level_count];
}

struct ctr_memory_row *ctr_memory_row_new(struct ctr_memory_map *map, struct centro_bytes key,
					  struct centro_bytes value)
{
	CTR_ASSERT(key.size > 0 && key.size <= UINT16_MAX);
	CTR_ASSERT(value.size <= UINT32_MAX);

	struct ctr_memory_row *row = row_alloc(map, draw_level_count(map), key.size + value.size);
	if (!row)
		return NULL;
	row->key_size = (uint16_t)key.size;
	row->value_size = (uint32_t)value.size;
	memcpy(row_payload(row), key.data, key.size);
	if (value.size > 0)
		memcpy(row_payload(row) + key.size, value.data, value.size);
	return row;
}

void ctr_memory_row_free(struct ctr_memory_map *map, struct ctr_memory_row *row)
{
	ctr_free(map->allocator, row);
}

struct centro_bytes ctr_memory_row_key(const struct ctr_memory_row *row)
{
	return ctr_bytes(row_payload(row), row->key_size);
}

struct centro_bytes ctr_memory_row_value(const struct ctr_memory_row *row)
{
	return ctr_bytes(row_payload(row) + row->key_size, row->value_size);
}

size_t ctr_memory_row_bytes(const struct ctr_memory_row *row)
{
	return sizeof(*row) + row->level_count * sizeof(row->next[0]) + row->key_size +
	       row->value_size;
}

/* On each level the last row whose key is smaller than `key`. */
struct path {
	struct ctr_memory_row *before[CTR_MEMORY_LEVELS_MAX];
};

static void find_path(const struct ctr_memory_map *map, struct centro_bytes key, struct path *path)
{
	struct ctr_memory_row *row = map->head;
	const struct ctr_memory_row *larger = NULL; /* known not to be smaller than `key` */
	for (int level = CTR_MEMORY_LEVELS_MAX - 1; level >= 0; level--) {
		struct ctr_memory_row *next = row->next[level];
		while (next && next != larger &&
		       ctr_bytes_compare(ctr_memory_row_key(next), key) < 0) {
			row = next;
			next = row->next[level];
		}
		larger = next;
		path->before[level] = row;
	}
}

static struct ctr_memory_row *find_alive(const struct path *path, struct centro_bytes key)
{
	struct ctr_memory_row *row = path->before[0]->next[0];
	if (!row || row->died != ALIVE || !ctr_bytes_equal(ctr_memory_row_key(row), key))
		return NULL;
	return row;
}

const struct ctr_memory_row *ctr_memory_map_find(const struct ctr_memory_map *map,
						 struct centro_bytes key)
{
	struct path path;
	find_path(map, key, &path);
	return find_alive(&path, key);
}

static void kill_row(struct ctr_memory_map *map, struct ctr_memory_row *row, uint64_t revision)
{
	CTR_ASSERT(row->died == ALIVE && row->born <= revision);
	CTR_ASSERT(!map->dead_last || map->dead_last->died <= revision);
	CTR_ASSERT((map->dead_first == NULL) == (map->dead_last == NULL));

	row->died = revision;
	if (map->dead_last)
		map->dead_last->dead_next = row;
	else
		map->dead_first = row;
	map->dead_last = row;
	map->bytes -= ctr_memory_row_bytes(row);
}

void ctr_memory_map_put(struct ctr_memory_map *map, struct ctr_memory_row *row, uint64_t revision)
{
	CTR_ASSERT(row->died == ALIVE && row->born == 0);

	struct path path;
	find_path(map, ctr_memory_row_key(row), &path);
	struct ctr_memory_row *older = find_alive(&path, ctr_memory_row_key(row));
	if (older)
		kill_row(map, older, revision);

	row->born = revision;
	for (int level = 0; level < row->level_count; level++) {
		row->next[level] = path.before[level]->next[level];
		path.before[level]->next[level] = row;
	}
	row->prev = path.before[0];
	if (row->next[0])
		row->next[0]->prev = row;
	else
		map->last = row;
	map->bytes += ctr_memory_row_bytes(row);
}

void ctr_memory_map_delete(struct ctr_memory_map *map, struct centro_bytes key, uint64_t revision)
{
	struct path path;
	find_path(map, key, &path);
	struct ctr_memory_row *row = find_alive(&path, key);
	if (row)
		kill_row(map, row, revision);
}

static void unlink_row(struct ctr_memory_map *map, struct ctr_memory_row *row)
{
	struct path path;
	find_path(map, ctr_memory_row_key(row), &path);
	for (int level = 0; level < row->level_count; level++) {
		struct ctr_memory_row *before = path.before[level];
		/* Past the newer versions of the same key. */
		while (before->next[level] != row)
			before = before->next[level];
		before->next[level] = row->next[level];
	}
	if (row->next[0])
		row->next[0]->prev = row->prev;
	else
		map->last = row->prev;
}

void ctr_memory_map_sweep(struct ctr_memory_map *map, uint64_t revision)
{
	while (map->dead_first && map->dead_first->died <= revision) {
		struct ctr_memory_row *row = map->dead_first;
		map->dead_first = row->dead_next;
		if (!map->dead_first)
			map->dead_last = NULL;
		unlink_row(map, row);
		ctr_memory_row_free(map, row);
	}
}

static bool is_visible(const struct ctr_memory_row *row, uint64_t revision)
{
	return row->born <= revision && revision < row->died;
}

const struct ctr_memory_row *ctr_memory_map_next(const struct ctr_memory_row *row,
						 uint64_t revision)
{
	do
		row = row->next[0];
	while (row && !is_visible(row, revision));
	return row;
}

const struct ctr_memory_row *ctr_memory_map_prev(const struct ctr_memory_map *map,
						 const struct ctr_memory_row *row,
						 uint64_t revision)
{
	CTR_ASSERT(row != map->head);
	do
		row = row->prev;
	while (row != map->head && !is_visible(row, revision));
	return row != map->head ? row : NULL;
}

const struct ctr_memory_row *ctr_memory_map_seek(const struct ctr_memory_map *map,
						 struct centro_bytes key, uint64_t revision)
{
	struct path path;
	find_path(map, key, &path);
	return ctr_memory_map_next(path.before[0], revision);
}

const struct ctr_memory_row *ctr_memory_map_seek_before(const struct ctr_memory_map *map,
							struct centro_bytes key, uint64_t revision)
{
	const struct ctr_memory_row *row = map->last;
	if (key.size > 0) {
		struct path path;
		find_path(map, key, &path);
		row = path.before[0];
	}
	if (row == map->head)
		return NULL;
	return is_visible(row, revision) ? row : ctr_memory_map_prev(map, row, revision);
}
