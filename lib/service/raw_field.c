/* SPDX-License-Identifier: MIT */
/*
 * raw_field.c - walk the wire format (protobuf's "Encoding" page) just far enough
 * to find one field. Groups do not occur in our schema and end the walk.
 */
#include "service/raw_field.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static bool take_varint(struct centro_bytes *rest, uint64_t *ret_value)
{
	uint64_t value = 0;
	for (size_t i = 0; i < 10 && i < rest->size; i++) {
		value |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
		if (!(rest->data[i] & 0x80)) {
			*rest = ctr_bytes(rest->data + i + 1, rest->size - i - 1);
			*ret_value = value;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct centro_bytes *rest, uint64_t size, struct centro_bytes *ret_value)
{
	if (size > rest->size)
		return false;
	*ret_value = ctr_bytes(rest->data, (size_t)size);
	*rest = ctr_bytes(rest->data + size, rest->size - (size_t)size);
	return true;
}

/* The value behind a tag; of a varint nothing is kept. */
static bool take_value(struct centro_bytes *rest, uint32_t type, struct centro_bytes *ret_value)
{
	uint64_t size;
	switch (type) {
	case WIRE_VARINT:
		*ret_value = ctr_bytes(NULL, 0);
		return take_varint(rest, &size);
	case WIRE_FIXED64:
		return take_bytes(rest, 8, ret_value);
	case WIRE_BYTES:
		return take_varint(rest, &size) && take_bytes(rest, size, ret_value);
	case WIRE_FIXED32:
		return take_bytes(rest, 4, ret_value);
	default:
		return false;
	}
}

bool ctr_raw_field_find(struct centro_bytes message, uint32_t field, uint32_t nth,
			struct centro_bytes *ret_value)
{
	struct centro_bytes rest = message, value;
	while (rest.size > 0) {
		uint64_t tag;
		if (!take_varint(&rest, &tag) || !take_value(&rest, tag & 7, &value))
			return false;
		if (tag >> 3 != field || (tag & 7) != WIRE_BYTES)
			continue;
		if (nth-- == 0) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}
