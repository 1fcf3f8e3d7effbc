/* SPDX-License-Identifier: MIT */
/* See recording.h. */
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"

static uint64_t below(struct recording *recording, uint64_t bound)
{
	return ctr_prng_below(&recording->prng, bound);
}

static bool take_bytes(struct ctr_journal_sink *sink, struct centro_bytes bytes)
{
	struct recording *recording = CTR_CONTAINER_OF(sink, struct recording, sink);
	ck_assert_int_eq(ctr_buf_append_bytes(&recording->file, bytes), CENTRO_OK);
	return true;
}

static void note_grant(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct recording *recording = CTR_CONTAINER_OF(subscriber, struct recording, subscriber);
	if (event->type != CENTRO_EVENT_INSTANCE_ASSIGNED)
		return;
	size_t at = recording->ref_count++ % CTR_ARRAY_SIZE(recording->refs);
	recording->refs[at] = event->attempt;
	recording->ref_nodes[at] = event->node;
}

void recording_init(struct recording *recording, uint64_t seed)
{
	*recording = (struct recording){.sink = {take_bytes}};
	ctr_buf_init(&recording->file, NULL, 0);
	ctr_prng_init(&recording->prng, seed);
	fixture_init(&recording->fixture);
	recording->fixture.options.journal = &recording->sink;
	recording->fixture.options.core.seed = seed;
}

void recording_fini(struct recording *recording)
{
	recording_close(recording);
	fixture_fini(&recording->fixture);
	ctr_buf_fini(&recording->file);
}

void recording_open(struct recording *recording)
{
	ctr_buf_clear(&recording->file);
	recording->fixture.late = below(recording, 2) == 0;
	fixture_open(&recording->fixture);
	recording->subscriber = (struct ctr_subscriber){.applied = note_grant};
	ctr_engine_subscribe(recording->fixture.engine, &recording->subscriber);
}

void recording_close(struct recording *recording)
{
	ctr_memory_disk_set_fault(recording->fixture.disk, (struct ctr_memory_fault){0});
	fixture_close(&recording->fixture);
	ctr_memory_disk_hold(recording->fixture.disk, false);
}

/* ---- what happens ---- */

static void live_submit(struct recording *recording)
{
	struct ctr_result result;
	char request_id[24];
	snprintf(request_id, sizeof(request_id), "r%d", (int)below(recording, 200));
	bool has_request = below(recording, 2) == 0;
	uint32_t count = (uint32_t)below(recording, 5);
	fixture_submit_many(&recording->fixture, has_request ? request_id : NULL, count, &result);
}

static void live_register(struct recording *recording)
{
	struct ctr_result result;
	char name[8] = {'n', (char)('0' + below(recording, 4)), '\0'};
	uint32_t cores = 1 + (uint32_t)below(recording, 4);
	fixture_try_register(&recording->fixture, name, cores, &result);
}

/* Mostly one that was granted lately. */
static struct centro_attempt_ref any_ref(struct recording *recording, centro_node_id *ret_node)
{
	size_t count = CTR_ARRAY_SIZE(recording->refs);
	count = recording->ref_count < count ? recording->ref_count : count;
	*ret_node = 1 + below(recording, 4);
	if (count == 0 || below(recording, 20) == 0)
		return (struct centro_attempt_ref){below(recording, 50), 0, 0, 1};
	size_t at = below(recording, count);
	*ret_node = recording->ref_nodes[at];
	return recording->refs[at];
}

static void live_claim(struct recording *recording)
{
	struct ctr_result result;
	bool granted[2];
	centro_node_id node;
	struct centro_attempt_ref refs[2];
	refs[0] = any_ref(recording, &node);
	refs[1] = any_ref(recording, &node);
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {node, ctr_engine_get_term(recording->fixture.engine), refs, 2,
			  ctr_engine_durable_event(recording->fixture.engine), granted},
	};
	fixture_execute(&recording->fixture, &command, &result);
}

static void live_heartbeat(struct recording *recording)
{
	struct ctr_result result;
	struct centro_span leases[2];
	centro_node_id node;
	struct centro_attempt_ref refs[2];
	refs[0] = any_ref(recording, &node);
	refs[1] = any_ref(recording, &node);
	size_t held_count = below(recording, 3);
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {node, ctr_engine_get_term(recording->fixture.engine), refs,
			      held_count, leases},
	};
	fixture_execute(&recording->fixture, &command, &result);
}

static void live_report(struct recording *recording)
{
	struct ctr_result result;
	centro_node_id node;
	struct centro_attempt_ref ref = any_ref(recording, &node);
	bool ended = below(recording, 3) > 0;
	enum centro_cause cause = (enum centro_cause)below(recording, 11);
	int32_t exit_code = (int32_t)below(recording, 2);
	uint32_t signal = (uint32_t)below(recording, 20) / 10;
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = {node, ctr_engine_get_term(recording->fixture.engine), ref, ended, cause,
			   exit_code, signal, ctr_bytes_str("said the node"),
			   recording->fixture.now.wall},
	};
	fixture_execute(&recording->fixture, &command, &result);
}

static void live_cancel(struct recording *recording)
{
	centro_node_id node;
	fixture_cancel(&recording->fixture, any_ref(recording, &node).job);
}

static void live_set_queue(struct recording *recording)
{
	struct ctr_result result;
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {ctr_bytes_str("batch"), (uint32_t)below(recording, 3), 1},
	};
	fixture_execute(&recording->fixture, &command, &result);
}

/* Refused, which leads to a reload; not failed. */
static void live_fault(struct recording *recording)
{
	struct ctr_memory_fault fault = {
		.status = below(recording, 2) ? CENTRO_ERR_FULL : CENTRO_ERR_LIMIT,
	};
	fault.commits_before = below(recording, 3);
	ctr_memory_disk_set_fault(recording->fixture.disk, fault);
}

static void live_hold(struct recording *recording)
{
	ctr_memory_disk_hold(recording->fixture.disk, below(recording, 2) == 0);
}

static void live_dispatch(struct recording *recording)
{
	fixture_dispatch(&recording->fixture);
}

static void live_wait(struct recording *recording)
{
	fixture_advance_ms(&recording->fixture,
			   below(recording, 10) > 0 ? below(recording, 500) : 100000);
}

void recording_live(struct recording *recording, size_t steps)
{
	static const struct {
		void (*fn)(struct recording *recording);
		uint32_t share;
	} things[] = {
		{live_dispatch, 30}, {live_submit, 20},  {live_report, 14},   {live_claim, 10},
		{live_wait, 8},      {live_register, 6}, {live_heartbeat, 5}, {live_cancel, 3},
		{live_set_queue, 1}, {live_fault, 1},    {live_hold, 2},
	};
	for (size_t step = 0; step < steps; step++) {
		uint64_t at = below(recording, 100);
		size_t i = 0;
		while (at >= things[i].share)
			at -= things[i++].share;
		ck_assert_uint_lt(i, CTR_ARRAY_SIZE(things));
		things[i].fn(recording);
	}
}

/* ---- a file, record by record ---- */

void records_init(struct records *records, struct centro_bytes file)
{
	struct centro_error_text text = {""};
	*records = (struct records){
		.record = calloc(RECORDS_MAX, sizeof(*records->record)),
		.place = calloc(RECORDS_MAX, sizeof(*records->place)),
	};
	ck_assert(records->record && records->place);
	ctr_buf_init(&records->file, NULL, 0);
	ck_assert_int_eq(ctr_buf_append_bytes(&records->file, file), CENTRO_OK);
	struct centro_bytes rest = ctr_bytes(records->file.data + CTR_JOURNAL_MAGIC_SIZE,
					     records->file.size - CTR_JOURNAL_MAGIC_SIZE);
	while (rest.size > 0) {
		size_t at = records->count++;
		ck_assert_uint_lt(at, RECORDS_MAX);
		records->place[at] = records->file.size - rest.size;
		int status = ctr_journal_frame_take(&rest, records->place[at], &records->record[at],
						    &text);
		ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	}
}

void records_fini(struct records *records)
{
	ctr_buf_fini(&records->file);
	free(records->record);
	free(records->place);
}

void records_write(const struct records *records, struct ctr_buf *file)
{
	ctr_buf_clear(file);
	ctr_buf_append_str(file, CTR_JOURNAL_MAGIC);
	for (size_t i = 0; i < records->count; i++) {
		uint64_t place = file->size;
		size_t mark = ctr_journal_frame_begin(file);
		ctr_buf_append_bytes(file, records->record[i]);
		ctr_journal_frame_end(file, mark, place);
	}
	ck_assert_int_eq(file->error, CENTRO_OK);
}

const char *records_name(const struct records *records, size_t index)
{
	struct ctr_journal_context context = {0};
	struct ctr_journal_record record;
	struct centro_error_text text;
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ck_assert_int_eq(
		ctr_journal_decode(&context, records->record[index], &arena, &record, &text),
		CENTRO_OK);
	const char *name = ctr_journal_name(&record);
	ctr_arena_fini(&arena);
	return name;
}

size_t records_find(const struct records *records, const char *name, size_t from)
{
	for (size_t i = from; i < records->count; i++) {
		if (strcmp(records_name(records, i), name) == 0)
			return i;
	}
	ck_abort_msg("there is no record \"%s\"", name);
}
