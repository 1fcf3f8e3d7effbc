/* SPDX-License-Identifier: MIT */
/*
 * map.c - the map from numbers to pointers.
 *
 * Invariants: slots [0, used) are in the order of insertion, `count` of them
 * with a value and the rest holes; every one of them, holes included, stands
 * once in the index; index_capacity is twice slots_capacity, so the index is
 * never more than half full and every probe ends.
 *
 * A look-up costs one cache line of the index and one slot, whatever the size.
 *
 * Layer: base.
 */
#include "base/map.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/map_index.h"

struct ctr_map_slot {
	uint64_t key;
	void *value; /* NULL: a hole */
};

void ctr_map_init(struct ctr_map *map, const struct centro_allocator *allocator)
{
	*map = (struct ctr_map){.allocator = allocator};
}

void ctr_map_fini(struct ctr_map *map)
{
	ctr_free(map->allocator, map->slots);
	ctr_free(map->allocator, map->index);
	ctr_map_init(map, map->allocator);
}

/* Move the holes out, and build the index, which is all zero, from what is left. */
static void rebuild(struct ctr_map *map)
{
	size_t kept = 0;
	for (size_t i = 0; i < map->used; i++) {
		if (!map->slots[i].value)
			continue;
		map->slots[kept] = map->slots[i];
		ctr_map_index_add(map->index, map->index_capacity,
				  ctr_hash_u64(map->slots[kept].key), kept);
		kept++;
	}
	CTR_ASSERT(kept == map->count);
	map->used = kept;
}

static int resize(struct ctr_map *map, size_t slots_capacity)
{
	uint32_t *index = ctr_alloc_array(map->allocator, slots_capacity * 2, sizeof(*index));
	if (!index)
		return CENTRO_ERR_NOMEM;
	struct ctr_map_slot *slots =
		ctr_resize_array(map->allocator, map->slots, slots_capacity, sizeof(*slots));
	if (!slots) {
		ctr_free(map->allocator, index);
		return CENTRO_ERR_NOMEM;
	}

	ctr_free(map->allocator, map->index);
	map->index = index;
	map->index_capacity = slots_capacity * 2;
	map->slots = slots;
	map->slots_capacity = slots_capacity;
	rebuild(map);
	return CENTRO_OK;
}

int ctr_map_reserve(struct ctr_map *map, size_t more)
{
	CTR_ASSERT(map->used <= map->slots_capacity);

	if (more <= map->slots_capacity - map->used)
		return CENTRO_OK;
	size_t slots;
	if (!ctr_map_slots_wanted(map->count, map->slots_capacity, more, &slots))
		return CENTRO_ERR_NOMEM;
	if (slots != map->slots_capacity)
		return resize(map, slots);

	memset(map->index, 0, map->index_capacity * sizeof(*map->index));
	rebuild(map);
	return CENTRO_OK;
}

/* The live slot of `key`, or NULL. */
static struct ctr_map_slot *find_slot(const struct ctr_map *map, uint64_t key)
{
	if (map->count == 0)
		return NULL;

	uint64_t hash = ctr_hash_u64(key);
	uint32_t mask = (uint32_t)map->index_capacity - 1;
	uint32_t tag = ctr_map_tag(hash, mask);
	for (uint32_t at = (uint32_t)hash & mask; map->index[at] != 0; at = (at + 1) & mask) {
		uint32_t entry = map->index[at];
		if ((entry & ~mask) != tag)
			continue;
		struct ctr_map_slot *slot = &map->slots[(entry & mask) - 1];
		if (slot->key == key && slot->value)
			return slot;
	}
	return NULL;
}

void ctr_map_insert(struct ctr_map *map, uint64_t key, void *value)
{
	CTR_ASSERT(value != NULL);
	CTR_ASSERT(map->used < map->slots_capacity);
	CTR_ASSERT(!find_slot(map, key));

	map->slots[map->used] = (struct ctr_map_slot){.key = key, .value = value};
	ctr_map_index_add(map->index, map->index_capacity, ctr_hash_u64(key), map->used);
	map->used++;
	map->count++;
}

void *ctr_map_find(const struct ctr_map *map, uint64_t key)
{
	struct ctr_map_slot *slot = find_slot(map, key);
	return slot ? slot->value : NULL;
}

void *ctr_map_remove(struct ctr_map *map, uint64_t key)
{
	struct ctr_map_slot *slot = find_slot(map, key);
	if (!slot)
		return NULL;

	CTR_ASSERT(map->count > 0);
	void *value = slot->value;
	slot->value = NULL;
	map->count--;
	return value;
}

void *ctr_map_next(const struct ctr_map *map, size_t *cursor)
{
	while (*cursor < map->used) {
		void *value = map->slots[(*cursor)++].value;
		if (value)
			return value;
	}
	return NULL;
}
