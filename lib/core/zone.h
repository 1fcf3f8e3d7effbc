/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_ZONE_H
#define CTR_CORE_ZONE_H

/*
 * Sets of nodes that take jobs: one a datacenter, and one of all. A set can be
 * drawn from at random, and says where in it a scan is worth the while.
 */

#include "base/map.h"
#include "core/model.h"

/* What is free on one node: capacity less what is used, 0 where that is negative. */
struct ctr_room {
	uint32_t amount[CTR_DIMENSIONS_MAX];
};

#define CTR_ZONE_BLOCK 64 /* nodes that share one bound */

struct ctr_zone {
	struct centro_bytes name; /* of the datacenter; empty: all nodes */
	uint64_t number;          /* never used twice */
	uint32_t references;      /* by nodes and shapes */
	uint32_t members;         /* nodes of the datacenter, ready or not */
	uint32_t count, capacity; /* of `nodes` */
	struct ctr_node **nodes;  /* in no order; a node knows its place */
	struct ctr_room *rooms;   /* of each: what is free on it */
	struct ctr_room *bounds;  /* of each block: no node in it has more free */
};

struct ctr_zone_table {
	const struct centro_allocator *allocator;
	struct ctr_bytes_map by_name;
	uint64_t sequence;
};

void ctr_zones_init(struct ctr_zone_table *table, const struct centro_allocator *allocator,
		    uint64_t seed);
void ctr_zones_fini(struct ctr_zone_table *table);
/* The zone of a datacenter, made if there is none, and a reference to it. OK or NOMEM. */
int ctr_zone_acquire(struct ctr_zone_table *table, struct centro_bytes name,
		     struct ctr_zone **ret_zone);
void ctr_zone_release(struct ctr_zone_table *table, struct ctr_zone *zone);

void ctr_zone_fini(struct ctr_zone *zone, const struct centro_allocator *allocator);
/* Room for `more` nodes, so that as many can be put in. OK or NOMEM. */
int ctr_zone_reserve(struct ctr_zone *zone, const struct centro_allocator *allocator,
		     uint32_t more);
/* Returns the node's place. */
uint32_t ctr_zone_put(struct ctr_zone *zone, struct ctr_node *node, const struct ctr_room *room);
/* Returns the node that moves to the place that becomes empty, or NULL. */
struct ctr_node *ctr_zone_take(struct ctr_zone *zone, uint32_t place);
/* The node at `place` has so much free now. */
void ctr_zone_set_room(struct ctr_zone *zone, uint32_t place, const struct ctr_room *room);
/* No node of the block has what its bound promised: make the bound a true one. */
void ctr_zone_tighten(struct ctr_zone *zone, uint32_t block);

static inline uint32_t ctr_zone_block_count(const struct ctr_zone *zone)
{
	return (zone->count + CTR_ZONE_BLOCK - 1) / CTR_ZONE_BLOCK;
}

#endif
