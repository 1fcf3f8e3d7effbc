/* SPDX-License-Identifier: MIT */
/* message_check.c - what holds for every message that a decoder lets in. */
#include "message_check.h"

#include "codec/member.h"
#include "codec/schema_table.h"
#include "every.pb-c.h"

/* Of a decoder that is given what an encoder has made: no cap should matter. */
#define NO_CAP SIZE_MAX

const ProtobufCMessageDescriptor *message_type(size_t number)
{
	number %= ctr_schema_messages_count + 2;
	if (number < ctr_schema_messages_count)
		return ctr_schema_messages[number];
	return number == ctr_schema_messages_count ? &test__every__descriptor
						   : &test__nest__descriptor;
}

void error_text_check(const struct centro_error_text *text)
{
	struct centro_bytes bytes = ctr_bytes(text->text, strnlen(text->text, sizeof(*text)));
	ck_assert_uint_gt(bytes.size, 0);
	ck_assert_uint_lt(bytes.size, sizeof(*text));
	ck_assert_msg(ctr_utf8_is_valid(bytes), "not UTF-8: %s", text->text);
	for (size_t i = 0; i < bytes.size; i++)
		ck_assert_msg((bytes.data[i] >= 0x20 && bytes.data[i] != 0x7f) ||
				      bytes.data[i] == '\n', /* of several problems a line each */
			      "a control character: %s", text->text);
}

static void encode(const ProtobufCMessage *message, struct ctr_buf *wire)
{
	ctr_buf_init(wire, NULL, 0);
	ck_assert_int_eq(ctr_message_encode(message, wire), CENTRO_OK);
}

static void assert_equal(const struct ctr_buf *left, const struct ctr_buf *right)
{
	ck_assert_uint_eq(left->size, right->size);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(left), ctr_buf_bytes(right)));
}

/* ---- the wire ---- */

static ProtobufCMessage *decode_again(const ProtobufCMessage *message, struct ctr_arena *arena)
{
	struct ctr_buf wire, again;
	ProtobufCMessage *decoded;
	struct centro_error_text text;
	encode(message, &wire);
	int status = ctr_message_decode(message->descriptor, ctr_buf_bytes(&wire), arena, &decoded,
					&text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	encode(decoded, &again);
	assert_equal(&wire, &again);
	ctr_buf_fini(&wire);
	ctr_buf_fini(&again);
	return decoded;
}

/* ---- what the schema does not know ---- */

static void drop_unknown(ProtobufCMessage *message);

static void drop_unknown_in(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		ProtobufCMessage **elements = *(ProtobufCMessage ***)ctr_member(message, field);
		for (size_t i = 0; i < *ctr_member_count(message, field); i++)
			drop_unknown(elements[i]);
		return;
	}
	bool is_chosen = !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
			 *ctr_member_case(message, field) == field->id;
	ProtobufCMessage *one = *(ProtobufCMessage **)ctr_member(message, field);
	if (is_chosen && one)
		drop_unknown(one);
}

static void drop_unknown(ProtobufCMessage *message)
{
	message->n_unknown_fields = 0;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		drop_unknown_in(message, &message->descriptor->fields[i]);
}

/* ---- JSON ---- */

/* A message that holds itself may be deeper than JSON may be; the schema has none. */
static bool may_be_too_deep(const ProtobufCMessage *message)
{
	return message->descriptor == &test__nest__descriptor;
}

static void check_json(const ProtobufCMessage *message, struct ctr_arena *arena)
{
	struct ctr_buf json, json_again, wire, wire_again;
	ProtobufCMessage *decoded;
	struct centro_error_text text;
	ctr_buf_init(&json, NULL, 0);
	ctr_buf_init(&json_again, NULL, 0);
	ck_assert_int_eq(ctr_json_encode(message, &json), CENTRO_OK);
	int status =
		ctr_json_decode(message->descriptor, ctr_buf_bytes(&json), arena, &decoded, &text);
	if (status == CENTRO_OK) {
		ck_assert_int_eq(ctr_json_encode(decoded, &json_again), CENTRO_OK);
		assert_equal(&json, &json_again);
		encode(message, &wire);
		encode(decoded, &wire_again);
		assert_equal(&wire, &wire_again);
		ctr_buf_fini(&wire);
		ctr_buf_fini(&wire_again);
	} else {
		ck_assert_msg(may_be_too_deep(message), "%s", text.text);
	}
	ctr_buf_fini(&json);
	ctr_buf_fini(&json_again);
}

void message_check(const ProtobufCMessage *message)
{
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, NO_CAP);
	ProtobufCMessage *decoded = decode_again(message, &arena);
	drop_unknown(decoded);
	check_json(decoded, &arena);
	ctr_arena_fini(&arena);
}
