/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_JOURNAL_CODEC_H
#define CTR_CODEC_JOURNAL_CODEC_H

/*
 * One input of the core and what came of it, as they stand in a journal: see
 * proto/centro/v1/journal.proto.
 */

#include "codec/codec.h"

enum ctr_journal_type {
	CTR_JOURNAL_BEGIN,   /* ctr_core_new(): a section begins */
	CTR_JOURNAL_ROW,     /* a row of the store, into it */
	CTR_JOURNAL_REQUEST, /* ctr_core_load_request() */
	CTR_JOURNAL_LOADED,  /* ctr_core_load_end() */
	CTR_JOURNAL_COMMAND,
	CTR_JOURNAL_TICK,
	CTR_JOURNAL_SCHEDULE,
	CTR_JOURNAL_TAKE, /* the outbox was emptied, and what had ended forgotten */
	CTR_JOURNAL_END,
	CTR_JOURNAL_TYPE_COUNT
};

struct ctr_journal_begin {
	struct centro_bytes version;     /* of the program */
	struct ctr_core_options options; /* without an allocator */
};

struct ctr_journal_record {
	enum ctr_journal_type type;
	struct ctr_now now; /* 0 until the first input that has a time */
	int status;
	bool more;       /* tick, schedule: what they returned */
	uint32_t answer; /* command: ctr_journal_answer() */
	uint64_t hash;   /* of the core, after it; 0 before there is one */
	union {
		struct ctr_journal_begin begin;
		struct {
			struct centro_bytes key, value;
		} row;
		struct ctr_request_load request;
		struct {
			uint64_t last_event;
		} loaded;
		struct ctr_command command;
		struct {
			uint32_t ops_max;
		} schedule;
	};
};

/* What the next record is told by its difference from. All 0 before the first. */
struct ctr_journal_context {
	struct ctr_now now;
	uint64_t hash;
};

/* A number over all that a command answers but its text, with what `command` points to. */
uint32_t ctr_journal_answer(const struct ctr_command *command, const struct ctr_result *result);

/* Append the record. OK, NOMEM, LIMIT: then nothing was appended. */
int ctr_journal_encode(struct ctr_journal_context *context, const struct ctr_journal_record *record,
		       struct ctr_buf *buf);
/*
 * A command's specification is decoded as well, and there is room for its answers.
 * Everything is borrowed from the arena.
 *
 * @retval CENTRO_ERR_CORRUPT  `text` says which field
 * @retval CENTRO_ERR_LIMIT    the arena's cap
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_journal_decode(struct ctr_journal_context *context, struct centro_bytes bytes,
		       struct ctr_arena *arena, struct ctr_journal_record *ret_record,
		       struct centro_error_text *text);

/* "submit", "row", "schedule": what `record` is. A static string. */
const char *ctr_journal_name(const struct ctr_journal_record *record);

#endif
