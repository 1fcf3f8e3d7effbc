/* SPDX-License-Identifier: MIT */
/*
 * heap.c - the binary min-heap.
 *
 * Invariants: slots[i].node->position == i + 1 and its key is that of its slot; no
 * node sorts before its parent.
 * The order is by (key, sequence); a node gets a new sequence number whenever
 * it gets a new key, so no two are equal and the order is total.
 *
 * Layer: base.
 */
#include "base/heap.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 16

void ctr_heap_init(struct ctr_heap *heap, const struct centro_allocator *allocator)
{
	*heap = (struct ctr_heap){.allocator = allocator};
}

void ctr_heap_fini(struct ctr_heap *heap)
{
	ctr_free(heap->allocator, heap->slots);
	ctr_heap_init(heap, heap->allocator);
}

int ctr_heap_reserve(struct ctr_heap *heap, size_t more)
{
	size_t wanted;
	if (!ctr_add_size(heap->count, more, &wanted))
		return CENTRO_ERR_NOMEM;
	if (wanted <= heap->capacity)
		return CENTRO_OK;

	size_t capacity = heap->capacity > 0 ? heap->capacity : CAPACITY_FIRST;
	while (capacity < wanted) {
		if (!ctr_mul_size(capacity, 2, &capacity))
			return CENTRO_ERR_NOMEM;
	}
	struct ctr_heap_slot *slots =
		ctr_resize_array(heap->allocator, heap->slots, capacity, sizeof(*slots));
	if (!slots)
		return CENTRO_ERR_NOMEM;
	heap->slots = slots;
	heap->capacity = capacity;
	return CENTRO_OK;
}

static bool is_before(struct ctr_heap_slot a, struct ctr_heap_slot b)
{
	return a.key != b.key ? a.key < b.key : a.node->sequence < b.node->sequence;
}

static void place(struct ctr_heap *heap, struct ctr_heap_slot slot, size_t at)
{
	heap->slots[at] = slot;
	slot.node->position = at + 1;
}

/* Find `slot` its place at or above the gap `at`. */
static void sift_up(struct ctr_heap *heap, struct ctr_heap_slot slot, size_t at)
{
	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (!is_before(slot, heap->slots[parent]))
			break;
		place(heap, heap->slots[parent], at);
		at = parent;
	}
	place(heap, slot, at);
}

/* Find `slot` its place at or below the gap `at`. */
static void sift_down(struct ctr_heap *heap, struct ctr_heap_slot slot, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    is_before(heap->slots[child + 1], heap->slots[child]))
			child++;
		if (!is_before(heap->slots[child], slot))
			break;
		place(heap, heap->slots[child], at);
		at = child;
	}
	place(heap, slot, at);
}

/* Find `slot` its place when the gap `at` may be too high or too low for it. */
static void sift(struct ctr_heap *heap, struct ctr_heap_slot slot, size_t at)
{
	if (at > 0 && is_before(slot, heap->slots[(at - 1) / 2]))
		sift_up(heap, slot, at);
	else
		sift_down(heap, slot, at);
}

void ctr_heap_push(struct ctr_heap *heap, struct ctr_heap_node *node, uint64_t key)
{
	CTR_ASSERT(node->position == 0);
	CTR_ASSERT(heap->count < heap->capacity);

	node->key = key;
	node->sequence = heap->sequence++;
	sift_up(heap, (struct ctr_heap_slot){key, node}, heap->count++);
}

struct ctr_heap_node *ctr_heap_first(const struct ctr_heap *heap)
{
	return heap->count > 0 ? heap->slots[0].node : NULL;
}

void ctr_heap_remove(struct ctr_heap *heap, struct ctr_heap_node *node)
{
	if (node->position == 0)
		return;
	CTR_ASSERT(node->position <= heap->count);
	CTR_ASSERT(heap->slots[node->position - 1].node == node);

	size_t gap = node->position - 1;
	node->position = 0;
	struct ctr_heap_slot last = heap->slots[--heap->count];
	if (last.node != node)
		sift(heap, last, gap);
}

void ctr_heap_update(struct ctr_heap *heap, struct ctr_heap_node *node, uint64_t key)
{
	if (node->position == 0) {
		ctr_heap_push(heap, node, key);
		return;
	}
	CTR_ASSERT(heap->slots[node->position - 1].node == node);

	if (node->key == key)
		return;
	node->key = key;
	node->sequence = heap->sequence++;
	sift(heap, (struct ctr_heap_slot){key, node}, node->position - 1);
}
