/* SPDX-License-Identifier: MIT */
/* random_message.c - fills messages by their descriptors. */
#include "random_message.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/member.h"

#define DEPTH_MAX 5

struct filler {
	struct ctr_prng *prng;
	struct ctr_arena *arena;
};

static ProtobufCMessage *fill(struct filler *filler, const ProtobufCMessageDescriptor *descriptor,
			      int depth);

static bool chance(struct filler *filler, uint64_t one_in)
{
	return ctr_prng_below(filler->prng, one_in) == 0;
}

static uint64_t random_number(struct filler *filler)
{
	static const uint64_t edges[] = {
		0,         1,          127,        128,         255,        256,
		INT32_MAX, 0x80000000, UINT32_MAX, 0x100000000, 1ull << 53, (1ull << 53) + 1,
		INT64_MAX, 1ull << 63, UINT64_MAX,
	};
	if (chance(filler, 2))
		return edges[ctr_prng_below(filler->prng, CTR_ARRAY_SIZE(edges))];
	return ctr_prng_next(filler->prng) >> ctr_prng_below(filler->prng, 64);
}

static char *random_string(struct filler *filler)
{
	static const char *const pieces[] = {
		"a",  "train",        " ",    "\"",     "\\",       "/", "\n",
		"\t", "\x01",         "\x1f", "\x7f",   "\xc2\x80", "ä", "\xe2\x80\xa8",
		"漢", "\xef\xbf\xbf", "😀",    "\r\b\f", "${x}",     "0", "\xf4\x8f\xbf\xbf",
	};
	char text[256] = "";
	uint64_t count = ctr_prng_below(filler->prng, chance(filler, 8) ? 40 : 5);
	for (uint64_t i = 0; i < count; i++)
		strcat(text, pieces[ctr_prng_below(filler->prng, CTR_ARRAY_SIZE(pieces))]);
	char *string = ctr_arena_strdup(filler->arena, ctr_bytes_str(text));
	CTR_ASSERT(string);
	return string;
}

static ProtobufCBinaryData random_bytes(struct filler *filler)
{
	size_t size = ctr_prng_below(filler->prng, 70);
	uint8_t *data = ctr_arena_alloc(filler->arena, size);
	CTR_ASSERT(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)ctr_prng_next(filler->prng);
	return (ProtobufCBinaryData){.len = size, .data = data};
}

static int random_enum(struct filler *filler, const ProtobufCEnumDescriptor *descriptor)
{
	return descriptor->values[ctr_prng_below(filler->prng, descriptor->n_values)].value;
}

static void fill_value(struct filler *filler, const ProtobufCFieldDescriptor *field, int depth,
		       void *slot)
{
	uint64_t number = random_number(filler);
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)slot = random_string(filler);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)slot = random_bytes(filler);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)slot = fill(filler, field->descriptor, depth + 1);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)slot = random_enum(filler, field->descriptor);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)slot = number & 1;
		break;
	default:
		if (ctr_field_element_size(field) == 8)
			*(uint64_t *)slot = number;
		else
			*(uint32_t *)slot = (uint32_t)number;
		break;
	}
}

static void fill_repeated(struct filler *filler, const ProtobufCFieldDescriptor *field, int depth,
			  ProtobufCMessage *message)
{
	uint64_t count = ctr_prng_below(filler->prng, chance(filler, 10) ? 40 : 4);
	for (uint64_t i = 0; i < count; i++) {
		void *slot = ctr_member_append(message, field, filler->arena);
		CTR_ASSERT(slot);
		fill_value(filler, field, depth, slot);
	}
	if (ctr_field_is_map(field)) {
		size_t dropped;
		int status = ctr_map_entries_sort(message, field, filler->arena, &dropped, NULL);
		CTR_ASSERT(status == CENTRO_OK);
	}
}

/* Seconds and nanos, the range of which depends on the type. */
static void fill_time(struct filler *filler, bool is_duration, int64_t *seconds, int32_t *nanos)
{
	static const int32_t fractions[] = {0, 1, 1000, 1500000, 500000000, 999999999, 123456789};
	*nanos = fractions[ctr_prng_below(filler->prng, CTR_ARRAY_SIZE(fractions))];
	if (!is_duration) {
		*seconds = (int64_t)ctr_prng_below(filler->prng, 315537897600) - 62135596800;
		return;
	}
	*seconds = (int64_t)(random_number(filler) % 315576000000);
	if (chance(filler, 2)) {
		*seconds = -*seconds;
		*nanos = -*nanos;
	}
}

static void fill_fields(struct filler *filler, ProtobufCMessage *message, int depth)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		bool is_too_deep = field->type == PROTOBUF_C_TYPE_MESSAGE && depth >= DEPTH_MAX;
		if (is_too_deep || chance(filler, 3))
			continue;
		if (ctr_field_is_repeated(field)) {
			fill_repeated(filler, field, depth, message);
			continue;
		}
		if (ctr_field_is_oneof(field)) {
			if (!chance(filler, 4) || *ctr_member_case(message, field) != 0)
				continue;
			*ctr_member_case(message, field) = field->id;
		}
		fill_value(filler, field, depth, ctr_member(message, field));
	}
}

static ProtobufCMessage *fill(struct filler *filler, const ProtobufCMessageDescriptor *descriptor,
			      int depth)
{
	ProtobufCMessage *message = ctr_message_new(descriptor, filler->arena);
	CTR_ASSERT(message);
	if (descriptor == &google__protobuf__timestamp__descriptor) {
		Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)message;
		fill_time(filler, false, &time->seconds, &time->nanos);
	} else if (descriptor == &google__protobuf__duration__descriptor) {
		Google__Protobuf__Duration *span = (Google__Protobuf__Duration *)message;
		fill_time(filler, true, &span->seconds, &span->nanos);
	} else {
		fill_fields(filler, message, depth);
	}
	return message;
}

ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *descriptor,
				 struct ctr_prng *prng, struct ctr_arena *arena)
{
	struct filler filler = {prng, arena};
	return fill(&filler, descriptor, 0);
}
