/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_JOB_FILTER_H
#define CTR_SERVICE_JOB_FILTER_H

/* Which jobs a list shows. Kept over the call, so it owns what it compares with. */

#include "service/rpc.h"

/* Of wall times: from `after` on, and before `before`. */
struct ctr_job_filter_times {
	struct centro_instant after, before;
	bool is_bounded;
};

struct ctr_job_filter {
	uint32_t states; /* bit 1 << state; 0: all that have not ended; or have, if that is bounded */
	struct ctr_job_filter_times ended, submitted;
	uint64_t id_min, id_max;
	struct centro_bytes queue, owner, name;
	struct ctr_label *labels;
	size_t label_count;
	struct ctr_arena arena; /* what the slices lie in */
};

/* OK, NOMEM; INVALID: a time that is none. */
int ctr_job_filter_init(struct ctr_job_filter *filter, const struct centro_allocator *allocator,
			const Centro__V1__JobListRequest *request);
void ctr_job_filter_fini(struct ctr_job_filter *filter);

/* Whether any job that has ended can pass. */
bool ctr_job_filter_wants_ended(const struct ctr_job_filter *filter);
bool ctr_job_filter_passes_live(const struct ctr_job_filter *filter, const struct ctr_job *job);
bool ctr_job_filter_passes_record(const struct ctr_job_filter *filter, const Centro__V1__Job *job);

#endif
