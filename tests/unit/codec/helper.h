/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CODEC_HELPER_H
#define CTR_TESTS_CODEC_HELPER_H

/* One line for what most tests of the codec do. */

#include "base/bytes.h"
#include "codec/codec.h"
#include "support/suite.h"

/* What a call left behind: an arena, the text of an error, a message. */
struct helper {
	struct ctr_arena arena;
	struct centro_error_text text;
	struct ctr_buf buf;
	ProtobufCMessage *message;
};

static inline void helper_init(struct helper *helper)
{
	*helper = (struct helper){.text = {""}};
	ctr_arena_init(&helper->arena, NULL, SIZE_MAX);
	ctr_buf_init(&helper->buf, NULL, 0);
}

static inline void helper_fini(struct helper *helper)
{
	ctr_arena_fini(&helper->arena);
	ctr_buf_fini(&helper->buf);
}

static inline int helper_decode(struct helper *helper, const ProtobufCMessageDescriptor *descriptor,
				struct centro_bytes wire)
{
	helper->message = NULL;
	helper->text.text[0] = '\0';
	return ctr_message_decode(descriptor, wire, &helper->arena, &helper->message,
				  &helper->text);
}

static inline int helper_read_json(struct helper *helper,
				   const ProtobufCMessageDescriptor *descriptor, const char *json)
{
	helper->message = NULL;
	helper->text.text[0] = '\0';
	return ctr_json_decode(descriptor, ctr_bytes_str(json), &helper->arena, &helper->message,
			       &helper->text);
}

/* The message as JSON, until the next call. */
static inline const char *helper_json(struct helper *helper, const ProtobufCMessage *message)
{
	ctr_buf_clear(&helper->buf);
	ck_assert_int_eq(ctr_json_encode(message, &helper->buf), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_char(&helper->buf, '\0'), CENTRO_OK);
	return (const char *)helper->buf.data;
}

/* The message encoded, until the next call. */
static inline struct centro_bytes helper_wire(struct helper *helper,
					      const ProtobufCMessage *message)
{
	ctr_buf_clear(&helper->buf);
	ck_assert_int_eq(ctr_message_encode(message, &helper->buf), CENTRO_OK);
	return ctr_buf_bytes(&helper->buf);
}

/* A literal with bytes of any value, without its terminator. */
#define BYTES(literal) ctr_bytes(literal, sizeof(literal) - 1)

#define ck_assert_bytes_eq(a, b)                               \
	do {                                                   \
		struct centro_bytes left_ = (a), right_ = (b); \
		ck_assert_uint_eq(left_.size, right_.size);    \
		ck_assert(ctr_bytes_equal(left_, right_));     \
	} while (0)

#endif
