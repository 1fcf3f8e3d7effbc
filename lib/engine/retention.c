/* SPDX-License-Identifier: MIT */
/*
 * retention.c - old event records go, a few with each batch.
 *
 * Only whole records go, and only those whose every event is older than the
 * newest `events_max`, or than `events_age`; the last one stays, since it has the
 * number to go on from. Which records are there the engine does not keep in
 * memory: it reads the keys of the oldest ones when those it knows are used up.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/time.h"
#include "codec/codec.h"
#include "engine/internal.h"

void ctr_retention_reset(struct ctr_retention *retention)
{
	/* A scan under way may have seen what never came to be: its rows do not count. */
	*retention = (struct ctr_retention){
		.scanning = retention->scanning,
		.discard = retention->scanning,
	};
}

/* Events below this number are too many. */
static uint64_t limit(const struct ctr_engine *engine)
{
	uint64_t last = engine->durable_event;
	uint64_t kept = engine->options.events_max;
	return last > kept ? last - kept + 1 : 0;
}

static bool is_too_old(const struct ctr_engine *engine, struct centro_instant made)
{
	struct centro_span age = engine->options.events_age;
	return age.ns > 0 && ctr_reached(ctr_after(made, age), engine->clock.cluster);
}

/* The record there can go; one ends where the next one begins. */
static bool is_over(const struct ctr_engine *engine, size_t at)
{
	const struct ctr_retention *retention = &engine->retention;
	return at + 1 < retention->count && (retention->first[at + 1] <= limit(engine) ||
					     is_too_old(engine, retention->made[at]));
}

int ctr_retention_put(struct ctr_engine *engine)
{
	struct ctr_retention *retention = &engine->retention;

	for (unsigned deleted = 0; deleted < CTR_ENGINE_RETENTION_DELETES; deleted++) {
		size_t next = retention->next;
		if (!is_over(engine, next))
			break;
		struct ctr_key key = ctr_key_event(retention->first[next]);
		int status = centro_batch_delete(engine->flight.batch, ctr_key_bytes(&key));
		if (status != CENTRO_OK)
			return status;
		retention->below = retention->first[next + 1];
		retention->next++;
	}
	centro_batch_end_group(engine->flight.batch);
	return CENTRO_OK;
}

static int scan_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_engine *engine = arg;
	struct ctr_retention *retention = &engine->retention;
	uint64_t number;
	struct centro_bytes name;

	if (retention->discard || ctr_key_parse(key, &number, &name) != CTR_KEY_EVENT)
		return CENTRO_OK;
	CTR_ASSERT(retention->count < CTR_ENGINE_RETENTION_ROWS);
	/* One that cannot be read has no age: it goes when there are too many. */
	uint64_t last;
	struct centro_instant made = CTR_NEVER;
	(void)ctr_codec_decode_events_end(value, &last, &made, /* text= */ NULL);
	retention->made[retention->count] = made;
	retention->first[retention->count++] = number;
	return CENTRO_OK;
}

static void scan_done(void *arg, int status)
{
	struct ctr_engine *engine = arg;
	CTR_ASSERT(engine->retention.scanning);

	/* Without a result there is nothing to delete, and it is tried again. */
	engine->retention.scanning = engine->retention.discard = false;
	if (status != CENTRO_OK && status != CENTRO_ERR_CANCELLED)
		ctr_log_warn(engine->log, "old events cannot be listed error=%s",
			     centro_error_name(status));
}

/* The oldest record, as far as it is known, would go if another one were known behind it. */
static bool is_due(const struct ctr_engine *engine)
{
	const struct ctr_retention *retention = &engine->retention;
	if (retention->next >= retention->count)
		return limit(engine) > retention->below || engine->options.events_age.ns > 0;
	return limit(engine) > retention->first[retention->next] ||
	       is_too_old(engine, retention->made[retention->next]);
}

void ctr_retention_scan(struct ctr_engine *engine)
{
	struct ctr_retention *retention = &engine->retention;
	bool is_used_up = retention->next + 1 >= retention->count;
	if (retention->scanning || !is_used_up || !is_due(engine))
		return;
	/* The same question would get the same answer. */
	if (retention->scanned_event == engine->durable_event)
		return;

	retention->next = retention->count = 0;
	retention->scanning = true;
	retention->scanned_event = engine->durable_event;
	struct ctr_key first = ctr_key_event(retention->below);
	struct centro_scan scan = {
		.size = sizeof(scan),
		.first = ctr_key_bytes(&first),
		.end = ctr_bytes_str(CTR_KEY_EVENT_END),
		.rows_max = CTR_ENGINE_RETENTION_ROWS,
	};
	engine->store_started = true;
	int status = centro_store_scan(engine->store, &scan, scan_row, scan_done, engine);
	if (status != CENTRO_OK)
		scan_done(engine, status);
}
