/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_JSON_TIME_H
#define CTR_CODEC_JSON_TIME_H

/* The two messages that proto3 JSON writes as text: Timestamp and Duration. */

#include "codec/codec.h"

bool ctr_message_is_time(const ProtobufCMessageDescriptor *descriptor);

/*
 * Append "2026-11-24T13:00:00.5Z" or "1.500s", without quotes. Decimals: 0, 3, 6
 * or 9. NOMEM, LIMIT; INVALID: out of range.
 */
int ctr_json_time_append(const ProtobufCMessage *message, struct ctr_buf *buf);

/*
 * The inverse, into a new message. A Duration may also be what people write in
 * job files, "1h30m" (see centro/text.h). `ret_expected`: what it must look like.
 */
bool ctr_json_time_parse(struct centro_bytes text, ProtobufCMessage *message,
			 const char **ret_expected);

#endif
