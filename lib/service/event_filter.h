/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_EVENT_FILTER_H
#define CTR_SERVICE_EVENT_FILTER_H

/* Which events a watch wants. */

#include "codec/codec.h"

#define CTR_EVENT_FILTER_JOBS_MAX 100

struct ctr_event_filter {
	const struct centro_allocator *allocator;
	uint64_t *jobs;
	size_t job_count;
	uint64_t types; /* a bit each; 0: all */
	centro_node_id node;
	char *queue, *owner; /* NULL: any */
};

/*
 * Copies what it needs. Fini it in every case.
 *
 * @retval CENTRO_ERR_INVALID, _NOT_FOUND  `text` names the field
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_event_filter_init(struct ctr_event_filter *filter, const struct centro_allocator *allocator,
			  const struct ctr_core *core, const Centro__V1__EventWatchRequest *request,
			  struct centro_error_text *text);
void ctr_event_filter_fini(struct ctr_event_filter *filter);
bool ctr_event_filter_passes(const struct ctr_event_filter *filter, const Centro__V1__Event *event);

#endif
