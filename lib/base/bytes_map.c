/* SPDX-License-Identifier: MIT */
/*
 * bytes_map.c - the map from byte strings to pointers.
 *
 * As map.c, and with its invariants. A slot keeps its key's hash, so that
 * building the index anew does not visit the keys. A hole's key is never looked
 * at: its memory may be gone.
 *
 * Layer: base.
 */
#include "base/map.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/map_index.h"

struct ctr_bytes_map_slot {
	uint64_t hash;
	struct centro_bytes key;
	void *value; /* NULL: a hole */
};

void ctr_bytes_map_init(struct ctr_bytes_map *map, const struct centro_allocator *allocator,
			uint64_t seed)
{
	*map = (struct ctr_bytes_map){.allocator = allocator, .seed = seed};
}

void ctr_bytes_map_fini(struct ctr_bytes_map *map)
{
	ctr_free(map->allocator, map->slots);
	ctr_free(map->allocator, map->index);
	ctr_bytes_map_init(map, map->allocator, map->seed);
}

/* Move the holes out, and build the index, which is all zero, from what is left. */
static void rebuild(struct ctr_bytes_map *map)
{
	size_t kept = 0;
	for (size_t i = 0; i < map->used; i++) {
		if (!map->slots[i].value)
			continue;
		map->slots[kept] = map->slots[i];
		ctr_map_index_add(map->index, map->index_capacity, map->slots[kept].hash, kept);
		kept++;
	}
	CTR_ASSERT(kept == map->count);
	map->used = kept;
}

static int resize(struct ctr_bytes_map *map, size_t slots_capacity)
{
	uint32_t *index = ctr_alloc_array(map->allocator, slots_capacity * 2, sizeof(*index));
	if (!index)
		return CENTRO_ERR_NOMEM;
	struct ctr_bytes_map_slot *slots =
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

int ctr_bytes_map_reserve(struct ctr_bytes_map *map, size_t more)
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
static struct ctr_bytes_map_slot *find_slot(const struct ctr_bytes_map *map,
					    struct centro_bytes key, uint64_t hash)
{
	if (map->count == 0)
		return NULL;

	uint32_t mask = (uint32_t)map->index_capacity - 1;
	uint32_t tag = ctr_map_tag(hash, mask);
	for (uint32_t at = (uint32_t)hash & mask; map->index[at] != 0; at = (at + 1) & mask) {
		uint32_t entry = map->index[at];
		if ((entry & ~mask) != tag)
			continue;
		struct ctr_bytes_map_slot *slot = &map->slots[(entry & mask) - 1];
		if (slot->hash == hash && slot->value && ctr_bytes_equal(slot->key, key))
			return slot;
	}
	return NULL;
}

void ctr_bytes_map_insert(struct ctr_bytes_map *map, struct centro_bytes key, void *value)
{
	uint64_t hash = ctr_hash_bytes(key, map->seed);
	CTR_ASSERT(value != NULL);
	CTR_ASSERT(map->used < map->slots_capacity);
	CTR_ASSERT(!find_slot(map, key, hash));

	map->slots[map->used] = (struct ctr_bytes_map_slot){
		.hash = hash,
		.key = key,
		.value = value,
	};
	ctr_map_index_add(map->index, map->index_capacity, hash, map->used);
	map->used++;
	map->count++;
}

void *ctr_bytes_map_find(const struct ctr_bytes_map *map, struct centro_bytes key)
{
	if (map->count == 0)
		return NULL;
	struct ctr_bytes_map_slot *slot = find_slot(map, key, ctr_hash_bytes(key, map->seed));
	return slot ? slot->value : NULL;
}

void *ctr_bytes_map_remove(struct ctr_bytes_map *map, struct centro_bytes key)
{
	struct ctr_bytes_map_slot *slot = find_slot(map, key, ctr_hash_bytes(key, map->seed));
	if (!slot)
		return NULL;

	CTR_ASSERT(map->count > 0);
	void *value = slot->value;
	slot->value = NULL;
	map->count--;
	return value;
}

void *ctr_bytes_map_next(const struct ctr_bytes_map *map, size_t *cursor)
{
	while (*cursor < map->used) {
		void *value = map->slots[(*cursor)++].value;
		if (value)
			return value;
	}
	return NULL;
}
