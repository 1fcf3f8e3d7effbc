/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_MAP_INDEX_H
#define CTR_BASE_MAP_INDEX_H

/*
 * What both maps share: the open-addressed index over an array of slots.
 *
 * An entry is 0 (empty) or a slot's number + 1 in its low bits, with bits of the
 * hash in those above. There are twice as many entries as slots, so the number
 * always leaves room; the hash bits spare most probes a look at a wrong slot.
 * A removed slot leaves its entry behind, which keeps probes going; entries go
 * when the index is built anew.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

#define CTR_MAP_SLOTS_MIN ((size_t)8)
#define CTR_MAP_SLOTS_MAX ((size_t)1 << 30)

static inline uint32_t ctr_map_tag(uint64_t hash, uint32_t mask)
{
	return (uint32_t)(hash >> 32) & ~mask;
}

/* Enter a slot that is not in the index, which has an empty entry. */
static inline void ctr_map_index_add(uint32_t *index, size_t index_capacity, uint64_t hash,
				     size_t slot)
{
	uint32_t mask = (uint32_t)index_capacity - 1;
	uint32_t at = (uint32_t)hash & mask;

	CTR_ASSERT(slot + 1 <= mask);
	while (index[at] != 0)
		at = (at + 1) & mask;
	index[at] = ctr_map_tag(hash, mask) | (uint32_t)(slot + 1);
}

/*
 * How many slots a map should have that holds `count` entries in `used` of
 * `capacity` slots and wants room for `more`: `capacity` itself when moving the
 * holes out gives enough. False: too many.
 *
 * Unless a quarter is gained, it grows: moving holes out costs the whole table,
 * which that many insertions must pay for.
 */
static inline bool ctr_map_slots_wanted(size_t count, size_t capacity, size_t more,
					size_t *ret_capacity)
{
	if (count > CTR_MAP_SLOTS_MAX || more > CTR_MAP_SLOTS_MAX - count)
		return false;

	size_t wanted = count + more;
	size_t slots = capacity > 0 ? capacity : CTR_MAP_SLOTS_MIN;
	while (slots < wanted)
		slots *= 2;
	if (slots == capacity && wanted > capacity - capacity / 4) {
		if (slots == CTR_MAP_SLOTS_MAX)
			return false;
		slots *= 2;
	}
	*ret_capacity = slots;
	return true;
}

#endif
