/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_RECENT_H
#define CTR_ENGINE_RECENT_H

/*
 * The jobs that ended last, encoded: most questions about a job come soon after
 * its end. Bounded by number and by bytes; the oldest make room.
 */

#include "base/map.h"

struct ctr_recent_slot;

struct ctr_recent {
	const struct centro_allocator *allocator;
	struct ctr_recent_slot *slots; /* a ring of slots_max */
	size_t slots_max, first, count;
	size_t bytes, bytes_max; /* of all slots' memory, used or kept for the next */
	struct ctr_map by_id;    /* of struct ctr_recent_slot */
};

/* OK or NOMEM. slots_max > 0. */
int ctr_recent_init(struct ctr_recent *recent, const struct centro_allocator *allocator,
		    size_t slots_max, size_t bytes_max);
void ctr_recent_fini(struct ctr_recent *recent);
void ctr_recent_clear(struct ctr_recent *recent);

/* `id` is not in it. Left out if it is too large or there is no memory: it is in the store. */
void ctr_recent_add(struct ctr_recent *recent, uint64_t id, struct centro_bytes job);
/* Borrowed until the next add. Empty: not there. */
struct centro_bytes ctr_recent_find(const struct ctr_recent *recent, uint64_t id);

#endif
