/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_JSON_CHECK_H
#define CTR_CODEC_JSON_CHECK_H

/*
 * Whether a text is JSON that can be given to cJSON without a surprise. cJSON takes
 * "01", text behind the end, bytes that are not UTF-8, cuts strings at \u0000, and
 * turns every number into a double.
 *
 * Checked: the grammar of RFC 8259, UTF-8, no U+0000, depth ≤ CTR_JSON_DEPTH_MAX,
 * nothing behind the value, integers within ±2^53 and numbers of at most
 * CTR_JSON_NUMBER_SIZE_MAX characters. Not checked: keys that stand twice, since
 * only who knows the schema knows that "jobName" is "job_name".
 */

#include "codec/codec.h"

/* cJSON looks at no more than 63 of a number's characters. */
#define CTR_JSON_NUMBER_SIZE_MAX 40

/*
 * What cJSON 1.7.15 takes from malloc for one value, with malloc's own overhead:
 * its struct, and up to two strings beside what they have in the text.
 */
#define CTR_JSON_VALUE_BYTES 144

/*
 * @retval CENTRO_ERR_INVALID  `text`: "line 3, column 14: a comma or } is missing"
 */
int ctr_json_check(struct centro_bytes json, size_t *ret_value_count,
		   struct centro_error_text *text);

#endif
