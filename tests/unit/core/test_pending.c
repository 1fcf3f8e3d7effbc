/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/pending.c: in which order what waits is placed. */
#include "cluster.h"

#include "support/suite.h"

static centro_job_id submit(struct cluster *cluster, int32_t priority, uint32_t cores)
{
	const struct ctr_task_spec task = cluster_task_spec(cores);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	spec.priority = priority;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

/* The jobs were assigned in this order, all of them since the last drain. */
static void assert_order(struct cluster *cluster, const centro_job_id *jobs, size_t job_count)
{
	size_t count, seen = 0;
	const struct ctr_event *events = ctr_core_events(cluster->core, &count);

	for (size_t i = 0; i < count; i++) {
		if (events[i].type != CENTRO_EVENT_INSTANCE_ASSIGNED)
			continue;
		ck_assert_uint_lt(seen, job_count);
		ck_assert_uint_eq(events[i].attempt.job, jobs[seen]);
		seen++;
	}
	ck_assert_uint_eq(seen, job_count);
}

START_TEST(priority_first_then_age)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id low = submit(&cluster, -1, 1), a = submit(&cluster, 0, 1),
		      b = submit(&cluster, 0, 1), high = submit(&cluster, 5, 1),
		      c = submit(&cluster, 0, 1);
	cluster_add_node(&cluster, "a", 8);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){high, a, b, c, low}, 5);
	cluster_fini(&cluster);
}
END_TEST

/* Room comes free and new work comes, in either order, before the next pass. */
START_TEST(new_work_does_not_get_the_room_that_older_work_waits_for)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id first = submit(&cluster, 0, 2), older;
	cluster_add_node(&cluster, "a", 2);
	cluster_schedule(&cluster);
	older = submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	cluster_drain(&cluster);

	submit(&cluster, 0, 2);
	ck_assert_int_eq(cluster_cancel(&cluster, first), CENTRO_OK);
	submit(&cluster, -1, 2);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){older}, 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_order_holds_across_shapes)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id a = submit(&cluster, 0, 1), b = submit(&cluster, 0, 2),
		      c = submit(&cluster, 0, 1), d = submit(&cluster, 7, 3),
		      e = submit(&cluster, 0, 2), f = submit(&cluster, 7, 1);
	cluster_add_node(&cluster, "a", 10);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){d, f, a, b, c, e}, 6);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(tasks_and_indices_of_a_job_in_order)
{
	struct cluster cluster;
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	size_t count, seen = 0;
	cluster_init(&cluster, NULL);
	tasks[0].name = ctr_bytes_str("b");
	tasks[1].name = ctr_bytes_str("a");
	tasks[0].count = tasks[1].count = 3;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_add_node(&cluster, "a", 6);
	cluster_schedule(&cluster);

	const struct ctr_event *events = ctr_core_events(cluster.core, &count);
	for (size_t i = 0; i < count; i++) {
		if (events[i].type != CENTRO_EVENT_INSTANCE_ASSIGNED)
			continue;
		ck_assert_uint_eq(events[i].attempt.task, seen / 3);
		ck_assert_uint_eq(events[i].attempt.index, seen % 3);
		seen++;
	}
	ck_assert_uint_eq(seen, 6);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_small_job_may_pass_a_big_one_that_does_not_fit)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id big = submit(&cluster, 9, 4), small = submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	assert_order(&cluster, &small, 1);
	ck_assert_int_eq(cluster_job(&cluster, big)->state, CENTRO_JOB_PENDING);
	cluster_fini(&cluster);
}
END_TEST

/* What was lost with its node keeps its age: it goes before the younger. */
START_TEST(what_waits_again_keeps_its_place)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id first = cluster_run(&cluster), second = cluster_run(&cluster),
		      third = submit(&cluster, 0, 1), fourth = submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	cluster_drain(&cluster);

	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, second, 0),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, first, 0),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){first, second}, 2);
	ck_assert_int_eq(cluster_job(&cluster, third)->state, CENTRO_JOB_PENDING);
	ck_assert_int_eq(cluster_job(&cluster, fourth)->state, CENTRO_JOB_PENDING);
	cluster_fini(&cluster);
}
END_TEST

/* One look at each shape, and none at all until there is more room. */
START_TEST(what_does_not_fit_is_not_tried_again)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 1);
	for (uint32_t i = 0; i < 300; i++)
		submit(&cluster, 0, 2 + i % 30);

	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, 60));
	cluster_check(&cluster);
	ck_assert_ptr_null(ctr_pending_next(&cluster.core->pending, cluster.core->placement.freed));
	/* More of the same waits with them; a shape that is new is tried. */
	submit(&cluster, 0, 2);
	ck_assert_ptr_null(ctr_pending_next(&cluster.core->pending, cluster.core->placement.freed));
	submit(&cluster, 0, 1);
	ck_assert_ptr_nonnull(
		ctr_pending_next(&cluster.core->pending, cluster.core->placement.freed));
	cluster_schedule(&cluster);

	/* More room: all of them once more. */
	cluster_add_node(&cluster, "b", 31);
	cluster_drain(&cluster);
	cluster_schedule(&cluster);
	ck_assert_uint_gt(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), 2);
	cluster_fini(&cluster);
}
END_TEST

/* However often something ends: every shape gets its turn (I16). */
START_TEST(no_shape_is_passed_over_for_ever)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	centro_node_id node = cluster_add_node(&cluster, "a", 1);
	centro_job_id running = submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	for (uint32_t i = 0; i < 200; i++)
		submit(&cluster, 1, 2 + i); /* none of them fits */
	centro_job_id last = submit(&cluster, 0, 1);

	/* In each turn something ends, and only ten looks are allowed. */
	for (int turn = 0; turn < 100; turn++) {
		if (cluster_job(&cluster, last)->state != CENTRO_JOB_PENDING ||
		    cluster_instance(&cluster, last, 0)->state == CENTRO_INSTANCE_ASSIGNED)
			break;
		const struct ctr_instance *instance = cluster_instance(&cluster, running, 0);
		if (ctr_instance_is_granted(instance))
			ck_assert_int_eq(cluster_report_ended(&cluster, ctr_instance_ref(instance),
							      CENTRO_CAUSE_REVOKED, 0),
					 CENTRO_OK);
		ck_assert_int_eq(cluster_heartbeat(&cluster, node), CENTRO_OK);
		ctr_core_schedule(cluster.core, cluster.now, 10);
		if (turn == 50)
			cluster_cancel(&cluster, running);
	}
	ck_assert_int_eq(cluster_instance(&cluster, last, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_pass_is_resumed_where_it_was)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 100);
	for (int i = 0; i < 50; i++)
		submit(&cluster, 0, 1);

	int passes = 1;
	while (ctr_core_schedule(cluster.core, cluster.now, 4)) {
		cluster_check(&cluster);
		passes++;
	}
	ck_assert_int_ge(passes, 10);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), 50);
	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, 4));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(cancelling_the_first_lets_the_next_be_first)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id a = submit(&cluster, 5, 2), b = submit(&cluster, 3, 1),
		      c = submit(&cluster, 1, 2), d = submit(&cluster, 2, 2);
	ck_assert_int_eq(cluster_cancel(&cluster, a), CENTRO_OK);
	cluster_add_node(&cluster, "a", 8);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){b, d, c}, 3);
	cluster_fini(&cluster);
}
END_TEST

/* ---- strict order ---- */

static void strict_init(struct cluster *cluster)
{
	const struct ctr_core_options options = {.order = CTR_ORDER_FIFO};
	cluster_init(cluster, &options);
}

/* The first node ends what it was given first. */
static void end_first(struct cluster *cluster)
{
	const struct ctr_node *node = ctr_core_find_node(cluster->core, 1);
	const struct ctr_instance *instance =
		ctr_list_entry(node->attempts.next, struct ctr_instance, on_node);

	ck_assert_int_eq(
		cluster_report_ended(cluster, ctr_instance_ref(instance), CENTRO_CAUSE_EXITED, 0),
		CENTRO_OK);
	cluster_drain(cluster);
}

START_TEST(in_strict_order_nothing_passes)
{
	struct cluster cluster;
	strict_init(&cluster);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id a = submit(&cluster, 0, 1), b = submit(&cluster, 0, 2),
		      c = submit(&cluster, 0, 1), d = submit(&cluster, -1, 1);
	cluster_schedule(&cluster);
	assert_order(&cluster, &a, 1);
	end_first(&cluster);
	cluster_schedule(&cluster);
	assert_order(&cluster, &b, 1);
	end_first(&cluster);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){c, d}, 2);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(in_strict_order_a_higher_priority_is_the_new_head)
{
	struct cluster cluster;
	strict_init(&cluster);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id big = submit(&cluster, 0, 3), small = submit(&cluster, 0, 1),
		      high = submit(&cluster, 1, 1);
	cluster_schedule(&cluster);
	assert_order(&cluster, &high, 1);

	/* Nothing was freed, and yet there is another head. */
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_cancel(&cluster, big), CENTRO_OK);
	cluster_schedule(&cluster);
	assert_order(&cluster, &small, 1);
	cluster_fini(&cluster);
}
END_TEST

/* As many instances of the head as fit, and then nothing of the next. */
START_TEST(in_strict_order_tasks_and_instances_hold_up_too)
{
	struct cluster cluster;
	struct ctr_task_spec tasks[2] = {cluster_task_spec(2), cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	strict_init(&cluster);
	cluster_add_node(&cluster, "a", 5);
	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	tasks[0].count = 3;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	centro_job_id job = cluster.result.job;
	submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){job, job}, 2);
	end_first(&cluster);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){job, job}, 2);
	ck_assert_int_eq(cluster_job(&cluster, job)->tasks[1].instances[0].state,
			 CENTRO_INSTANCE_ASSIGNED);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(in_strict_order_a_gang_holds_up_everything)
{
	struct cluster cluster;
	strict_init(&cluster);
	cluster_add_node(&cluster, "a", 3);
	centro_job_id first = submit(&cluster, 0, 1), gang = cluster_submit_gang(&cluster, 3, 1),
		      small = submit(&cluster, 0, 1);
	cluster_schedule(&cluster);
	assert_order(&cluster, &first, 1);
	end_first(&cluster);
	cluster_schedule(&cluster);
	assert_order(&cluster, (centro_job_id[]){gang, gang, gang}, 3);
	cluster_drain(&cluster);

	/* What is lost of it is older than what waits, and goes first. */
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, gang, 1),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	assert_order(&cluster, &gang, 1);
	ck_assert_int_eq(cluster_instance(&cluster, small, 0)->state, CENTRO_INSTANCE_PENDING);
	cluster_fini(&cluster);
}
END_TEST

/* Whatever the backlog: a blocked head costs one comparison, or one look where there is room. */
START_TEST(in_strict_order_a_blocked_head_costs_nothing)
{
	struct cluster cluster;
	strict_init(&cluster);
	cluster.unchecked = true;
	cluster_add_node(&cluster, "a", 2);
	submit(&cluster, 0, 1);
	for (uint32_t i = 0; i < 300; i++)
		submit(&cluster, 0, 2 + i % 30);
	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, /* ops_max= */ 3));
	struct ctr_pending *pending = &cluster.core->pending;
	ck_assert_ptr_null(ctr_pending_next(pending, cluster.core->placement.freed));
	submit(&cluster, -1, 1);
	ck_assert_ptr_null(ctr_pending_next(pending, cluster.core->placement.freed));
	ck_assert_uint_eq(ctr_pending_head(pending)->job->id, 2);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pending");
	TCase *tcase = tcase_create("pending");

	tcase_add_test(tcase, priority_first_then_age);
	tcase_add_test(tcase, the_order_holds_across_shapes);
	tcase_add_test(tcase, new_work_does_not_get_the_room_that_older_work_waits_for);
	tcase_add_test(tcase, tasks_and_indices_of_a_job_in_order);
	tcase_add_test(tcase, a_small_job_may_pass_a_big_one_that_does_not_fit);
	tcase_add_test(tcase, what_waits_again_keeps_its_place);
	tcase_add_test(tcase, what_does_not_fit_is_not_tried_again);
	tcase_add_test(tcase, no_shape_is_passed_over_for_ever);
	tcase_add_test(tcase, a_pass_is_resumed_where_it_was);
	tcase_add_test(tcase, cancelling_the_first_lets_the_next_be_first);
	tcase_add_test(tcase, in_strict_order_nothing_passes);
	tcase_add_test(tcase, in_strict_order_a_higher_priority_is_the_new_head);
	tcase_add_test(tcase, in_strict_order_tasks_and_instances_hold_up_too);
	tcase_add_test(tcase, in_strict_order_a_gang_holds_up_everything);
	tcase_add_test(tcase, in_strict_order_a_blocked_head_costs_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
