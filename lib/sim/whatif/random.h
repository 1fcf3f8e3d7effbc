/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_RANDOM_H
#define CTR_SIM_WHATIF_RANDOM_H

/*
 * Numbers of the shapes that workloads have, from the seeded generator and by
 * integers alone, so that they are the same on every machine.
 */

#include <stdbool.h>

#include "base/prng.h"

/* min ≤ result ≤ max, each as likely. */
uint64_t ctr_draw_even(struct ctr_prng *prng, uint64_t min, uint64_t max);
/* 1 ≤ min ≤ result ≤ max, each power of two as likely as the next: log-uniform. */
uint64_t ctr_draw_log(struct ctr_prng *prng, uint64_t min, uint64_t max);
/* The gap before the next of what comes every `mean` on average: exponential. mean < 2^62. */
uint64_t ctr_draw_gap(struct ctr_prng *prng, uint64_t mean);

/* Fixed point with 32 bits behind the point. value ≥ 1. */
uint64_t ctr_log2_q32(uint64_t value);
/* The whole part of 2^exponent; exponent < 64. */
uint64_t ctr_exp2_q32(uint64_t exponent);

#endif
