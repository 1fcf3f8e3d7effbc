/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_REPLAY_PRIVATE_H
#define CTR_SIM_REPLAY_PRIVATE_H

/* What the files of this folder share. */

#include "base/arena.h"
#include "base/buf.h"
#include "codec/journal_codec.h"
#include "engine/row_loader.h"

#include <centro/replay.h>

/* What a section may hold next. */
enum ctr_replay_phase {
	CTR_REPLAY_NOTHING, /* no section has begun, or its core is of no use */
	CTR_REPLAY_LOADING,
	CTR_REPLAY_RUNNING,
};

struct centro_replay {
	struct centro_replay_options options;
	const struct centro_allocator *allocator;
	struct ctr_buf bytes; /* of the file, that are not a whole record yet */
	bool has_magic;
	struct ctr_arena arena; /* of one record */
	struct ctr_journal_context context;
	struct ctr_buf line;

	enum ctr_replay_phase phase;
	struct ctr_core *core;        /* NULL in NOTHING */
	struct ctr_row_loader loader; /* while LOADING */
	size_t told;                  /* of the core's events */
	struct centro_replay_report report;
};

/* ---- replay_input.c ---- */

/* What an input led to, this time. */
struct ctr_replay_outcome {
	int status;
	bool more;
	uint32_t answer;
	struct ctr_result result; /* of a command */
	bool skipped;
};

/*
 * Give the record to the core. OK, whatever the core said of it; or CORRUPT: it cannot
 * come at this point, `text` says why; or NOMEM.
 */
int ctr_replay_apply(struct centro_replay *replay, const struct ctr_journal_record *record,
		     struct ctr_replay_outcome *ret_outcome, struct centro_error_text *text);
/* The core, and what was being loaded into it. */
void ctr_replay_drop_core(struct centro_replay *replay);

/* ---- replay_text.c ---- */

/* A line about the input, without its number, into `line`. */
void ctr_replay_describe(struct ctr_buf *line, const struct ctr_journal_record *record,
			 const struct ctr_replay_outcome *outcome);
void ctr_replay_describe_event(struct ctr_buf *line, const struct ctr_event *event);

#endif
