/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_WIRE_H
#define CTR_CODEC_WIRE_H

/* Protobuf's wire format, a field at a time, knowing no message. */

#include "base/assert.h"
#include "base/bytes.h"

enum ctr_wire_type {
	CTR_WIRE_VARINT = 0,
	CTR_WIRE_64 = 1,
	CTR_WIRE_BYTES = 2,
	CTR_WIRE_GROUP = 3, /* and its end, 4: long gone from protobuf, refused */
	CTR_WIRE_32 = 5,
};

#define CTR_WIRE_VARINT_SIZE_MAX 10
#define CTR_WIRE_FIELD_MAX       ((UINT32_C(1) << 29) - 1) /* a field's number */

struct ctr_wire_field {
	uint32_t number;
	enum ctr_wire_type type;
	uint64_t value;      /* VARINT, 64, 32 */
	const uint8_t *raw;  /* what stands behind the tag; it ends where the rest begins */
	const uint8_t *data; /* BYTES: behind the length, which is the byte before */
	size_t size;         /* BYTES */
};

static inline struct centro_bytes ctr_wire_bytes(const struct ctr_wire_field *field)
{
	CTR_ASSERT(field->type == CTR_WIRE_BYTES);
	return ctr_bytes(field->data, field->size);
}

/* Of more than one byte. */
bool ctr_wire_take_long_varint(struct centro_bytes *rest, uint64_t *ret_value);

/* Moves *rest behind a varint. False: it is cut off, or more than ten bytes. */
static inline bool ctr_wire_take_varint(struct centro_bytes *rest, uint64_t *ret_value)
{
	if (rest->size == 0 || rest->data[0] >= 0x80)
		return ctr_wire_take_long_varint(rest, ret_value);
	*ret_value = *rest->data++;
	rest->size--;
	return true;
}

/* The same with a little-endian number of `size` bytes, 4 or 8. */
bool ctr_wire_take_fixed(struct centro_bytes *rest, size_t size, uint64_t *ret_value);

/*
 * Moves *rest behind its first field. NULL, or what is wrong with that field;
 * then only ret_field->number is set, 0 if it could not be read.
 */
const char *ctr_wire_take_field(struct centro_bytes *rest, struct ctr_wire_field *ret_field);

static inline int64_t ctr_wire_zigzag(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* Both return what stands behind what was written. */
static inline uint8_t *ctr_wire_put_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static inline uint8_t *ctr_wire_put_tag(uint8_t *at, uint32_t number, enum ctr_wire_type type)
{
	CTR_ASSERT(number > 0 && number <= CTR_WIRE_FIELD_MAX);
	return ctr_wire_put_varint(at, (uint64_t)number << 3 | type);
}

#endif
