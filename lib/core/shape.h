/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_SHAPE_H
#define CTR_CORE_SHAPE_H

/*
 * Classes of tasks that ask for the same: what fits one fits all, and what does
 * not fit need not be tried for each.
 */

#include "core/resource.h"
#include "core/zone.h"

struct ctr_want {
	uint32_t dimension, amount;
};

struct ctr_shape;

/*
 * Instances that wait for the same, best first. A shape has a line; so has each
 * gang, for those of it that were granted before and wait again: they are fewer
 * than the shape's, and fit where a whole gang does not. Of pending and placement.
 */
struct ctr_line {
	struct ctr_shape *shape;
	struct ctr_tree waiting;    /* of ctr_instance.waiting */
	struct ctr_tree_node order; /* among the lines, while something waits */
	uint32_t count;             /* of what waits */
	uint8_t in_tree;            /* which of pending's, from 1; 0: none */
	/*
	 * What was free before this count of placement's is too little, for fewer than
	 * wait together: for as many as `slots`, at the most. 0: not known.
	 */
	uint64_t tried;
	uint32_t slots;
};

struct ctr_shape {
	uint32_t number;     /* ctr_task.shape */
	uint32_t references; /* by tasks */
	struct ctr_resources need;
	struct ctr_want wants[CTR_DIMENSIONS_MAX]; /* the same, without what is 0 */
	uint32_t want_count;
	uint32_t zone_count; /* 0: anywhere */
	struct ctr_zone **zones;
	uint32_t gang;           /* so many are granted together; 0: each for itself */
	struct centro_bytes key; /* all of the above in one string */
	struct ctr_line line;    /* gangs: those that were never granted, all of each */
};

struct ctr_shape_table {
	const struct centro_allocator *allocator;
	struct ctr_dimension_table *dimensions;
	struct ctr_zone_table *zones;
	struct ctr_bytes_map by_key;
	struct ctr_shape **shapes; /* by number; NULL: unused */
	uint32_t *unused;          /* numbers below `count` that are unused */
	uint32_t count, capacity, unused_count;
};

void ctr_shapes_init(struct ctr_shape_table *table, const struct centro_allocator *allocator,
		     struct ctr_dimension_table *dimensions, struct ctr_zone_table *zones,
		     uint64_t seed);
void ctr_shapes_fini(struct ctr_shape_table *table);

/*
 * The shape of a task, and a reference to it. `gang`: as in ctr_shape.
 *
 * @retval CENTRO_ERR_LIMIT  no dimension is free: see text
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_shape_acquire(struct ctr_shape_table *table, const struct ctr_resource_spec *resources,
		      const struct centro_bytes *datacenters, size_t datacenter_count,
		      uint32_t gang, struct ctr_shape **ret_shape, struct centro_error_text *text);
void ctr_shape_release(struct ctr_shape_table *table, struct ctr_shape *shape);
struct ctr_shape *ctr_shape_get(const struct ctr_shape_table *table, uint32_t number);

#endif
