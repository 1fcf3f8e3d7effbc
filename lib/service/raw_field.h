/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_RAW_FIELD_H
#define CTR_SERVICE_RAW_FIELD_H

/* One length-delimited field of an encoded message, found without decoding the rest. */

#include "base/bytes.h"

/* The nth (from 0) occurrence of `field`. False: not there, or `message` is not well formed. */
bool ctr_raw_field_find(struct centro_bytes message, uint32_t field, uint32_t nth,
			struct centro_bytes *ret_value);

#endif
