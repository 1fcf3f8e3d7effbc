/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/explain.c: one sentence for each filter that stops a job. */
#include "cluster.h"

#include <stdio.h>

#include "support/suite.h"

static void assert_explained(const struct cluster *cluster, centro_job_id job, const char *expected)
{
	struct centro_error_text text;
	ctr_core_explain(cluster->core, cluster_job(cluster, job), &text);
	ck_assert_str_eq(text.text, expected);
}

static centro_job_id submit_to(struct cluster *cluster, uint32_t cores, size_t count)
{
	static const struct centro_bytes names[] = {{(const uint8_t *)"eu", 2},
						    {(const uint8_t *)"us", 2},
						    {(const uint8_t *)"ap", 2},
						    {(const uint8_t *)"sa", 2}};
	const struct ctr_task_spec task = cluster_task_spec(cores);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	spec.datacenters = names;
	spec.datacenter_count = count;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	cluster_schedule(cluster);
	return cluster->result.job;
}

static void add_in(struct cluster *cluster, const char *name, const char *datacenter,
		   uint32_t cores)
{
	struct ctr_node_spec spec = cluster_node_spec(name, cores);
	spec.datacenter = ctr_bytes_str(datacenter);
	ck_assert_int_eq(cluster_register(cluster, &spec), CENTRO_OK);
}

START_TEST(no_nodes)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id job = submit_to(&cluster, 1, 0);
	assert_explained(&cluster, job, "no node is registered");
	add_in(&cluster, "a", "", 2);
	cluster_wait(&cluster, 60000);
	assert_explained(&cluster, job, "none of 1 node is ready");
	add_in(&cluster, "b", "", 2);
	cluster_wait(&cluster, 60000);
	assert_explained(&cluster, job, "none of 2 nodes is ready");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(no_datacenter)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "xx", 2);
	assert_explained(&cluster, submit_to(&cluster, 1, 1),
			 "none of 1 ready node is in datacenter eu");
	add_in(&cluster, "b", "xx", 2);
	assert_explained(&cluster, submit_to(&cluster, 1, 2),
			 "none of 2 ready nodes is in datacenter eu, us");
	assert_explained(&cluster, submit_to(&cluster, 1, 4),
			 "none of 2 ready nodes is in datacenter eu, us, ap, …");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(never_large_enough)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "us", 2);
	add_in(&cluster, "b", "eu", 1);
	assert_explained(&cluster, submit_to(&cluster, 64, 0),
			 "none of 2 nodes is large enough: it asks for 64 cores, and the largest "
			 "has 2 cores");
	assert_explained(&cluster, submit_to(&cluster, 2, 1),
			 "none of 1 node in datacenter eu (of 2 in all) is large enough: it asks "
			 "for 2 cores, and the largest has 1 core");
	cluster_wait(&cluster, 59000);
	ck_assert_int_eq(cluster_heartbeat(&cluster, 1), CENTRO_OK);
	cluster_wait(&cluster, 1500);
	assert_explained(&cluster, submit_to(&cluster, 3, 0),
			 "none of 1 ready node (of 2 in all) is large enough: it asks for 3 cores, "
			 "and the largest has 2 cores");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_resource_that_nobody_has)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 2};
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "", 2);
	task.resources.named = &gpu;
	task.resources.named_count = 1;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	assert_explained(&cluster, cluster.result.job,
			 "none of 1 node is large enough: it asks for 2 gpu, and the largest has "
			 "0 gpu");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(enough_of_each_but_not_together)
{
	struct cluster cluster;
	struct ctr_node_spec wide = cluster_node_spec("wide", 8),
			     tall = cluster_node_spec("tall", 1);
	struct ctr_task_spec task = cluster_task_spec(8);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	cluster_init(&cluster, NULL);
	wide.capacity.memory_mib = 100;
	tall.capacity.memory_mib = 1000;
	ck_assert_int_eq(cluster_register(&cluster, &wide), CENTRO_OK);
	ck_assert_int_eq(cluster_register(&cluster, &tall), CENTRO_OK);
	task.resources.memory_mib = 1000;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	assert_explained(&cluster, cluster.result.job,
			 "none of 2 nodes is large enough: there is enough of each resource that "
			 "it asks for, but not on one node");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(busy_now)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "", 4);
	add_in(&cluster, "b", "", 1);
	submit_to(&cluster, 3, 0);
	assert_explained(&cluster, submit_to(&cluster, 2, 0),
			 "1 of 2 nodes could take it, when something ends there: it asks for 2 "
			 "cores, and the most that is free on one is 1 core");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(room_but_not_placed_yet)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "", 4);
	centro_job_id job = cluster_submit(&cluster, 1);
	assert_explained(&cluster, job, "it fits on 1 of 1 node, and will be placed next");
	cluster_schedule(&cluster);
	assert_explained(&cluster, job, "");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_gang)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id job = cluster_submit_gang(&cluster, 3, 2);
	assert_explained(&cluster, job,
			 "a gang, of which 0 of 3 could be placed now and all must: no node is "
			 "registered");
	add_in(&cluster, "a", "", 1);
	assert_explained(&cluster, job,
			 "a gang, of which 0 of 3 could be placed now and all must: none of 1 node "
			 "is large enough: it asks for 2 cores, and the largest has 1 core");
	add_in(&cluster, "b", "", 5);
	cluster_schedule(&cluster);
	assert_explained(&cluster, job,
			 "a gang, of which 2 of 3 could be placed now and all must: there is room "
			 "for 2 at the most on 2 nodes");
	submit_to(&cluster, 2, 0);
	add_in(&cluster, "c", "", 2);
	submit_to(&cluster, 1, 0);
	assert_explained(&cluster, job,
			 "a gang, of which 2 of 3 could be placed now and all must: something "
			 "must end on 3 nodes");
	add_in(&cluster, "d", "", 2);
	assert_explained(&cluster, job,
			 "a gang, of which 3 of 3 could be placed now and all must: it fits on 3 "
			 "of 4 nodes, and will be placed next");
	cluster_schedule(&cluster);
	assert_explained(&cluster, job, "");

	/* A part of it that waits again. */
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, job, 0),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	assert_explained(&cluster, job,
			 "a gang, of which 1 of 1 could be placed now and all must: it fits on 1 "
			 "of 4 nodes, and will be placed next");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(in_strict_order_it_waits_for_the_head)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.order = CTR_ORDER_FIFO};
	cluster_init(&cluster, &options);
	add_in(&cluster, "a", "", 2);
	centro_job_id head = submit_to(&cluster, 4, 0), behind = submit_to(&cluster, 1, 0);
	assert_explained(&cluster, head,
			 "none of 1 node is large enough: it asks for 4 cores, and the largest has "
			 "2 cores");
	assert_explained(&cluster, behind,
			 "the order is strict, and job 1 goes first: none of 1 node is large "
			 "enough: it asks for 4 cores, and the largest has 2 cores");
	cluster_fini(&cluster);
}
END_TEST

/* Whatever the names: the sentence fits, and is whole. */
START_TEST(long_names_are_cut_and_not_overrun)
{
	struct cluster cluster;
	char name[4][CTR_NAME_SIZE_MAX + 1];
	struct centro_bytes names[4];
	const struct ctr_task_spec task = cluster_task_spec(64);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	struct centro_error_text text;
	cluster_init(&cluster, NULL);
	for (int i = 0; i < 4; i++) {
		memset(name[i], 'a' + i, CTR_NAME_SIZE_MAX);
		name[i][CTR_NAME_SIZE_MAX] = '\0';
		names[i] = ctr_bytes_str(name[i]);
	}
	add_in(&cluster, "n", name[0], 2);
	spec.datacenters = names;
	spec.datacenter_count = 4;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ctr_core_explain(cluster.core, cluster_job(&cluster, cluster.result.job), &text);
	ck_assert_ptr_nonnull(strstr(text.text, "it asks for 64 cores"));
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *tcase = tcase_create("explain");

	tcase_add_test(tcase, no_nodes);
	tcase_add_test(tcase, no_datacenter);
	tcase_add_test(tcase, never_large_enough);
	tcase_add_test(tcase, a_resource_that_nobody_has);
	tcase_add_test(tcase, enough_of_each_but_not_together);
	tcase_add_test(tcase, busy_now);
	tcase_add_test(tcase, room_but_not_placed_yet);
	tcase_add_test(tcase, a_gang);
	tcase_add_test(tcase, in_strict_order_it_waits_for_the_head);
	tcase_add_test(tcase, long_names_are_cut_and_not_overrun);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
