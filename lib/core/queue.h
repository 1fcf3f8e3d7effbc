/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_QUEUE_H
#define CTR_CORE_QUEUE_H

/* The queues. "default" is always there; none is ever removed. */

#include "base/map.h"
#include "core/model.h"

struct ctr_queue_table {
	const struct centro_allocator *allocator;
	struct ctr_bytes_map by_name;
	struct ctr_queue **list; /* by number */
	uint32_t count, capacity;
};

/* OK or NOMEM. */
int ctr_queues_init(struct ctr_queue_table *table, const struct centro_allocator *allocator,
		    uint64_t seed);
void ctr_queues_fini(struct ctr_queue_table *table);
/* Room for one more. OK or NOMEM. */
int ctr_queues_reserve(struct ctr_queue_table *table);
void ctr_queues_insert(struct ctr_queue_table *table, struct ctr_queue *queue);
struct ctr_queue *ctr_queues_find(const struct ctr_queue_table *table, struct centro_bytes name);
struct ctr_queue *ctr_queue_get(const struct ctr_queue_table *table, uint32_t number);

/* NULL: no memory. */
struct ctr_queue *ctr_queue_new(const struct centro_allocator *allocator, struct centro_bytes name,
				uint32_t weight, int32_t priority);
void ctr_queue_free(const struct centro_allocator *allocator, struct ctr_queue *queue);

/*
 * Whether a queue may be set so.
 *
 * @retval CENTRO_ERR_INVALID  see text
 */
int ctr_queue_check(struct centro_bytes name, uint32_t weight, int32_t priority,
		    struct centro_error_text *text);

#endif
