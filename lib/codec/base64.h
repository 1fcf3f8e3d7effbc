/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_BASE64_H
#define CTR_CODEC_BASE64_H

/* RFC 4648, as proto3 JSON wants it. */

#include "base/arena.h"
#include "base/buf.h"

/* With the standard alphabet, padded. OK, NOMEM, LIMIT. */
int ctr_base64_append(struct ctr_buf *buf, struct centro_bytes bytes);

/*
 * Either alphabet, padded or not; bits that stand for nothing must be 0.
 * INVALID; NOMEM, also at the arena's cap.
 */
int ctr_base64_decode(struct centro_bytes text, struct ctr_arena *arena,
		      struct centro_bytes *ret_bytes);

#endif
