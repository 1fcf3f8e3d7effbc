/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_BASE64_H
#define CTR_BASE_BASE64_H

/* Bytes as text, RFC 4648: proto3 JSON and gRPC's binary metadata. */

#include "base/buf.h"

/* With the standard alphabet. OK, NOMEM, LIMIT. */
int ctr_base64_append(struct ctr_buf *buf, struct centro_bytes bytes, bool padded);

/* Room that decoding `text_size` characters needs at the most. */
static inline size_t ctr_base64_decoded_max(size_t text_size)
{
	return text_size / 4 * 3 + 3;
}

/*
 * Either alphabet, padded or not; bits that stand for nothing must be 0, so that
 * no two texts mean the same bytes. `out` has ctr_base64_decoded_max(text.size)
 * bytes. OK, INVALID.
 */
int ctr_base64_decode(struct centro_bytes text, uint8_t *out, size_t *ret_size);

#endif
