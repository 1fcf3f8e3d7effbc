/* SPDX-License-Identifier: MIT */
/*
 * events.c - who is told of events, and the records that keep them.
 *
 * A batch's events are written in order and uncoalesced, in one record unless
 * there are very many, under the number of the first. Numbers have no gap, so
 * records have none between them (I10).
 *
 * Invariant: a subscriber may leave from inside a callback, its own or another's.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "codec/codec.h"
#include "engine/internal.h"

/* ---- subscribers ------------------------------------------------- */

void ctr_engine_subscribe(struct ctr_engine *engine, struct ctr_subscriber *subscriber)
{
	ctr_list_append(&engine->subscribers, &subscriber->link);
}

void ctr_engine_unsubscribe(struct ctr_subscriber *subscriber)
{
	ctr_list_remove(&subscriber->link);
}

static struct ctr_subscriber *subscriber_at(struct ctr_list *node)
{
	return ctr_list_entry(node, struct ctr_subscriber, link);
}

/*
 * Step through the subscribers with a bookmark in their list, which stays where
 * it is whoever comes and goes. It is a subscriber to nothing, in case another
 * walk meets it.
 */
static struct ctr_subscriber *next_subscriber(struct ctr_engine *engine,
					      struct ctr_subscriber *bookmark)
{
	struct ctr_list *next = bookmark->link.next;
	ctr_list_remove(&bookmark->link);
	if (next == &engine->subscribers)
		return NULL;
	ctr_list_insert(next, &bookmark->link);
	return subscriber_at(next);
}

static void walk_subscribers(struct ctr_engine *engine, struct ctr_subscriber *bookmark)
{
	*bookmark = (struct ctr_subscriber){0};
	ctr_list_insert(&engine->subscribers, &bookmark->link);
}

void ctr_events_note(struct ctr_engine *engine)
{
	size_t count;
	const struct ctr_event *events = ctr_core_events(engine->core, &count);
	CTR_ASSERT(engine->told <= count);

	for (; engine->told < count; engine->told++) {
		const struct ctr_event *event = &events[engine->told];
		ctr_weight_add(&engine->weight, engine->core, event);
		/* Nobody leaves from here: `applied` only looks. */
		ctr_list_for_each (node, &engine->subscribers) {
			struct ctr_subscriber *subscriber = subscriber_at(node);
			if (subscriber->applied)
				subscriber->applied(subscriber, event);
		}
	}
}

void ctr_events_tell_durable(struct ctr_engine *engine)
{
	const struct ctr_flight *flight = &engine->flight;
	CTR_ASSERT(!flight->under_way);

	for (size_t i = 0; i < flight->event_count; i++) {
		struct ctr_subscriber bookmark, *subscriber;
		walk_subscribers(engine, &bookmark);
		while ((subscriber = next_subscriber(engine, &bookmark)))
			if (subscriber->durable)
				subscriber->durable(subscriber, &flight->events[i]);
	}
}

void ctr_events_tell_reloaded(struct ctr_engine *engine)
{
	struct ctr_subscriber bookmark, *subscriber;
	walk_subscribers(engine, &bookmark);
	while ((subscriber = next_subscriber(engine, &bookmark)))
		if (subscriber->reloaded)
			subscriber->reloaded(subscriber);
}

/* ---- records ----------------------------------------------------- */

static int put_record(struct ctr_engine *engine, const struct ctr_event *events, size_t count)
{
	struct ctr_buf *record = &engine->record;
	ctr_buf_clear(record);
	int status =
		ctr_codec_encode_events(events, count, engine->clock.cluster, engine->term, record);
	if (status != CENTRO_OK)
		return status;
	CTR_ASSERT(record->size <= CENTRO_STORE_VALUE_SIZE_MAX);

	struct ctr_key key = ctr_key_event(events[0].number);
	status = centro_batch_put(engine->flight.batch, ctr_key_bytes(&key), ctr_buf_bytes(record));
	centro_batch_end_group(engine->flight.batch);
	return status;
}

int ctr_events_put(struct ctr_engine *engine)
{
	const struct ctr_flight *flight = &engine->flight;
	for (size_t at = 0; at < flight->event_count;) {
		size_t count = flight->event_count - at;
		if (count > CTR_ENGINE_RECORD_EVENTS_MAX)
			count = CTR_ENGINE_RECORD_EVENTS_MAX;
		int status = put_record(engine, flight->events + at, count);
		if (status != CENTRO_OK)
			return status;
		at += count;
	}
	return CENTRO_OK;
}
