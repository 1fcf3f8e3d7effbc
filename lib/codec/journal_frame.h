/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_JOURNAL_FRAME_H
#define CTR_CODEC_JOURNAL_FRAME_H

/*
 * How records stand behind one another in a journal's file, so that one that was
 * cut off or damaged is told from a whole one: see proto/centro/v1/journal.proto.
 * A place is counted in bytes from the start of the file.
 */

#include "base/buf.h"

/* The first line of the file. Another version has another number in it. */
#define CTR_JOURNAL_MAGIC           "centro-journal 1\n"
#define CTR_JOURNAL_MAGIC_SIZE      (sizeof(CTR_JOURNAL_MAGIC) - 1)
#define CTR_JOURNAL_FRAME_HEAD_SIZE 12
/* Of one record: no command comes near it. */
#define CTR_JOURNAL_RECORD_SIZE_MAX ((size_t)16 * 1024 * 1024)

/* How much of the file's first line `bytes` holds: all; not yet all; something else. */
enum ctr_journal_magic { CTR_JOURNAL_MAGIC_OK, CTR_JOURNAL_MAGIC_SHORT, CTR_JOURNAL_MAGIC_OTHER };
enum ctr_journal_magic ctr_journal_check_magic(struct centro_bytes bytes);

/*
 * Append room for a frame's head; the record is appended behind it by the caller.
 * Returns the mark for ctr_journal_frame_end(), which fills the head in for a frame
 * that will stand at `place`. The buffer's error sticks.
 */
size_t ctr_journal_frame_begin(struct ctr_buf *buf);
void ctr_journal_frame_end(struct ctr_buf *buf, size_t mark, uint64_t place);

/*
 * Move *bytes, which stand at `place`, behind their first frame.
 *
 * @retval CENTRO_ERR_UNAVAILABLE  not all of it is there
 * @retval CENTRO_ERR_CORRUPT      `text` says what is wrong, without the place
 */
int ctr_journal_frame_take(struct centro_bytes *bytes, uint64_t place,
			   struct centro_bytes *ret_record, struct centro_error_text *text);

#endif
