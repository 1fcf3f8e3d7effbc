/* SPDX-License-Identifier: MIT */
/*
 * json_decode.c - any message of the schema from proto3 JSON.
 *
 * The text passes json_check.c, then cJSON makes a tree of it, and this walks tree
 * and descriptors side by side into protobuf-c's structs. cJSON's memory comes from
 * the C library; the arena's cap bounds it as well.
 *
 * Invariants: a message that comes out could have come out of ctr_message_decode()
 * (text is valid, enums known, times in range, maps sorted), with nothing unknown
 * in it; whatever is refused is named by its path.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/codec.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/problems.h"
#include "base/str.h"
#include "codec/json_check.h"
#include "codec/json_number.h"
#include "codec/json_time.h"
#include "codec/member.h"
#include "codec/message.h"
#include "codec/nearest.h"

/* Of one message: `seen` below is a set of them. */
#define FIELDS_MAX 64

struct reader {
	struct ctr_arena *arena;
	struct ctr_problems *problems;
	struct centro_error_text *text;
};

static int read_message(struct reader *reader, const struct ctr_path *path, const cJSON *json,
			const ProtobufCMessageDescriptor *descriptor, int depth,
			ProtobufCMessage **ret_message);

static int no_memory(struct reader *reader, size_t bytes)
{
	return ctr_arena_error(reader->arena, bytes, reader->text);
}

/* ---- errors ---- */

static const char *kind_of(const cJSON *json)
{
	if (cJSON_IsObject(json))
		return "an object";
	if (cJSON_IsArray(json))
		return "an array";
	if (cJSON_IsString(json))
		return "a string";
	if (cJSON_IsNumber(json))
		return "a number";
	return cJSON_IsNull(json) ? "null" : "true or false";
}

static int wrong_kind(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		      const char *expected)
{
	return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "must be %s, not %s",
			      expected, kind_of(json));
}

/* `what` is "no such field" or the like; `nearest` has seen all that would be right. */
static int unknown_name(struct reader *reader, const struct ctr_path *path, const char *what,
			const struct ctr_nearest *nearest)
{
	if (!nearest->name)
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "%s", what);
	return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "%s; did you mean \"%s\"?",
			      what, nearest->name);
}

/* ---- scalars ---- */

static int read_string(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		       char **slot)
{
	if (!cJSON_IsString(json))
		return wrong_kind(reader, path, json, "a string");
	struct centro_bytes string = ctr_bytes_str(json->valuestring);
	/* The check has seen to it. */
	CTR_ASSERT(ctr_utf8_is_valid(string));
	char *copy = ctr_arena_strdup(reader->arena, string);
	if (!copy)
		return no_memory(reader, string.size + 1);
	*slot = copy;
	return CENTRO_OK;
}

static int read_bytes(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		      ProtobufCBinaryData *slot)
{
	if (!cJSON_IsString(json))
		return wrong_kind(reader, path, json, "a string of base64");
	struct centro_bytes string = ctr_bytes_str(json->valuestring);
	size_t room = ctr_base64_decoded_max(string.size), size;
	uint8_t *out = ctr_arena_alloc(reader->arena, room);
	if (!out)
		return no_memory(reader, room);
	if (ctr_base64_decode(string, out, &size) != CENTRO_OK)
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "not base64");
	*slot = (ProtobufCBinaryData){.len = size, .data = out};
	return CENTRO_OK;
}

static int read_bool(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		     protobuf_c_boolean *slot)
{
	if (!cJSON_IsBool(json))
		return wrong_kind(reader, path, json, "true or false");
	*slot = cJSON_IsTrue(json);
	return CENTRO_OK;
}

static int unknown_value(struct reader *reader, const struct ctr_path *path, const char *word,
			 const ProtobufCEnumDescriptor *descriptor)
{
	struct ctr_nearest nearest;
	ctr_nearest_init(&nearest, ctr_bytes_str(word));
	for (unsigned i = 0; i < descriptor->n_values; i++)
		ctr_nearest_add(&nearest, descriptor->values[i].name);

	struct ctr_quote quoted;
	char what[sizeof(quoted.text) + 32];
	snprintf(what, sizeof(what), "\"%s\" is no value of it",
		 ctr_quote(&quoted, ctr_bytes_str(word)));
	return unknown_name(reader, path, what, &nearest);
}

static int read_enum(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		     const ProtobufCEnumDescriptor *descriptor, int32_t *slot)
{
	const ProtobufCEnumValue *value = NULL;
	if (cJSON_IsString(json)) {
		value = protobuf_c_enum_descriptor_get_value_by_name(descriptor, json->valuestring);
		if (!value)
			return unknown_value(reader, path, json->valuestring, descriptor);
	} else {
		int64_t number;
		if (!cJSON_IsNumber(json) || !ctr_json_number(json, INT32_MIN, INT32_MAX, &number))
			return wrong_kind(reader, path, json, "a word");
		value = protobuf_c_enum_descriptor_get_value(descriptor, (int)number);
		if (!value)
			return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID,
					      "%d is no value of it", (int)number);
	}
	*slot = value->value;
	return CENTRO_OK;
}

static int read_number(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		       ProtobufCType type, void *slot)
{
	const char *expected;
	if (ctr_json_read_integer(json, type, slot, &expected))
		return CENTRO_OK;
	if (!cJSON_IsNumber(json) && !cJSON_IsString(json))
		return wrong_kind(reader, path, json, expected);
	return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "must be %s", expected);
}

static int read_value(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		      const ProtobufCFieldDescriptor *field, int depth, void *slot)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return read_string(reader, path, json, slot);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reader, path, json, slot);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(reader, path, json, slot);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reader, path, json, field->descriptor, slot);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(reader, path, json, field->descriptor, depth + 1, slot);
	default:
		return read_number(reader, path, json, field->type, slot);
	}
}

/* ---- fields that hold several ---- */

static int read_array(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		      const ProtobufCFieldDescriptor *field, int depth, ProtobufCMessage *message)
{
	if (!cJSON_IsArray(json))
		return wrong_kind(reader, path, json, "an array");

	struct ctr_path step = *path;
	const cJSON *element;
	cJSON_ArrayForEach(element, json)
	{
		step.index = *ctr_member_count(message, field);
		void *slot = ctr_member_append(message, field, reader->arena);
		if (!slot)
			return no_memory(reader, (step.index + 1) * ctr_field_element_size(field));
		int status = read_value(reader, &step, element, field, depth, slot);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

static int read_map_entry(struct reader *reader, const struct ctr_path *path, const cJSON *json,
			  const ProtobufCFieldDescriptor *field, int depth, ProtobufCMessage **slot)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;
	ProtobufCMessage *entry = ctr_message_new(descriptor, reader->arena);
	if (!entry)
		return no_memory(reader, descriptor->sizeof_message);
	*slot = entry;

	char *key = ctr_arena_strdup(reader->arena, ctr_bytes_str(json->string));
	if (!key)
		return no_memory(reader, strlen(json->string) + 1);
	*(char **)ctr_member(entry, &descriptor->fields[0]) = key;
	const ProtobufCFieldDescriptor *value = &descriptor->fields[1];
	struct ctr_path step = {path, key, CTR_PATH_NO_INDEX};
	return read_value(reader, &step, json, value, depth + 1, ctr_member(entry, value));
}

static int read_map(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		    const ProtobufCFieldDescriptor *field, int depth, ProtobufCMessage *message)
{
	if (!cJSON_IsObject(json))
		return wrong_kind(reader, path, json, "an object");

	const cJSON *member;
	cJSON_ArrayForEach(member, json)
	{
		ProtobufCMessage **slot = ctr_member_append(message, field, reader->arena);
		if (!slot)
			return no_memory(reader, *ctr_member_count(message, field) * sizeof(*slot));
		int status = read_map_entry(reader, path, member, field, depth, slot);
		if (status != CENTRO_OK)
			return status;
	}
	size_t dropped;
	int status = ctr_map_entries_sort(message, field, reader->arena, &dropped, reader->text);
	if (status == CENTRO_OK && dropped > 0)
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID,
				      "a key stands in it twice");
	return status;
}

/* ---- messages ---- */

/* "jobName" for "job_name". */
static bool is_camel_case_of(const char *text, const char *name)
{
	for (; *name != '\0'; name++, text++) {
		char expected = *name;
		if (expected == '_') {
			expected = *++name;
			if (expected >= 'a' && expected <= 'z')
				expected = (char)(expected - 'a' + 'A');
		}
		if (*text != expected)
			return false;
	}
	return *text == '\0';
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
						  const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
	for (unsigned i = 0; !field && i < descriptor->n_fields; i++) {
		if (is_camel_case_of(name, descriptor->fields[i].name))
			field = &descriptor->fields[i];
	}
	return field;
}

static int unknown_field(struct reader *reader, const struct ctr_path *path, const char *name,
			 const ProtobufCMessageDescriptor *descriptor)
{
	struct ctr_nearest nearest;
	ctr_nearest_init(&nearest, ctr_bytes_str(name));
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		ctr_nearest_add(&nearest, descriptor->fields[i].name);

	struct ctr_path step = {path, name, CTR_PATH_NO_INDEX};
	return unknown_name(reader, &step, "no such field", &nearest);
}

/* Sets the case of a oneof, which has none yet. */
static int choose_case(struct reader *reader, const struct ctr_path *path,
		       const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	uint32_t *chosen = ctr_member_case(message, field);
	if (*chosen != 0) {
		const ProtobufCFieldDescriptor *other =
			protobuf_c_message_descriptor_get_field(message->descriptor, *chosen);
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID,
				      "there is \"%s\" already, and only one of them can be",
				      other->name);
	}
	*chosen = field->id;
	return CENTRO_OK;
}

static int read_field(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		      const ProtobufCFieldDescriptor *field, int depth, ProtobufCMessage *message)
{
	/* In proto3 JSON this is a field left out. */
	if (cJSON_IsNull(json))
		return CENTRO_OK;
	if (ctr_field_is_map(field))
		return read_map(reader, path, json, field, depth, message);
	if (ctr_field_is_repeated(field))
		return read_array(reader, path, json, field, depth, message);
	if (ctr_field_is_oneof(field)) {
		int status = choose_case(reader, path, field, message);
		if (status != CENTRO_OK)
			return status;
	}
	return read_value(reader, path, json, field, depth, ctr_member(message, field));
}

static int read_member(struct reader *reader, const struct ctr_path *path, const cJSON *member,
		       int depth, ProtobufCMessage *message, uint64_t *seen)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	const ProtobufCFieldDescriptor *field = find_field(descriptor, member->string);
	if (!field)
		return unknown_field(reader, path, member->string, descriptor);

	struct ctr_path step = {path, field->name, CTR_PATH_NO_INDEX};
	uint64_t bit = UINT64_C(1) << (field - descriptor->fields);
	if ((*seen & bit) != 0)
		return ctr_path_error(&step, reader->text, CENTRO_ERR_INVALID,
				      "stands there twice");
	*seen |= bit;
	return read_field(reader, &step, member, field, depth, message);
}

/* What is wrong with one field is noted, and the others are read. */
static int read_fields(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		       int depth, ProtobufCMessage *message)
{
	uint64_t seen = 0;

	CTR_ASSERT(message->descriptor->n_fields <= FIELDS_MAX);
	const cJSON *member;
	cJSON_ArrayForEach(member, json)
	{
		int status = read_member(reader, path, member, depth, message, &seen);
		if (status == CENTRO_ERR_INVALID)
			ctr_problems_add(reader->problems, "%s", reader->text->text);
		else if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

static int read_time(struct reader *reader, const struct ctr_path *path, const cJSON *json,
		     ProtobufCMessage *message)
{
	if (!cJSON_IsString(json))
		return wrong_kind(reader, path, json, "a string");
	const char *expected;
	if (!ctr_json_time_parse(ctr_bytes_str(json->valuestring), message, &expected)) {
		struct ctr_quote quoted;
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID, "\"%s\" is not %s",
				      ctr_quote(&quoted, ctr_bytes_str(json->valuestring)),
				      expected);
	}
	return CENTRO_OK;
}

static int read_message(struct reader *reader, const struct ctr_path *path, const cJSON *json,
			const ProtobufCMessageDescriptor *descriptor, int depth,
			ProtobufCMessage **ret_message)
{
	if (depth > CTR_MESSAGE_DEPTH_MAX)
		return ctr_path_error(path, reader->text, CENTRO_ERR_INVALID,
				      "messages are nested too deep");
	bool is_time = ctr_message_is_time(descriptor);
	if (!is_time && !cJSON_IsObject(json))
		return wrong_kind(reader, path, json, "an object");

	ProtobufCMessage *message = ctr_message_new(descriptor, reader->arena);
	if (!message)
		return no_memory(reader, descriptor->sizeof_message);
	int status = is_time ? read_time(reader, path, json, message)
			     : read_fields(reader, path, json, depth, message);
	if (status == CENTRO_OK)
		*ret_message = message;
	return status;
}

/* Whether cJSON's tree of so many values stays within what the arena may give. */
static bool tree_fits(const struct ctr_arena *arena, size_t value_count, size_t json_size)
{
	size_t bytes;
	return ctr_mul_size(value_count, CTR_JSON_VALUE_BYTES, &bytes) &&
	       ctr_add_size(bytes, json_size, &bytes) &&
	       bytes <= arena->bytes_max - arena->used_bytes;
}

static int read_tree(const cJSON *tree, const ProtobufCMessageDescriptor *descriptor,
		     struct ctr_arena *arena, ProtobufCMessage **ret_message,
		     struct centro_error_text *text)
{
	struct ctr_problems problems;
	struct centro_error_text first = {""};
	struct reader reader = {.arena = arena, .problems = &problems, .text = &first};
	ProtobufCMessage *message = NULL;

	ctr_problems_init(&problems);
	int status = read_message(&reader, /* path= */ NULL, tree, descriptor, 1, &message);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "%s", first.text);
	status = ctr_problems_status(&problems, text);
	if (status == CENTRO_OK)
		*ret_message = message;
	return status;
}

int ctr_json_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes json,
		    struct ctr_arena *arena, ProtobufCMessage **ret_message,
		    struct centro_error_text *text)
{
	size_t value_count;
	int status = ctr_json_check(json, &value_count, text);
	if (status != CENTRO_OK)
		return status;
	if (!tree_fits(arena, value_count, json.size))
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "%zu values in %zu bytes of JSON need too much memory",
				 value_count, json.size);

	cJSON *tree = cJSON_ParseWithLengthOpts((const char *)json.data, json.size,
						/* return_parse_end= */ NULL,
						/* require_null_terminated= */ false);
	/* What the check lets through, cJSON can read. */
	if (!tree)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	status = read_tree(tree, descriptor, arena, ret_message, text);
	cJSON_Delete(tree);
	return status;
}
