/* SPDX-License-Identifier: MIT */
/*
 * replay.c - centro/replay.h: bytes of a file in, inputs to a core, and whether it
 * does what another one did.
 *
 * Invariants: what is kept of the bytes is less than one record; nothing is given to
 * the core once the replay is no longer GOING.
 *
 * Layer: sim.
 */
#include <centro/replay.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/journal_frame.h"
#include "sim/replay/replay_private.h"

/* For decoding a record: its message, then the specification in it, and the answers' room. */
#define ARENA_FACTOR 4

/* ---- life ---- */

int centro_replay_new(const struct centro_replay_options *options,
		      struct centro_replay **ret_replay)
{
	if (!options || !ret_replay)
		return CENTRO_ERR_INVALID;
	if (options->size != sizeof(*options))
		return CENTRO_ERR_ABI;
	struct centro_replay *replay = ctr_alloc_zero(options->allocator, sizeof(*replay));
	if (!replay)
		return CENTRO_ERR_NOMEM;
	replay->options = *options;
	replay->allocator = options->allocator;
	ctr_buf_init(&replay->bytes, replay->allocator, 0);
	ctr_buf_init(&replay->line, replay->allocator, 0);
	ctr_arena_init(&replay->arena, replay->allocator, 0);
	replay->report.size = sizeof(replay->report);
	*ret_replay = replay;
	return CENTRO_OK;
}

void centro_replay_free(struct centro_replay *replay)
{
	if (!replay)
		return;
	ctr_replay_drop_core(replay);
	ctr_arena_fini(&replay->arena);
	ctr_buf_fini(&replay->line);
	ctr_buf_fini(&replay->bytes);
	ctr_free(replay->allocator, replay);
}

/* ---- telling ---- */

static const char *terminated(struct ctr_buf *line)
{
	return ctr_buf_append_char(line, '\0') == CENTRO_OK ? (const char *)line->data : "";
}

/* "12 2026-01-02T03:04:05Z submit …" to whoever wants it, and of the first difference. */
static void tell_input(struct centro_replay *replay, const struct ctr_journal_record *record,
		       const struct ctr_replay_outcome *outcome, bool is_first)
{
	struct ctr_buf *line = &replay->line;
	uint64_t wall_ns = record->now.wall.ns;

	if (!is_first && !replay->options.line)
		return;
	ctr_buf_clear(line);
	ctr_buf_append_u64(line, replay->report.inputs);
	ctr_buf_append_char(line, ' ');
	ctr_time_format(line, (int64_t)(wall_ns / CTR_NS_PER_SEC),
			(int32_t)(wall_ns % CTR_NS_PER_SEC));
	ctr_buf_append_char(line, ' ');
	ctr_replay_describe(line, record, outcome);
	const char *text = terminated(line);
	if (is_first)
		ctr_error(&replay->report.input_text, CENTRO_OK, "%s", text);
	if (replay->options.line)
		replay->options.line(replay->options.arg, text);
}

static void tell_event(struct centro_replay *replay, const struct ctr_event *event)
{
	if (!replay->options.line)
		return;
	ctr_buf_clear(&replay->line);
	ctr_replay_describe_event(&replay->line, event);
	replay->options.line(replay->options.arg, terminated(&replay->line));
}

static void tell_events(struct centro_replay *replay)
{
	if (replay->phase != CTR_REPLAY_RUNNING)
		return;
	size_t count;
	const struct ctr_event *events = ctr_core_events(replay->core, &count);
	for (; replay->told < count; replay->told++) {
		const struct ctr_event *event = &events[replay->told];
		replay->report.events++;
		replay->report.jobs_submitted += event->type == CENTRO_EVENT_JOB_SUBMITTED;
		tell_event(replay, event);
	}
}

/* ---- one record ---- */

static void count(struct centro_replay *replay, const struct ctr_journal_record *record,
		  const struct ctr_replay_outcome *outcome)
{
	struct centro_replay_report *report = &replay->report;
	struct centro_instant wall = record->now.wall;

	report->commands += record->type == CTR_JOURNAL_COMMAND;
	report->skipped += outcome->skipped;
	if (report->first_wall.ns == 0)
		report->first_wall = wall;
	report->last_wall = wall;
}

static bool is_compared(const struct ctr_journal_record *record,
			const struct ctr_replay_outcome *outcome)
{
	return !outcome->skipped && record->type != CTR_JOURNAL_BEGIN &&
	       record->type != CTR_JOURNAL_END;
}

/* NULL: what was recorded came of it. */
static const char *find_difference(const struct ctr_journal_record *record,
				   const struct ctr_replay_outcome *outcome, uint64_t hash)
{
	if (!is_compared(record, outcome))
		return NULL;
	if (outcome->status != record->status)
		return "status";
	if (outcome->answer != record->answer)
		return "answer";
	if (outcome->more != record->more)
		return "more to do";
	return hash != record->hash ? "hash" : NULL;
}

/* True: it is the first difference. */
static bool compare(struct centro_replay *replay, const struct ctr_journal_record *record,
		    const struct ctr_replay_outcome *outcome)
{
	struct centro_replay_report *report = &replay->report;
	uint64_t hash = replay->core ? ctr_core_running_hash(replay->core) : 0;
	const char *difference = find_difference(record, outcome, hash);

	if (!difference)
		return false;
	if (!replay->options.keep_going)
		report->state = CENTRO_REPLAY_DIVERGED;
	if (report->differences++ > 0)
		return false;
	report->input = report->inputs;
	report->difference = difference;
	report->status_recorded = record->status;
	report->status_found = outcome->status;
	report->hash_recorded = record->hash;
	report->hash_found = hash;
	return true;
}

static int replay_record(struct centro_replay *replay, struct centro_bytes bytes,
			 struct centro_error_text *text)
{
	struct ctr_journal_record record;
	struct ctr_replay_outcome outcome;
	struct centro_replay_report *report = &replay->report;

	ctr_arena_reset(&replay->arena, ARENA_FACTOR * ctr_message_arena_bytes(bytes.size));
	int status = ctr_journal_decode(&replay->context, bytes, &replay->arena, &record, text);
	if (status == CENTRO_OK)
		status = ctr_replay_apply(replay, &record, &outcome, text);
	if (status != CENTRO_OK)
		return status;
	report->inputs++;
	count(replay, &record, &outcome);
	tell_input(replay, &record, &outcome, compare(replay, &record, &outcome));
	tell_events(replay);
	if (report->state == CENTRO_REPLAY_DIVERGED)
		return CENTRO_OK;
	/* What could not be loaded is of no use. */
	if (replay->phase == CTR_REPLAY_LOADING &&
	    (record.status != CENTRO_OK || outcome.status != CENTRO_OK))
		ctr_replay_drop_core(replay);
	if (record.type == CTR_JOURNAL_END)
		report->state = CENTRO_REPLAY_ENDED;
	else if (report->inputs == replay->options.inputs_max)
		report->state = CENTRO_REPLAY_STOPPED;
	return CENTRO_OK;
}

/* ---- bytes ---- */

static int broken(struct centro_replay *replay, int status, struct centro_error_text *text,
		  const char *why)
{
	struct centro_error_text copy;

	replay->report.state = CENTRO_REPLAY_BROKEN;
	ctr_error(&copy, status, "%s", why[0] ? why : centro_error_help(status));
	return ctr_error(text, status, "at byte %llu, after %llu inputs: %s",
			 (unsigned long long)replay->report.place,
			 (unsigned long long)replay->report.inputs, copy.text);
}

static int take_magic(struct centro_replay *replay, struct centro_bytes *rest,
		      struct centro_error_text *text)
{
	static const char any_version[] = "centro-journal ";
	struct centro_bytes any = ctr_bytes_str(any_version);

	switch (ctr_journal_check_magic(*rest)) {
	case CTR_JOURNAL_MAGIC_SHORT:
		return CENTRO_ERR_UNAVAILABLE;
	case CTR_JOURNAL_MAGIC_OK:
		*rest = ctr_bytes(rest->data + CTR_JOURNAL_MAGIC_SIZE,
				  rest->size - CTR_JOURNAL_MAGIC_SIZE);
		replay->has_magic = true;
		replay->report.place = CTR_JOURNAL_MAGIC_SIZE;
		return CENTRO_OK;
	default:
		replay->report.state = CENTRO_REPLAY_BROKEN;
		if (ctr_bytes_starts_with(*rest, any))
			return ctr_error(
				text, CENTRO_ERR_VERSION,
				"a recording of another version; this one reads version 1");
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "not a recording: it does not begin with \"centro-journal\"");
	}
}

/* One record out of what is there. UNAVAILABLE: not all of it is. */
static int take_record(struct centro_replay *replay, struct centro_bytes *rest,
		       struct centro_error_text *text)
{
	struct centro_error_text why = {""};
	struct centro_bytes record;
	size_t before = rest->size;

	int status = ctr_journal_frame_take(rest, replay->report.place, &record, &why);
	if (status == CENTRO_ERR_UNAVAILABLE)
		return status;
	if (status == CENTRO_OK)
		status = replay_record(replay, record, &why);
	if (status != CENTRO_OK)
		return broken(replay, status, text, why.text);
	replay->report.place += before - rest->size;
	return CENTRO_OK;
}

static int take_all(struct centro_replay *replay, struct centro_bytes *rest,
		    struct centro_error_text *text)
{
	int status = replay->has_magic ? CENTRO_OK : take_magic(replay, rest, text);

	while (status == CENTRO_OK && replay->report.state == CENTRO_REPLAY_GOING)
		status = take_record(replay, rest, text);
	return status == CENTRO_ERR_UNAVAILABLE ? CENTRO_OK : status;
}

int centro_replay_feed(struct centro_replay *replay, struct centro_bytes bytes,
		       struct centro_error_text *text)
{
	if (replay->report.state != CENTRO_REPLAY_GOING)
		return CENTRO_OK;
	if (ctr_buf_append_bytes(&replay->bytes, bytes) != CENTRO_OK)
		return broken(replay, CENTRO_ERR_NOMEM, text, "");
	struct centro_bytes rest = ctr_buf_bytes(&replay->bytes);
	int status = take_all(replay, &rest, text);
	ctr_buf_consume(&replay->bytes, replay->bytes.size - rest.size);
	return status;
}

int centro_replay_end(struct centro_replay *replay, struct centro_error_text *text)
{
	if (replay->report.state != CENTRO_REPLAY_GOING)
		return CENTRO_OK;
	if (!replay->has_magic) {
		replay->report.state = CENTRO_REPLAY_BROKEN;
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "not a recording: it ends within its first line");
	}
	replay->report.state = CENTRO_REPLAY_CUT_OFF;
	replay->report.bytes_left = replay->bytes.size;
	return CENTRO_OK;
}

/* ---- questions ---- */

int centro_replay_get_report(const struct centro_replay *replay,
			     struct centro_replay_report *ret_report)
{
	if (ret_report->size != sizeof(*ret_report))
		return CENTRO_ERR_ABI;
	*ret_report = replay->report;
	if (replay->core) {
		ret_report->jobs_live = ctr_core_job_count(replay->core);
		ret_report->nodes = ctr_core_node_count(replay->core);
		ret_report->hash = ctr_core_running_hash(replay->core);
	}
	return CENTRO_OK;
}

int centro_replay_check(const struct centro_replay *replay, struct centro_error_text *text)
{
	if (replay->phase != CTR_REPLAY_RUNNING)
		return ctr_error(text, CENTRO_ERR_STATE, "nothing is loaded at this point");
	return ctr_core_check(replay->core, text);
}

void centro_replay_explain(const struct centro_replay *replay,
			   void (*job)(void *arg, centro_job_id id, const char *text), void *arg)
{
	const struct ctr_job *next;

	if (replay->phase != CTR_REPLAY_RUNNING)
		return;
	for (centro_job_id id = UINT64_MAX; (next = ctr_core_job_below(replay->core, id));) {
		struct centro_error_text text = {""};
		id = next->id;
		ctr_core_explain(replay->core, next, &text);
		if (text.text[0])
			job(arg, id, text.text);
	}
}
