/* SPDX-License-Identifier: MIT */
/*
 * event_read.c - what has happened, read back from the records of events.
 *
 * A reader that goes on where it stopped asks for the first event of a record, and
 * its key is that number: one scan. Where there is no such key, `from` lies inside
 * the record before it, or that record is gone; one look back tells, and if there is
 * nothing, one at the oldest record says what is kept.
 *
 * Invariant: `row` sees records without a gap from the one that holds `from` on, and
 * none that the engine has not been told is durable (I10).
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "engine/internal.h"

enum phase {
	READ_FORWARD, /* from the key of `begin` */
	READ_BACK,    /* for the record that `from` lies in */
	READ_FORWARD_AGAIN,
	READ_OLDEST, /* `from` is not kept: what is? */
};

static void next_scan(struct ctr_event_slot *slot, enum phase phase);

static void end_read(struct ctr_event_slot *slot, int status)
{
	struct ctr_event_read *read = slot->read;
	*slot = (struct ctr_event_slot){0};
	if (!read)
		return;
	read->slot = NULL;
	read->fn(read, status);
}

static bool is_forward(const struct ctr_event_slot *slot)
{
	return slot->phase == READ_FORWARD || slot->phase == READ_FORWARD_AGAIN;
}

static bool forward_row(struct ctr_event_slot *slot, uint64_t first, struct centro_bytes value)
{
	bool is_next = slot->found || first == slot->begin;
	if (!is_next || first > slot->engine->durable_event)
		return true;
	slot->found = true;
	return slot->read->row(slot->read, value) != 0;
}

static int on_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_event_slot *slot = arg;
	uint64_t first;
	struct centro_bytes name;
	if (!slot->read)
		return CENTRO_ERR_CANCELLED;
	if (ctr_key_parse(key, &first, &name) != CTR_KEY_EVENT)
		return CENTRO_ERR_CORRUPT;
	if (is_forward(slot)) {
		slot->enough = forward_row(slot, first, value);
		/* Only ends the scan: it is no error. */
		return slot->enough ? CENTRO_ERR_CANCELLED : CENTRO_OK;
	}
	slot->found = true;
	slot->begin = first;
	return CENTRO_OK;
}

/* What the end of a scan leads to. */
static void go_on(struct ctr_event_slot *slot)
{
	bool found = slot->found;
	switch ((enum phase)slot->phase) {
	case READ_FORWARD:
		found ? end_read(slot, CENTRO_OK) : next_scan(slot, READ_BACK);
		return;
	case READ_BACK:
		next_scan(slot, found ? READ_FORWARD_AGAIN : READ_OLDEST);
		return;
	case READ_FORWARD_AGAIN: /* not found: it has been deleted meanwhile */
		found ? end_read(slot, CENTRO_OK) : next_scan(slot, READ_OLDEST);
		return;
	case READ_OLDEST:
		/* With none at all, those that are kept begin with the next one. */
		slot->read->oldest = found ? slot->begin : slot->engine->durable_event + 1;
		end_read(slot, CENTRO_ERR_COMPACTED);
		return;
	}
	CTR_UNREACHABLE();
}

static void on_done(void *arg, int status)
{
	struct ctr_event_slot *slot = arg;
	if (slot->read && (status == CENTRO_OK || slot->enough))
		go_on(slot);
	else
		end_read(slot, status);
}

static int scan(struct ctr_event_slot *slot)
{
	bool is_back = slot->phase == READ_BACK;
	struct ctr_key at = ctr_key_event(is_back ? slot->read->from : slot->begin);
	struct centro_scan what = {
		.size = sizeof(what),
		.first = is_forward(slot) ? ctr_key_bytes(&at) : ctr_bytes_str(CTR_KEY_EVENT_FIRST),
		.end = is_back ? ctr_key_bytes(&at) : ctr_bytes_str(CTR_KEY_EVENT_END),
		.reverse = is_back,
		.rows_max = is_forward(slot) ? slot->read->rows_max : 1,
	};
	slot->engine->store_started = true;
	return centro_store_scan(slot->engine->store, &what, on_row, on_done, slot);
}

static void next_scan(struct ctr_event_slot *slot, enum phase phase)
{
	slot->phase = phase;
	slot->found = slot->enough = false;
	int status = scan(slot);
	if (status != CENTRO_OK)
		end_read(slot, status);
}

/* ---- readers ----------------------------------------------------- */

void ctr_event_read_init(struct ctr_event_read *read)
{
	*read = (struct ctr_event_read){0};
	ctr_list_init(&read->link);
}

void ctr_engine_read_events(struct ctr_engine *engine, struct ctr_event_read *read)
{
	CTR_ASSERT(read->fn && read->row && read->from > 0);
	CTR_ASSERT(!read->slot);
	ctr_list_append(&engine->event_reads, &read->link);
}

void ctr_event_read_cancel(struct ctr_event_read *read)
{
	ctr_list_remove(&read->link);
	if (read->slot)
		read->slot->read = NULL;
	read->slot = NULL;
}

static struct ctr_event_read *take_first(struct ctr_engine *engine)
{
	if (ctr_list_is_empty(&engine->event_reads))
		return NULL;
	struct ctr_list *first = engine->event_reads.next;
	ctr_list_remove(first);
	return ctr_list_entry(first, struct ctr_event_read, link);
}

/* The number of one that is free, or CTR_ENGINE_EVENT_READS_MAX. */
static size_t free_slot(const struct ctr_engine *engine)
{
	size_t i = 0;
	while (i < CTR_ENGINE_EVENT_READS_MAX && engine->event_slots[i].engine)
		i++;
	return i;
}

bool ctr_event_reads_is_ready(const struct ctr_engine *engine)
{
	return !ctr_list_is_empty(&engine->event_reads) &&
	       free_slot(engine) < CTR_ENGINE_EVENT_READS_MAX;
}

static void start_one(struct ctr_engine *engine)
{
	struct ctr_event_slot *slot = &engine->event_slots[free_slot(engine)];
	struct ctr_event_read *read = take_first(engine);
	*slot = (struct ctr_event_slot){.engine = engine, .read = read, .begin = read->from};
	read->slot = slot;
	if (read->from > engine->durable_event)
		end_read(slot, CENTRO_OK);
	else
		next_scan(slot, READ_FORWARD);
}

void ctr_event_reads_start(struct ctr_engine *engine)
{
	if (engine->state == CTR_ENGINE_FAILED) {
		ctr_event_reads_cancel(engine, engine->error);
		return;
	}
	/* Bounded, for a store that answers at once and a reader who asks again. */
	for (size_t i = 0; i < CTR_ENGINE_EVENT_READS_MAX && ctr_event_reads_is_ready(engine); i++)
		start_one(engine);
}

void ctr_event_reads_cancel(struct ctr_engine *engine, int status)
{
	struct ctr_event_read *read;
	while ((read = take_first(engine)))
		read->fn(read, status);
}
