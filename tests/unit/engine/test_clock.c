/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/clock.c. */
#include "engine/clock.h"

#include "support/suite.h"

static struct centro_time at(uint64_t steady, uint64_t wall)
{
	return (struct centro_time){{steady}, {wall}};
}

START_TEST(cluster_time_runs_with_the_steady_clock)
{
	struct ctr_clock clock;
	ctr_cluster_clock_init(&clock, at(1000, 5));
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 0);
	ctr_cluster_clock_advance(&clock, at(1250, 6));
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 250);
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).wall.ns, 6);
	ck_assert_uint_eq(ctr_cluster_clock_at(&clock, at(1300, 9)).cluster.ns, 300);
	ck_assert_uint_eq(ctr_cluster_clock_at(&clock, at(1300, 9)).wall.ns, 9);
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 250);
}
END_TEST

START_TEST(it_never_goes_back)
{
	struct ctr_clock clock;
	ctr_cluster_clock_init(&clock, at(1000, 5));
	ctr_cluster_clock_advance(&clock, at(1100, 5));
	ctr_cluster_clock_advance(&clock, at(1050, 1));
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 100);
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).wall.ns, 1);
	/* What was skipped back is not counted twice. */
	ctr_cluster_clock_advance(&clock, at(1100, 5));
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 100);
	ck_assert_uint_eq(ctr_cluster_clock_at(&clock, at(0, 0)).cluster.ns, 100);
}
END_TEST

START_TEST(it_starts_at_the_high_water)
{
	struct ctr_clock clock;
	ctr_cluster_clock_init(&clock, at(1000, 5));
	ctr_cluster_clock_raise(&clock, (struct centro_instant){5000});
	ctr_cluster_clock_advance(&clock, at(1001, 5));
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 5001);
	ctr_cluster_clock_raise(&clock, (struct centro_instant){10});
	ck_assert_uint_eq(ctr_cluster_clock_now(&clock).cluster.ns, 5001);
}
END_TEST

START_TEST(deadlines_are_told_on_the_steady_clock)
{
	struct ctr_clock clock;
	ctr_cluster_clock_init(&clock, at(1000, 5));
	ctr_cluster_clock_raise(&clock, (struct centro_instant){5000});
	ck_assert_uint_eq(ctr_cluster_clock_to_steady(&clock, (struct centro_instant){5070}).ns,
			  1070);
	ck_assert_uint_eq(ctr_cluster_clock_to_steady(&clock, (struct centro_instant){1}).ns, 1000);
	struct centro_instant never = {CENTRO_INSTANT_NEVER_NS};
	ck_assert_uint_eq(ctr_cluster_clock_to_steady(&clock, never).ns, CENTRO_INSTANT_NEVER_NS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/clock");
	TCase *tcase = tcase_create("clock");
	tcase_add_test(tcase, cluster_time_runs_with_the_steady_clock);
	tcase_add_test(tcase, it_never_goes_back);
	tcase_add_test(tcase, it_starts_at_the_high_water);
	tcase_add_test(tcase, deadlines_are_told_on_the_steady_clock);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
