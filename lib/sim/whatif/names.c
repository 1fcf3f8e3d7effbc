/* SPDX-License-Identifier: MIT */
/*
 * names.c - byte strings as small numbers.
 *
 * Invariant: the map's value of a string is the string's own place in `list`,
 * counted from 1, since a map holds no NULL.
 *
 * Layer: sim.
 */
#include "sim/whatif/names.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 16

void ctr_names_init(struct ctr_names *names, const struct centro_allocator *allocator,
		    uint32_t count_max)
{
	*names = (struct ctr_names){.allocator = allocator, .count_max = count_max};
	ctr_bytes_map_init(&names->map, allocator, /* seed= */ 0);
	ctr_arena_init(&names->arena, allocator, SIZE_MAX);
}

void ctr_names_fini(struct ctr_names *names)
{
	ctr_bytes_map_fini(&names->map);
	ctr_arena_fini(&names->arena);
	ctr_free(names->allocator, names->list);
}

static int reserve(struct ctr_names *names)
{
	if (ctr_bytes_map_reserve(&names->map, 1) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	if (names->count < names->capacity)
		return CENTRO_OK;
	size_t larger = names->capacity > 0 ? names->capacity * 2 : CAPACITY_FIRST;
	void *list = ctr_resize_array(names->allocator, names->list, larger, sizeof(*names->list));
	if (!list)
		return CENTRO_ERR_NOMEM;
	names->list = list;
	names->capacity = larger;
	return CENTRO_OK;
}

bool ctr_names_find(const struct ctr_names *names, struct centro_bytes name, uint32_t *ret_number)
{
	uintptr_t place = (uintptr_t)ctr_bytes_map_find(&names->map, name);
	if (place == 0)
		return false;
	*ret_number = (uint32_t)(place - 1);
	return true;
}

int ctr_names_add(struct ctr_names *names, struct centro_bytes name, uint32_t *ret_number)
{
	CTR_ASSERT(names->count <= names->count_max);

	if (ctr_names_find(names, name, ret_number))
		return CENTRO_OK;
	if (names->count == names->count_max)
		return CENTRO_ERR_LIMIT;
	char *copy = reserve(names) == CENTRO_OK ? ctr_arena_strdup(&names->arena, name) : NULL;
	if (!copy)
		return CENTRO_ERR_NOMEM;
	*ret_number = names->count++;
	names->list[*ret_number] = ctr_bytes(copy, name.size);
	ctr_bytes_map_insert(&names->map, names->list[*ret_number],
			     (void *)(uintptr_t)names->count);
	return CENTRO_OK;
}

struct centro_bytes ctr_names_get(const struct ctr_names *names, uint32_t number)
{
	CTR_ASSERT(number < names->count);
	return names->list[number];
}
