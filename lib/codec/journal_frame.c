/* SPDX-License-Identifier: MIT */
/*
 * journal_frame.c - frames of a journal's file.
 *
 * The size has a check of its own: without that, a damaged size could not be told
 * from a file that ends too early. Both checks depend on the place, so a frame that
 * was moved, left out or put in twice is found as well.
 *
 * Layer: codec.
 */
#include "codec/journal_frame.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++)
		value |= (uint32_t)at[i] << (8 * i);
	return value;
}

static uint32_t check_of(const uint8_t *data, size_t size, uint64_t place)
{
	return (uint32_t)ctr_hash_bytes(ctr_bytes(data, size), place);
}

enum ctr_journal_magic ctr_journal_check_magic(struct centro_bytes bytes)
{
	struct centro_bytes magic = ctr_bytes(CTR_JOURNAL_MAGIC, CTR_JOURNAL_MAGIC_SIZE);

	if (ctr_bytes_starts_with(bytes, magic))
		return CTR_JOURNAL_MAGIC_OK;
	return ctr_bytes_starts_with(magic, bytes) ? CTR_JOURNAL_MAGIC_SHORT
						   : CTR_JOURNAL_MAGIC_OTHER;
}

size_t ctr_journal_frame_begin(struct ctr_buf *buf)
{
	ctr_buf_extend(buf, CTR_JOURNAL_FRAME_HEAD_SIZE);
	return buf->size;
}

void ctr_journal_frame_end(struct ctr_buf *buf, size_t mark, uint64_t place)
{
	if (buf->error != CENTRO_OK)
		return;
	CTR_ASSERT(mark >= CTR_JOURNAL_FRAME_HEAD_SIZE && mark <= buf->size);

	size_t size = buf->size - mark;
	if (size > CTR_JOURNAL_RECORD_SIZE_MAX) {
		buf->error = CENTRO_ERR_LIMIT;
		return;
	}
	uint8_t *record = buf->data + mark, *head = record - CTR_JOURNAL_FRAME_HEAD_SIZE;
	put_u32(head, (uint32_t)size);
	put_u32(head + 4, check_of(head, 4, place));
	put_u32(head + 8, check_of(record, size, place));
}

int ctr_journal_frame_take(struct centro_bytes *bytes, uint64_t place,
			   struct centro_bytes *ret_record, struct centro_error_text *text)
{
	const uint8_t *head = bytes->data;

	if (bytes->size < CTR_JOURNAL_FRAME_HEAD_SIZE)
		return CENTRO_ERR_UNAVAILABLE;
	size_t size = get_u32(head);
	if (get_u32(head + 4) != check_of(head, 4, place))
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "no record begins there: its head is damaged");
	if (size > CTR_JOURNAL_RECORD_SIZE_MAX)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "a record of %zu bytes; the most is %zu",
				 size, CTR_JOURNAL_RECORD_SIZE_MAX);
	if (bytes->size - CTR_JOURNAL_FRAME_HEAD_SIZE < size)
		return CENTRO_ERR_UNAVAILABLE;
	const uint8_t *record = head + CTR_JOURNAL_FRAME_HEAD_SIZE;
	if (get_u32(head + 8) != check_of(record, size, place))
		return ctr_error(text, CENTRO_ERR_CORRUPT, "the record is damaged");
	*ret_record = ctr_bytes(record, size);
	*bytes = ctr_bytes(record + size, bytes->size - CTR_JOURNAL_FRAME_HEAD_SIZE - size);
	return CENTRO_OK;
}
