/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_PLACEMENT_H
#define CTR_CORE_PLACEMENT_H

/*
 * Which node an instance goes to. A node is fit if it is ready, in one of the
 * datacenters asked for, and has enough of everything free; of those looked at,
 * the one is best on which the least would stay free (pack).
 */

#include "base/prng.h"
#include "core/node.h"
#include "core/shape.h"

#define CTR_SAMPLES 8 /* drawn at random for one decision; even */

struct ctr_placement {
	const struct centro_allocator *allocator;
	const struct ctr_node_table *nodes;
	struct ctr_room *rooms;               /* by the node's number */
	uint32_t capacity;                    /* of `rooms` */
	struct ctr_zone all;                  /* the nodes that are ready */
	struct ctr_resources total;           /* the capacity of all nodes */
	uint64_t weights[CTR_DIMENSIONS_MAX]; /* of what stays free: the rarer the dearer */
	uint32_t weight_count;                /* those behind are 0 */
	uint64_t freed;        /* rises whenever there is more room on some node; from 1 */
	struct ctr_list grown; /* of ctr_node.freed_link: nodes that are ready, by `freed` */
	struct ctr_prng prng;
	uint64_t drawn[CTR_SAMPLES / 2]; /* for the next samples, two in each */
};

void ctr_placement_init(struct ctr_placement *placement, const struct centro_allocator *allocator,
			const struct ctr_node_table *nodes, uint64_t seed);
void ctr_placement_fini(struct ctr_placement *placement);
/* Room for every node of the registry and one more, and for one more in `zone`. OK or NOMEM. */
int ctr_placement_reserve(struct ctr_placement *placement, struct ctr_zone *zone);

/* A node's capacity becomes `after`; `before` is NULL for a new one. */
void ctr_placement_count(struct ctr_placement *placement, const struct ctr_resources *before,
			 const struct ctr_resources *after);
/* The node is ready, or no longer. Between the two it can be chosen. */
void ctr_placement_join(struct ctr_placement *placement, struct ctr_node *node);
void ctr_placement_leave(struct ctr_placement *placement, struct ctr_node *node);
/* One instance more, or less, uses the node. */
void ctr_placement_use(struct ctr_placement *placement, struct ctr_node *node,
		       const struct ctr_shape *shape);
void ctr_placement_release(struct ctr_placement *placement, struct ctr_node *node,
			   const struct ctr_shape *shape);

/*
 * The node for one more instance; NULL: it fits on none. Adds to *ops how many
 * nodes and bounds were looked at.
 */
struct ctr_node *ctr_placement_choose(struct ctr_placement *placement, struct ctr_line *line,
				      uint32_t *ops);
/*
 * Whether `count` more instances fit, which are at least two and all that are granted
 * together. Then so many choices, each used before the next, find a node each.
 */
bool ctr_placement_has_room(struct ctr_placement *placement, struct ctr_line *line, uint32_t count,
			    uint32_t *ops);

#endif
