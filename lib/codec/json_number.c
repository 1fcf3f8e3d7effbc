/* SPDX-License-Identifier: MIT */
/*
 * json_number.c - integers out of JSON.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/json_number.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

/* Beyond this a double may have been rounded. */
#define EXACT_MAX 9007199254740992.0

bool ctr_json_number(const cJSON *json, int64_t min, int64_t max, int64_t *ret_value)
{
	CTR_ASSERT(cJSON_IsNumber(json));

	double number = json->valuedouble;
	/* Also false for a NaN. */
	if (!(number >= -EXACT_MAX && number <= EXACT_MAX))
		return false;
	int64_t value = (int64_t)number;
	if ((double)value != number || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

static bool read_signed(const cJSON *json, int64_t min, int64_t max, int64_t *ret_value)
{
	if (cJSON_IsNumber(json))
		return ctr_json_number(json, min, max, ret_value);
	if (!cJSON_IsString(json))
		return false;
	int64_t value;
	if (!ctr_parse_i64(ctr_bytes_str(json->valuestring), &value))
		return false;
	if (value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

static bool read_unsigned(const cJSON *json, uint64_t max, uint64_t *ret_value)
{
	int64_t number;
	if (cJSON_IsNumber(json)) {
		if (!ctr_json_number(json, 0, INT64_MAX, &number) || (uint64_t)number > max)
			return false;
		*ret_value = (uint64_t)number;
		return true;
	}
	uint64_t value;
	if (!cJSON_IsString(json) || !ctr_parse_u64(ctr_bytes_str(json->valuestring), &value))
		return false;
	if (value > max)
		return false;
	*ret_value = value;
	return true;
}

bool ctr_json_read_integer(const cJSON *json, ProtobufCType type, void *slot,
			   const char **ret_expected)
{
	int64_t number;
	uint64_t positive;

	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		*ret_expected = "a whole number from -2147483648 to 2147483647";
		if (!read_signed(json, INT32_MIN, INT32_MAX, &number))
			return false;
		*(int32_t *)slot = (int32_t)number;
		return true;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		*ret_expected = "a whole number from 0 to 4294967295";
		if (!read_unsigned(json, UINT32_MAX, &positive))
			return false;
		*(uint32_t *)slot = (uint32_t)positive;
		return true;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		*ret_expected = "a whole number of 64 bits (beyond 2^53 in quotes)";
		return read_signed(json, INT64_MIN, INT64_MAX, slot);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*ret_expected = "a whole number from 0 to 2^64-1 (beyond 2^53 in quotes)";
		return read_unsigned(json, UINT64_MAX, slot);
	default:
		/* The schema has no floating point; a test sees to that. */
		CTR_UNREACHABLE();
	}
}
