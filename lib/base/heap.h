/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_HEAP_H
#define CTR_BASE_HEAP_H

/*
 * An intrusive binary min-heap of pointers. Equal keys come out in the order
 * in which they went in, so that the order is the same on every machine.
 */

#include "base/alloc.h"

struct ctr_heap_node {
	uint64_t key;
	uint64_t sequence;
	size_t position; /* from 1; 0: in no heap */
};

/* The key is here too: most comparisons then need nothing but the array. */
struct ctr_heap_slot {
	uint64_t key;
	struct ctr_heap_node *node;
};

struct ctr_heap {
	const struct centro_allocator *allocator;
	struct ctr_heap_slot *slots;
	size_t count, capacity;
	uint64_t sequence;
};

void ctr_heap_init(struct ctr_heap *heap, const struct centro_allocator *allocator);
void ctr_heap_fini(struct ctr_heap *heap);
/* Room for `more` nodes, so that as many pushes cannot fail. OK or NOMEM. */
int ctr_heap_reserve(struct ctr_heap *heap, size_t more);
/* Needs room reserved. `node` is in no heap (a zeroed one is not). */
void ctr_heap_push(struct ctr_heap *heap, struct ctr_heap_node *node, uint64_t key);
/* NULL: empty. */
struct ctr_heap_node *ctr_heap_first(const struct ctr_heap *heap);
/* Harmless for a node in no heap. */
void ctr_heap_remove(struct ctr_heap *heap, struct ctr_heap_node *node);
/* Push or move. Needs room reserved if the node is in no heap. */
void ctr_heap_update(struct ctr_heap *heap, struct ctr_heap_node *node, uint64_t key);

#endif
