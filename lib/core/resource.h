/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_RESOURCE_H
#define CTR_CORE_RESOURCE_H

/*
 * Amounts of resources as vectors. A named resource gets a dimension when the
 * first node or task with some of it comes, and loses it with the last one.
 */

#include "core/model.h"

struct ctr_dimension_table {
	const struct centro_allocator *allocator;
	struct ctr_dimensions dimensions; /* a free one has an empty name */
	uint32_t references[CTR_DIMENSIONS_MAX];
};

void ctr_dimensions_init(struct ctr_dimension_table *table,
			 const struct centro_allocator *allocator);
void ctr_dimensions_fini(struct ctr_dimension_table *table);

/*
 * The vector of `spec`. Holds a reference to each named dimension of which it
 * has some, until ctr_resources_release().
 *
 * @retval CENTRO_ERR_LIMIT  no dimension is free for one of the names
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_resources_acquire(struct ctr_dimension_table *table, const struct ctr_resource_spec *spec,
			  struct ctr_resources *ret_resources, struct centro_error_text *text);
void ctr_resources_release(struct ctr_dimension_table *table,
			   const struct ctr_resources *resources);

bool ctr_resources_are_zero(const struct ctr_resources *resources);
/* Whether `need` is within `room` in every dimension of which it needs some. */
bool ctr_resources_fit(const struct ctr_resources *need, const struct ctr_resources *room);
bool ctr_resources_equal(const struct ctr_resources *a, const struct ctr_resources *b);
void ctr_resources_add(struct ctr_resources *to, const struct ctr_resources *more);
/* Nothing falls below 0. */
void ctr_resources_subtract(struct ctr_resources *from, const struct ctr_resources *less);

/* "64 cores", "512 MiB of memory", "2 gpu". Returns `text->text`. */
const char *ctr_amount_show(const struct ctr_dimensions *dimensions, size_t dimension,
			    int64_t amount, struct centro_error_text *text);

#endif
