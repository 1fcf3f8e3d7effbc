/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_JOB_LISTS_H
#define CTR_SERVICE_JOB_LISTS_H

/* Who is interested in which job: from a job's id to a list of members. */

#include "base/list.h"
#include "base/map.h"

struct ctr_job_list {
	uint64_t job;
	struct ctr_list members; /* never empty */
};

/* NULL: nobody. */
struct ctr_list *ctr_job_lists_find(const struct ctr_map *lists, uint64_t job);
/* `member` is in no list. OK, NOMEM. */
int ctr_job_lists_add(struct ctr_map *lists, const struct centro_allocator *allocator, uint64_t job,
		      struct ctr_list *member);
/* `member` is in the list of `job`. */
void ctr_job_lists_remove(struct ctr_map *lists, const struct centro_allocator *allocator,
			  uint64_t job, struct ctr_list *member);

#endif
