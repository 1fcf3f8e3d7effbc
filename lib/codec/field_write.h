/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_FIELD_WRITE_H
#define CTR_CODEC_FIELD_WRITE_H

/*
 * The core's structs, straight onto the wire: a row a field. What is 0, empty or
 * NULL is left out, as proto3 wants it.
 *
 * Appends to the buffer, whose error sticks: look at it at the end.
 */

#include <stddef.h>

#include "base/buf.h"

#include <centro/types.h>

enum ctr_write_kind {
	CTR_WRITE_UINT,    /* unsigned, bool or enum of 1, 2, 4 or 8 bytes → varint */
	CTR_WRITE_INT32,   /* int32_t */
	CTR_WRITE_FIXED64, /* uint64_t */
	CTR_WRITE_BYTES,   /* struct centro_bytes → text, or a message that is encoded */
	CTR_WRITE_TEXT,    /* char * */
	CTR_WRITE_TIME,    /* struct centro_instant → Timestamp */
	CTR_WRITE_SPAN,    /* struct centro_span → Duration */
	CTR_WRITE_REF,     /* struct centro_attempt_ref → AttemptRef; left out without a job */
};

struct ctr_write_row {
	uint16_t number; /* of the field */
	uint8_t kind;    /* enum ctr_write_kind */
	uint8_t size;    /* of the member */
	uint16_t offset;
};
#define CTR_WRITE_ROW(field_number, write_kind, type, member)                            \
	{                                                                                \
		.number = (field_number), .kind = (write_kind),                          \
		.size = sizeof(((type *)NULL)->member), .offset = offsetof(type, member) \
	}

void ctr_write_fields(const struct ctr_write_row *rows, size_t count, const void *from,
		      struct ctr_buf *buf);
#define CTR_WRITE_FIELDS(rows, from, buf) \
	ctr_write_fields((rows), CTR_ARRAY_SIZE(rows), (from), (buf))

void ctr_write_uint(struct ctr_buf *buf, uint32_t number, uint64_t value);
void ctr_write_int32(struct ctr_buf *buf, uint32_t number, int32_t value);
/* One entry of a map<string, uint32>, also of 0. */
void ctr_write_amount(struct ctr_buf *buf, uint32_t number, struct centro_bytes name,
		      uint32_t amount);

/*
 * A message of unknown size: what is appended between the two is in it.
 *
 *	size_t mark = ctr_write_begin(buf, 17);
 *	…
 *	ctr_write_end(buf, mark);
 */
size_t ctr_write_begin(struct ctr_buf *buf, uint32_t number);
void ctr_write_end(struct ctr_buf *buf, size_t mark);

#endif
