/* SPDX-License-Identifier: MIT */
/* job_lists.c - who is interested in which job. A list lives as long as it has a member. */
#include "service/job_lists.h"

struct ctr_list *ctr_job_lists_find(const struct ctr_map *lists, uint64_t job)
{
	struct ctr_job_list *list = ctr_map_find(lists, job);
	return list ? &list->members : NULL;
}

int ctr_job_lists_add(struct ctr_map *lists, const struct centro_allocator *allocator, uint64_t job,
		      struct ctr_list *member)
{
	CTR_ASSERT(ctr_list_is_empty(member));
	struct ctr_job_list *list = ctr_map_find(lists, job);
	if (!list) {
		int error = ctr_map_reserve(lists, 1);
		if (error)
			return error;
		list = ctr_alloc_zero(allocator, sizeof(*list));
		if (!list)
			return CENTRO_ERR_NOMEM;
		list->job = job;
		ctr_list_init(&list->members);
		ctr_map_insert(lists, job, list);
	}
	ctr_list_append(&list->members, member);
	return CENTRO_OK;
}

void ctr_job_lists_remove(struct ctr_map *lists, const struct centro_allocator *allocator,
			  uint64_t job, struct ctr_list *member)
{
	struct ctr_job_list *list = ctr_map_find(lists, job);
	CTR_ASSERT(list);
	ctr_list_remove(member);
	if (!ctr_list_is_empty(&list->members))
		return;
	ctr_map_remove(lists, job);
	ctr_free(allocator, list);
}
