/* SPDX-License-Identifier: MIT */
/*
 * wire.c - takes fields off the wire.
 *
 * Everything is bounded by the bytes that are there; nothing is read twice.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/wire.h"

bool ctr_wire_take_long_varint(struct centro_bytes *rest, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t size = rest->size < CTR_WIRE_VARINT_SIZE_MAX ? rest->size : CTR_WIRE_VARINT_SIZE_MAX;

	for (size_t i = 0; i < size; i++) {
		value |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
		if (rest->data[i] < 0x80) {
			rest->data += i + 1;
			rest->size -= i + 1;
			*ret_value = value;
			return true;
		}
	}
	return false;
}

bool ctr_wire_take_fixed(struct centro_bytes *rest, size_t size, uint64_t *ret_value)
{
	uint64_t value = 0;

	CTR_ASSERT(size == 4 || size == 8);
	if (rest->size < size)
		return false;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)rest->data[i] << (8 * i);
	rest->data += size;
	rest->size -= size;
	*ret_value = value;
	return true;
}

static bool take_bytes(struct centro_bytes *rest, struct ctr_wire_field *field)
{
	uint64_t size;
	if (!ctr_wire_take_varint(rest, &size) || size > rest->size)
		return false;
	field->data = rest->data;
	field->size = size;
	rest->data += size;
	rest->size -= size;
	return true;
}

const char *ctr_wire_take_field(struct centro_bytes *rest, struct ctr_wire_field *ret_field)
{
	uint64_t tag;
	bool is_whole;

	ret_field->number = 0;
	if (!ctr_wire_take_varint(rest, &tag))
		return "a field's tag is cut off";
	if (tag >> 3 == 0 || tag >> 3 > CTR_WIRE_FIELD_MAX)
		return "not protobuf: a field number out of range";
	ret_field->number = (uint32_t)(tag >> 3);
	ret_field->type = (enum ctr_wire_type)(tag & 7);
	ret_field->raw = rest->data;

	switch (ret_field->type) {
	case CTR_WIRE_VARINT:
		is_whole = ctr_wire_take_varint(rest, &ret_field->value);
		break;
	case CTR_WIRE_BYTES:
		is_whole = take_bytes(rest, ret_field);
		break;
	case CTR_WIRE_64:
		is_whole = ctr_wire_take_fixed(rest, 8, &ret_field->value);
		break;
	case CTR_WIRE_32:
		is_whole = ctr_wire_take_fixed(rest, 4, &ret_field->value);
		break;
	default:
		return "a wire type that is not in use (a group, or not protobuf)";
	}
	return is_whole ? NULL : "cut off";
}
