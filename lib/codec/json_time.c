/* SPDX-License-Identifier: MIT */
/*
 * json_time.c - Timestamp and Duration, their ranges and their text.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/json_time.h"

#include <centro/text.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/message.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#define NANOS_MAX INT32_C(999999999)
/* Of a Timestamp: the years 1 to 9999. */
#define TIMESTAMP_SECONDS_MIN INT64_C(-62135596800)
#define TIMESTAMP_SECONDS_MAX INT64_C(253402300799)
/* Of a Duration: 10,000 years. */
#define DURATION_SECONDS_MAX INT64_C(315576000000)
#define DURATION_TEXT_MAX    64

static bool is_timestamp(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor == &google__protobuf__timestamp__descriptor;
}

static bool is_duration(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor == &google__protobuf__duration__descriptor;
}

bool ctr_message_is_time(const ProtobufCMessageDescriptor *descriptor)
{
	return is_timestamp(descriptor) || is_duration(descriptor);
}

static bool timestamp_is_valid(const Google__Protobuf__Timestamp *timestamp)
{
	return timestamp->seconds >= TIMESTAMP_SECONDS_MIN &&
	       timestamp->seconds <= TIMESTAMP_SECONDS_MAX && timestamp->nanos >= 0 &&
	       timestamp->nanos <= NANOS_MAX;
}

static bool duration_is_valid(const Google__Protobuf__Duration *duration)
{
	if (duration->seconds < -DURATION_SECONDS_MAX || duration->seconds > DURATION_SECONDS_MAX)
		return false;
	if (duration->nanos < -NANOS_MAX || duration->nanos > NANOS_MAX)
		return false;
	bool is_mixed = (duration->seconds < 0 && duration->nanos > 0) ||
			(duration->seconds > 0 && duration->nanos < 0);
	return !is_mixed;
}

bool ctr_message_time_is_valid(const ProtobufCMessage *message, const char **ret_fault)
{
	if (is_timestamp(message->descriptor)) {
		*ret_fault = "not a time between the years 1 and 9999 with 0 to 999999999 nanos";
		return timestamp_is_valid((const Google__Protobuf__Timestamp *)message);
	}
	if (is_duration(message->descriptor)) {
		*ret_fault = "not a duration of at most 10,000 years with nanos of the same sign, "
			     "below a second";
		return duration_is_valid((const Google__Protobuf__Duration *)message);
	}
	return true;
}

/* ---- text ---- */

static int append_duration(const Google__Protobuf__Duration *duration, struct ctr_buf *buf)
{
	bool is_negative = duration->seconds < 0 || duration->nanos < 0;
	uint64_t seconds = (uint64_t)(is_negative ? -duration->seconds : duration->seconds);
	uint32_t nanos = (uint32_t)(is_negative ? -duration->nanos : duration->nanos);

	if (is_negative)
		ctr_buf_append_char(buf, '-');
	ctr_buf_append_u64(buf, seconds);
	if (nanos == 0)
		return ctr_buf_append_char(buf, 's');
	if (nanos % 1000000 == 0)
		return ctr_buf_appendf(buf, ".%03us", nanos / 1000000);
	if (nanos % 1000 == 0)
		return ctr_buf_appendf(buf, ".%06us", nanos / 1000);
	return ctr_buf_appendf(buf, ".%09us", nanos);
}

int ctr_json_time_append(const ProtobufCMessage *message, struct ctr_buf *buf)
{
	CTR_ASSERT(ctr_message_is_time(message->descriptor));

	const char *fault;
	if (!ctr_message_time_is_valid(message, &fault))
		return CENTRO_ERR_INVALID;
	if (is_timestamp(message->descriptor)) {
		const Google__Protobuf__Timestamp *timestamp =
			(const Google__Protobuf__Timestamp *)message;
		return ctr_time_format(buf, timestamp->seconds, timestamp->nanos);
	}
	return append_duration((const Google__Protobuf__Duration *)message, buf);
}

/* "12.5s", exactly, as proto3 JSON has it. */
static bool parse_seconds(struct centro_bytes text, uint64_t *ret_seconds, uint32_t *ret_nanos)
{
	if (text.size == 0 || text.data[text.size - 1] != 's')
		return false;
	text.size--;

	const uint8_t *point = text.size > 0 ? memchr(text.data, '.', text.size) : NULL;
	uint32_t nanos = 0;
	if (point) {
		size_t count = text.size - 1 - (size_t)(point - text.data);
		if (count < 1 || count > 9)
			return false;
		for (size_t i = 0; i < 9; i++) {
			uint8_t digit = i < count ? point[1 + i] : '0';
			if (digit < '0' || digit > '9')
				return false;
			nanos = nanos * 10 + (digit - '0');
		}
		text.size = (size_t)(point - text.data);
	}
	if (!ctr_parse_u64(text, ret_seconds))
		return false;
	*ret_nanos = nanos;
	return true;
}

/* What people write. */
static bool parse_span(struct centro_bytes text, uint64_t *ret_seconds, uint32_t *ret_nanos)
{
	char terminated[DURATION_TEXT_MAX + 1];
	if (text.size > DURATION_TEXT_MAX)
		return false;
	if (text.size > 0)
		memcpy(terminated, text.data, text.size);
	terminated[text.size] = '\0';

	struct centro_span span;
	if (centro_span_parse(terminated, &span) != CENTRO_OK)
		return false;
	*ret_seconds = span.ns / CTR_NS_PER_SEC;
	*ret_nanos = (uint32_t)(span.ns % CTR_NS_PER_SEC);
	return true;
}

static bool parse_duration(struct centro_bytes text, Google__Protobuf__Duration *duration)
{
	bool is_negative = text.size > 0 && text.data[0] == '-';
	if (is_negative)
		text = ctr_bytes(text.data + 1, text.size - 1);

	uint64_t seconds;
	uint32_t nanos;
	if (!parse_seconds(text, &seconds, &nanos) && !parse_span(text, &seconds, &nanos))
		return false;
	if (seconds > (uint64_t)DURATION_SECONDS_MAX)
		return false;
	duration->seconds = is_negative ? -(int64_t)seconds : (int64_t)seconds;
	duration->nanos = is_negative ? -(int32_t)nanos : (int32_t)nanos;
	return true;
}

bool ctr_json_time_parse(struct centro_bytes text, ProtobufCMessage *message,
			 const char **ret_expected)
{
	CTR_ASSERT(ctr_message_is_time(message->descriptor));

	if (is_timestamp(message->descriptor)) {
		Google__Protobuf__Timestamp *timestamp = (Google__Protobuf__Timestamp *)message;
		*ret_expected = "a time like \"2026-11-24T13:00:00Z\"";
		return ctr_time_parse(text, &timestamp->seconds, &timestamp->nanos);
	}
	*ret_expected = "a duration like \"90s\", \"1.5s\" or \"1h30m\"";
	return parse_duration(text, (Google__Protobuf__Duration *)message);
}
