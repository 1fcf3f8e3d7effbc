/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_JOB_TABLE_H
#define CTR_CORE_JOB_TABLE_H

/* The jobs in memory, by id and in the order of their ids. */

#include "core/model.h"

struct ctr_job_page;

struct ctr_job_table {
	const struct centro_allocator *allocator;
	struct ctr_job_page **pages; /* in order; NULL: all its jobs are gone */
	uint64_t *bases;             /* of each: the first id in it */
	size_t used, capacity;       /* of both */
	size_t holes;                /* pages that are NULL */
	struct ctr_job_page *spare;  /* kept for the next page */
	size_t count;                /* jobs */
};

void ctr_job_table_init(struct ctr_job_table *table, const struct centro_allocator *allocator);
/* Does not free the jobs. */
void ctr_job_table_fini(struct ctr_job_table *table);
/* Room for one more. OK or NOMEM. */
int ctr_job_table_reserve(struct ctr_job_table *table);
/* Its id is above every one that was ever in. Needs room reserved. */
void ctr_job_table_insert(struct ctr_job_table *table, struct ctr_job *job);
void ctr_job_table_remove(struct ctr_job_table *table, const struct ctr_job *job);
struct ctr_job *ctr_job_table_find(const struct ctr_job_table *table, centro_job_id id);
/* The one with the largest id below `id`; NULL: none. */
struct ctr_job *ctr_job_table_below(const struct ctr_job_table *table, centro_job_id id);

#endif
