/* SPDX-License-Identifier: MIT */
/*
 * json_encode.c - any message of the schema as proto3 JSON.
 *
 * Writes straight into the buffer, whose error sticks, so one look at the end is
 * enough. Text that is not UTF-8, which no decoder lets in, comes out as U+FFFD:
 * what is written is always JSON.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/codec.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "codec/json_time.h"
#include "codec/member.h"

static int append_message(const ProtobufCMessage *message, struct ctr_buf *buf, int depth);

/* The character of a two-character escape; '\0': there is none. */
static char short_escape(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return '\0';
	}
}

static void append_escape(struct ctr_buf *buf, uint8_t c)
{
	char letter = short_escape(c);
	char escape[8] = {'\\', letter};
	if (letter == '\0')
		snprintf(escape, sizeof(escape), "\\u%04x", c);
	ctr_buf_append_str(buf, escape);
}

/* How much of `text` from its start can stand in a string as it is. */
static size_t plain_size(struct centro_bytes text)
{
	size_t at = 0;
	while (at < text.size) {
		uint8_t c = text.data[at];
		size_t length = 1;
		if (c < 0x20 || c == '"' || c == '\\')
			break;
		if (c >= 0x80)
			length = ctr_utf8_next(ctr_bytes(text.data + at, text.size - at));
		if (length == 0)
			break;
		at += length;
	}
	return at;
}

static void append_string(struct ctr_buf *buf, const char *string)
{
	struct centro_bytes rest = ctr_bytes_str(string);

	ctr_buf_append_char(buf, '"');
	while (rest.size > 0) {
		size_t plain = plain_size(rest);
		ctr_buf_append(buf, rest.data, plain);
		rest = ctr_bytes(rest.data + plain, rest.size - plain);
		if (rest.size == 0)
			break;
		if (rest.data[0] < 0x80)
			append_escape(buf, rest.data[0]);
		else
			ctr_buf_append_str(buf, "\xef\xbf\xbd");
		rest = ctr_bytes(rest.data + 1, rest.size - 1);
	}
	ctr_buf_append_char(buf, '"');
}

static void append_i64(struct ctr_buf *buf, int64_t value)
{
	if (value < 0)
		ctr_buf_append_char(buf, '-');
	ctr_buf_append_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void append_quoted(struct ctr_buf *buf, const char *word)
{
	ctr_buf_append_char(buf, '"');
	ctr_buf_append_str(buf, word);
	ctr_buf_append_char(buf, '"');
}

static void append_enum(struct ctr_buf *buf, int value, const ProtobufCEnumDescriptor *descriptor)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
	if (known)
		append_quoted(buf, known->name);
	else
		append_i64(buf, value);
}

static void append_base64(struct ctr_buf *buf, const ProtobufCBinaryData *data)
{
	ctr_buf_append_char(buf, '"');
	ctr_base64_append(buf, ctr_bytes(data->data, data->len), /* padded= */ true);
	ctr_buf_append_char(buf, '"');
}

/* 64 bits go into a string: most readers of JSON have doubles. */
static int append_scalar(struct ctr_buf *buf, const ProtobufCFieldDescriptor *field,
			 const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		append_i64(buf, *(const int32_t *)value);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		ctr_buf_append_u64(buf, *(const uint32_t *)value);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		ctr_buf_append_char(buf, '"');
		append_i64(buf, *(const int64_t *)value);
		ctr_buf_append_char(buf, '"');
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		ctr_buf_append_char(buf, '"');
		ctr_buf_append_u64(buf, *(const uint64_t *)value);
		ctr_buf_append_char(buf, '"');
		break;
	case PROTOBUF_C_TYPE_BOOL:
		ctr_buf_append_str(buf, *(const protobuf_c_boolean *)value ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		append_enum(buf, *(const int *)value, field->descriptor);
		break;
	case PROTOBUF_C_TYPE_STRING:
		append_string(buf, *(char *const *)value);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		append_base64(buf, value);
		break;
	default:
		/* The schema has no floating point; a test sees to that. */
		CTR_UNREACHABLE();
	}
	return buf->error;
}

static int append_value(struct ctr_buf *buf, const ProtobufCFieldDescriptor *field,
			const void *value, int depth)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return append_message(*(ProtobufCMessage *const *)value, buf, depth + 1);
	return append_scalar(buf, field, value);
}

static int append_map(struct ctr_buf *buf, const ProtobufCFieldDescriptor *field,
		      ProtobufCMessage *const *entries, size_t count, int depth)
{
	ctr_buf_append_char(buf, '{');
	for (size_t i = 0; i < count; i++) {
		const ProtobufCFieldDescriptor *value = &entries[i]->descriptor->fields[1];
		if (i > 0)
			ctr_buf_append_char(buf, ',');
		append_string(buf, ctr_map_entry_key(entries[i]));
		ctr_buf_append_char(buf, ':');
		int status = append_value(buf, value, ctr_member(entries[i], value), depth + 1);
		if (status != CENTRO_OK)
			return status;
	}
	return ctr_buf_append_char(buf, '}');
}

static int append_array(struct ctr_buf *buf, const ProtobufCFieldDescriptor *field,
			const char *elements, size_t count, int depth)
{
	size_t size = ctr_field_element_size(field);

	ctr_buf_append_char(buf, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			ctr_buf_append_char(buf, ',');
		int status = append_value(buf, field, elements + i * size, depth);
		if (status != CENTRO_OK)
			return status;
	}
	return ctr_buf_append_char(buf, ']');
}

static int append_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			struct ctr_buf *buf, int depth)
{
	append_quoted(buf, field->name);
	ctr_buf_append_char(buf, ':');

	void *member = ctr_member(message, field);
	if (!ctr_field_is_repeated(field))
		return append_value(buf, field, member, depth);
	size_t count = *ctr_member_count(message, field);
	if (ctr_field_is_map(field))
		return append_map(buf, field, *(ProtobufCMessage ***)member, count, depth);
	return append_array(buf, field, *(const char **)member, count, depth);
}

static bool has_something(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (ctr_field_is_repeated(field))
		return *ctr_member_count(message, field) > 0;
	return ctr_member_is_set(message, field);
}

static int append_fields(const ProtobufCMessage *message, struct ctr_buf *buf, int depth)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	bool is_first = true;

	ctr_buf_append_char(buf, '{');
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (!has_something(message, field))
			continue;
		if (!is_first)
			ctr_buf_append_char(buf, ',');
		is_first = false;
		int status = append_field(message, field, buf, depth);
		if (status != CENTRO_OK)
			return status;
	}
	return ctr_buf_append_char(buf, '}');
}

static int append_message(const ProtobufCMessage *message, struct ctr_buf *buf, int depth)
{
	/* Decoders let nothing deeper in, and nobody nests by hand. */
	CTR_ASSERT(depth <= CTR_MESSAGE_DEPTH_MAX);

	if (!ctr_message_is_time(message->descriptor))
		return append_fields(message, buf, depth);
	ctr_buf_append_char(buf, '"');
	int status = ctr_json_time_append(message, buf);
	if (status != CENTRO_OK)
		return status;
	return ctr_buf_append_char(buf, '"');
}

int ctr_json_encode(const ProtobufCMessage *message, struct ctr_buf *buf)
{
	size_t before = buf->size;
	int status = append_message(message, buf, 1);
	if (status != CENTRO_OK && buf->size > before)
		ctr_buf_truncate(buf, before);
	return status;
}
