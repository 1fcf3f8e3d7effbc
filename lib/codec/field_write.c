/* SPDX-License-Identifier: MIT */
/*
 * field_write.c - the core's structs onto the wire, by tables.
 *
 * The state of a job is written at each of its transitions, so this builds no
 * message in between and measures nothing beforehand.
 *
 * Layer: codec.
 */
#include "codec/field_write.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "codec/codec.h"
#include "codec/wire.h"

#define TAG_SIZE_MAX 5
/* A number with its tag. */
#define NUMBER_SIZE_MAX (TAG_SIZE_MAX + CTR_WIRE_VARINT_SIZE_MAX)
/* A message of two numbers whose tags are a byte each, which is what both times are. */
#define TIME_SIZE_MAX (TAG_SIZE_MAX + 1 + 2 * (1 + CTR_WIRE_VARINT_SIZE_MAX))

void ctr_write_uint(struct ctr_buf *buf, uint32_t number, uint64_t value)
{
	uint8_t field[NUMBER_SIZE_MAX];
	if (value == 0)
		return;
	uint8_t *end = ctr_wire_put_tag(field, number, CTR_WIRE_VARINT);
	end = ctr_wire_put_varint(end, value);
	ctr_buf_append(buf, field, (size_t)(end - field));
}

void ctr_write_int32(struct ctr_buf *buf, uint32_t number, int32_t value)
{
	/* On the wire a negative number has 64 bits. */
	ctr_write_uint(buf, number, (uint64_t)(int64_t)value);
}

static void write_fixed64(struct ctr_buf *buf, uint32_t number, uint64_t value)
{
	uint8_t field[TAG_SIZE_MAX + 8];
	if (value == 0)
		return;
	uint8_t *end = ctr_wire_put_tag(field, number, CTR_WIRE_64);
	for (int i = 0; i < 8; i++)
		*end++ = (uint8_t)(value >> (8 * i));
	ctr_buf_append(buf, field, (size_t)(end - field));
}

static void write_bytes(struct ctr_buf *buf, uint32_t number, struct centro_bytes bytes)
{
	if (bytes.size > 0)
		ctr_message_append_field(buf, number, bytes);
}

/* Timestamp and Duration look the same: seconds = 1, nanos = 2. */
static void write_time(struct ctr_buf *buf, uint32_t number, uint64_t ns)
{
	uint8_t field[TIME_SIZE_MAX];
	if (ns == 0)
		return;
	uint8_t *length = ctr_wire_put_tag(field, number, CTR_WIRE_BYTES);
	uint8_t *end = length + 1;
	if (ns >= CTR_NS_PER_SEC) {
		end = ctr_wire_put_tag(end, 1, CTR_WIRE_VARINT);
		end = ctr_wire_put_varint(end, ns / CTR_NS_PER_SEC);
	}
	if (ns % CTR_NS_PER_SEC != 0) {
		end = ctr_wire_put_tag(end, 2, CTR_WIRE_VARINT);
		end = ctr_wire_put_varint(end, ns % CTR_NS_PER_SEC);
	}
	*length = (uint8_t)(end - length - 1);
	ctr_buf_append(buf, field, (size_t)(end - field));
}

void ctr_write_amount(struct ctr_buf *buf, uint32_t number, struct centro_bytes name,
		      uint32_t amount)
{
	size_t mark = ctr_write_begin(buf, number);
	write_bytes(buf, 1, name);
	ctr_write_uint(buf, 2, amount);
	ctr_write_end(buf, mark);
}

/* ---- messages of unknown size ---- */

size_t ctr_write_begin(struct ctr_buf *buf, uint32_t number)
{
	uint8_t head[TAG_SIZE_MAX + 1];
	uint8_t *end = ctr_wire_put_tag(head, number, CTR_WIRE_BYTES);
	/* Room for a length of one byte: most messages are that small. */
	*end++ = 0;
	ctr_buf_append(buf, head, (size_t)(end - head));
	return buf->size;
}

void ctr_write_end(struct ctr_buf *buf, size_t mark)
{
	if (buf->error != CENTRO_OK)
		return;
	CTR_ASSERT(mark > 0 && mark <= buf->size);

	uint8_t length[CTR_WIRE_VARINT_SIZE_MAX];
	size_t size = buf->size - mark;
	size_t more = (size_t)(ctr_wire_put_varint(length, size) - length) - 1;
	if (more > 0) {
		if (!ctr_buf_extend(buf, more))
			return;
		memmove(buf->data + mark + more, buf->data + mark, size);
	}
	memcpy(buf->data + mark - 1, length, more + 1);
}

/* ---- tables ---- */

static uint64_t load_uint(const void *member, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)member;
	case 2:
		return *(const uint16_t *)member;
	case 4:
		return *(const uint32_t *)member;
	default:
		CTR_ASSERT(size == 8);
		return *(const uint64_t *)member;
	}
}

static void write_ref(struct ctr_buf *buf, uint32_t number, const struct centro_attempt_ref *ref)
{
	static const struct ctr_write_row rows[] = {
		CTR_WRITE_ROW(1, CTR_WRITE_UINT, struct centro_attempt_ref, job),
		CTR_WRITE_ROW(2, CTR_WRITE_UINT, struct centro_attempt_ref, task),
		CTR_WRITE_ROW(3, CTR_WRITE_UINT, struct centro_attempt_ref, index),
		CTR_WRITE_ROW(4, CTR_WRITE_UINT, struct centro_attempt_ref, attempt),
	};
	if (ref->job == 0)
		return;
	size_t mark = ctr_write_begin(buf, number);
	CTR_WRITE_FIELDS(rows, ref, buf);
	ctr_write_end(buf, mark);
}

static void write_field(const struct ctr_write_row *row, const void *member, struct ctr_buf *buf)
{
	switch ((enum ctr_write_kind)row->kind) {
	case CTR_WRITE_UINT:
		ctr_write_uint(buf, row->number, load_uint(member, row->size));
		break;
	case CTR_WRITE_INT32:
		ctr_write_int32(buf, row->number, *(const int32_t *)member);
		break;
	case CTR_WRITE_FIXED64:
		write_fixed64(buf, row->number, *(const uint64_t *)member);
		break;
	case CTR_WRITE_BYTES:
		write_bytes(buf, row->number, *(const struct centro_bytes *)member);
		break;
	case CTR_WRITE_TEXT:
		write_bytes(buf, row->number, ctr_bytes_str(*(char *const *)member));
		break;
	case CTR_WRITE_TIME:
		write_time(buf, row->number, ((const struct centro_instant *)member)->ns);
		break;
	case CTR_WRITE_SPAN:
		write_time(buf, row->number, ((const struct centro_span *)member)->ns);
		break;
	case CTR_WRITE_REF:
		write_ref(buf, row->number, member);
		break;
	}
}

void ctr_write_fields(const struct ctr_write_row *rows, size_t count, const void *from,
		      struct ctr_buf *buf)
{
	for (size_t i = 0; i < count; i++)
		write_field(&rows[i], (const char *)from + rows[i].offset, buf);
}
