/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_MUTATE_H
#define CTR_TESTS_FUZZ_MUTATE_H

/* Small damage to an input: bits, numbers, and blocks that are lost, doubled or moved in. */

#include "base/buf.h"
#include "base/prng.h"

/* Change `input` in a few places. Blocks are also taken from `other`, which may be empty. */
void fuzz_mutate(struct ctr_buf *input, struct centro_bytes other, size_t size_max,
		 struct ctr_prng *prng);

#endif
