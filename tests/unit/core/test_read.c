/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/read.c. */
#include "cluster.h"

#include "support/suite.h"

START_TEST(jobs_are_found_and_walked_from_the_newest)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	ck_assert_ptr_null(ctr_core_find_job(cluster.core, 1));
	ck_assert_ptr_null(ctr_core_job_below(cluster.core, UINT64_MAX));
	for (int i = 0; i < 5; i++)
		cluster_submit(&cluster, 1);
	cluster_cancel(&cluster, 3);
	cluster_drain(&cluster);

	centro_job_id id = UINT64_MAX, seen[4];
	const struct ctr_job *job;
	size_t count = 0;
	while ((job = ctr_core_job_below(cluster.core, id))) {
		id = job->id;
		seen[count++] = id;
	}
	ck_assert_uint_eq(count, ctr_core_job_count(cluster.core));
	ck_assert(seen[0] == 5 && seen[1] == 4 && seen[2] == 2 && seen[3] == 1);
	ck_assert_ptr_null(ctr_core_find_job(cluster.core, 3));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(nodes_are_found_and_walked_in_order)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "b", 1);
	cluster_add_node(&cluster, "a", 1);
	ck_assert_uint_eq(ctr_core_node_count(cluster.core), 2);
	ck_assert_uint_eq(ctr_core_node_above(cluster.core, 0)->id, 1);
	ck_assert_uint_eq(ctr_core_node_above(cluster.core, 1)->id, 2);
	ck_assert_ptr_null(ctr_core_node_above(cluster.core, 2));
	ck_assert_uint_eq(ctr_core_find_node_by_name(cluster.core, ctr_bytes_str("a"))->id, 2);
	ck_assert_ptr_null(ctr_core_find_node_by_name(cluster.core, ctr_bytes_str("c")));
	ck_assert_ptr_null(ctr_core_find_node(cluster.core, 3));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(an_attempt_is_found_by_its_present_number)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 1);
	centro_job_id id = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	ck_assert_ptr_eq(ctr_core_find_attempt(cluster.core, &ref),
			 cluster_instance(&cluster, id, 0));
	ref.attempt++;
	ck_assert_ptr_null(ctr_core_find_attempt(cluster.core, &ref));
	ref.attempt--;
	ref.index = 1;
	ck_assert_ptr_null(ctr_core_find_attempt(cluster.core, &ref));
	ref.index = 0;
	ref.job = 77;
	ck_assert_ptr_null(ctr_core_find_attempt(cluster.core, &ref));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_a_task_takes)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id id = cluster_submit(&cluster, 3);
	const struct ctr_resources *resources =
		ctr_core_task_resources(cluster.core, &cluster_job(&cluster, id)->tasks[0]);
	ck_assert_int_eq(resources->amount[CTR_DIM_CPU], 3000);
	ck_assert_uint_eq(ctr_core_dimensions(cluster.core)->count, 3);
	ck_assert_ptr_nonnull(ctr_core_find_queue(cluster.core, ctr_bytes_str("default")));
	ck_assert_ptr_null(ctr_core_find_queue(cluster.core, ctr_bytes_str("other")));
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("read");
	TCase *tcase = tcase_create("read");

	tcase_add_test(tcase, jobs_are_found_and_walked_from_the_newest);
	tcase_add_test(tcase, nodes_are_found_and_walked_in_order);
	tcase_add_test(tcase, an_attempt_is_found_by_its_present_number);
	tcase_add_test(tcase, what_a_task_takes);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
