/* SPDX-License-Identifier: MIT */
/*
 * wire.c - takes fields off the wire.
 *
 * Everything is bounded by the bytes that are there; nothing is read twice.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/wire.h"

static bool take_bytes(struct centro_bytes *rest, struct centro_bytes *ret_bytes)
{
	uint64_t size;
	if (!ctr_wire_take_varint(rest, &size) || size > rest->size)
		return false;
	*ret_bytes = ctr_bytes(rest->data, size);
	*rest = ctr_bytes(rest->data + size, rest->size - size);
	return true;
}

static const char *take_value(struct centro_bytes *rest, struct ctr_wire_field *field)
{
	bool whole = false;
	switch (field->type) {
	case CTR_WIRE_VARINT:
		whole = ctr_wire_take_varint(rest, &field->value);
		break;
	case CTR_WIRE_64:
		whole = ctr_wire_take_fixed(rest, 8, &field->value);
		break;
	case CTR_WIRE_32:
		whole = ctr_wire_take_fixed(rest, 4, &field->value);
		break;
	case CTR_WIRE_BYTES:
		whole = take_bytes(rest, &field->bytes);
		break;
	default:
		return "a wire type that is not in use (a group, or not protobuf)";
	}
	return whole ? NULL : "cut off";
}

const char *ctr_wire_take_field(struct centro_bytes *rest, struct ctr_wire_field *ret_field)
{
	uint64_t tag;

	*ret_field = (struct ctr_wire_field){0};
	if (!ctr_wire_take_varint(rest, &tag))
		return "a field's tag is cut off";
	if (tag >> 3 == 0 || tag >> 3 > CTR_WIRE_FIELD_MAX)
		return "not protobuf: a field number out of range";
	ret_field->number = (uint32_t)(tag >> 3);
	ret_field->type = (enum ctr_wire_type)(tag & 7);

	const uint8_t *start = rest->data;
	const char *fault = take_value(rest, ret_field);
	if (!fault)
		ret_field->raw = ctr_bytes(start, (size_t)(rest->data - start));
	return fault;
}
