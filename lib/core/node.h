/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_NODE_H
#define CTR_CORE_NODE_H

/* The registry of nodes. None is ever removed. */

#include "base/map.h"
#include "core/model.h"

struct ctr_node_table {
	const struct centro_allocator *allocator;
	struct ctr_map by_id;
	struct ctr_bytes_map by_name;
	struct ctr_node **list; /* by number, and by id too, which rises with it */
	uint32_t count, capacity;
	struct ctr_heap silence; /* of those that are not down: when each counts as such */
	struct ctr_heap due;     /* of those whose drain has a deadline to come */
};

void ctr_nodes_init(struct ctr_node_table *table, const struct centro_allocator *allocator,
		    uint64_t seed);
void ctr_nodes_fini(struct ctr_node_table *table);
/* Room for one more. OK or NOMEM. */
int ctr_nodes_reserve(struct ctr_node_table *table);
/* Its id is above all others', and its name none of theirs. Needs room reserved. */
void ctr_nodes_insert(struct ctr_node_table *table, struct ctr_node *node);

struct ctr_node *ctr_nodes_find(const struct ctr_node_table *table, centro_node_id id);
struct ctr_node *ctr_nodes_find_name(const struct ctr_node_table *table, struct centro_bytes name);
/* The one with the smallest id above `id`; NULL: none. */
struct ctr_node *ctr_nodes_above(const struct ctr_node_table *table, centro_node_id id);

/* Nothing but its name, in the same memory. NULL: no memory. */
struct ctr_node *ctr_node_new(const struct centro_allocator *allocator, struct centro_bytes name);
/* With copies of the texts. NULL: no memory. */
struct ctr_drain *ctr_drain_new(const struct centro_allocator *allocator, struct centro_bytes who,
				struct centro_bytes reason);

/* NULL is allowed. Its references must have been given back, or their tables be going too. */
void ctr_node_free(const struct centro_allocator *allocator, struct ctr_node *node);

#endif
