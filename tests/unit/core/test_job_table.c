/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/job_table.c. */
#include "core/job_table.h"

#include <signal.h>

#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define JOBS 5000

static void insert(struct ctr_job_table *table, struct ctr_job *job, centro_job_id id)
{
	job->id = id;
	ck_assert_int_eq(ctr_job_table_reserve(table), CENTRO_OK);
	ctr_job_table_insert(table, job);
}

/* Every id up to `end`, found or not, and what is below it. */
static void assert_holds(const struct ctr_job_table *table, struct ctr_job *const *by_id,
			 centro_job_id end)
{
	struct ctr_job *below = NULL;
	size_t count = 0;

	for (centro_job_id id = 0; id < end; id++) {
		ck_assert_ptr_eq(ctr_job_table_below(table, id), below);
		ck_assert_ptr_eq(ctr_job_table_find(table, id), by_id[id]);
		if (by_id[id]) {
			below = by_id[id];
			count++;
		}
	}
	ck_assert_ptr_eq(ctr_job_table_below(table, UINT64_MAX), below);
	ck_assert_ptr_null(ctr_job_table_find(table, UINT64_MAX));
	ck_assert_uint_eq(table->count, count);
}

START_TEST(an_empty_table_has_nothing)
{
	struct ctr_job_table table;
	ctr_job_table_init(&table, NULL);
	ck_assert_ptr_null(ctr_job_table_find(&table, 1));
	ck_assert_ptr_null(ctr_job_table_below(&table, UINT64_MAX));
	ctr_job_table_fini(&table);
}
END_TEST

START_TEST(jobs_come_in_order_with_gaps_and_go_in_any)
{
	static struct ctr_job jobs[JOBS];
	static struct ctr_job *by_id[4 * JOBS];
	struct ctr_job_table table;
	struct ctr_prng prng;
	centro_job_id next = 1;
	ctr_job_table_init(&table, NULL);
	ctr_prng_init(&prng, 5);

	for (size_t i = 0; i < JOBS; i++) {
		/* Now and then a block of numbers is lost. */
		next += ctr_prng_below(&prng, 500) == 0 ? 700 : 1 + ctr_prng_below(&prng, 2);
		insert(&table, &jobs[i], next);
		by_id[next] = &jobs[i];
		if (ctr_prng_below(&prng, 8) > 0)
			continue;
		struct ctr_job *old = &jobs[ctr_prng_below(&prng, i + 1)];
		if (by_id[old->id]) {
			ctr_job_table_remove(&table, old);
			by_id[old->id] = NULL;
		}
	}
	assert_holds(&table, by_id, next + 100);
	for (size_t i = 0; i < JOBS; i++) {
		struct ctr_job *job = &jobs[(i * 1237) % JOBS];
		if (!by_id[job->id])
			continue;
		ctr_job_table_remove(&table, job);
		by_id[job->id] = NULL;
		if (i % 1000 == 0)
			assert_holds(&table, by_id, next + 100);
	}
	ck_assert_uint_eq(table.count, 0);
	ck_assert_ptr_null(ctr_job_table_below(&table, UINT64_MAX));
	insert(&table, &jobs[0], next + 1);
	ck_assert_ptr_eq(ctr_job_table_find(&table, next + 1), &jobs[0]);
	ctr_job_table_fini(&table);
}
END_TEST

/* As a server that runs for long: few jobs at a time, numbers without end. */
START_TEST(old_pages_are_given_back)
{
	static struct ctr_job jobs[100];
	struct ctr_job_table table;
	ctr_job_table_init(&table, NULL);

	for (centro_job_id id = 1; id < 200000; id++) {
		struct ctr_job *job = &jobs[id % 100];
		if (id > 100)
			ctr_job_table_remove(&table, job);
		insert(&table, job, id);
	}
	ck_assert_uint_eq(table.count, 100);
	ck_assert_uint_lt(table.capacity, 100);
	ctr_job_table_fini(&table);
}
END_TEST

START_TEST(one_old_job_does_not_slow_the_new)
{
	static struct ctr_job jobs[101];
	struct ctr_job_table table;
	ctr_job_table_init(&table, NULL);

	insert(&table, &jobs[100], 1);
	for (centro_job_id id = 2; id < 50000; id++) {
		struct ctr_job *job = &jobs[id % 100];
		if (job->id != 0)
			ctr_job_table_remove(&table, job);
		insert(&table, job, id);
	}
	ck_assert_ptr_eq(ctr_job_table_find(&table, 1), &jobs[100]);
	ck_assert_ptr_eq(ctr_job_table_find(&table, 49999), &jobs[99]);
	ck_assert_ptr_eq(ctr_job_table_below(&table, 49900), &jobs[100]);
	ctr_job_table_fini(&table);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct failing_allocator failing;

	for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
		struct ctr_job_table table;
		failing_allocator_init(&failing, fail_at);
		ctr_job_table_init(&table, &failing.allocator);
		ck_assert_int_eq(ctr_job_table_reserve(&table), CENTRO_ERR_NOMEM);
		ck_assert_int_eq(ctr_job_table_reserve(&table), CENTRO_OK);
		ctr_job_table_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	}
}
END_TEST

START_TEST(numbers_that_fall_are_a_defect)
{
	struct ctr_job_table table;
	struct ctr_job a = {0}, b = {0};
	ctr_job_table_init(&table, NULL);
	insert(&table, &a, 5);
	insert(&table, &b, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("job_table");
	TCase *tcase = tcase_create("job_table");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, an_empty_table_has_nothing);
	tcase_add_test(tcase, jobs_come_in_order_with_gaps_and_go_in_any);
	tcase_add_test(tcase, old_pages_are_given_back);
	tcase_add_test(tcase, one_old_job_does_not_slow_the_new);
	tcase_add_test(tcase, without_memory_nothing_changes);
	tcase_add_test_raise_signal(tcase, numbers_that_fall_are_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
