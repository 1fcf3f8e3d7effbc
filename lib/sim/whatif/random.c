/* SPDX-License-Identifier: MIT */
/*
 * random.c - draws from distributions, in fixed point.
 *
 * log2 by squaring: the square of a number in [1, 2) is at least 2 exactly when the
 * next bit of its logarithm is 1. exp2 by a product: each bit of the exponent
 * behind the point has its factor, 2^(1/2), 2^(1/4), …
 *
 * Layer: sim.
 */
#include "sim/whatif/random.h"

#include "base/assert.h"

#define FRACTION_BITS 32
#define ONE           (UINT64_C(1) << 62) /* of numbers in [1, 2): two bits before the point */
#define ONE_BITS      62
#define LN2_Q32       UINT64_C(2977044472) /* the natural logarithm of 2 */
#define DRAW_BITS     53

/* 2^(2^-k) for k = 1 … 32, with 62 bits behind the point. */
static const uint64_t roots[FRACTION_BITS] = {
	UINT64_C(0x5a827999fcef3242), UINT64_C(0x4c1bf828c6dc54b8), UINT64_C(0x45cae0f1f545eb73),
	UINT64_C(0x42d561b3e6243d8a), UINT64_C(0x4166c34c5615d0ec), UINT64_C(0x40b268f9de0183ba),
	UINT64_C(0x4058f6a7ecccd5b6), UINT64_C(0x402c6be96af2fb58), UINT64_C(0x4016321b687027a8),
	UINT64_C(0x400b18178ba33b14), UINT64_C(0x40058bce410147e8), UINT64_C(0x4002c5d7bff71daf),
	UINT64_C(0x400162e807ee7e5b), UINT64_C(0x4000b1730df6a524), UINT64_C(0x400058b9497b8152),
	UINT64_C(0x40002c5c955dd701), UINT64_C(0x4000162e46d6f26c), UINT64_C(0x40000b1722757b1b),
	UINT64_C(0x4000058b90fd3e0c), UINT64_C(0x400002c5c86f3f26), UINT64_C(0x40000162e433c79b),
	UINT64_C(0x400000b17218edd0), UINT64_C(0x40000058b90c3968), UINT64_C(0x4000002c5c860d54),
	UINT64_C(0x400000162e4302d2), UINT64_C(0x4000000b17218073), UINT64_C(0x400000058b90bffc),
	UINT64_C(0x40000002c5c85fef), UINT64_C(0x4000000162e42ff3), UINT64_C(0x40000000b17217f9),
	UINT64_C(0x4000000058b90bfc), UINT64_C(0x400000002c5c85fe),
};

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return (uint64_t)(((unsigned __int128)a * b) >> ONE_BITS);
}

uint64_t ctr_log2_q32(uint64_t value)
{
	CTR_ASSERT(value > 0);

	uint64_t whole = 63 - (uint64_t)__builtin_clzll(value);
	uint64_t mantissa = whole <= ONE_BITS ? value << (ONE_BITS - whole) : value >> 1;
	uint64_t result = whole;
	for (int i = 0; i < FRACTION_BITS; i++) {
		mantissa = multiply(mantissa, mantissa);
		bool is_large = mantissa >= 2 * ONE;
		result = result << 1 | is_large;
		mantissa >>= is_large;
	}
	return result;
}

uint64_t ctr_exp2_q32(uint64_t exponent)
{
	uint64_t whole = exponent >> FRACTION_BITS, mantissa = ONE;
	CTR_ASSERT(whole < 64);

	for (int i = 0; i < FRACTION_BITS; i++) {
		if (exponent >> (FRACTION_BITS - 1 - i) & 1)
			mantissa = multiply(mantissa, roots[i]);
	}
	return whole <= ONE_BITS ? mantissa >> (ONE_BITS - whole) : mantissa << 1;
}

uint64_t ctr_draw_even(struct ctr_prng *prng, uint64_t min, uint64_t max)
{
	CTR_ASSERT(min <= max);
	CTR_ASSERT(max - min < UINT64_MAX);
	return min + ctr_prng_below(prng, max - min + 1);
}

uint64_t ctr_draw_log(struct ctr_prng *prng, uint64_t min, uint64_t max)
{
	CTR_ASSERT(min > 0);
	CTR_ASSERT(min <= max);

	uint64_t from = ctr_log2_q32(min), width = ctr_log2_q32(max) - from;
	uint64_t share = ctr_prng_next(prng) >> (64 - FRACTION_BITS);
	uint64_t value = ctr_exp2_q32(
		from + (uint64_t)(((unsigned __int128)width * share) >> FRACTION_BITS));
	/* The logarithms are rounded down. */
	return value < min ? min : value > max ? max : value;
}

uint64_t ctr_draw_gap(struct ctr_prng *prng, uint64_t mean)
{
	CTR_ASSERT(mean < UINT64_C(1) << 62);

	/* -ln of a number in (0, 1], which is drawn / 2^53. */
	uint64_t drawn = (ctr_prng_next(prng) >> (64 - DRAW_BITS)) + 1;
	uint64_t log2 = ((uint64_t)DRAW_BITS << FRACTION_BITS) - ctr_log2_q32(drawn);
	uint64_t factor = (uint64_t)(((unsigned __int128)log2 * LN2_Q32) >> FRACTION_BITS);
	unsigned __int128 gap = ((unsigned __int128)mean * factor) >> FRACTION_BITS;
	return gap > UINT64_MAX ? UINT64_MAX : (uint64_t)gap;
}
