/* SPDX-License-Identifier: MIT */
/*
 * public_events.c - events read back, for an owner who was away.
 *
 * They are gathered while the store shows its rows, and told when it is done: from a
 * callback anything may be called.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "codec/codec.h"
#include "engine/public.h"

static int append_event(struct ctr_call *call, const Centro__V1__Event *event)
{
	struct centro_event told = {
		.size = sizeof(told),
		.number = event->number,
		.type = (enum centro_event_type)event->type,
		.attempt = ctr_codec_attempt_ref(event->attempt),
		.node = event->node_id,
		.instance_state = (enum centro_instance_state)event->instance_state,
		.job_state = (enum centro_job_state)event->job_state,
		.cause = (enum centro_cause)event->cause,
		.exit_code = event->exit_code,
	};
	if (event->time && !ctr_codec_instant(event->time, &told.wall))
		return CENTRO_ERR_CORRUPT;
	return ctr_buf_append(&call->value, &told, sizeof(told));
}

static int take_events(struct ctr_call *call, const Centro__V1__EventBatch *batch)
{
	int status = CENTRO_OK;
	for (size_t i = 0; i < batch->n_events && call->events_left > 0 && !status; i++) {
		const Centro__V1__Event *event = batch->events[i];
		if (event->number < call->next_event)
			continue;
		if (event->number > call->next_event)
			return CENTRO_ERR_CORRUPT;
		status = append_event(call, event);
		call->next_event++;
		call->events_left--;
	}
	return status;
}

static int batch_row(struct ctr_event_read *read, struct centro_bytes batch)
{
	struct ctr_call *call = CTR_CONTAINER_OF(read, struct ctr_call, event_read);
	struct ctr_arena *arena = &call->engine->callback_arena;
	ProtobufCMessage *message;
	ctr_arena_reset(arena, ctr_message_arena_bytes(batch.size));
	call->status = ctr_message_decode(&centro__v1__event_batch__descriptor, batch, arena,
					  &message, /* text= */ NULL);
	if (call->status == CENTRO_ERR_INVALID)
		call->status = CENTRO_ERR_CORRUPT;
	if (call->status == CENTRO_OK)
		call->status = take_events(call, (const Centro__V1__EventBatch *)message);
	return call->status != CENTRO_OK || call->events_left == 0;
}

static void read_done(struct ctr_event_read *read, int status)
{
	struct ctr_call *call = CTR_CONTAINER_OF(read, struct ctr_call, event_read);
	if (status == CENTRO_OK)
		status = call->status;
	size_t count = status == CENTRO_OK ? call->value.size / sizeof(struct centro_event) : 0;
	for (size_t i = 0; i < count; i++) {
		struct centro_event event;
		memcpy(&event, call->value.data + i * sizeof(event), sizeof(event));
		call->event(call->arg, &event);
	}
	call->done.events(call->arg, status,
			  status == CENTRO_ERR_COMPACTED ? read->oldest : call->next_event);
	ctr_call_free(call);
}

int centro_engine_read_events(struct centro_engine *engine, uint64_t since, centro_event_fn *event,
			      centro_events_fn *done, void *arg)
{
	if (!engine || !event || !done)
		return CENTRO_ERR_INVALID;
	if (ctr_engine_get_state(engine->engine) == CTR_ENGINE_FAILED)
		return ctr_engine_get_error(engine->engine, NULL);

	struct ctr_call *call = ctr_call_new(engine, /* answer= */ NULL);
	if (!call)
		return CENTRO_ERR_NOMEM;
	call->event = event;
	call->done.events = done;
	call->arg = arg;
	call->next_event = since ? since : 1;
	call->events_left = CENTRO_EVENTS_READ_MAX;
	ctr_event_read_init(&call->event_read);
	call->event_read.from = call->next_event;
	call->event_read.row = batch_row;
	call->event_read.fn = read_done;
	ctr_engine_read_events(engine->engine, &call->event_read);
	return CENTRO_OK;
}

uint64_t centro_engine_get_last_event(const struct centro_engine *engine)
{
	return ctr_engine_durable_event(engine->engine);
}
