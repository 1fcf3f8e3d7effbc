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
	uint64_t value;            /* VARINT, 64, 32 */
	struct centro_bytes bytes; /* BYTES: without its length */
	struct centro_bytes raw;   /* all that stands behind the tag */
};

/* Moves *rest behind a varint. False: it is cut off, or more than ten bytes. */
static inline bool ctr_wire_take_varint(struct centro_bytes *rest, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t size = rest->size < CTR_WIRE_VARINT_SIZE_MAX ? rest->size : CTR_WIRE_VARINT_SIZE_MAX;

	for (size_t i = 0; i < size; i++) {
		value |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
		if (rest->data[i] < 0x80) {
			*rest = ctr_bytes(rest->data + i + 1, rest->size - i - 1);
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* The same with a little-endian number of `size` bytes, 4 or 8. */
static inline bool ctr_wire_take_fixed(struct centro_bytes *rest, size_t size, uint64_t *ret_value)
{
	if (rest->size < size)
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)rest->data[i] << (8 * i);
	*rest = ctr_bytes(rest->data + size, rest->size - size);
	*ret_value = value;
	return true;
}

/*
 * Moves *rest behind its first field. NULL, or what is wrong with that field;
 * then only ret_field->number is set, if it could be read (else it is 0).
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
