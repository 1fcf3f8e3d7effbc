/* SPDX-License-Identifier: MIT */
/*
 * prng.c - the seeded generator, xoshiro256** (Blackman and Vigna 2018).
 *
 * The same seed gives the same numbers on every machine. Its state is never
 * all zero, from which it would not move.
 *
 * Layer: base.
 */
#include "base/prng.h"

#include "base/assert.h"

#define ROTATE(value, bits) (((value) << (bits)) | ((value) >> (64 - (bits))))

static uint64_t splitmix_next(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

void ctr_prng_init(struct ctr_prng *prng, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		prng->state[i] = splitmix_next(&seed);
}

uint64_t ctr_prng_next(struct ctr_prng *prng)
{
	uint64_t *s = prng->state;
	CTR_ASSERT((s[0] | s[1] | s[2] | s[3]) != 0);

	uint64_t product = s[1] * 5;
	uint64_t result = ROTATE(product, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = ROTATE(s[3], 45);
	return result;
}

uint64_t ctr_prng_below(struct ctr_prng *prng, uint64_t bound)
{
	CTR_ASSERT(bound > 0);

	/*
	 * The last, incomplete run of `bound` numbers below 2^64 would favour
	 * the small results: draw again when one of those comes.
	 */
	for (;;) {
		uint64_t drawn = ctr_prng_next(prng);
		uint64_t result = drawn % bound;
		if (drawn - result <= UINT64_MAX - (bound - 1))
			return result;
	}
}
