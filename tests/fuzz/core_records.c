/* SPDX-License-Identifier: MIT */
/* core_records.c - the records of a core as a store would hold them. */
#include "core_records.h"

#include <stdlib.h>

#include "base/time.h"

void core_records_fini(struct core_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		ctr_buf_fini(&records->list[i].value);
		ctr_buf_fini(&records->list[i].state);
	}
	free(records->list);
}

/* Where it stands or should stand. */
static size_t position(const struct core_records *records, enum core_record_type type, uint64_t id)
{
	size_t at = 0;
	while (at < records->count &&
	       (records->list[at].type < type ||
		(records->list[at].type == type && records->list[at].id < id)))
		at++;
	return at;
}

static bool stands_at(const struct core_records *records, size_t at, enum core_record_type type,
		      uint64_t id)
{
	return at < records->count && records->list[at].type == type && records->list[at].id == id;
}

/* Made if it is missing. */
static struct core_record *get(struct core_records *records, enum core_record_type type,
			       uint64_t id)
{
	size_t at = position(records, type, id);
	if (stands_at(records, at, type, id))
		return &records->list[at];
	if (records->count == records->capacity) {
		records->capacity = records->capacity > 0 ? 2 * records->capacity : 16;
		records->list = realloc(records->list, records->capacity * sizeof(*records->list));
		ck_assert_ptr_nonnull(records->list);
	}
	struct core_record *record = &records->list[at];
	memmove(record + 1, record, (records->count - at) * sizeof(*record));
	records->count++;
	*record = (struct core_record){.type = type, .id = id};
	ctr_buf_init(&record->value, NULL, 0);
	ctr_buf_init(&record->state, NULL, 0);
	return record;
}

static void drop(struct core_records *records, enum core_record_type type, uint64_t id)
{
	size_t at = position(records, type, id);
	if (!stands_at(records, at, type, id))
		return;
	struct core_record *record = &records->list[at];
	ctr_buf_fini(&record->value);
	ctr_buf_fini(&record->state);
	records->count--;
	memmove(record, record + 1, (records->count - at) * sizeof(*record));
}

/* ---- taking ---- */

static void take_ended_job(struct core_records *records, struct ctr_core *core, struct ctr_job *job)
{
	struct core_record *record = get(records, CORE_RECORD_HISTORY, job->id);
	ck_assert_uint_eq(record->value.size, 0); /* I9: ended once */
	ck_assert_int_eq(ctr_codec_encode_job(job, &record->value), CENTRO_OK);
	drop(records, CORE_RECORD_JOB, job->id);
	ctr_core_forget(core, job);
}

static void take_job(struct core_records *records, const struct ctr_job *job, unsigned what)
{
	struct core_record *record = get(records, CORE_RECORD_JOB, job->id);
	if (what & CTR_JOB_DIRTY_SPEC) {
		ctr_buf_clear(&record->value);
		ck_assert_int_eq(ctr_codec_encode_job_spec(job, &record->value), CENTRO_OK);
	}
	ck_assert_uint_gt(record->value.size, 0);
	ctr_buf_clear(&record->state);
	ck_assert_int_eq(ctr_codec_encode_job_state(job, &record->state), CENTRO_OK);
}

static void take_node(struct core_records *records, const struct ctr_node *node)
{
	struct core_record *record = get(records, CORE_RECORD_NODE, node->id);
	ctr_buf_clear(&record->value);
	ck_assert_int_eq(ctr_codec_encode_node(node, NULL, &record->value), CENTRO_OK);
}

static void take_queue(struct core_records *records, const struct ctr_queue *queue)
{
	struct core_record *record =
		get(records, CORE_RECORD_QUEUE, ctr_hash_bytes(queue->name, 0));
	ctr_buf_clear(&record->value);
	ck_assert_int_eq(ctr_codec_encode_queue(queue, &record->value), CENTRO_OK);
}

void core_records_take(struct core_records *records, struct ctr_core *core)
{
	struct ctr_dirty dirty;
	while (ctr_core_take_dirty(core, &dirty)) {
		switch (dirty.type) {
		case CTR_DIRTY_JOB:
			if (dirty.job.ended)
				take_ended_job(records, core, dirty.job.job);
			else
				take_job(records, dirty.job.job, dirty.job.what);
			break;
		case CTR_DIRTY_NODE:
			take_node(records, dirty.node);
			break;
		case CTR_DIRTY_QUEUE:
			take_queue(records, dirty.queue);
			break;
		case CTR_DIRTY_IDS:
			break;
		}
	}
	ctr_core_reserved_ids(core, &records->next_job, &records->next_node);
	records->last_event = ctr_core_last_event(core);
	ctr_core_clear_events(core);
}

/* ---- loading ---- */

static int load_job(struct ctr_core *core, const struct core_record *record,
		    struct ctr_arena *arena, struct centro_error_text *text)
{
	struct ctr_job_load job;
	int status = ctr_codec_decode_job(ctr_buf_bytes(&record->value),
					  ctr_buf_bytes(&record->state), arena, &job, text);
	return status == CENTRO_OK ? ctr_core_load_job(core, &job, text) : status;
}

static int load_node(struct ctr_core *core, const struct core_record *record,
		     struct ctr_arena *arena, struct centro_error_text *text)
{
	struct ctr_node_load node;
	int status = ctr_codec_decode_node(ctr_buf_bytes(&record->value), arena, &node, text);
	return status == CENTRO_OK ? ctr_core_load_node(core, &node, text) : status;
}

static int load_queue(struct ctr_core *core, const struct core_record *record,
		      struct ctr_arena *arena, struct centro_error_text *text)
{
	struct ctr_set_queue queue;
	uint64_t revision;
	int status = ctr_codec_decode_queue(ctr_buf_bytes(&record->value), arena, &queue, &revision,
					    text);
	return status == CENTRO_OK ? ctr_core_load_queue(core, &queue, revision, text) : status;
}

static int load_request(struct ctr_core *core, const struct core_record *record,
			struct ctr_arena *arena, struct centro_error_text *text)
{
	struct ctr_request_load request;
	int status = ctr_codec_decode_request(ctr_buf_bytes(&record->value), arena, &request, text);
	if (status != CENTRO_OK || request.request_id.size == 0)
		return status;
	return ctr_core_load_request(core, request.owner, request.request_id, request.spec_hash,
				     request.job, request.wall);
}

struct ctr_core *core_records_load(const struct core_records *records,
				   const struct ctr_core_options *options, struct ctr_now now)
{
	static int (*const loads[])(struct ctr_core *, const struct core_record *,
				    struct ctr_arena *, struct centro_error_text *) = {
		[CORE_RECORD_JOB] = load_job,
		[CORE_RECORD_NODE] = load_node,
		[CORE_RECORD_QUEUE] = load_queue,
		[CORE_RECORD_HISTORY] = load_request,
	};
	struct centro_error_text text = {""};
	struct ctr_arena arena;
	struct ctr_core *core;
	ck_assert_int_eq(ctr_core_new(options, &core), CENTRO_OK);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	if (records->next_job > 0)
		ck_assert_int_eq(ctr_core_load_ids(core, records->next_job, records->next_node),
				 CENTRO_OK);
	for (size_t i = 0; i < records->count; i++) {
		const struct core_record *record = &records->list[i];
		int status = loads[record->type](core, record, &arena, &text);
		ck_assert_msg(status == CENTRO_OK, "record %d %llu: %s", record->type,
			      (unsigned long long)record->id, text.text);
		ctr_arena_reset(&arena, SIZE_MAX);
	}
	ctr_arena_fini(&arena);
	int status = ctr_core_load_end(core, now, records->last_event, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	return core;
}
