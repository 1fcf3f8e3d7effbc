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
#include <string.h>

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

/*
 * Encode so many events as one record, behind its size. Before the other records are
 * taken from the core: a job that has ended is forgotten with them.
 */
static int encode_record(struct ctr_engine *engine, const struct ctr_event *events, size_t count)
{
	struct ctr_buf *records = &engine->event_records;
	size_t begin = records->size, size = 0;
	int status = ctr_buf_append(records, &size, sizeof(size));
	for (size_t i = 0; i < count && status == CENTRO_OK; i++) {
		centro_job_id id = events[i].attempt.job;
		const struct ctr_job *job = id ? ctr_core_find_job(engine->core, id) : NULL;
		CTR_ASSERT(!id == !job);
		status = ctr_codec_encode_event(&events[i], job, records);
	}
	if (status == CENTRO_OK)
		status = ctr_codec_encode_events_end(engine->clock.cluster, engine->term, records);
	if (status != CENTRO_OK)
		return status;
	size = records->size - begin - sizeof(size);
	CTR_ASSERT(size <= CENTRO_STORE_VALUE_SIZE_MAX);
	memcpy(records->data + begin, &size, sizeof(size));
	return CENTRO_OK;
}

/* How many events stand in the record that begins with the one at that position. */
static size_t record_events(const struct ctr_flight *flight, size_t at)
{
	size_t left = flight->event_count - at;
	return left < CTR_ENGINE_RECORD_EVENTS_MAX ? left : CTR_ENGINE_RECORD_EVENTS_MAX;
}

int ctr_events_encode(struct ctr_engine *engine)
{
	const struct ctr_flight *flight = &engine->flight;

	ctr_buf_clear(&engine->event_records);
	for (size_t at = 0; at < flight->event_count; at += record_events(flight, at)) {
		int status = encode_record(engine, flight->events + at, record_events(flight, at));
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

int ctr_events_put(struct ctr_engine *engine)
{
	const struct ctr_flight *flight = &engine->flight;
	struct centro_bytes records = ctr_buf_bytes(&engine->event_records);

	for (size_t at = 0; at < flight->event_count; at += record_events(flight, at)) {
		size_t size;
		CTR_ASSERT(records.size >= sizeof(size));
		memcpy(&size, records.data, sizeof(size));
		struct centro_bytes value = ctr_bytes(records.data + sizeof(size), size);
		records = ctr_bytes(value.data + size, records.size - sizeof(size) - size);

		struct ctr_key key = ctr_key_event(flight->events[at].number);
		int status = centro_batch_put(flight->batch, ctr_key_bytes(&key), value);
		if (status != CENTRO_OK)
			return status;
		centro_batch_end_group(flight->batch);
	}
	CTR_ASSERT(records.size == 0);
	return CENTRO_OK;
}
