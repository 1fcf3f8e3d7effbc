/* SPDX-License-Identifier: MIT */
/*
 * field_read.c - decoded messages into the core's structs, by tables.
 *
 * Layer: codec.
 */
#include "codec/field_read.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/member.h"

struct reader {
	struct ctr_arena *arena;
	struct ctr_problems *problems; /* NULL: the first fault ends it */
	struct centro_error_text *text;
};

/* A message, and the struct that it goes into. */
struct pair {
	const ProtobufCMessage *message;
	const struct ctr_path *path;
	void *to;
};

static int read_table(struct reader *reader, const struct ctr_read_table *table,
		      const struct pair *pair);

static const void *from_of(const struct pair *pair, const struct ctr_read_row *row)
{
	return (const char *)pair->message + row->from;
}

static void *to_of(const struct pair *pair, const struct ctr_read_row *row)
{
	return (char *)pair->to + row->to;
}

static const char *field_name(const struct pair *pair, const struct ctr_read_row *row)
{
	const ProtobufCMessageDescriptor *descriptor = pair->message->descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		if (descriptor->fields[i].offset == row->from)
			return descriptor->fields[i].name;
	}
	CTR_UNREACHABLE();
}

static int fault(struct reader *reader, const struct pair *pair, const struct ctr_read_row *row,
		 const char *what)
{
	struct ctr_path step = {pair->path, field_name(pair, row), CTR_PATH_NO_INDEX};
	struct centro_error_text line;
	if (!reader->problems)
		return ctr_path_error(&step, reader->text, CENTRO_ERR_INVALID, "%s", what);
	ctr_path_error(&step, &line, CENTRO_ERR_INVALID, "%s", what);
	ctr_problems_add(reader->problems, "%s", line.text);
	return CENTRO_OK;
}

/* ---- scalars ---- */

static int read_uint(struct reader *reader, const struct pair *pair, const struct ctr_read_row *row)
{
	const void *from = from_of(pair, row);
	uint64_t value = row->from_size == 8 ? *(const uint64_t *)from : *(const uint32_t *)from;
	void *to = to_of(pair, row);

	if (row->to_size < 8 && value >> (8 * row->to_size) != 0)
		return fault(reader, pair, row, "the number is too large");
	switch (row->to_size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)to = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)to = (uint32_t)value;
		break;
	default:
		CTR_ASSERT(row->to_size == 8);
		*(uint64_t *)to = value;
		break;
	}
	return CENTRO_OK;
}

static struct centro_bytes read_bytes(const ProtobufCBinaryData *from)
{
	return ctr_bytes(from->data, from->len);
}

static int read_time(struct reader *reader, const struct pair *pair, const struct ctr_read_row *row)
{
	const Google__Protobuf__Timestamp *from =
		*(Google__Protobuf__Timestamp *const *)from_of(pair, row);
	struct centro_instant *to = to_of(pair, row);

	*to = (struct centro_instant){0};
	if (from && !ctr_codec_instant(from, to))
		return fault(reader, pair, row, "must be a time between 1970 and 2554");
	return CENTRO_OK;
}

static int read_span(struct reader *reader, const struct pair *pair, const struct ctr_read_row *row)
{
	const Google__Protobuf__Duration *from =
		*(Google__Protobuf__Duration *const *)from_of(pair, row);
	struct centro_span *to = to_of(pair, row);

	*to = (struct centro_span){0};
	if (from && !ctr_codec_span(from, to))
		return fault(reader, pair, row, "must be from 0 to 584 years");
	return CENTRO_OK;
}

static int read_one(struct reader *reader, const struct pair *pair, const struct ctr_read_row *row)
{
	ProtobufCMessage *message = *(ProtobufCMessage *const *)from_of(pair, row);

	memset(to_of(pair, row), 0, row->nested->size);
	if (!message)
		return CENTRO_OK;
	struct ctr_path step = {pair->path, field_name(pair, row), CTR_PATH_NO_INDEX};
	struct pair nested = {message, &step, to_of(pair, row)};
	return read_table(reader, row->nested, &nested);
}

/* ---- arrays ---- */

static void read_label(const ProtobufCMessage *entry, struct ctr_label *to)
{
	const char *value = *(char *const *)ctr_member(entry, &entry->descriptor->fields[1]);
	to->key = ctr_bytes_str(ctr_map_entry_key(entry));
	to->value = ctr_bytes_str(value);
}

static void read_amount(const ProtobufCMessage *entry, struct ctr_named_amount *to)
{
	to->name = ctr_bytes_str(ctr_map_entry_key(entry));
	to->amount = *(const uint32_t *)ctr_member(entry, &entry->descriptor->fields[1]);
}

static size_t element_size(const struct ctr_read_row *row)
{
	switch ((enum ctr_read_kind)row->kind) {
	case CTR_READ_TEXTS:
		return sizeof(struct centro_bytes);
	case CTR_READ_LABELS:
		return sizeof(struct ctr_label);
	case CTR_READ_AMOUNTS:
		return sizeof(struct ctr_named_amount);
	default:
		return row->nested->size;
	}
}

static int read_element(struct reader *reader, const struct pair *pair,
			const struct ctr_read_row *row, size_t index, void *to)
{
	/* Strings and messages: an array of pointers either way. */
	void *from = (*(void *const *const *)from_of(pair, row))[index];

	switch ((enum ctr_read_kind)row->kind) {
	case CTR_READ_TEXTS:
		*(struct centro_bytes *)to = ctr_bytes_str(from);
		return CENTRO_OK;
	case CTR_READ_LABELS:
		read_label(from, to);
		return CENTRO_OK;
	case CTR_READ_AMOUNTS:
		read_amount(from, to);
		return CENTRO_OK;
	default:
		break;
	}
	struct ctr_path step = {pair->path, field_name(pair, row), index};
	struct pair nested = {from, &step, to};
	return read_table(reader, row->nested, &nested);
}

static int read_array(struct reader *reader, const struct pair *pair,
		      const struct ctr_read_row *row)
{
	size_t count =
		*(const size_t *)(const void *)((const char *)pair->message + row->from_count);
	size_t size = element_size(row);
	char *array = NULL;

	if (count > 0) {
		array = ctr_arena_array(reader->arena, count, size);
		if (!array)
			return ctr_arena_error(reader->arena, count * size, reader->text);
	}
	for (size_t i = 0; i < count; i++) {
		int status = read_element(reader, pair, row, i, array + i * size);
		if (status != CENTRO_OK)
			return status;
	}
	*(void **)to_of(pair, row) = array;
	*(size_t *)(void *)((char *)pair->to + row->to_count) = count;
	return CENTRO_OK;
}

/* ---- tables ---- */

static int read_field(struct reader *reader, const struct pair *pair,
		      const struct ctr_read_row *row)
{
	switch ((enum ctr_read_kind)row->kind) {
	case CTR_READ_UINT:
		return read_uint(reader, pair, row);
	case CTR_READ_INT32:
		*(int32_t *)to_of(pair, row) = *(const int32_t *)from_of(pair, row);
		return CENTRO_OK;
	case CTR_READ_TEXT:
		*(struct centro_bytes *)to_of(pair, row) =
			ctr_bytes_str(*(char *const *)from_of(pair, row));
		return CENTRO_OK;
	case CTR_READ_BYTES:
		*(struct centro_bytes *)to_of(pair, row) = read_bytes(from_of(pair, row));
		return CENTRO_OK;
	case CTR_READ_TIME:
		return read_time(reader, pair, row);
	case CTR_READ_SPAN:
		return read_span(reader, pair, row);
	case CTR_READ_ONE:
		return read_one(reader, pair, row);
	default:
		return read_array(reader, pair, row);
	}
}

static int read_table(struct reader *reader, const struct ctr_read_table *table,
		      const struct pair *pair)
{
	for (size_t i = 0; i < table->row_count; i++) {
		int status = read_field(reader, pair, &table->rows[i]);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

int ctr_read_fields(const struct ctr_read_table *table, const ProtobufCMessage *message,
		    const struct ctr_path *path, void *to, struct ctr_arena *arena,
		    struct centro_error_text *text)
{
	CTR_ASSERT(message);

	struct reader reader = {.arena = arena, .text = text};
	struct pair pair = {message, path, to};
	return read_table(&reader, table, &pair);
}

int ctr_read_all_fields(const struct ctr_read_table *table, const ProtobufCMessage *message,
			void *to, struct ctr_arena *arena, struct ctr_problems *problems,
			struct centro_error_text *text)
{
	CTR_ASSERT(message && problems);

	struct reader reader = {.arena = arena, .problems = problems, .text = text};
	struct pair pair = {message, NULL, to};
	return read_table(&reader, table, &pair);
}
