/* SPDX-License-Identifier: MIT */
/*
 * outbox.c - events to be told, and records to be written.
 *
 * Invariants: the numbers of the events are contiguous and end with
 * `last_event`; a job is in the list once if and only if it is dirty, and so are
 * nodes and queues in theirs.
 *
 * Jobs stand in an array and not in a list through themselves: that saves
 * sixteen bytes in each of a backlog's jobs, of which few are ever dirty at once.
 *
 * Layer: core.
 */
#include "core/outbox.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 64

void ctr_outbox_init(struct ctr_outbox *outbox, const struct centro_allocator *allocator)
{
	*outbox = (struct ctr_outbox){.allocator = allocator};
	ctr_list_init(&outbox->nodes);
	ctr_list_init(&outbox->queues);
}

void ctr_outbox_fini(struct ctr_outbox *outbox)
{
	ctr_free(outbox->allocator, outbox->events);
	ctr_free(outbox->allocator, outbox->jobs);
}

/* The array in `*data` with room for `wanted` elements. */
static int reserve(const struct centro_allocator *allocator, void **data, size_t *capacity,
		   size_t wanted, size_t bytes)
{
	size_t larger = *capacity > 0 ? *capacity : CAPACITY_FIRST;
	CTR_ASSERT((*data == NULL) <= (*capacity == 0));

	if (wanted <= *capacity)
		return CENTRO_OK;
	while (larger < wanted) {
		if (!ctr_mul_size(larger, 2, &larger))
			return CENTRO_ERR_NOMEM;
	}
	void *moved = ctr_resize_array(allocator, *data, larger, bytes);
	if (!moved)
		return CENTRO_ERR_NOMEM;
	*data = moved;
	*capacity = larger;
	return CENTRO_OK;
}

/* Move the jobs to the front if that gives room, else make more. */
static int reserve_jobs(struct ctr_outbox *outbox, size_t more)
{
	size_t count = outbox->job_end - outbox->job_first;
	CTR_ASSERT(outbox->job_end <= outbox->job_capacity);

	if (more <= outbox->job_capacity - outbox->job_end)
		return CENTRO_OK;
	if (outbox->job_first > 0) {
		memmove(outbox->jobs, outbox->jobs + outbox->job_first,
			count * sizeof(struct ctr_job *));
		outbox->job_first = 0;
		outbox->job_end = count;
	}
	void *jobs = outbox->jobs;
	int error = reserve(outbox->allocator, &jobs, &outbox->job_capacity, count + more,
			    sizeof(struct ctr_job *));
	outbox->jobs = jobs;
	return error;
}

int ctr_outbox_reserve(struct ctr_outbox *outbox, size_t more)
{
	CTR_ASSERT(outbox->event_count <= outbox->event_capacity);
	CTR_ASSERT(outbox->job_first <= outbox->job_end);

	void *events = outbox->events;
	int error = reserve(outbox->allocator, &events, &outbox->event_capacity,
			    outbox->event_count + more, sizeof(*outbox->events));
	outbox->events = events;
	return error == CENTRO_OK ? reserve_jobs(outbox, more) : error;
}

void ctr_outbox_touch_job(struct ctr_outbox *outbox, struct ctr_job *job, uint8_t what)
{
	CTR_ASSERT(what != 0);
	CTR_ASSERT(((what & CTR_JOB_DIRTY_SPEC) != 0) <= !job->is_stored);

	if (job->dirty == 0) {
		CTR_ASSERT(outbox->job_end < outbox->job_capacity);
		outbox->jobs[outbox->job_end++] = job;
	}
	job->dirty |= what;
}

void ctr_outbox_touch_node(struct ctr_outbox *outbox, struct ctr_node *node)
{
	CTR_ASSERT(node->dirty == !ctr_list_is_empty(&node->dirty_link));

	if (!node->dirty)
		ctr_list_append(&outbox->nodes, &node->dirty_link);
	node->dirty = true;
}

void ctr_outbox_touch_queue(struct ctr_outbox *outbox, struct ctr_queue *queue)
{
	CTR_ASSERT(queue->dirty == !ctr_list_is_empty(&queue->dirty_link));

	if (!queue->dirty)
		ctr_list_append(&outbox->queues, &queue->dirty_link);
	queue->dirty = true;
}

static void take_node(struct ctr_outbox *outbox, struct ctr_dirty *ret_dirty)
{
	struct ctr_node *node = ctr_list_entry(outbox->nodes.next, struct ctr_node, dirty_link);
	CTR_ASSERT(node->dirty);

	ctr_list_remove(&node->dirty_link);
	node->dirty = false;
	*ret_dirty = (struct ctr_dirty){.type = CTR_DIRTY_NODE, .node = node};
}

static void take_queue(struct ctr_outbox *outbox, struct ctr_dirty *ret_dirty)
{
	struct ctr_queue *queue = ctr_list_entry(outbox->queues.next, struct ctr_queue, dirty_link);
	CTR_ASSERT(queue->dirty);

	ctr_list_remove(&queue->dirty_link);
	queue->dirty = false;
	*ret_dirty = (struct ctr_dirty){.type = CTR_DIRTY_QUEUE, .queue = queue};
}

static void take_job(struct ctr_outbox *outbox, struct ctr_dirty *ret_dirty)
{
	struct ctr_job *job = outbox->jobs[outbox->job_first++];
	CTR_ASSERT(job->dirty != 0);
	CTR_ASSERT(((job->dirty & CTR_JOB_DIRTY_SPEC) != 0) == !job->is_stored);

	if (outbox->job_first == outbox->job_end)
		outbox->job_first = outbox->job_end = 0;
	*ret_dirty = (struct ctr_dirty){
		.type = CTR_DIRTY_JOB,
		.job =
			{
				.job = job,
				.what = job->dirty,
				.ended = centro_job_state_is_final(job->state),
				.stored = job->is_stored,
			},
	};
	job->dirty = 0;
	job->is_stored = true;
}

bool ctr_outbox_take(struct ctr_outbox *outbox, struct ctr_dirty *ret_dirty)
{
	if (outbox->ids) {
		outbox->ids = false;
		*ret_dirty = (struct ctr_dirty){.type = CTR_DIRTY_IDS};
	} else if (!ctr_list_is_empty(&outbox->queues)) {
		take_queue(outbox, ret_dirty);
	} else if (!ctr_list_is_empty(&outbox->nodes)) {
		take_node(outbox, ret_dirty);
	} else if (outbox->job_first < outbox->job_end) {
		take_job(outbox, ret_dirty);
	} else {
		return false;
	}
	return true;
}
