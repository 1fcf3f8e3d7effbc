/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_OUTBOX_H
#define CTR_CORE_OUTBOX_H

/* What changed and has not been fetched yet: events, and records that they touched. */

#include "core/core.h"

struct ctr_outbox {
	const struct centro_allocator *allocator;
	struct ctr_event *events;
	size_t event_count, event_capacity;
	uint64_t last_event; /* its number, ever */

	struct ctr_job **jobs; /* touched, in the order of their first touch, from `job_first` */
	size_t job_first, job_end, job_capacity;
	struct ctr_list nodes;  /* of ctr_node.dirty_link */
	struct ctr_list queues; /* of ctr_queue.dirty_link */
	bool ids;
};

void ctr_outbox_init(struct ctr_outbox *outbox, const struct centro_allocator *allocator);
void ctr_outbox_fini(struct ctr_outbox *outbox);
/* Room for as many more events, each of which may touch a job. OK or NOMEM. */
int ctr_outbox_reserve(struct ctr_outbox *outbox, size_t more);

void ctr_outbox_touch_job(struct ctr_outbox *outbox, struct ctr_job *job, uint8_t what);
void ctr_outbox_touch_node(struct ctr_outbox *outbox, struct ctr_node *node);
void ctr_outbox_touch_queue(struct ctr_outbox *outbox, struct ctr_queue *queue);
bool ctr_outbox_take(struct ctr_outbox *outbox, struct ctr_dirty *ret_dirty);

#endif
