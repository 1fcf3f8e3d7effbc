/* SPDX-License-Identifier: MIT */
/*
 * queue.c - the queues.
 *
 * Invariants: list[i]->number == i; the map holds exactly the queues of the
 * list; "default" is number 0.
 *
 * Layer: core.
 */
#include "core/queue.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"

#define CAPACITY_FIRST 8

int ctr_queues_init(struct ctr_queue_table *table, const struct centro_allocator *allocator,
		    uint64_t seed)
{
	*table = (struct ctr_queue_table){.allocator = allocator};
	ctr_bytes_map_init(&table->by_name, allocator, seed);

	if (ctr_queues_reserve(table) != CENTRO_OK)
		goto no_memory;
	struct ctr_queue *queue = ctr_queue_new(allocator, ctr_bytes_str(CTR_NAME_DEFAULT),
						/* weight= */ 1, /* priority= */ 0);
	if (!queue)
		goto no_memory;
	ctr_queues_insert(table, queue);
	CTR_ASSERT(queue->number == 0);
	return CENTRO_OK;

no_memory:
	ctr_queues_fini(table);
	return CENTRO_ERR_NOMEM;
}

void ctr_queues_fini(struct ctr_queue_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		ctr_queue_free(table->allocator, table->list[i]);
	ctr_free(table->allocator, table->list);
	ctr_bytes_map_fini(&table->by_name);
	table->list = NULL;
	table->count = table->capacity = 0;
}

int ctr_queues_reserve(struct ctr_queue_table *table)
{
	CTR_ASSERT(table->count <= table->capacity);

	if (ctr_bytes_map_reserve(&table->by_name, 1) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	if (table->count < table->capacity)
		return CENTRO_OK;

	uint32_t capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST;
	struct ctr_queue **list = ctr_resize_array(table->allocator, table->list, capacity,
						   sizeof(struct ctr_queue *));
	if (!list)
		return CENTRO_ERR_NOMEM;
	table->list = list;
	table->capacity = capacity;
	return CENTRO_OK;
}

void ctr_queues_insert(struct ctr_queue_table *table, struct ctr_queue *queue)
{
	CTR_ASSERT(table->count < table->capacity);
	CTR_ASSERT(table->count <= UINT16_MAX);

	queue->number = (uint16_t)table->count;
	table->list[table->count++] = queue;
	ctr_bytes_map_insert(&table->by_name, queue->name, queue);
}

struct ctr_queue *ctr_queues_find(const struct ctr_queue_table *table, struct centro_bytes name)
{
	return ctr_bytes_map_find(&table->by_name, name);
}

struct ctr_queue *ctr_queue_get(const struct ctr_queue_table *table, uint32_t number)
{
	CTR_ASSERT(number < table->count);
	CTR_ASSERT(table->list[number]->number == number);
	return table->list[number];
}

struct ctr_queue *ctr_queue_new(const struct centro_allocator *allocator, struct centro_bytes name,
				uint32_t weight, int32_t priority)
{
	CTR_ASSERT(name.size > 0);
	CTR_ASSERT(weight > 0);

	struct ctr_queue *queue = ctr_alloc_zero(allocator, sizeof(*queue) + name.size);
	if (!queue)
		return NULL;
	memcpy(queue + 1, name.data, name.size);
	queue->name = ctr_bytes(queue + 1, name.size);
	queue->weight = weight;
	queue->priority = priority;
	ctr_list_init(&queue->dirty_link);
	return queue;
}

void ctr_queue_free(const struct centro_allocator *allocator, struct ctr_queue *queue)
{
	ctr_free(allocator, queue);
}

int ctr_queue_check(struct centro_bytes name, uint32_t weight, int32_t priority,
		    struct centro_error_text *text)
{
	if (!ctr_is_name(name))
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "name: %s is not a name: it must match [a-z][a-z0-9_-]* and have "
				 "at most %d bytes",
				 ctr_show(name).text, CTR_NAME_SIZE_MAX);
	if (weight < 1 || weight > CTR_WEIGHT_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "weight: %lu; it must be between 1 and %d", (unsigned long)weight,
				 CTR_WEIGHT_MAX);
	if (priority < -CTR_PRIORITY_MAX || priority > CTR_PRIORITY_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "priority: %d; it must be between %d and %d", (int)priority,
				 -CTR_PRIORITY_MAX, CTR_PRIORITY_MAX);
	return CENTRO_OK;
}
