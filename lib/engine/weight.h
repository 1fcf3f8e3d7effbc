/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_WEIGHT_H
#define CTR_ENGINE_WEIGHT_H

/*
 * How large the open batch will become at most, known without building it, so
 * that it is closed before the store would refuse it.
 */

#include "core/core.h"

#define CTR_WEIGHT_SEEN 64

struct ctr_weight {
	uint64_t ops;
	uint64_t bytes;
	/* Large jobs of the batch that have been counted: another event of theirs adds no record.
	 */
	centro_job_id seen[CTR_WEIGHT_SEEN];
};

/* For a new batch. */
void ctr_weight_clear(struct ctr_weight *weight);
/* `event` has just been applied. */
void ctr_weight_add(struct ctr_weight *weight, const struct ctr_core *core,
		    const struct ctr_event *event);

#endif
