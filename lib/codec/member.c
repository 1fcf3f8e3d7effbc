/* SPDX-License-Identifier: MIT */
/*
 * member.c - reads and grows members of any message.
 *
 * Invariant: the array of a repeated field that ctr_member_append() made has
 * room for CAPACITY_FIRST elements, or for the next power of two from its count
 * on, so it is full exactly when the count is 0 or such a power.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/member.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/path.h"
#include "codec/schema_table.h"

#define CAPACITY_FIRST ((size_t)4)

bool ctr_field_is_map(const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry = ctr_field_message(field);
	if (!entry || entry->n_fields != 2 || !ctr_field_is_repeated(field))
		return false;
	for (size_t i = 0; i < ctr_schema_map_entries_count; i++) {
		if (ctr_schema_map_entries[i] == entry)
			return true;
	}
	return false;
}

size_t ctr_field_element_size(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		/* Enums and protobuf_c_boolean are ints. */
		return sizeof(uint32_t);
	}
}

bool ctr_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	CTR_ASSERT(!ctr_field_is_repeated(field));

	if (ctr_field_is_oneof(field))
		return *ctr_member_case(message, field) == field->id;

	const void *member = ctr_member(message, field);
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(void *const *)member != NULL;
	case PROTOBUF_C_TYPE_STRING: {
		const char *string = *(char *const *)member;
		return string && *string != '\0';
	}
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len > 0;
	default:
		return ctr_field_element_size(field) == sizeof(uint64_t)
			       ? *(const uint64_t *)member != 0
			       : *(const uint32_t *)member != 0;
	}
}

ProtobufCMessage *ctr_message_new(const ProtobufCMessageDescriptor *descriptor,
				  struct ctr_arena *arena)
{
	ProtobufCMessage *message = ctr_arena_alloc(arena, descriptor->sizeof_message);
	if (message)
		descriptor->message_init(message);
	return message;
}

void *ctr_member_append(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			struct ctr_arena *arena)
{
	CTR_ASSERT(ctr_field_is_repeated(field));

	void **array = ctr_member(message, field);
	size_t *count = ctr_member_count(message, field);
	size_t size = ctr_field_element_size(field);

	bool is_full = *count == 0 || (*count >= CAPACITY_FIRST && (*count & (*count - 1)) == 0);
	if (is_full) {
		size_t capacity = *count == 0 ? CAPACITY_FIRST : *count * 2;
		void *grown = ctr_arena_array(arena, capacity, size);
		if (!grown)
			return NULL;
		if (*count > 0)
			memcpy(grown, *array, *count * size);
		*array = grown;
	}
	return (char *)*array + (*count)++ * size;
}

/* ------------------------------------------------------------------ */

const char *ctr_map_entry_key(const ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[0];

	CTR_ASSERT(field->id == 1 && field->type == PROTOBUF_C_TYPE_STRING);
	return *(char *const *)ctr_member(entry, field);
}

static int compare(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	return strcmp(ctr_map_entry_key(a), ctr_map_entry_key(b));
}

static bool is_sorted(ProtobufCMessage *const *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare(entries[i - 1], entries[i]) >= 0)
			return false;
	}
	return true;
}

/* Two sorted runs, [0, middle) and [middle, count), into one. Equal keys keep their order. */
static void merge(ProtobufCMessage *const *from, size_t middle, size_t count, ProtobufCMessage **to)
{
	size_t left = 0, right = middle;
	for (size_t i = 0; i < count; i++) {
		bool is_left =
			left < middle && (right == count || compare(from[left], from[right]) <= 0);
		to[i] = is_left ? from[left++] : from[right++];
	}
}

/* Merge sort from the bottom; `spare` has room for as many. */
static void sort(ProtobufCMessage **entries, size_t count, ProtobufCMessage **spare)
{
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width) {
			size_t both = count - at < 2 * width ? count - at : 2 * width;
			size_t middle = width < both ? width : both;
			merge(entries + at, middle, both, spare + at);
		}
		memcpy(entries, spare, count * sizeof(*entries));
	}
}

int ctr_map_entries_sort(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			 struct ctr_arena *arena, size_t *ret_dropped,
			 struct centro_error_text *text)
{
	CTR_ASSERT(ctr_field_is_map(field));

	ProtobufCMessage **entries = *(ProtobufCMessage ***)ctr_member(message, field);
	size_t *count = ctr_member_count(message, field);
	*ret_dropped = 0;
	if (is_sorted(entries, *count))
		return CENTRO_OK;

	ProtobufCMessage **spare = ctr_arena_array(arena, *count, sizeof(*spare));
	if (!spare)
		return ctr_arena_error(arena, *count * sizeof(*spare), text);
	sort(entries, *count, spare);

	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		bool is_last = i + 1 == *count || compare(entries[i], entries[i + 1]) != 0;
		if (is_last)
			entries[kept++] = entries[i];
	}
	*ret_dropped = *count - kept;
	*count = kept;
	return CENTRO_OK;
}
