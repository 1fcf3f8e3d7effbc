/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/prng.c. */
#include "base/prng.h"

#include <signal.h>

#include "support/suite.h"

/* As published for the state 1, 2, 3, 4. */
START_TEST(it_is_xoshiro256_starstar)
{
	static const uint64_t expected[] = {
		UINT64_C(11520),
		UINT64_C(0),
		UINT64_C(1509978240),
		UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600),
	};
	struct ctr_prng prng = {.state = {1, 2, 3, 4}};
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_uint_eq(ctr_prng_next(&prng), expected[i]);
}
END_TEST

/* The published numbers of splitmix64 from 1234567. */
START_TEST(the_seed_is_spread_by_splitmix64)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1234567);
	ck_assert_uint_eq(prng.state[0], UINT64_C(6457827717110365317));
	ck_assert_uint_eq(prng.state[1], UINT64_C(3203168211198807973));
	ck_assert_uint_eq(prng.state[2], UINT64_C(9817491932198370423));
	ck_assert_uint_eq(prng.state[3], UINT64_C(4593380528125082431));
}
END_TEST

START_TEST(the_same_seed_gives_the_same_numbers)
{
	struct ctr_prng a, b, c;
	ctr_prng_init(&a, 0);
	ctr_prng_init(&b, 0);
	ctr_prng_init(&c, 1);
	int different = 0;
	for (int i = 0; i < 100; i++) {
		uint64_t value = ctr_prng_next(&a);
		ck_assert_uint_eq(ctr_prng_next(&b), value);
		different += ctr_prng_next(&c) != value;
	}
	ck_assert_int_ge(different, 99);
}
END_TEST

START_TEST(the_bound_holds_and_all_below_comes)
{
	struct ctr_prng prng;
	unsigned int seen[6] = {0};
	ctr_prng_init(&prng, 3);
	for (int i = 0; i < 60000; i++) {
		uint64_t value = ctr_prng_below(&prng, 6);
		ck_assert_uint_lt(value, 6);
		seen[value]++;
	}
	/* Ten standard deviations are 913. */
	for (int i = 0; i < 6; i++) {
		ck_assert_uint_gt(seen[i], 10000 - 913);
		ck_assert_uint_lt(seen[i], 10000 + 913);
	}
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(ctr_prng_below(&prng, 1), 0);
}
END_TEST

/* Plain modulo would give twice as many below a quarter of the range as it should. */
START_TEST(a_large_bound_has_no_bias)
{
	const uint64_t bound = UINT64_C(3) << 62; /* three quarters of 2^64 */
	const uint64_t third = UINT64_C(1) << 62;
	struct ctr_prng prng;
	int low = 0;
	ctr_prng_init(&prng, 4);
	for (int i = 0; i < 30000; i++) {
		uint64_t value = ctr_prng_below(&prng, bound);
		ck_assert_uint_lt(value, bound);
		low += value < third;
	}
	ck_assert_int_gt(low, 10000 - 816);
	ck_assert_int_lt(low, 10000 + 816);

	/* The largest bound is no special case. */
	ck_assert_uint_lt(ctr_prng_below(&prng, UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(below_nothing_is_a_mistake)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1);
	ctr_prng_below(&prng, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/prng");
	TCase *tcase = tcase_create("prng");
	tcase_add_test(tcase, it_is_xoshiro256_starstar);
	tcase_add_test(tcase, the_seed_is_spread_by_splitmix64);
	tcase_add_test(tcase, the_same_seed_gives_the_same_numbers);
	tcase_add_test(tcase, the_bound_holds_and_all_below_comes);
	tcase_add_test(tcase, a_large_bound_has_no_bias);
	tcase_add_test_raise_signal(tcase, below_nothing_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
