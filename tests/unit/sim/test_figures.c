/* SPDX-License-Identifier: MIT */
/* What is made of waits, and what the meter sums up. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/time.h"

#define S CTR_NS_PER_SEC

START_TEST(slowdowns_are_bounded)
{
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(0, 0), 1000000);
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(0, 100 * S), 1000000);
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(100 * S, 100 * S), 2000000);
	/* A run of 1 s counts as one of 10 s, and never makes it less than 1. */
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(1 * S, 1 * S), 1000000);
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(29 * S, 1 * S), 3000000);
	ck_assert_uint_eq(ctr_bounded_slowdown_ppm(INT64_MAX, 0), UINT64_C(922337203685477));
}
END_TEST

START_TEST(percentiles_are_of_the_nearest_rank)
{
	uint64_t values[200];
	for (size_t i = 0; i < 200; i++)
		values[i] = (i * 37) % 200 + 1; /* 1 … 200, shuffled */
	struct centro_sim_spread spread = ctr_spread(values, 200);
	ck_assert_uint_eq(spread.mean, 100);
	ck_assert_uint_eq(spread.p50, 100);
	ck_assert_uint_eq(spread.p90, 180);
	ck_assert_uint_eq(spread.p99, 198);
	ck_assert_uint_eq(spread.max, 200);
	spread = ctr_spread(values, 1);
	ck_assert_uint_eq(spread.p50, 1);
	ck_assert_uint_eq(spread.p99, 1);
	spread = ctr_spread(values, 0);
	ck_assert_uint_eq(spread.max, 0);
	values[0] = values[1] = UINT64_MAX;
	ck_assert_uint_eq(ctr_spread(values, 2).mean, UINT64_MAX);
}
END_TEST

START_TEST(jain_tells_shares_apart)
{
	uint64_t values[] = {7, 7, 7, 7};
	ck_assert_uint_eq(ctr_jain_ppm(values, 4), 1000000);
	ck_assert_uint_eq(ctr_jain_ppm(values, 0), 1000000);
	values[1] = values[2] = values[3] = 0;
	ck_assert_uint_eq(ctr_jain_ppm(values, 4), 250000); /* one has it all */
	values[0] = 0;
	ck_assert_uint_eq(ctr_jain_ppm(values, 4), 1000000);
	const uint64_t large[] = {UINT64_MAX, UINT64_MAX / 3};
	/* (4/3)² / (2 * 10/9) = 0.8 */
	ck_assert_uint_ge(ctr_jain_ppm(large, 2), 799990);
	ck_assert_uint_le(ctr_jain_ppm(large, 2), 800000);
}
END_TEST

static uint64_t whole(const struct ctr_meter *meter)
{
	ctr_area sum = 0;
	for (size_t i = 0; i < CTR_METER_STRETCHES_MAX; i++)
		sum += meter->stretches[i].used[CTR_METER_CPU];
	ck_assert(sum == meter->used_area[CTR_METER_CPU]);
	return (uint64_t)(sum / S);
}

START_TEST(stretches_double_and_lose_nothing)
{
	static struct ctr_meter meter;
	const uint64_t capacity[CTR_METER_COUNT] = {1000}, take[CTR_METER_COUNT] = {100};
	ctr_meter_init(&meter, 50 * S, capacity);
	ctr_meter_take(&meter, take);
	ctr_meter_advance(&meter, 562 * S);
	ck_assert_uint_eq(meter.width_ns, 1 * S);
	ck_assert_uint_eq(meter.count, 512);
	ck_assert_uint_eq(whole(&meter), 51200);
	meter.waiting = 3;
	ctr_meter_advance(&meter, 563 * S);
	ck_assert_uint_eq(meter.width_ns, 2 * S);
	ck_assert_uint_eq(meter.count, 257);
	ck_assert_uint_eq(whole(&meter), 51300);
	ck_assert_uint_eq(meter.stretches[256].waiting_max, 3);
	ck_assert_uint_eq(meter.stretches[255].waiting_max, 0);
	ck_assert(meter.lost_area[CTR_METER_CPU] == (ctr_area)900 * S);
	ctr_meter_give(&meter, take);
	meter.waiting = 0;
	ctr_meter_advance(&meter, INT64_MAX);
	ck_assert_uint_le(meter.count, 512);
	ck_assert_uint_gt(meter.count, 256);
	ck_assert_uint_eq(whole(&meter), 51300);
	ck_assert(meter.lost_area[CTR_METER_CPU] == (ctr_area)900 * S);
}
END_TEST

START_TEST(areas_become_shares)
{
	ck_assert_uint_eq(ctr_area_ppm(0, 0, 0), 0);
	ck_assert_uint_eq(ctr_area_ppm(5, 0, 7), 0);
	ck_assert_uint_eq(ctr_area_ppm(50, 10, 10), 500000);
	ctr_area most = (ctr_area)UINT64_MAX * INT64_MAX;
	ck_assert_uint_eq(ctr_area_ppm(most, UINT64_MAX, INT64_MAX), 1000000);
	ck_assert_uint_eq(ctr_area_ppm(most / 4, UINT64_MAX, INT64_MAX), 250000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/figures");
	TCase *tcase = tcase_create("figures");
	tcase_add_test(tcase, slowdowns_are_bounded);
	tcase_add_test(tcase, percentiles_are_of_the_nearest_rank);
	tcase_add_test(tcase, jain_tells_shares_apart);
	tcase_add_test(tcase, stretches_double_and_lose_nothing);
	tcase_add_test(tcase, areas_become_shares);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
