/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_MEMBER_H
#define CTR_CODEC_MEMBER_H

/*
 * Members of a message, reached by the descriptors of its fields: protobuf-c's
 * structs without their types.
 */

#include "base/arena.h"
#include "codec/codec.h"

static inline void *ctr_member(const ProtobufCMessage *message,
			       const ProtobufCFieldDescriptor *field)
{
	return (char *)message + field->offset;
}

/* Of a repeated field: how many there are. */
static inline size_t *ctr_member_count(const ProtobufCMessage *message,
				       const ProtobufCFieldDescriptor *field)
{
	return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

/* Of a field in a oneof: the number of the field that is set, or 0. An enum in C. */
static inline uint32_t *ctr_member_case(const ProtobufCMessage *message,
					const ProtobufCFieldDescriptor *field)
{
	return (uint32_t *)(void *)((char *)message + field->quantifier_offset);
}

static inline bool ctr_field_is_repeated(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool ctr_field_is_oneof(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* Its descriptor; NULL: not a message. */
static inline const ProtobufCMessageDescriptor *ctr_field_message(
	const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

/* Whether it was written as map<string, …>. */
bool ctr_field_is_map(const ProtobufCFieldDescriptor *field);

/* Of one element. */
size_t ctr_field_element_size(const ProtobufCFieldDescriptor *field);

/* Whether a field that is not repeated has something else than its default. */
bool ctr_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* A new message of a type, with every field at its default. NULL: no memory, or the arena's cap. */
ProtobufCMessage *ctr_message_new(const ProtobufCMessageDescriptor *descriptor,
				  struct ctr_arena *arena);

/*
 * Room for one more element of a repeated field, zeroed and counted. Messages
 * that grow by this own their arrays: capacities follow from the counts alone.
 * NULL: no memory, or the arena's cap.
 */
void *ctr_member_append(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			struct ctr_arena *arena);

/*
 * Bring the entries of a map into the order of their keys. Of equal keys the
 * last one counts: it alone is kept. ret_dropped: how many were not.
 * CENTRO_OK; _NOMEM, _LIMIT: nothing was changed.
 */
int ctr_map_entries_sort(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			 struct ctr_arena *arena, size_t *ret_dropped,
			 struct centro_error_text *text);

/* The key of an entry, never NULL. */
const char *ctr_map_entry_key(const ProtobufCMessage *entry);

#endif
