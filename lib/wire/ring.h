/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_RING_H
#define CTR_WIRE_RING_H

/* A growable ring of bytes: in at the tail, out at the head, in order. */

#include "base/alloc.h"

struct ctr_ring {
	const struct centro_allocator *allocator;
	uint8_t *data;
	size_t capacity; /* 0 or a power of two */
	size_t head;     /* of the first byte; < capacity unless that is 0 */
	size_t size;
};

/* Takes no memory yet. */
void ctr_ring_init(struct ctr_ring *ring, const struct centro_allocator *allocator);
void ctr_ring_fini(struct ctr_ring *ring);
/* Empty; memory over `keep_bytes_max` is given back. */
void ctr_ring_clear(struct ctr_ring *ring, size_t keep_bytes_max);

/* Room for `more` bytes, so that appending them cannot fail. OK or NOMEM. */
int ctr_ring_reserve(struct ctr_ring *ring, size_t more);
/* Needs room reserved. */
void ctr_ring_append(struct ctr_ring *ring, struct centro_bytes bytes);

/* The first `size` bytes, in at most two parts; borrowed until the next change. */
void ctr_ring_peek(const struct ctr_ring *ring, size_t size, struct centro_bytes ret_parts[2]);
void ctr_ring_consume(struct ctr_ring *ring, size_t size);

#endif
