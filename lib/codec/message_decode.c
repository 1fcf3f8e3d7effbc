/* SPDX-License-Identifier: MIT */
/*
 * message_decode.c - any message of the schema from bytes that a stranger sent.
 *
 * protobuf-c's own unpacking has no limit on depth, takes about 50 bytes on the
 * side for each field on the wire, does not look at text, drops half of a message
 * that came in two parts, and tells nothing of what was wrong. So this fills
 * protobuf-c's structs itself, in one pass that checks as it goes, over one copy of
 * the bytes in which text, bytes and unknown fields then stay.
 *
 * Invariants: memory comes from the arena alone; the work is linear in the bytes,
 * apart from the sorting of maps; maps come out sorted by key, and of entries with
 * equal keys the last one counts. A field that the schema does not know is kept, so
 * that a record survives a server older than its writer.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/message.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/member.h"
#include "codec/wire.h"

struct decoder {
	struct ctr_arena *arena;
	struct centro_error_text *text;
};

/* A message that is being filled. */
struct level {
	ProtobufCMessage *message;
	const struct ctr_path *path; /* NULL: the outermost */
	int depth;
	uint64_t fields; /* see ctr_message_merge() */
	unsigned hint;   /* position of the last field found */
	bool has_maps;   /* an entry was added */
};

static int decode_fields(struct decoder *decoder, struct level *level, struct centro_bytes bytes);

static int no_memory(struct decoder *decoder, size_t bytes)
{
	return ctr_arena_error(decoder->arena, bytes, decoder->text);
}

static int fault(struct decoder *decoder, const struct ctr_path *path, const char *what)
{
	return ctr_path_error(path, decoder->text, CENTRO_ERR_INVALID, "%s", what);
}

static const char *type_name(const struct level *level)
{
	return level->message->descriptor->name;
}

/* ---- one value ---- */

static enum ctr_wire_type wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return CTR_WIRE_64;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return CTR_WIRE_32;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return CTR_WIRE_BYTES;
	default:
		return CTR_WIRE_VARINT;
	}
}

/*
 * The terminator that C wants takes the place of the length: the string moves one
 * byte towards its front, over what has been read. The bytes are our own copy.
 */
static int decode_string(struct decoder *decoder, const struct ctr_path *path,
			 struct centro_bytes bytes, char **slot)
{
	if (!ctr_utf8_is_valid(bytes))
		return fault(decoder, path, "not UTF-8, or holds U+0000");
	char *string = (char *)bytes.data - 1;
	memmove(string, bytes.data, bytes.size);
	string[bytes.size] = '\0';
	*slot = string;
	return CENTRO_OK;
}

static int decode_enum(struct decoder *decoder, const struct ctr_path *path, uint64_t value,
		       const ProtobufCEnumDescriptor *descriptor, int32_t *slot)
{
	int32_t number = (int32_t)value;
	if (!protobuf_c_enum_descriptor_get_value(descriptor, number))
		return ctr_path_error(path, decoder->text, CENTRO_ERR_INVALID,
				      "%d is no value of %s", number, descriptor->name);
	*slot = number;
	return CENTRO_OK;
}

/* A message that is there already is added to. */
static int decode_message(struct decoder *decoder, const struct level *up,
			  const struct ctr_path *path, struct centro_bytes bytes,
			  const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **slot)
{
	if (up->depth == CTR_MESSAGE_DEPTH_MAX)
		return fault(decoder, path, "messages are nested too deep");
	if (!*slot) {
		*slot = ctr_message_new(descriptor, decoder->arena);
		if (!*slot)
			return no_memory(decoder, descriptor->sizeof_message);
	}
	struct level level = {
		.message = *slot,
		.path = path,
		.depth = up->depth + 1,
		.fields = CTR_FIELDS_ALL,
	};
	return decode_fields(decoder, &level, bytes);
}

static void decode_number(ProtobufCType type, uint64_t value, void *slot)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SINT32:
		*(int32_t *)slot = (int32_t)ctr_wire_zigzag((uint32_t)value);
		break;
	case PROTOBUF_C_TYPE_SINT64:
		*(int64_t *)slot = ctr_wire_zigzag(value);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)slot = value != 0;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		*(uint64_t *)slot = value;
		break;
	default:
		*(uint32_t *)slot = (uint32_t)value;
		break;
	}
}

static int decode_value(struct decoder *decoder, const struct level *level,
			const struct ctr_path *path, const ProtobufCFieldDescriptor *field,
			const struct ctr_wire_field *wire, void *slot)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return decode_string(decoder, path, ctr_wire_bytes(wire), slot);
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)slot = (ProtobufCBinaryData){
			.len = wire->size,
			.data = (uint8_t *)wire->data,
		};
		return CENTRO_OK;
	case PROTOBUF_C_TYPE_MESSAGE:
		return decode_message(decoder, level, path, ctr_wire_bytes(wire), field->descriptor,
				      slot);
	case PROTOBUF_C_TYPE_ENUM:
		return decode_enum(decoder, path, wire->value, field->descriptor, slot);
	default:
		decode_number(field->type, wire->value, slot);
		return CENTRO_OK;
	}
}

/* ---- one field ---- */

static int decode_element(struct decoder *decoder, struct level *level,
			  const ProtobufCFieldDescriptor *field, const struct ctr_wire_field *wire)
{
	struct ctr_path path = {level->path, field->name, *ctr_member_count(level->message, field)};
	void *slot = ctr_member_append(level->message, field, decoder->arena);

	if (!slot)
		return no_memory(decoder, (path.index + 1) * ctr_field_element_size(field));
	/* protobuf-c has no NULL string. */
	if (field->type == PROTOBUF_C_TYPE_STRING)
		*(const char **)slot = protobuf_c_empty_string;
	level->has_maps |= ctr_field_is_map(field);
	return decode_value(decoder, level, &path, field, wire, slot);
}

/* Numbers of a repeated field, behind one another. */
static int decode_packed(struct decoder *decoder, struct level *level,
			 const ProtobufCFieldDescriptor *field, struct centro_bytes bytes)
{
	enum ctr_wire_type type = wire_type_of(field->type);
	size_t fixed = type == CTR_WIRE_64 ? 8 : type == CTR_WIRE_32 ? 4 : 0;

	while (bytes.size > 0) {
		struct ctr_wire_field wire = {.type = type};
		bool whole = fixed == 0 ? ctr_wire_take_varint(&bytes, &wire.value)
					: ctr_wire_take_fixed(&bytes, fixed, &wire.value);
		if (!whole) {
			struct ctr_path path = {level->path, field->name, CTR_PATH_NO_INDEX};
			return fault(decoder, &path, "cut off");
		}
		int status = decode_element(decoder, level, field, &wire);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

/* The last member of a oneof on the wire wins; what the others held is gone. */
static void choose_case(const struct level *level, const ProtobufCFieldDescriptor *field)
{
	uint32_t *chosen = ctr_member_case(level->message, field);
	if (*chosen == field->id)
		return;
	*chosen = field->id;
	memset(ctr_member(level->message, field), 0,
	       field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
						    : ctr_field_element_size(field));
	if (field->type == PROTOBUF_C_TYPE_STRING)
		*(const char **)ctr_member(level->message, field) = protobuf_c_empty_string;
}

static int decode_field(struct decoder *decoder, struct level *level,
			const ProtobufCFieldDescriptor *field, const struct ctr_wire_field *wire)
{
	enum ctr_wire_type expected = wire_type_of(field->type);
	struct ctr_path path = {level->path, field->name, CTR_PATH_NO_INDEX};

	if (ctr_field_is_repeated(field)) {
		if (wire->type == expected)
			return decode_element(decoder, level, field, wire);
		if (wire->type == CTR_WIRE_BYTES)
			return decode_packed(decoder, level, field, ctr_wire_bytes(wire));
	}
	if (wire->type != expected)
		return ctr_path_error(&path, decoder->text, CENTRO_ERR_INVALID,
				      "wire type %d instead of %d: made from another schema?",
				      wire->type, expected);
	if (ctr_field_is_oneof(field))
		choose_case(level, field);
	return decode_value(decoder, level, &path, field, wire, ctr_member(level->message, field));
}

/* So that packing the message again gives it back. */
static int keep_unknown(struct decoder *decoder, const struct level *level,
			const struct ctr_wire_field *wire, const uint8_t *end)
{
	ProtobufCMessage *message = level->message;
	unsigned count = message->n_unknown_fields;

	if ((count & (count - 1)) == 0) {
		size_t capacity = count == 0 ? 1 : (size_t)count * 2;
		size_t size = sizeof(ProtobufCMessageUnknownField);
		void *grown = ctr_arena_array(decoder->arena, capacity, size);
		if (!grown)
			return no_memory(decoder, capacity * size);
		if (count > 0)
			memcpy(grown, message->unknown_fields, count * size);
		message->unknown_fields = grown;
	}
	message->unknown_fields[count] = (ProtobufCMessageUnknownField){
		.tag = wire->number,
		.wire_type = (ProtobufCWireType)wire->type,
		.len = (size_t)(end - wire->raw),
		.data = (uint8_t *)wire->raw,
	};
	message->n_unknown_fields++;
	return CENTRO_OK;
}

/* ---- one message ---- */

/* Fields mostly come in the order of their numbers. NULL: unknown. */
static const ProtobufCFieldDescriptor *find_field(struct level *level, uint32_t number)
{
	const ProtobufCMessageDescriptor *descriptor = level->message->descriptor;
	if (descriptor->n_fields == 0)
		return NULL;
	const ProtobufCFieldDescriptor *next = &descriptor->fields[level->hint];
	for (unsigned left = descriptor->n_fields - level->hint; left > 0; left--, next++) {
		if (next->id >= number)
			break;
	}
	if (next == descriptor->fields + descriptor->n_fields || next->id != number)
		next = protobuf_c_message_descriptor_get_field(descriptor, number);
	if (next)
		level->hint = (unsigned)(next - descriptor->fields);
	return next;
}

static bool is_wanted(const struct level *level, uint32_t number)
{
	return level->fields == CTR_FIELDS_ALL ||
	       (number < 64 && (level->fields & CTR_FIELD_BIT(number)) != 0);
}

static int wire_fault(struct decoder *decoder, struct level *level, uint32_t number,
		      const char *what)
{
	const ProtobufCFieldDescriptor *field = number > 0 ? find_field(level, number) : NULL;
	if (field) {
		struct ctr_path path = {level->path, field->name, CTR_PATH_NO_INDEX};
		return fault(decoder, &path, what);
	}
	return ctr_path_error(level->path, decoder->text, CENTRO_ERR_INVALID, "%s: %s",
			      type_name(level), what);
}

static int sort_maps(struct decoder *decoder, const struct level *level)
{
	const ProtobufCMessageDescriptor *descriptor = level->message->descriptor;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (!ctr_field_is_map(field))
			continue;
		size_t dropped;
		int status = ctr_map_entries_sort(level->message, field, decoder->arena, &dropped,
						  decoder->text);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

static int decode_fields(struct decoder *decoder, struct level *level, struct centro_bytes bytes)
{
	while (bytes.size > 0) {
		struct ctr_wire_field wire;
		const char *what = ctr_wire_take_field(&bytes, &wire);
		if (what)
			return wire_fault(decoder, level, wire.number, what);
		if (!is_wanted(level, wire.number))
			continue;

		const ProtobufCFieldDescriptor *field = find_field(level, wire.number);
		int status = field ? decode_field(decoder, level, field, &wire)
				   : keep_unknown(decoder, level, &wire, bytes.data);
		if (status != CENTRO_OK)
			return status;
	}
	if (level->has_maps) {
		int status = sort_maps(decoder, level);
		if (status != CENTRO_OK)
			return status;
	}
	const char *what;
	if (!ctr_message_time_is_valid(level->message, &what))
		return fault(decoder, level->path, what);
	return CENTRO_OK;
}

int ctr_message_merge(ProtobufCMessage *message, struct centro_bytes bytes, uint64_t fields,
		      struct ctr_arena *arena, struct centro_error_text *text)
{
	CTR_ASSERT(bytes.data || bytes.size == 0);

	if (bytes.size == 0)
		return CENTRO_OK;
	uint8_t *copy = ctr_arena_alloc(arena, bytes.size);
	if (!copy)
		return ctr_arena_error(arena, bytes.size, text);
	memcpy(copy, bytes.data, bytes.size);

	struct decoder decoder = {.arena = arena, .text = text};
	struct level level = {.message = message, .depth = 1, .fields = fields};
	return decode_fields(&decoder, &level, ctr_bytes(copy, bytes.size));
}

int ctr_message_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes bytes,
		       struct ctr_arena *arena, ProtobufCMessage **ret_message,
		       struct centro_error_text *text)
{
	ProtobufCMessage *message = ctr_message_new(descriptor, arena);
	if (!message)
		return ctr_arena_error(arena, descriptor->sizeof_message, text);
	int status = ctr_message_merge(message, bytes, CTR_FIELDS_ALL, arena, text);
	if (status == CENTRO_OK)
		*ret_message = message;
	return status;
}

size_t ctr_message_arena_bytes(size_t wire_bytes)
{
	size_t bytes;
	if (!ctr_mul_size(wire_bytes, 16, &bytes) || !ctr_add_size(bytes, 64 * 1024, &bytes))
		return SIZE_MAX;
	return bytes;
}
