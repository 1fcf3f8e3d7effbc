/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_JOURNAL_H
#define CTR_ENGINE_JOURNAL_H

/*
 * Recording: all that an engine gives to its core, and what came of it, as a file of
 * records (codec/journal_frame.h, codec/journal_codec.h), from which a replay gives
 * the same to another core.
 *
 * A journal never harms its engine: when there is no memory for it, or when its sink
 * wants no more, it stops for good, and the file ends with a whole record.
 */

#include "codec/codec.h"

#include <centro/log.h>

/* Where the bytes go: in its owner's own memory, for as long as the engine lives. */
struct ctr_journal_sink {
	/*
	 * Take all of `bytes`, which are whole records, one turn's or 64 KiB at a time.
	 * False: no more is wanted, and why has been said.
	 */
	bool (*write)(struct ctr_journal_sink *sink, struct centro_bytes bytes);
};

struct ctr_journal;

/* OK or NOMEM. Begins with the file's first line. */
int ctr_journal_new(const struct centro_allocator *allocator, const struct centro_log *log,
		    struct ctr_journal_sink *sink, struct ctr_journal **ret_journal);
/* Ends the recording. NULL is allowed. */
void ctr_journal_free(struct ctr_journal *journal);
/* Hand over what has gathered: at the end of each turn. */
void ctr_journal_flush(struct ctr_journal *journal);

/*
 * What has just been done to `core`, which keeps its hash. Without a journal, NULL,
 * nothing is written down.
 */
void ctr_journal_begin(struct ctr_journal *journal, struct ctr_now now,
		       const struct ctr_core_options *options);
void ctr_journal_row(struct ctr_journal *journal, const struct ctr_core *core,
		     struct centro_bytes key, struct centro_bytes value, int status);
/* What ctr_core_load_request() took. */
void ctr_journal_request(struct ctr_journal *journal, const struct ctr_core *core,
			 const struct ctr_request_load *request, int status);
void ctr_journal_loaded(struct ctr_journal *journal, const struct ctr_core *core,
			struct ctr_now now, uint64_t last_event, int status);
void ctr_journal_executed(struct ctr_journal *journal, const struct ctr_core *core,
			  struct ctr_now now, const struct ctr_command *command,
			  const struct ctr_result *result);
void ctr_journal_ticked(struct ctr_journal *journal, const struct ctr_core *core,
			struct ctr_now now, bool more);
void ctr_journal_scheduled(struct ctr_journal *journal, const struct ctr_core *core,
			   struct ctr_now now, uint32_t ops_max, bool more);
/* Everything touched was taken, what had ended was forgotten, and the events cleared. */
void ctr_journal_took(struct ctr_journal *journal, const struct ctr_core *core);

#endif
