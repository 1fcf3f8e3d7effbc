/* SPDX-License-Identifier: MIT */
/*
 * shape.c - classes of tasks that ask for the same.
 *
 * Invariants: two shapes differ in their keys; a shape is there as long as a
 * task refers to it, and holds references to its zones and dimensions.
 *
 * A key is the amounts by dimension, the size of the gang, then the numbers of the
 * zones in order. All of it are numbers of this process, so it is never stored.
 *
 * Layer: core.
 */
#include "core/shape.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "core/pending.h"

#define CAPACITY_FIRST 16

struct key {
	uint64_t words[CTR_DIMENSIONS_MAX + 1 + CTR_DATACENTERS_MAX];
	size_t count;
};

/* What a task asks for; its zones are in the order of their numbers. */
struct asked {
	struct ctr_resources need;
	struct ctr_zone *zones[CTR_DATACENTERS_MAX];
	size_t zone_count;
	uint32_t gang;
};

void ctr_shapes_init(struct ctr_shape_table *table, const struct centro_allocator *allocator,
		     struct ctr_dimension_table *dimensions, struct ctr_zone_table *zones,
		     uint64_t seed)
{
	*table = (struct ctr_shape_table){
		.allocator = allocator,
		.dimensions = dimensions,
		.zones = zones,
	};
	ctr_bytes_map_init(&table->by_key, allocator, seed);
}

void ctr_shapes_fini(struct ctr_shape_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		ctr_free(table->allocator, table->shapes[i]);
	ctr_free(table->allocator, table->shapes);
	ctr_free(table->allocator, table->unused);
	ctr_bytes_map_fini(&table->by_key);
}

static void release_zones(struct ctr_shape_table *table, struct ctr_zone **zones, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ctr_zone_release(table->zones, zones[i]);
}

/* Put `zone` where its number belongs. False: it is there already. */
static bool insert_zone(struct ctr_zone **zones, size_t count, struct ctr_zone *zone)
{
	size_t at = count;

	while (at > 0 && zones[at - 1]->number > zone->number)
		at--;
	if (at > 0 && zones[at - 1] == zone)
		return false;
	memmove(&zones[at + 1], &zones[at], (count - at) * sizeof(*zones));
	zones[at] = zone;
	return true;
}

/* A reference to each zone, in the order of their numbers, none twice. */
static int acquire_zones(struct ctr_shape_table *table, const struct centro_bytes *names,
			 size_t name_count, struct ctr_zone **zones, size_t *ret_count)
{
	size_t count = 0;
	CTR_ASSERT(name_count <= CTR_DATACENTERS_MAX);

	for (size_t i = 0; i < name_count; i++) {
		struct ctr_zone *zone;
		int error = ctr_zone_acquire(table->zones, names[i], &zone);
		if (error != CENTRO_OK) {
			release_zones(table, zones, count);
			return error;
		}
		if (insert_zone(zones, count, zone))
			count++;
		else
			ctr_zone_release(table->zones, zone);
	}
	*ret_count = count;
	return CENTRO_OK;
}

static void make_key(struct key *key, const struct asked *asked)
{
	key->count = 0;
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++)
		key->words[key->count++] = (uint64_t)asked->need.amount[i];
	key->words[key->count++] = asked->gang;
	for (size_t i = 0; i < asked->zone_count; i++)
		key->words[key->count++] = asked->zones[i]->number;
}

/* Room in the table for one more. */
static int reserve(struct ctr_shape_table *table)
{
	CTR_ASSERT(table->count <= table->capacity);
	CTR_ASSERT(table->unused_count <= table->count);

	if (ctr_bytes_map_reserve(&table->by_key, 1) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	if (table->unused_count > 0 || table->count < table->capacity)
		return CENTRO_OK;

	uint32_t capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST;
	struct ctr_shape **shapes =
		ctr_resize_array(table->allocator, table->shapes, capacity, sizeof(*shapes));
	if (!shapes)
		return CENTRO_ERR_NOMEM;
	table->shapes = shapes;
	uint32_t *unused =
		ctr_resize_array(table->allocator, table->unused, capacity, sizeof(*unused));
	if (!unused)
		return CENTRO_ERR_NOMEM;
	table->unused = unused;
	table->capacity = capacity;
	return CENTRO_OK;
}

static void set_wants(struct ctr_shape *shape)
{
	for (uint32_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		int64_t amount = shape->need.amount[i];
		if (amount > 0)
			shape->wants[shape->want_count++] = (struct ctr_want){
				.dimension = i,
				.amount = (uint32_t)amount,
			};
	}
	CTR_ASSERT(shape->want_count > 0);
}

/* Zones and key stand behind it in the same memory. */
static struct ctr_shape *shape_new(struct ctr_shape_table *table, const struct asked *asked,
				   const struct key *key)
{
	size_t zones_bytes = asked->zone_count * sizeof(struct ctr_zone *);
	size_t key_bytes = key->count * sizeof(key->words[0]);

	struct ctr_shape *shape =
		ctr_alloc_zero(table->allocator, sizeof(*shape) + zones_bytes + key_bytes);
	if (!shape)
		return NULL;
	shape->need = asked->need;
	set_wants(shape);
	shape->gang = asked->gang;
	shape->zone_count = (uint32_t)asked->zone_count;
	shape->zones = (struct ctr_zone **)(shape + 1);
	if (asked->zone_count > 0)
		memcpy(shape->zones, asked->zones, zones_bytes);
	memcpy(shape->zones + asked->zone_count, key->words, key_bytes);
	shape->key = ctr_bytes(shape->zones + asked->zone_count, key_bytes);
	ctr_pending_init_line(&shape->line, shape);
	return shape;
}

static void insert(struct ctr_shape_table *table, struct ctr_shape *shape)
{
	shape->number =
		table->unused_count > 0 ? table->unused[--table->unused_count] : table->count++;
	CTR_ASSERT(shape->number < table->capacity);
	table->shapes[shape->number] = shape;
	ctr_bytes_map_insert(&table->by_key, shape->key, shape);
}

/*
 * Find or make the shape. Of what is asked for a new one keeps the references; an
 * old one has its own, and these are given back.
 */
static int find_or_make(struct ctr_shape_table *table, struct asked *asked,
			struct ctr_shape **ret_shape)
{
	struct key key;
	make_key(&key, asked);
	struct centro_bytes bytes = ctr_bytes(key.words, key.count * sizeof(key.words[0]));
	struct ctr_shape *shape = ctr_bytes_map_find(&table->by_key, bytes);

	if (shape) {
		release_zones(table, asked->zones, asked->zone_count);
		ctr_resources_release(table->dimensions, &asked->need);
	} else {
		if (reserve(table) != CENTRO_OK)
			return CENTRO_ERR_NOMEM;
		shape = shape_new(table, asked, &key);
		if (!shape)
			return CENTRO_ERR_NOMEM;
		insert(table, shape);
	}
	shape->references++;
	*ret_shape = shape;
	return CENTRO_OK;
}

int ctr_shape_acquire(struct ctr_shape_table *table, const struct ctr_resource_spec *resources,
		      const struct centro_bytes *datacenters, size_t datacenter_count,
		      uint32_t gang, struct ctr_shape **ret_shape, struct centro_error_text *text)
{
	struct asked asked = {.gang = gang};
	CTR_ASSERT(gang != 1);

	int error = ctr_resources_acquire(table->dimensions, resources, &asked.need, text);
	if (error != CENTRO_OK)
		return error;
	CTR_ASSERT(!ctr_resources_are_zero(&asked.need));
	error = acquire_zones(table, datacenters, datacenter_count, asked.zones, &asked.zone_count);
	if (error != CENTRO_OK)
		goto release_need;
	error = find_or_make(table, &asked, ret_shape);
	if (error == CENTRO_OK)
		return CENTRO_OK;

	release_zones(table, asked.zones, asked.zone_count);
release_need:
	ctr_resources_release(table->dimensions, &asked.need);
	return error;
}

void ctr_shape_release(struct ctr_shape_table *table, struct ctr_shape *shape)
{
	CTR_ASSERT(shape->references > 0);
	if (--shape->references > 0)
		return;

	CTR_ASSERT(!shape->line.waiting.root);
	CTR_ASSERT(shape->line.in_tree == 0);
	CTR_ASSERT(table->unused_count < table->count);
	ctr_bytes_map_remove(&table->by_key, shape->key);
	table->shapes[shape->number] = NULL;
	table->unused[table->unused_count++] = shape->number;
	release_zones(table, shape->zones, shape->zone_count);
	ctr_resources_release(table->dimensions, &shape->need);
	ctr_free(table->allocator, shape);
}

struct ctr_shape *ctr_shape_get(const struct ctr_shape_table *table, uint32_t number)
{
	CTR_ASSERT(number < table->count);
	CTR_ASSERT(table->shapes[number] != NULL);
	return table->shapes[number];
}
