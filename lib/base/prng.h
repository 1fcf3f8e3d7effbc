/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_PRNG_H
#define CTR_BASE_PRNG_H

/* A seeded generator (xoshiro256**, Blackman and Vigna 2018). Never for secrets. */

#include <stdint.h>

struct ctr_prng {
	uint64_t state[4];
};

/* Any seed is a good one (spread by splitmix64). */
void ctr_prng_init(struct ctr_prng *prng, uint64_t seed);
uint64_t ctr_prng_next(struct ctr_prng *prng);
/* 0 ≤ result < bound, without bias. bound > 0. */
uint64_t ctr_prng_below(struct ctr_prng *prng, uint64_t bound);

#endif
