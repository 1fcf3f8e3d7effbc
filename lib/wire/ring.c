/* SPDX-License-Identifier: MIT */
/*
 * ring.c - the growable ring of bytes.
 *
 * Invariants: capacity is 0 or a power of two; size <= capacity; an empty ring
 * starts at 0, so that what is small and goes at once never wraps.
 *
 * Layer: wire.
 */
#include "wire/ring.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 256

void ctr_ring_init(struct ctr_ring *ring, const struct centro_allocator *allocator)
{
	*ring = (struct ctr_ring){.allocator = allocator};
}

void ctr_ring_fini(struct ctr_ring *ring)
{
	ctr_free(ring->allocator, ring->data);
	ctr_ring_init(ring, ring->allocator);
}

void ctr_ring_clear(struct ctr_ring *ring, size_t keep_bytes_max)
{
	if (ring->capacity > keep_bytes_max)
		ctr_ring_fini(ring);
	ring->head = 0;
	ring->size = 0;
}

int ctr_ring_reserve(struct ctr_ring *ring, size_t more)
{
	CTR_ASSERT(ring->size <= ring->capacity);

	size_t wanted;
	if (!ctr_add_size(ring->size, more, &wanted))
		return CENTRO_ERR_NOMEM;
	if (wanted <= ring->capacity)
		return CENTRO_OK;

	size_t capacity = ring->capacity > 0 ? ring->capacity : CAPACITY_FIRST;
	while (capacity < wanted) {
		if (!ctr_mul_size(capacity, 2, &capacity))
			return CENTRO_ERR_NOMEM;
	}
	uint8_t *data = ctr_alloc(ring->allocator, capacity);
	if (!data)
		return CENTRO_ERR_NOMEM;

	struct centro_bytes parts[2];
	ctr_ring_peek(ring, ring->size, parts);
	if (parts[0].size > 0)
		memcpy(data, parts[0].data, parts[0].size);
	if (parts[1].size > 0)
		memcpy(data + parts[0].size, parts[1].data, parts[1].size);
	ctr_free(ring->allocator, ring->data);
	ring->data = data;
	ring->capacity = capacity;
	ring->head = 0;
	return CENTRO_OK;
}

void ctr_ring_append(struct ctr_ring *ring, struct centro_bytes bytes)
{
	CTR_ASSERT(bytes.size <= ring->capacity - ring->size);

	if (bytes.size == 0)
		return;
	size_t tail = (ring->head + ring->size) & (ring->capacity - 1);
	size_t until_end = ring->capacity - tail;
	size_t first = bytes.size < until_end ? bytes.size : until_end;
	memcpy(ring->data + tail, bytes.data, first);
	if (first < bytes.size)
		memcpy(ring->data, bytes.data + first, bytes.size - first);
	ring->size += bytes.size;
}

void ctr_ring_peek(const struct ctr_ring *ring, size_t size, struct centro_bytes ret_parts[2])
{
	CTR_ASSERT(size <= ring->size);

	size_t until_end = ring->capacity - ring->head;
	size_t first = size < until_end ? size : until_end;
	ret_parts[0] = ctr_bytes(first > 0 ? ring->data + ring->head : NULL, first);
	ret_parts[1] = ctr_bytes(ring->data, size - first);
}

void ctr_ring_consume(struct ctr_ring *ring, size_t size)
{
	CTR_ASSERT(size <= ring->size);

	if (size == 0)
		return;
	ring->size -= size;
	ring->head = ring->size > 0 ? (ring->head + size) & (ring->capacity - 1) : 0;
}
