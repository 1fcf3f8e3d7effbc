/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_JSON_NUMBER_H
#define CTR_CODEC_JSON_NUMBER_H

/*
 * Integers out of JSON, exactly or not at all: from a number, which json_check.c
 * holds to what a double can tell, or from a string of digits.
 */

#include <cjson/cJSON.h>

#include "codec/codec.h"

/* A JSON number that is whole and in the range. */
bool ctr_json_number(const cJSON *json, int64_t min, int64_t max, int64_t *ret_value);

/*
 * A field of one of protobuf's integer types. False: not a number in the range of
 * the type; `ret_expected` says what it must be.
 */
bool ctr_json_read_integer(const cJSON *json, ProtobufCType type, void *slot,
			   const char **ret_expected);

#endif
