/* SPDX-License-Identifier: MIT */
/*
 * batch_builder.c - the touched records, as puts and deletes.
 *
 * Each record is written once, as it is now, however often it was touched since
 * the last batch. What belongs together stands in one group: the halves of a
 * job; the history of a job that has ended, and the deletes of its halves. Ids
 * go first, so that no job ever stands in a store that may give out its number
 * again; events go last, so that none tells of what is not there.
 *
 * Once a record has been taken from the core there is no way back: after an
 * error the core must be thrown away.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "codec/codec.h"
#include "engine/internal.h"

static int put(struct ctr_engine *engine, struct ctr_key key)
{
	CTR_ASSERT(engine->record.error == CENTRO_OK);
	return centro_batch_put(engine->flight.batch, ctr_key_bytes(&key),
				ctr_buf_bytes(&engine->record));
}

static int drop(struct ctr_engine *engine, struct ctr_key key)
{
	return centro_batch_delete(engine->flight.batch, ctr_key_bytes(&key));
}

/* The store's format, once, and the numbers that may have been given out. */
static int put_meta(struct ctr_engine *engine)
{
	centro_job_id job;
	centro_node_id node;
	ctr_core_reserved_ids(engine->core, &job, &node);
	int status = CENTRO_OK;
	if (!engine->stored_format) {
		ctr_buf_clear(&engine->record);
		status = ctr_codec_encode_format(&engine->record);
		if (status == CENTRO_OK)
			status = put(engine, ctr_key_format());
	}
	if (status == CENTRO_OK &&
	    (job != engine->stored_job_ids || node != engine->stored_node_ids)) {
		ctr_buf_clear(&engine->record);
		status = ctr_codec_encode_ids(job, node, &engine->record);
		if (status == CENTRO_OK)
			status = put(engine, ctr_key_ids());
	}
	if (status != CENTRO_OK)
		return status;

	/* Should the batch be refused, both are read anew. */
	engine->stored_format = true;
	engine->stored_job_ids = job;
	engine->stored_node_ids = node;
	centro_batch_end_group(engine->flight.batch);
	return CENTRO_OK;
}

static int put_ended_job(struct ctr_engine *engine, const struct ctr_dirty *dirty)
{
	struct ctr_job *job = dirty->job.job;
	int status = ctr_codec_encode_job(job, &engine->record);
	if (status == CENTRO_OK)
		status = put(engine, ctr_key_history(job->id));
	if (status == CENTRO_OK && dirty->job.stored)
		status = drop(engine, ctr_key_job_spec(job->id));
	if (status == CENTRO_OK && dirty->job.stored)
		status = drop(engine, ctr_key_job_state(job->id));
	if (status != CENTRO_OK)
		return status;

	ctr_trim_note_ended(engine, job->id);
	ctr_recent_add(&engine->recent, job->id, ctr_buf_bytes(&engine->record));
	ctr_core_forget(engine->core, job);
	return CENTRO_OK;
}

static int put_live_job(struct ctr_engine *engine, const struct ctr_dirty *dirty)
{
	const struct ctr_job *job = dirty->job.job;
	int status = CENTRO_OK;
	if (dirty->job.what & CTR_JOB_DIRTY_SPEC) {
		status = ctr_codec_encode_job_spec(job, &engine->record);
		if (status == CENTRO_OK)
			status = put(engine, ctr_key_job_spec(job->id));
		ctr_buf_clear(&engine->record);
	}
	if (status == CENTRO_OK)
		status = ctr_codec_encode_job_state(job, &engine->record);
	if (status == CENTRO_OK)
		status = put(engine, ctr_key_job_state(job->id));
	return status;
}

static int put_node(struct ctr_engine *engine, const struct ctr_node *node)
{
	int status = ctr_codec_encode_node(node, /* dimensions= */ NULL, &engine->record);
	return status == CENTRO_OK ? put(engine, ctr_key_node(node->id)) : status;
}

static int put_queue(struct ctr_engine *engine, const struct ctr_queue *queue)
{
	int status = ctr_codec_encode_queue(queue, &engine->record);
	return status == CENTRO_OK ? put(engine, ctr_key_queue(queue->name)) : status;
}

static int put_dirty(struct ctr_engine *engine, const struct ctr_dirty *dirty)
{
	ctr_buf_clear(&engine->record);
	switch (dirty->type) {
	case CTR_DIRTY_IDS:
		return CENTRO_OK; /* put_meta() has seen to it */
	case CTR_DIRTY_JOB:
		return dirty->job.ended ? put_ended_job(engine, dirty)
					: put_live_job(engine, dirty);
	case CTR_DIRTY_NODE:
		return put_node(engine, dirty->node);
	case CTR_DIRTY_QUEUE:
		return put_queue(engine, dirty->queue);
	}
	CTR_UNREACHABLE();
}

static int put_records(struct ctr_engine *engine)
{
	struct ctr_dirty dirty;
	while (ctr_core_take_dirty(engine->core, &dirty)) {
		int status = put_dirty(engine, &dirty);
		if (status != CENTRO_OK)
			return status;
		centro_batch_end_group(engine->flight.batch);
	}
	return CENTRO_OK;
}

/* The outbox, to be told when it is durable. Empty if the batch is only of what goes. */
static int take_events(struct ctr_engine *engine)
{
	struct ctr_flight *flight = &engine->flight;
	size_t count;
	const struct ctr_event *events = ctr_core_events(engine->core, &count);
	CTR_ASSERT(engine->told == count);

	if (count > flight->event_capacity) {
		struct ctr_event *grown =
			ctr_resize_array(engine->allocator, flight->events, count, sizeof(*grown));
		if (!grown)
			return CENTRO_ERR_NOMEM;
		flight->events = grown;
		flight->event_capacity = count;
	}
	if (count > 0)
		memcpy(flight->events, events, count * sizeof(*events));
	flight->event_count = count;
	ctr_core_clear_events(engine->core);
	engine->told = 0;
	return CENTRO_OK;
}

int ctr_batch_build(struct ctr_engine *engine)
{
	centro_batch_clear(engine->flight.batch);
	ctr_trim_begin(engine);
	int status = take_events(engine);
	if (status == CENTRO_OK)
		status = ctr_events_encode(engine);
	if (status == CENTRO_OK)
		status = put_meta(engine);
	if (status == CENTRO_OK)
		status = put_records(engine);
	if (status == CENTRO_OK)
		status = ctr_retention_put(engine);
	if (status == CENTRO_OK)
		status = ctr_trim_put(engine);
	if (status == CENTRO_OK)
		status = ctr_events_put(engine);
	return status;
}
