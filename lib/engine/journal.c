/* SPDX-License-Identifier: MIT */
/*
 * journal.c - what the core was given, written down.
 *
 * Invariants: what gathers is whole records; once stopped, nothing is written any
 * more, so what has been written is a recording from the start to some input.
 *
 * Layer: engine.
 */
#include "engine/journal.h"

#include <centro/version.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/log.h"
#include "codec/journal_codec.h"
#include "codec/journal_frame.h"

/* Handed over when so much has gathered, also within a turn: a store may be large. */
#define GATHER_BYTES ((size_t)64 * 1024)

struct ctr_journal {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	struct ctr_journal_sink *sink;
	struct ctr_journal_context context; /* of the last record */
	struct ctr_buf gathered;
	uint64_t place; /* in the file, of the first byte that has gathered */
	bool stopped;
};

int ctr_journal_new(const struct centro_allocator *allocator, const struct centro_log *log,
		    struct ctr_journal_sink *sink, struct ctr_journal **ret_journal)
{
	CTR_ASSERT(sink && sink->write);

	struct ctr_journal *journal = ctr_alloc_zero(allocator, sizeof(*journal));
	if (!journal)
		return CENTRO_ERR_NOMEM;
	journal->allocator = allocator;
	journal->log = log;
	journal->sink = sink;
	ctr_buf_init(&journal->gathered, allocator, 0);
	if (ctr_buf_append_str(&journal->gathered, CTR_JOURNAL_MAGIC) != CENTRO_OK) {
		ctr_free(allocator, journal);
		return CENTRO_ERR_NOMEM;
	}
	*ret_journal = journal;
	return CENTRO_OK;
}

static void stop(struct ctr_journal *journal)
{
	journal->stopped = true;
	ctr_buf_fini(&journal->gathered);
}

void ctr_journal_flush(struct ctr_journal *journal)
{
	if (!journal || journal->stopped || journal->gathered.size == 0)
		return;
	bool more = journal->sink->write(journal->sink, ctr_buf_bytes(&journal->gathered));
	journal->place += journal->gathered.size;
	ctr_buf_clear(&journal->gathered);
	if (!more)
		stop(journal);
}

/* What is in the journal still goes out. */
static void give_up(struct ctr_journal *journal, int error, const char *why)
{
	CTR_ASSERT(error != CENTRO_OK);

	ctr_log_warn(journal->log, "recording stops error=%s: %s", centro_error_name(error), why);
	ctr_journal_flush(journal);
	if (!journal->stopped)
		stop(journal);
}

/* The record could not be added. */
static void give_up_record(struct ctr_journal *journal, size_t before)
{
	int error = journal->gathered.error;
	ctr_buf_truncate(&journal->gathered, before);
	give_up(journal, error, "an input could not be recorded");
}

static void add(struct ctr_journal *journal, const struct ctr_journal_record *record)
{
	struct ctr_buf *gathered = &journal->gathered;
	size_t before = gathered->size;
	CTR_ASSERT(!journal->stopped);

	size_t mark = ctr_journal_frame_begin(gathered);
	ctr_journal_encode(&journal->context, record, gathered);
	ctr_journal_frame_end(gathered, mark, journal->place + before);
	if (gathered->error != CENTRO_OK)
		give_up_record(journal, before);
	else if (gathered->size >= GATHER_BYTES)
		ctr_journal_flush(journal);
}

static bool is_off(const struct ctr_journal *journal)
{
	return !journal || journal->stopped;
}

/* How far the core came before it lacked memory would not be the same again. */
static bool is_short(struct ctr_journal *journal, const struct ctr_core *core)
{
	if (!ctr_core_is_short(core))
		return false;
	give_up(journal, CENTRO_ERR_NOMEM, "the scheduler lacked memory");
	return true;
}

/* A record of that type, at the time of the last one, with the core's hash as it is. */
static struct ctr_journal_record start(const struct ctr_journal *journal,
				       const struct ctr_core *core, enum ctr_journal_type type)
{
	return (struct ctr_journal_record){
		.type = type,
		.now = journal->context.now,
		.hash = ctr_core_running_hash(core),
	};
}

void ctr_journal_free(struct ctr_journal *journal)
{
	if (!journal)
		return;
	if (!journal->stopped) {
		const struct ctr_journal_record end = {
			.type = CTR_JOURNAL_END,
			.now = journal->context.now,
			.hash = journal->context.hash,
		};
		add(journal, &end);
	}
	ctr_journal_flush(journal);
	ctr_buf_fini(&journal->gathered);
	ctr_free(journal->allocator, journal);
}

/* ---- loading ---- */

void ctr_journal_begin(struct ctr_journal *journal, struct ctr_now now,
		       const struct ctr_core_options *options)
{
	if (is_off(journal))
		return;
	const struct ctr_journal_record record = {
		.type = CTR_JOURNAL_BEGIN,
		.now = now,
		.begin = {.version = ctr_bytes_str(centro_version()), .options = *options},
	};
	add(journal, &record);
}

void ctr_journal_row(struct ctr_journal *journal, const struct ctr_core *core,
		     struct centro_bytes key, struct centro_bytes value, int status)
{
	if (is_off(journal))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_ROW);
	record.status = status;
	record.row.key = key;
	record.row.value = value;
	add(journal, &record);
}

void ctr_journal_request(struct ctr_journal *journal, const struct ctr_core *core,
			 const struct ctr_request_load *request, int status)
{
	if (is_off(journal))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_REQUEST);
	record.status = status;
	record.request = *request;
	add(journal, &record);
}

void ctr_journal_loaded(struct ctr_journal *journal, const struct ctr_core *core,
			struct ctr_now now, uint64_t last_event, int status)
{
	if (is_off(journal))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_LOADED);
	record.now = now;
	record.status = status;
	record.loaded.last_event = last_event;
	add(journal, &record);
}

/* ---- what happened ---- */

void ctr_journal_executed(struct ctr_journal *journal, const struct ctr_core *core,
			  struct ctr_now now, const struct ctr_command *command,
			  const struct ctr_result *result)
{
	if (is_off(journal))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_COMMAND);
	record.now = now;
	record.status = result->status;
	record.answer = ctr_journal_answer(command, result);
	record.command = *command;
	add(journal, &record);
}

void ctr_journal_ticked(struct ctr_journal *journal, const struct ctr_core *core,
			struct ctr_now now, bool more)
{
	if (is_off(journal) || is_short(journal, core))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_TICK);
	record.now = now;
	record.more = more;
	add(journal, &record);
}

void ctr_journal_scheduled(struct ctr_journal *journal, const struct ctr_core *core,
			   struct ctr_now now, uint32_t ops_max, bool more)
{
	if (is_off(journal) || is_short(journal, core))
		return;
	struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_SCHEDULE);
	record.now = now;
	record.more = more;
	record.schedule.ops_max = ops_max;
	add(journal, &record);
}

void ctr_journal_took(struct ctr_journal *journal, const struct ctr_core *core)
{
	if (is_off(journal))
		return;
	const struct ctr_journal_record record = start(journal, core, CTR_JOURNAL_TAKE);
	add(journal, &record);
}
