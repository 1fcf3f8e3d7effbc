/* SPDX-License-Identifier: MIT */
/*
 * Tests of gangs, through all of core: what is granted together, or not at all, and
 * what waiting for it costs.
 */
#include "cluster.h"

#include <stdio.h>

#include "base/prng.h"
#include "support/suite.h"

/* One call, whatever it costs: how many grants it made. */
static size_t schedule_once(struct cluster *cluster, uint32_t ops_max)
{
	size_t before = cluster_count(cluster, CENTRO_EVENT_INSTANCE_ASSIGNED);

	cluster->now.cluster.ns++;
	ctr_core_schedule(cluster->core, cluster->now, ops_max);
	cluster_check(cluster);
	return cluster_count(cluster, CENTRO_EVENT_INSTANCE_ASSIGNED) - before;
}

static uint32_t granted_count(const struct cluster *cluster, centro_job_id job)
{
	uint32_t granted = 0;
	for (uint32_t i = 0; i < cluster_job(cluster, job)->tasks[0].count; i++)
		granted += ctr_instance_is_granted(cluster_instance(cluster, job, i));
	return granted;
}

/* The node says that it will not run it. */
static void revoke(struct cluster *cluster, centro_job_id job, uint32_t index)
{
	ck_assert_int_eq(cluster_report_ended(cluster, cluster_ref(cluster, job, index),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
}

static centro_job_id submit(struct cluster *cluster, int32_t priority, uint32_t count, bool gang)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	task.count = count;
	task.gang = gang;
	spec.priority = priority;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

START_TEST(all_or_none_and_in_one_call)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	cluster_add_node(&cluster, "b", 2);
	centro_job_id job = cluster_submit_gang(&cluster, 5, 1);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, job), 0);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, 1)->attempt_count, 0);

	cluster_add_node(&cluster, "c", 1);
	ck_assert_uint_eq(schedule_once(&cluster, /* ops_max= */ 1), 5);
	ck_assert_uint_eq(granted_count(&cluster, job), 5);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(while_it_waits_it_holds_nothing)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 3);
	centro_job_id gang = submit(&cluster, 9, 4, true), small = submit(&cluster, 0, 3, false);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, gang), 0);
	ck_assert_uint_eq(granted_count(&cluster, small), 3);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_gang_of_one_is_a_plain_task)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id gang = cluster_submit_gang(&cluster, 1, 1),
		      unsaid = cluster_submit_gang(&cluster, 0, 1),
		      plain = submit(&cluster, 0, 1, false);
	ck_assert(!cluster_job(&cluster, gang)->tasks[0].gang);
	ck_assert_uint_eq(cluster_job(&cluster, gang)->tasks[0].shape,
			  cluster_job(&cluster, plain)->tasks[0].shape);
	ck_assert_uint_eq(cluster_job(&cluster, unsaid)->tasks[0].shape,
			  cluster_job(&cluster, plain)->tasks[0].shape);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(tasks_of_a_job_are_gangs_of_their_own)
{
	struct cluster cluster;
	struct ctr_task_spec tasks[3] = {cluster_task_spec(1), cluster_task_spec(1),
					 cluster_task_spec(1)};
	const struct ctr_job_spec spec = cluster_job_spec(tasks, 3);
	cluster_init(&cluster, NULL);
	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	tasks[2].name = ctr_bytes_str("c");
	tasks[0].count = tasks[1].count = 2;
	tasks[0].gang = tasks[1].gang = true;
	cluster_add_node(&cluster, "a", 3);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_schedule(&cluster);

	/* The first gang and the plain task; of the second gang nothing. */
	const struct ctr_job *job = cluster_job(&cluster, cluster.result.job);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_int_eq(job->tasks[0].instances[i].state, CENTRO_INSTANCE_ASSIGNED);
		ck_assert_int_eq(job->tasks[1].instances[i].state, CENTRO_INSTANCE_PENDING);
	}
	ck_assert_int_eq(job->tasks[2].instances[0].state, CENTRO_INSTANCE_ASSIGNED);
	cluster_fini(&cluster);
}
END_TEST

/* ---- again ---- */

/* Two of three are lost: they come back together, beside the one that runs on. */
START_TEST(what_was_lost_is_granted_together)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 3);
	centro_job_id gang = cluster_submit_gang(&cluster, 3, 1);
	cluster_schedule(&cluster);
	revoke(&cluster, gang, 2);
	revoke(&cluster, gang, 0);
	centro_job_id other = submit(&cluster, 5, 1, false);

	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, other), 1);
	ck_assert_uint_eq(granted_count(&cluster, gang), 1);
	cluster_reload(&cluster);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, gang), 1);
	cluster_add_node(&cluster, "b", 1);
	ck_assert_uint_eq(schedule_once(&cluster, 1), 2);
	ck_assert_uint_eq(granted_count(&cluster, gang), 3);
	ck_assert_uint_eq(cluster_instance(&cluster, gang, 0)->attempt, 2);
	ck_assert_uint_eq(cluster_instance(&cluster, gang, 1)->attempt, 1);
	cluster_fini(&cluster);
}
END_TEST

/* A gang that has not begun, and goes first, does not hold up the part of one that has. */
START_TEST(a_part_passes_a_whole_that_does_not_fit)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 4);
	centro_job_id two = cluster_submit_gang(&cluster, 3, 1);
	cluster_schedule(&cluster);
	centro_job_id whole = submit(&cluster, 9, 3, true);
	cluster_schedule(&cluster);
	revoke(&cluster, two, 1);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, two), 3);
	ck_assert_uint_eq(granted_count(&cluster, whole), 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_small_part_passes_a_large_one)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 6);
	centro_job_id large = cluster_submit_gang(&cluster, 3, 1),
		      small = cluster_submit_gang(&cluster, 3, 1);
	cluster_schedule(&cluster);
	for (uint32_t i = 0; i < 2; i++)
		revoke(&cluster, large, i);
	revoke(&cluster, small, 0);
	centro_job_id other = submit(&cluster, 9, 2, false);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, other), 2);
	ck_assert_uint_eq(granted_count(&cluster, large), 1);
	ck_assert_uint_eq(granted_count(&cluster, small), 3);

	/* It grows while it waits, and is still all or nothing. */
	revoke(&cluster, large, 2);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, large), 0);
	revoke(&cluster, other, 0);
	revoke(&cluster, other, 1);
	ck_assert_int_eq(cluster_cancel(&cluster, other), CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, large), 3);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(cancelled_it_waits_nowhere)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id begun = cluster_submit_gang(&cluster, 2, 1),
		      whole = cluster_submit_gang(&cluster, 2, 1);
	cluster_schedule(&cluster);
	revoke(&cluster, begun, 1);
	ck_assert_int_eq(cluster_cancel(&cluster, begun), CENTRO_OK);
	ck_assert_int_eq(cluster_cancel(&cluster, whole), CENTRO_OK);
	ck_assert_uint_eq(cluster.core->pending.count, 0);
	cluster_drain(&cluster);
	ck_assert_uint_eq(ctr_core_job_count(cluster.core), 0);
	ck_assert_uint_eq(cluster.core->shapes.by_key.count, 0);
	cluster_fini(&cluster);
}
END_TEST

/* ---- where ---- */

START_TEST(datacenters_add_up)
{
	struct cluster cluster;
	const struct centro_bytes names[] = {ctr_bytes_str("eu"), ctr_bytes_str("us")};
	struct ctr_task_spec task = cluster_task_spec(2);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	cluster_init(&cluster, NULL);
	for (int i = 0; i < 3; i++) {
		static const char *const datacenters[] = {"eu", "us", "ap"};
		struct ctr_node_spec node = cluster_node_spec(datacenters[i], 5);
		node.datacenter = ctr_bytes_str(datacenters[i]);
		ck_assert_int_eq(cluster_register(&cluster, &node), CENTRO_OK);
	}
	task.gang = true;
	task.count = 5;
	spec.datacenters = names;
	spec.datacenter_count = 2;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, cluster.result.job), 0);
	task.count = 4;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, cluster.result.job), 4);
	cluster_fini(&cluster);
}
END_TEST

/* In a cluster of several blocks, partly full: exactly as many as there is room for. */
START_TEST(what_is_counted_is_what_fits)
{
	struct cluster cluster;
	struct ctr_prng prng;
	uint32_t slots = 0;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	ctr_prng_init(&prng, (uint64_t)_i);
	for (int i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof(name), "node-%d", i);
		cluster_add_node(&cluster, name, 1 + (uint32_t)ctr_prng_below(&prng, 9));
	}
	cluster_submit_array(&cluster, 300);
	cluster_schedule(&cluster);
	for (centro_node_id id = 1; id <= 200; id++) {
		const struct ctr_node *node = ctr_core_find_node(cluster.core, id);
		slots += (uint32_t)(node->capacity.amount[CTR_DIM_CPU] -
				    node->used.amount[CTR_DIM_CPU]) /
			 2000;
	}
	ck_assert_uint_gt(slots, 1);
	centro_job_id more = cluster_submit_gang(&cluster, slots + 1, 2),
		      exactly = cluster_submit_gang(&cluster, slots, 2);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, more), 0);
	ck_assert_uint_eq(granted_count(&cluster, exactly), slots);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_largest_gang)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", CTR_INSTANCES_MAX - 1);
	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	task.resources.memory_mib = 1;
	task.count = CTR_INSTANCES_MAX;
	task.gang = true;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(schedule_once(&cluster, 1), 0);
	cluster_add_node(&cluster, "b", 1);
	ck_assert_uint_eq(schedule_once(&cluster, 1), CTR_INSTANCES_MAX);
	cluster_fini(&cluster);
}
END_TEST

/* ---- what it costs ---- */

/* One look at each size of gang, and none at all until there is more room. */
START_TEST(a_backlog_costs_its_shapes)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 1);
	for (uint32_t i = 0; i < 300; i++)
		cluster_submit_gang(&cluster, 2 + i % 10, 1);

	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, /* ops_max= */ 30));
	cluster_check(&cluster);
	ck_assert_ptr_null(ctr_pending_next(&cluster.core->pending, cluster.core->placement.freed));
	cluster_submit_gang(&cluster, 2, 1);
	ck_assert_ptr_null(ctr_pending_next(&cluster.core->pending, cluster.core->placement.freed));
	cluster_fini(&cluster);
}
END_TEST

/* Where something ends, not the whole cluster, is looked at again. */
START_TEST(too_little_more_is_not_counted_anew)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	for (int i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof(name), "node-%d", i);
		cluster_add_node(&cluster, name, 1);
	}
	centro_job_id array = cluster_submit_array(&cluster, 290);
	cluster_schedule(&cluster);
	centro_job_id gang = cluster_submit_gang(&cluster, 13, 1);
	cluster_schedule(&cluster);
	struct ctr_line *line = ctr_core_line(cluster.core, cluster_instance(&cluster, gang, 0));
	ck_assert_uint_eq(line->slots, 10);

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t ops = 0;
		ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, array, i),
						      CENTRO_CAUSE_EXITED, 0),
				 CENTRO_OK);
		uint64_t freed = cluster.core->placement.freed;
		ck_assert_ptr_eq(ctr_pending_next(&cluster.core->pending, freed), line);
		ck_assert(!ctr_placement_has_room(&cluster.core->placement, line, 13, &ops));
		ck_assert_uint_eq(ops, 1);
		ck_assert_uint_eq(line->slots, 11 + i);
		ctr_pending_park(&cluster.core->pending, line, freed);
		cluster_check(&cluster);
	}
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, array, 2),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	ck_assert_uint_eq(schedule_once(&cluster, 1), 13);
	cluster_fini(&cluster);
}
END_TEST

/* The room that was counted goes to others: what was known is no more than a bound. */
START_TEST(a_bound_that_promised_too_much_is_made_true)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 4);
	centro_job_id first = submit(&cluster, 0, 1, false), gang = submit(&cluster, 0, 4, true);
	cluster_schedule(&cluster);
	for (int i = 0; i < 5; i++) {
		centro_job_id other = submit(&cluster, 9, 1, false);
		cluster_schedule(&cluster);
		ck_assert_uint_eq(granted_count(&cluster, other), 1);
		ck_assert_uint_eq(granted_count(&cluster, gang), 0);
		ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, first, 0),
						      CENTRO_CAUSE_EXITED, 0),
				 CENTRO_OK);
		cluster_drain(&cluster);
		first = other;
		cluster_schedule(&cluster);
		ck_assert_uint_eq(granted_count(&cluster, gang), 0);
	}
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, first, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(granted_count(&cluster, gang), 4);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gang");
	TCase *tcase = tcase_create("gang");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, all_or_none_and_in_one_call);
	tcase_add_test(tcase, while_it_waits_it_holds_nothing);
	tcase_add_test(tcase, a_gang_of_one_is_a_plain_task);
	tcase_add_test(tcase, tasks_of_a_job_are_gangs_of_their_own);
	tcase_add_test(tcase, what_was_lost_is_granted_together);
	tcase_add_test(tcase, a_part_passes_a_whole_that_does_not_fit);
	tcase_add_test(tcase, a_small_part_passes_a_large_one);
	tcase_add_test(tcase, cancelled_it_waits_nowhere);
	tcase_add_test(tcase, datacenters_add_up);
	tcase_add_loop_test(tcase, what_is_counted_is_what_fits, 0, 20);
	tcase_add_test(tcase, the_largest_gang);
	tcase_add_test(tcase, a_backlog_costs_its_shapes);
	tcase_add_test(tcase, too_little_more_is_not_counted_anew);
	tcase_add_test(tcase, a_bound_that_promised_too_much_is_made_true);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
