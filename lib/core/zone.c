/* SPDX-License-Identifier: MIT */
/*
 * zone.c - sets of nodes that take jobs, by datacenter.
 *
 * Invariants: a datacenter has a zone if and only if a node or a shape refers to
 * it; places 0 to count - 1 are filled; a block's bound is never below what is
 * free on a node in it. It may be above: granting leaves it alone, and a scan
 * that was misled lowers it.
 *
 * Layer: core.
 */
#include "core/zone.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST CTR_ZONE_BLOCK

void ctr_zones_init(struct ctr_zone_table *table, const struct centro_allocator *allocator,
		    uint64_t seed)
{
	*table = (struct ctr_zone_table){.allocator = allocator};
	ctr_bytes_map_init(&table->by_name, allocator, seed);
}

static void zone_free(struct ctr_zone_table *table, struct ctr_zone *zone)
{
	ctr_zone_fini(zone, table->allocator);
	ctr_free(table->allocator, zone);
}

void ctr_zones_fini(struct ctr_zone_table *table)
{
	size_t cursor = 0;
	struct ctr_zone *zone;

	while ((zone = ctr_bytes_map_next(&table->by_name, &cursor)))
		zone_free(table, zone);
	ctr_bytes_map_fini(&table->by_name);
}

/* Its name stands behind it in the same memory. */
static struct ctr_zone *zone_new(struct ctr_zone_table *table, struct centro_bytes name)
{
	CTR_ASSERT(name.size > 0);

	struct ctr_zone *zone = ctr_alloc_zero(table->allocator, sizeof(*zone) + name.size);
	if (!zone)
		return NULL;
	memcpy(zone + 1, name.data, name.size);
	zone->name = ctr_bytes(zone + 1, name.size);
	zone->number = ++table->sequence;
	return zone;
}

int ctr_zone_acquire(struct ctr_zone_table *table, struct centro_bytes name,
		     struct ctr_zone **ret_zone)
{
	struct ctr_zone *zone = ctr_bytes_map_find(&table->by_name, name);
	if (!zone) {
		if (ctr_bytes_map_reserve(&table->by_name, 1) != CENTRO_OK)
			return CENTRO_ERR_NOMEM;
		zone = zone_new(table, name);
		if (!zone)
			return CENTRO_ERR_NOMEM;
		ctr_bytes_map_insert(&table->by_name, zone->name, zone);
	}
	zone->references++;
	*ret_zone = zone;
	return CENTRO_OK;
}

void ctr_zone_release(struct ctr_zone_table *table, struct ctr_zone *zone)
{
	CTR_ASSERT(zone->references > 0);
	if (--zone->references > 0)
		return;

	CTR_ASSERT(zone->count == 0);
	CTR_ASSERT(zone->members == 0);
	ctr_bytes_map_remove(&table->by_name, zone->name);
	zone_free(table, zone);
}

void ctr_zone_fini(struct ctr_zone *zone, const struct centro_allocator *allocator)
{
	ctr_free(allocator, zone->nodes);
	ctr_free(allocator, zone->rooms);
	ctr_free(allocator, zone->bounds);
	zone->nodes = NULL;
	zone->rooms = zone->bounds = NULL;
	zone->count = zone->capacity = 0;
}

int ctr_zone_reserve(struct ctr_zone *zone, const struct centro_allocator *allocator, uint32_t more)
{
	CTR_ASSERT(more <= UINT32_MAX / 2 - zone->count);

	uint32_t capacity = zone->capacity > 0 ? zone->capacity : CAPACITY_FIRST;
	if (more <= zone->capacity - zone->count)
		return CENTRO_OK;
	while (capacity - zone->count < more)
		capacity *= 2;

	struct ctr_room *bounds = ctr_resize_array(allocator, zone->bounds,
						   capacity / CTR_ZONE_BLOCK, sizeof(*bounds));
	if (!bounds)
		return CENTRO_ERR_NOMEM;
	zone->bounds = bounds;
	struct ctr_room *rooms = ctr_resize_array(allocator, zone->rooms, capacity, sizeof(*rooms));
	if (!rooms)
		return CENTRO_ERR_NOMEM;
	zone->rooms = rooms;
	struct ctr_node **nodes =
		ctr_resize_array(allocator, zone->nodes, capacity, sizeof(struct ctr_node *));
	if (!nodes)
		return CENTRO_ERR_NOMEM;
	zone->nodes = nodes;
	zone->capacity = capacity;
	return CENTRO_OK;
}

/* Let the bound of the block of `place` be no lower than `room`. */
static void raise_bound(struct ctr_zone *zone, uint32_t place, const struct ctr_room *room)
{
	struct ctr_room *bound = &zone->bounds[place / CTR_ZONE_BLOCK];

	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (bound->amount[i] < room->amount[i])
			bound->amount[i] = room->amount[i];
	}
}

uint32_t ctr_zone_put(struct ctr_zone *zone, struct ctr_node *node, const struct ctr_room *room)
{
	CTR_ASSERT(zone->count < zone->capacity);

	uint32_t place = zone->count++;
	zone->nodes[place] = node;
	if (place % CTR_ZONE_BLOCK == 0)
		zone->bounds[place / CTR_ZONE_BLOCK] = *room;
	ctr_zone_set_room(zone, place, room);
	return place;
}

struct ctr_node *ctr_zone_take(struct ctr_zone *zone, uint32_t place)
{
	CTR_ASSERT(zone->count > 0);
	CTR_ASSERT(place < zone->count);

	uint32_t last = --zone->count;
	if (place == last)
		return NULL;
	zone->nodes[place] = zone->nodes[last];
	ctr_zone_set_room(zone, place, &zone->rooms[last]);
	return zone->nodes[place];
}

void ctr_zone_set_room(struct ctr_zone *zone, uint32_t place, const struct ctr_room *room)
{
	CTR_ASSERT(place < zone->count);

	zone->rooms[place] = *room;
	raise_bound(zone, place, room);
}

void ctr_zone_tighten(struct ctr_zone *zone, uint32_t block)
{
	uint32_t first = block * CTR_ZONE_BLOCK;
	CTR_ASSERT(first < zone->count);

	zone->bounds[block] = zone->rooms[first];
	for (uint32_t i = first + 1; i < first + CTR_ZONE_BLOCK && i < zone->count; i++)
		raise_bound(zone, i, &zone->rooms[i]);
}
