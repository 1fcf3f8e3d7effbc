/* SPDX-License-Identifier: MIT */
/*
 * replay_input.c - one recorded input into the core.
 *
 * A file is as untrusted as a socket: the order of the records is checked here, the
 * values in them by the core, as they were then.
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "sim/replay/replay_private.h"

void ctr_replay_drop_core(struct centro_replay *replay)
{
	if (replay->phase == CTR_REPLAY_LOADING)
		ctr_row_loader_fini(&replay->loader);
	ctr_core_free(replay->core);
	replay->core = NULL;
	replay->told = 0;
	replay->phase = CTR_REPLAY_NOTHING;
}

/* ---- loading ---- */

static int begin(struct centro_replay *replay, const struct ctr_journal_record *record,
		 struct centro_error_text *text)
{
	struct ctr_core_options options = record->begin.options;

	ctr_replay_drop_core(replay);
	options.allocator = replay->allocator;
	options.keep_hash = true;
	if (replay->options.has_seed)
		options.seed = replay->options.seed;
	int status = ctr_core_new(&options, &replay->core);
	if (status == CENTRO_ERR_INVALID)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "options that no server can have");
	if (status != CENTRO_OK)
		return status;
	ctr_row_loader_init(&replay->loader, replay->allocator, replay->core);
	replay->phase = CTR_REPLAY_LOADING;
	replay->report.sections++;
	return CENTRO_OK;
}

static int load_request(struct centro_replay *replay, const struct ctr_request_load *request)
{
	if (request->request_id.size == 0)
		return CENTRO_ERR_CORRUPT;
	return ctr_core_load_request(replay->core, request->owner, request->request_id,
				     request->spec_hash, request->job, request->wall);
}

static int end_load(struct centro_replay *replay, const struct ctr_journal_record *record)
{
	int status = ctr_row_load_end(&replay->loader);
	if (status == CENTRO_OK)
		status = ctr_core_load_end(replay->core, record->now, record->loaded.last_event,
					   &replay->loader.text);
	if (status != CENTRO_OK)
		return status;
	ctr_row_loader_fini(&replay->loader);
	replay->phase = CTR_REPLAY_RUNNING;
	return CENTRO_OK;
}

static int load(struct centro_replay *replay, const struct ctr_journal_record *record)
{
	enum ctr_key_type type;

	switch (record->type) {
	case CTR_JOURNAL_ROW:
		return ctr_row_load(&replay->loader, record->row.key, record->row.value, &type);
	case CTR_JOURNAL_REQUEST:
		return load_request(replay, &record->request);
	default:
		CTR_ASSERT(record->type == CTR_JOURNAL_LOADED);
		return end_load(replay, record);
	}
}

/* ---- what happened ---- */

/* As the engine does when it makes a batch. */
static void take(struct ctr_core *core)
{
	struct ctr_dirty dirty;

	while (ctr_core_take_dirty(core, &dirty)) {
		if (dirty.type == CTR_DIRTY_JOB && dirty.job.ended)
			ctr_core_forget(core, dirty.job.job);
	}
	ctr_core_clear_events(core);
}

static int execute(struct centro_replay *replay, const struct ctr_journal_record *record,
		   struct ctr_replay_outcome *outcome)
{
	/* Nothing changed then, so nothing may change now. */
	if (record->status == CENTRO_ERR_NOMEM) {
		outcome->skipped = true;
		return CENTRO_OK;
	}
	outcome->status =
		ctr_core_execute(replay->core, record->now, &record->command, &outcome->result);
	outcome->answer = ctr_journal_answer(&record->command, &outcome->result);
	return outcome->status == CENTRO_ERR_NOMEM ? CENTRO_ERR_NOMEM : CENTRO_OK;
}

static int run(struct centro_replay *replay, const struct ctr_journal_record *record,
	       struct ctr_replay_outcome *outcome)
{
	switch (record->type) {
	case CTR_JOURNAL_COMMAND:
		return execute(replay, record, outcome);
	case CTR_JOURNAL_TICK:
		outcome->more = ctr_core_tick(replay->core, record->now);
		return ctr_core_is_short(replay->core) ? CENTRO_ERR_NOMEM : CENTRO_OK;
	case CTR_JOURNAL_SCHEDULE:
		outcome->more =
			ctr_core_schedule(replay->core, record->now, record->schedule.ops_max);
		return ctr_core_is_short(replay->core) ? CENTRO_ERR_NOMEM : CENTRO_OK;
	default:
		CTR_ASSERT(record->type == CTR_JOURNAL_TAKE);
		take(replay->core);
		replay->told = 0;
		return CENTRO_OK;
	}
}

/* ------------------------------------------------------------------ */

static enum ctr_replay_phase phase_of(enum ctr_journal_type type)
{
	bool is_loading = type == CTR_JOURNAL_ROW || type == CTR_JOURNAL_REQUEST ||
			  type == CTR_JOURNAL_LOADED;
	return is_loading ? CTR_REPLAY_LOADING : CTR_REPLAY_RUNNING;
}

int ctr_replay_apply(struct centro_replay *replay, const struct ctr_journal_record *record,
		     struct ctr_replay_outcome *ret_outcome, struct centro_error_text *text)
{
	*ret_outcome = (struct ctr_replay_outcome){0};
	if (record->type == CTR_JOURNAL_END)
		return CENTRO_OK;
	if (record->type == CTR_JOURNAL_BEGIN)
		return begin(replay, record, text);
	if (replay->phase != phase_of(record->type))
		return ctr_error(text, CENTRO_ERR_CORRUPT, "\"%s\" cannot come at this point",
				 ctr_journal_name(record));
	if (replay->phase == CTR_REPLAY_RUNNING)
		return run(replay, record, ret_outcome);
	/* The section ended there. */
	ret_outcome->skipped = record->status == CENTRO_ERR_NOMEM;
	if (!ret_outcome->skipped)
		ret_outcome->status = load(replay, record);
	return ret_outcome->status == CENTRO_ERR_NOMEM ? CENTRO_ERR_NOMEM : CENTRO_OK;
}
