/* SPDX-License-Identifier: MIT */
/*
 * node.c - the registry of nodes.
 *
 * Invariants: list[i]->number == i, and ids rise along the list; both maps hold
 * exactly the nodes of the list; a node is in the silence heap if and only if it
 * is not down, and in the heap of deadlines if and only if its drain has one and is
 * not over (whoever changes its state sees to that).
 *
 * Layer: core.
 */
#include "core/node.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 16

void ctr_nodes_init(struct ctr_node_table *table, const struct centro_allocator *allocator,
		    uint64_t seed)
{
	*table = (struct ctr_node_table){.allocator = allocator};
	ctr_map_init(&table->by_id, allocator);
	ctr_bytes_map_init(&table->by_name, allocator, seed);
	ctr_heap_init(&table->silence, allocator);
	ctr_heap_init(&table->due, allocator);
}

void ctr_nodes_fini(struct ctr_node_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		ctr_node_free(table->allocator, table->list[i]);
	ctr_free(table->allocator, table->list);
	ctr_map_fini(&table->by_id);
	ctr_bytes_map_fini(&table->by_name);
	ctr_heap_fini(&table->silence);
	ctr_heap_fini(&table->due);
}

int ctr_nodes_reserve(struct ctr_node_table *table)
{
	CTR_ASSERT(table->count <= table->capacity);
	CTR_ASSERT(table->silence.count <= table->count);
	CTR_ASSERT(table->due.count <= table->count);

	if (ctr_map_reserve(&table->by_id, 1) != CENTRO_OK ||
	    ctr_bytes_map_reserve(&table->by_name, 1) != CENTRO_OK ||
	    ctr_heap_reserve(&table->silence, table->count + 1 - table->silence.count) !=
		    CENTRO_OK ||
	    ctr_heap_reserve(&table->due, table->count + 1 - table->due.count) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	if (table->count < table->capacity)
		return CENTRO_OK;

	uint32_t capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST;
	struct ctr_node **list = ctr_resize_array(table->allocator, table->list, capacity,
						  sizeof(struct ctr_node *));
	if (!list)
		return CENTRO_ERR_NOMEM;
	table->list = list;
	table->capacity = capacity;
	return CENTRO_OK;
}

void ctr_nodes_insert(struct ctr_node_table *table, struct ctr_node *node)
{
	CTR_ASSERT(table->count < table->capacity);
	CTR_ASSERT(table->count == 0 || table->list[table->count - 1]->id < node->id);

	node->number = table->count;
	table->list[table->count++] = node;
	ctr_map_insert(&table->by_id, node->id, node);
	ctr_bytes_map_insert(&table->by_name, node->name, node);
}

struct ctr_node *ctr_nodes_find(const struct ctr_node_table *table, centro_node_id id)
{
	/* Numbers are drawn in a row, so most nodes are where counting puts them. */
	uint64_t guess = table->count > 0 ? id - table->list[0]->id : UINT64_MAX;
	if (guess < table->count && table->list[guess]->id == id)
		return table->list[guess];
	return ctr_map_find(&table->by_id, id);
}

struct ctr_node *ctr_nodes_find_name(const struct ctr_node_table *table, struct centro_bytes name)
{
	return ctr_bytes_map_find(&table->by_name, name);
}

struct ctr_node *ctr_nodes_above(const struct ctr_node_table *table, centro_node_id id)
{
	uint32_t low = 0, high = table->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (table->list[middle]->id <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count ? table->list[low] : NULL;
}

struct ctr_node *ctr_node_new(const struct centro_allocator *allocator, struct centro_bytes name)
{
	CTR_ASSERT(name.size > 0);
	CTR_ASSERT(name.size <= CTR_NODE_NAME_SIZE_MAX);

	struct ctr_node *node = ctr_alloc_zero(allocator, sizeof(*node) + name.size);
	if (!node)
		return NULL;
	memcpy(node + 1, name.data, name.size);
	node->name = ctr_bytes(node + 1, name.size);
	ctr_list_init(&node->attempts);
	ctr_list_init(&node->dirty_link);
	ctr_list_init(&node->freed_link);
	return node;
}

struct ctr_drain *ctr_drain_new(const struct centro_allocator *allocator, struct centro_bytes who,
				struct centro_bytes reason)
{
	CTR_ASSERT(who.size <= CTR_OWNER_SIZE_MAX);
	CTR_ASSERT(reason.size <= CTR_REASON_SIZE_MAX);

	struct ctr_drain *drain = ctr_alloc(allocator, sizeof(*drain) + who.size + reason.size);
	if (!drain)
		return NULL;
	uint8_t *text = (uint8_t *)(drain + 1);
	if (who.size > 0)
		memcpy(text, who.data, who.size);
	if (reason.size > 0)
		memcpy(text + who.size, reason.data, reason.size);
	*drain = (struct ctr_drain){
		.who = ctr_bytes(text, who.size),
		.reason = ctr_bytes(text + who.size, reason.size),
	};
	return drain;
}

void ctr_node_free(const struct centro_allocator *allocator, struct ctr_node *node)
{
	if (!node)
		return;
	CTR_ASSERT(node->name.size > 0);
	ctr_free(allocator, (void *)node->text.data);
	ctr_free(allocator, node->drain);
	ctr_free(allocator, node);
}
