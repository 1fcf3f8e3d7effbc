/* SPDX-License-Identifier: MIT */
/*
 * recent.c - the cache of jobs that have ended.
 *
 * A ring of slots, oldest first. A slot that is taken over keeps its memory, so
 * that a steady flow of jobs of one size takes none.
 *
 * Invariants: `bytes` is the sum of all slots' capacities and is at most
 * `bytes_max`; the map holds exactly the `count` slots in use.
 *
 * Layer: engine.
 */
#include "engine/recent.h"

#include "base/assert.h"
#include "base/bytes.h"

/* One job may take this part of the whole. */
#define SHARE_MAX      8
#define CAPACITY_ALIGN 256
/* Memory that is so many times larger than what it shall hold is given back. */
#define SLACK_MAX 4

struct ctr_recent_slot {
	uint64_t id;
	uint8_t *data;
	size_t size, capacity;
};

int ctr_recent_init(struct ctr_recent *recent, const struct centro_allocator *allocator,
		    size_t slots_max, size_t bytes_max)
{
	CTR_ASSERT(slots_max > 0);

	*recent = (struct ctr_recent){
		.allocator = allocator,
		.slots_max = slots_max,
		.bytes_max = bytes_max,
	};
	ctr_map_init(&recent->by_id, allocator);
	recent->slots = ctr_alloc_array(allocator, slots_max, sizeof(*recent->slots));
	return recent->slots ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static void slot_free_data(struct ctr_recent *recent, struct ctr_recent_slot *slot)
{
	CTR_ASSERT(recent->bytes >= slot->capacity);
	recent->bytes -= slot->capacity;
	ctr_free(recent->allocator, slot->data);
	slot->data = NULL;
	slot->size = slot->capacity = 0;
}

void ctr_recent_clear(struct ctr_recent *recent)
{
	ctr_map_fini(&recent->by_id);
	ctr_map_init(&recent->by_id, recent->allocator);
	for (size_t i = 0; recent->slots && i < recent->slots_max; i++)
		slot_free_data(recent, &recent->slots[i]);
	recent->first = recent->count = 0;
	CTR_ASSERT(recent->bytes == 0);
}

void ctr_recent_fini(struct ctr_recent *recent)
{
	ctr_recent_clear(recent);
	ctr_free(recent->allocator, recent->slots);
	recent->slots = NULL;
}

/* The oldest goes; its slot keeps the memory. */
static struct ctr_recent_slot *evict(struct ctr_recent *recent)
{
	CTR_ASSERT(recent->count > 0);
	struct ctr_recent_slot *slot = &recent->slots[recent->first];
	void *removed = ctr_map_remove(&recent->by_id, slot->id);
	CTR_ASSERT(removed == slot);
	recent->first = (recent->first + 1) % recent->slots_max;
	recent->count--;
	return slot;
}

/* Room for `size` bytes in `slot`, which is not in use. */
static bool slot_fit(struct ctr_recent *recent, struct ctr_recent_slot *slot, size_t size)
{
	size_t capacity = (size + CAPACITY_ALIGN - 1) / CAPACITY_ALIGN * CAPACITY_ALIGN;
	if (slot->capacity >= size && slot->capacity / SLACK_MAX <= capacity)
		return true;

	slot_free_data(recent, slot);
	while (recent->bytes + capacity > recent->bytes_max && recent->count > 0)
		slot_free_data(recent, evict(recent));
	if (recent->bytes + capacity > recent->bytes_max)
		return false;
	slot->data = ctr_alloc(recent->allocator, capacity);
	if (!slot->data)
		return false;
	slot->capacity = capacity;
	recent->bytes += capacity;
	return true;
}

void ctr_recent_add(struct ctr_recent *recent, uint64_t id, struct centro_bytes job)
{
	CTR_ASSERT(job.size > 0);
	CTR_ASSERT(!ctr_map_find(&recent->by_id, id));

	if (job.size > recent->bytes_max / SHARE_MAX)
		return;
	if (recent->count == recent->slots_max)
		evict(recent);
	/* Making room moves both ends of the ring alike: the slot stays the next one. */
	size_t next = (recent->first + recent->count) % recent->slots_max;
	struct ctr_recent_slot *slot = &recent->slots[next];
	if (!slot_fit(recent, slot, job.size) || ctr_map_reserve(&recent->by_id, 1) != CENTRO_OK)
		return;

	slot->id = id;
	slot->size = job.size;
	memcpy(slot->data, job.data, job.size);
	ctr_map_insert(&recent->by_id, id, slot);
	recent->count++;
	CTR_ASSERT((recent->first + recent->count - 1) % recent->slots_max == next);
	CTR_ASSERT(recent->count == recent->by_id.count);
	CTR_ASSERT(recent->bytes <= recent->bytes_max);
}

struct centro_bytes ctr_recent_find(const struct ctr_recent *recent, uint64_t id)
{
	const struct ctr_recent_slot *slot = ctr_map_find(&recent->by_id, id);
	return slot ? ctr_bytes(slot->data, slot->size) : ctr_bytes(NULL, 0);
}
