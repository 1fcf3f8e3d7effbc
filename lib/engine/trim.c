/* SPDX-License-Identifier: MIT */
/*
 * trim.c - jobs leave the history, the oldest first, a few with each batch.
 *
 * A job may go when more than `history_keep` jobs are in the history, when it
 * ended longer than `history_age` ago by wall time, or when the store is nearly
 * full. They go in the order of their numbers: what may stay keeps those behind
 * it. A job whose request id still counts leaves a row "gone/NUMBER", which says
 * no more than whose request it was, and goes when the id is forgotten (I2).
 *
 * Both kinds of rows are known as a list of the oldest, read from the store when
 * the last one is used up; of the others there is only their number.
 *
 * Invariants: every row is in the list, or its number is at least `from`; a job
 * that comes into the history below what is listed makes the list be read anew.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/time.h"
#include "codec/codec.h"
#include "engine/internal.h"

/* Of the oldest, when only age can make them go; and of rows "gone/". */
#define SCAN_ROWS_FEW 64
/* Submits are refused above store_full_percent; history goes above this part of it. */
#define PRESSED_NUMERATOR   8
#define PRESSED_DENOMINATOR 9

int ctr_trim_init(struct ctr_engine *engine)
{
	static const enum ctr_key_type types[] = {
		[CTR_TRIM_HISTORY] = CTR_KEY_HISTORY,
		[CTR_TRIM_GONE] = CTR_KEY_GONE,
	};
	int status = CENTRO_OK;
	ctr_arena_init(&engine->trim.arena, engine->allocator, SIZE_MAX);
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++) {
		struct ctr_trim_list *list = &engine->trim.lists[i];
		list->engine = engine;
		list->type = types[i];
		ctr_buf_init(&list->text, engine->allocator, 0);
		list->rows = ctr_alloc_array(engine->allocator, CTR_ENGINE_TRIM_ROWS,
					     sizeof(*list->rows));
		if (!list->rows)
			status = CENTRO_ERR_NOMEM;
	}
	return status;
}

void ctr_trim_fini(struct ctr_engine *engine)
{
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++) {
		ctr_buf_fini(&engine->trim.lists[i].text);
		ctr_free(engine->allocator, engine->trim.lists[i].rows);
	}
	ctr_arena_fini(&engine->trim.arena);
}

/* Whatever was read is read again, from `from` on. */
static void clear(struct ctr_trim_list *list, centro_job_id from)
{
	list->next = list->count = 0;
	list->from = from;
	ctr_buf_clear(&list->text);
}

void ctr_trim_reset(struct ctr_engine *engine)
{
	engine->trim.ended = 0;
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++) {
		struct ctr_trim_list *list = &engine->trim.lists[i];
		clear(list, 0);
		list->total = 0;
		list->asked = UINT64_MAX;
		/* A scan under way may have seen what never came to be. */
		list->discard = list->scanning;
	}
}

/* ---- what comes -------------------------------------------------- */

static void add(struct ctr_trim_list *list, centro_job_id job)
{
	list->total++;
	list->lowest = job < list->lowest ? job : list->lowest;
	if (list->scanning) {
		list->late = job < list->late ? job : list->late;
	} else if (list->next < list->count && job < list->rows[list->count - 1].job) {
		centro_job_id first = list->rows[list->next].job;
		clear(list, job < first ? job : first);
	} else if (job < list->from) {
		list->from = job;
	}
}

void ctr_trim_begin(struct ctr_engine *engine)
{
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++)
		engine->trim.lists[i].lowest = UINT64_MAX;
}

void ctr_trim_note_ended(struct ctr_engine *engine, centro_job_id job)
{
	engine->trim.ended++;
	add(&engine->trim.lists[CTR_TRIM_HISTORY], job);
}

void ctr_trim_note_row(struct ctr_engine *engine, enum ctr_key_type type)
{
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++)
		engine->trim.lists[i].total += engine->trim.lists[i].type == type;
}

bool ctr_trim_note_usage(struct ctr_engine *engine, const struct centro_store_usage *usage)
{
	uint64_t percent = engine->options.store_full_percent;
	uint64_t pressed = percent * PRESSED_NUMERATOR / PRESSED_DENOMINATOR;
	engine->trim.pressed = usage->bytes_max > 0 && pressed > 0 &&
			       usage->bytes / pressed >= usage->bytes_max / 100;
	return usage->bytes_max > 0 && usage->bytes / percent >= usage->bytes_max / 100;
}

/* ---- what is due ------------------------------------------------- */

static bool is_remembered(const struct ctr_trim_list *list, const struct ctr_trim_row *row)
{
	if (row->request_id_size == 0)
		return false;
	const uint8_t *text = list->text.data + row->text_at;
	return ctr_core_remembers_request(list->engine->core, ctr_bytes(text, row->owner_size),
					  ctr_bytes(text + row->owner_size, row->request_id_size),
					  row->job);
}

/* Of the row that is `ahead` behind the next one. False: there is none, or it stays. */
static bool is_due(const struct ctr_trim_list *list, size_t ahead)
{
	const struct ctr_engine *engine = list->engine;
	/* What a scan has listed does not count before its end: something may have come before it.
	 */
	if (list->scanning || list->count - list->next <= ahead)
		return false;
	const struct ctr_trim_row *row = &list->rows[list->next + ahead];
	if (list->type == CTR_KEY_GONE)
		return !is_remembered(list, row);
	uint64_t left = list->total > ahead ? list->total - ahead : 0;
	if (engine->trim.pressed || left > engine->options.history_keep)
		return true;
	struct centro_instant until = ctr_after(row->ended, engine->options.history_age);
	return ctr_reached(until, engine->clock.wall);
}

bool ctr_trim_is_urgent(const struct ctr_engine *engine)
{
	if (engine->state != CTR_ENGINE_READY)
		return false;
	const struct ctr_trim_list *history = &engine->trim.lists[CTR_TRIM_HISTORY];
	if (engine->store_full && is_due(history, 0))
		return true;
	/* A few can wait for a batch that is written anyway. */
	return is_due(history, CTR_ENGINE_TRIM_DELETES - 1) ||
	       is_due(&engine->trim.lists[CTR_TRIM_GONE], CTR_ENGINE_TRIM_DELETES - 1);
}

/* ---- what goes --------------------------------------------------- */

static int put_gone(struct ctr_engine *engine, const struct ctr_trim_list *list,
		    const struct ctr_trim_row *row)
{
	const uint8_t *text = list->text.data + row->text_at;
	const struct ctr_request_load request = {
		.owner = ctr_bytes(text, row->owner_size),
		.request_id = ctr_bytes(text + row->owner_size, row->request_id_size),
		.spec_hash = row->spec_hash,
		.job = row->job,
		.wall = row->submitted,
	};
	ctr_buf_clear(&engine->record);
	int status = ctr_codec_encode_request(&request, &engine->record);
	if (status != CENTRO_OK)
		return status;
	struct ctr_key key = ctr_key_gone(row->job);
	add(&engine->trim.lists[CTR_TRIM_GONE], row->job);
	return centro_batch_put(engine->flight.batch, ctr_key_bytes(&key),
				ctr_buf_bytes(&engine->record));
}

static int drop_next(struct ctr_trim_list *list)
{
	struct ctr_engine *engine = list->engine;
	const struct ctr_trim_row *row = &list->rows[list->next];
	bool is_history = list->type == CTR_KEY_HISTORY;
	struct ctr_key key = is_history ? ctr_key_history(row->job) : ctr_key_gone(row->job);
	int status = centro_batch_delete(engine->flight.batch, ctr_key_bytes(&key));
	if (status == CENTRO_OK && is_history && is_remembered(list, row))
		status = put_gone(engine, list, row);
	centro_batch_end_group(engine->flight.batch);
	list->next++;
	/* A store that somebody else has changed may hold fewer than were counted. */
	list->total -= list->total > 0;
	return status;
}

int ctr_trim_put(struct ctr_engine *engine)
{
	/* Twice as many as have come, so that a backlog melts however fast they come. */
	uint64_t deletes = CTR_ENGINE_TRIM_DELETES + 2 * engine->trim.ended;
	engine->trim.ended = 0;
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++) {
		struct ctr_trim_list *list = &engine->trim.lists[i];
		for (uint64_t done = 0; done < deletes && is_due(list, 0); done++) {
			int status = drop_next(list);
			if (status != CENTRO_OK)
				return status;
		}
	}
	return CENTRO_OK;
}

/* ---- what there is ----------------------------------------------- */

static int keep_row(struct ctr_trim_list *list, const struct ctr_request_load *request)
{
	CTR_ASSERT(list->count < CTR_ENGINE_TRIM_ROWS);
	struct ctr_trim_row *row = &list->rows[list->count];
	*row = (struct ctr_trim_row){
		.job = request->job,
		.ended = request->end_wall,
		.submitted = request->wall,
		.spec_hash = request->spec_hash,
		.text_at = list->text.size,
		.owner_size = request->owner.size,
		.request_id_size = request->request_id.size,
	};
	ctr_buf_append_bytes(&list->text, request->owner);
	ctr_buf_append_bytes(&list->text, request->request_id);
	if (list->text.error != CENTRO_OK)
		return list->text.error;
	list->count++;
	return CENTRO_OK;
}

static int scan_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct ctr_trim_list *list = arg;
	struct ctr_engine *engine = list->engine;
	struct centro_error_text text = {0};
	struct ctr_request_load request = {0};
	uint64_t number;
	struct centro_bytes name;

	if (list->discard || ctr_key_parse(key, &number, &name) != list->type)
		return CENTRO_OK;
	ctr_arena_reset(&engine->trim.arena, ctr_message_arena_bytes(value.size));
	int status = ctr_codec_decode_request(value, &engine->trim.arena, &request, &text);
	if (status == CENTRO_ERR_NOMEM)
		return status;
	if (status == CENTRO_OK && request.job == number)
		return keep_row(list, &request);
	/* What cannot be read is left alone. */
	ctr_log_error(engine->log, "row \"%.*s\" cannot be read: %s", (int)key.size,
		      (const char *)key.data, text.text);
	return CENTRO_OK;
}

static void scan_done(void *arg, int status)
{
	struct ctr_trim_list *list = arg;
	CTR_ASSERT(list->scanning);

	list->scanning = false;
	/* One has come to where nobody looks any more: before what was listed, or in it. */
	bool is_late = list->late < list->from ||
		       (list->count > 0 && list->late <= list->rows[list->count - 1].job);
	if (status != CENTRO_OK || list->discard || is_late)
		clear(list, list->late < list->from ? list->late : list->from);
	else if (list->count > 0)
		list->from = list->rows[list->count - 1].job + 1;
	list->discard = false;
	if (status != CENTRO_OK && status != CENTRO_ERR_CANCELLED)
		ctr_log_warn(list->engine->log, "what has ended cannot be listed error=%s",
			     centro_error_name(status));
}

/* How many rows are worth to be known; 0: none is due soon. */
static uint32_t wanted_rows(const struct ctr_trim_list *list)
{
	const struct ctr_engine *engine = list->engine;
	uint64_t keep = engine->options.history_keep;
	if (list->total == 0)
		return 0;
	if (list->type == CTR_KEY_HISTORY && list->total > keep)
		return list->total - keep < CTR_ENGINE_TRIM_ROWS ? (uint32_t)(list->total - keep)
								 : CTR_ENGINE_TRIM_ROWS;
	if (list->type == CTR_KEY_HISTORY && engine->trim.pressed)
		return CTR_ENGINE_TRIM_ROWS;
	bool is_aging = engine->options.history_age.ns != UINT64_MAX;
	return list->type == CTR_KEY_GONE || is_aging ? SCAN_ROWS_FEW : 0;
}

static void scan(struct ctr_trim_list *list, uint32_t rows_max)
{
	struct ctr_engine *engine = list->engine;
	bool is_history = list->type == CTR_KEY_HISTORY;
	struct ctr_key first = is_history ? ctr_key_history(list->from) : ctr_key_gone(list->from);
	struct centro_scan what = {
		.size = sizeof(what),
		.first = ctr_key_bytes(&first),
		.end = ctr_bytes_str(is_history ? CTR_KEY_HISTORY_END : CTR_KEY_GONE_END),
		.rows_max = rows_max,
	};
	clear(list, list->from);
	list->asked = engine->batch_durable;
	/* What is on its way to the store may come too late to be seen. */
	list->late = engine->flight.under_way ? list->lowest : UINT64_MAX;
	list->scanning = true;
	engine->store_started = true;
	int status = centro_store_scan(engine->store, &what, scan_row, scan_done, list);
	if (status != CENTRO_OK)
		scan_done(list, status);
}

void ctr_trim_scan(struct ctr_engine *engine)
{
	for (size_t i = 0; i < CTR_TRIM_LISTS; i++) {
		struct ctr_trim_list *list = &engine->trim.lists[i];
		uint32_t rows_max = wanted_rows(list);
		/* The same question would get the same answer. */
		if (list->scanning || list->next < list->count || rows_max == 0 ||
		    list->asked == engine->batch_durable)
			continue;
		scan(list, rows_max);
	}
}
