/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_NAMES_H
#define CTR_SIM_WHATIF_NAMES_H

/* Byte strings that come many times, as small numbers: 0, 1, … in the order of their coming. */

#include "base/arena.h"
#include "base/map.h"

struct ctr_names {
	const struct centro_allocator *allocator;
	struct ctr_bytes_map map; /* to struct name */
	struct ctr_arena arena;   /* the strings */
	struct centro_bytes *list;
	size_t capacity;
	uint32_t count, count_max;
};

void ctr_names_init(struct ctr_names *names, const struct centro_allocator *allocator,
		    uint32_t count_max);
void ctr_names_fini(struct ctr_names *names);
/* Its number, a new one if need be. OK, LIMIT or NOMEM. */
int ctr_names_add(struct ctr_names *names, struct centro_bytes name, uint32_t *ret_number);
/* False: it is none. */
bool ctr_names_find(const struct ctr_names *names, struct centro_bytes name, uint32_t *ret_number);
/* Terminated behind its end. */
struct centro_bytes ctr_names_get(const struct ctr_names *names, uint32_t number);

#endif
