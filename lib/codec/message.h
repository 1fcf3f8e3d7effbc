/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_MESSAGE_H
#define CTR_CODEC_MESSAGE_H

/* Decoding, with what only the codec itself needs. */

#include "codec/codec.h"
#include "codec/path.h"

/* Every field. */
#define CTR_FIELDS_ALL UINT64_MAX
/* Of a set of field numbers below 64. */
#define CTR_FIELD_BIT(number) (UINT64_C(1) << (number))

/*
 * As ctr_message_decode(), into a message that it made: what bytes that stood
 * behind one another would give. Top-level fields whose number is not in
 * `fields` (CTR_FIELDS_ALL, or numbers below 64) are not looked into.
 */
int ctr_message_merge(ProtobufCMessage *message, struct centro_bytes bytes, uint64_t fields,
		      struct ctr_arena *arena, struct centro_error_text *text);

/*
 * Whether a message that stands for a time has one that its text form can tell.
 * True for any other message. `ret_fault`: what it must be.
 */
bool ctr_message_time_is_valid(const ProtobufCMessage *message, const char **ret_fault);

#endif
