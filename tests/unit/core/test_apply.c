/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/core/apply.c: what an event leaves behind in the records, and that
 * what is illegal ends the process instead.
 */
#include "cluster.h"

#include <signal.h>

#include "support/suite.h"

static void setup(struct cluster *cluster)
{
	cluster_init(cluster, NULL);
	cluster_add_node(cluster, "a", 4);
}

START_TEST(a_life_leaves_its_times)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	const struct ctr_job *job = cluster_job(&cluster, id);
	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	ck_assert_uint_eq(job->submit_wall.ns, cluster.now.wall.ns);
	ck_assert_uint_eq(job->start_wall.ns, 0);

	cluster_schedule(&cluster);
	const struct ctr_event *event = cluster_last(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED);
	ck_assert_uint_eq(instance->attempt, 1);
	ck_assert_uint_eq(instance->node->id, 1);
	ck_assert_uint_eq(instance->assign_event, event->number);
	ck_assert_uint_eq(instance->assign_wall.ns, event->at.wall.ns);
	ck_assert_uint_eq(job->revision, event->number);
	ck_assert(!instance->claimed);

	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, id, 0)));
	ck_assert_uint_eq(job->revision, event->number); /* writes nothing */
	struct ctr_command command = cluster_report_command(&cluster, cluster_ref(&cluster, id, 0));
	command.report.wall.ns = 4711;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	ck_assert_uint_eq(instance->start_wall.ns, 4711);
	ck_assert_uint_eq(job->start_wall.ns, 4711);
	ck_assert_int_eq(job->state, CENTRO_JOB_RUNNING);

	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_EXITED;
	command.report.exit_code = 3;
	command.report.wall.ns = 5000;
	command.report.message = ctr_bytes_str("that went wrong");
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	ck_assert_uint_eq(instance->end_wall.ns, 5000);
	ck_assert_str_eq(instance->message, "that went wrong");
	ck_assert_int_eq(instance->exit_code, 3);
	ck_assert_uint_eq(job->end_wall.ns, cluster.now.wall.ns);
	ck_assert_uint_eq(job->revision, ctr_core_last_event(cluster.core));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(an_end_without_a_start_fills_it_in)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id ran = cluster_submit_array(&cluster, 2);
	centro_job_id never = cluster_submit_array(&cluster, 2);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, ran, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	const struct ctr_instance *instance = cluster_instance(&cluster, ran, 0);
	ck_assert_uint_eq(instance->start_wall.ns, instance->end_wall.ns);
	ck_assert_uint_eq(cluster_job(&cluster, ran)->start_wall.ns, instance->end_wall.ns);

	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, never, 0),
					      CENTRO_CAUSE_START_FAILED, 127),
			 CENTRO_OK);
	ck_assert_uint_eq(cluster_instance(&cluster, never, 0)->start_wall.ns, 0);
	ck_assert_uint_eq(cluster_job(&cluster, never)->start_wall.ns, 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_new_attempt_starts_afresh)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct ctr_command command = cluster_report_command(&cluster, cluster_ref(&cluster, id, 0));
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_LEASE_EXPIRED;
	command.report.message = ctr_bytes_str("no word from the server");
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);

	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	ck_assert_int_eq(cluster_last(&cluster, CENTRO_EVENT_INSTANCE_REQUEUED)->cause,
			 CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_uint_eq(instance->attempt, 1);
	ck_assert_uint_eq(instance->lost, 1);
	ck_assert_str_eq(instance->message, "no word from the server");
	uint64_t started = cluster_job(&cluster, id)->start_wall.ns;

	cluster_schedule(&cluster);
	ck_assert_uint_eq(instance->attempt, 2);
	ck_assert_ptr_null(instance->message);
	ck_assert_int_eq(instance->cause, CENTRO_CAUSE_NONE);
	ck_assert_uint_eq(instance->start_wall.ns, 0);
	ck_assert_uint_eq(instance->end_wall.ns, 0);
	ck_assert(!instance->claimed);
	/* The job has been running since its first attempt. */
	ck_assert_uint_eq(cluster_job(&cluster, id)->start_wall.ns, started);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(queues_and_nodes_count_along)
{
	struct cluster cluster;
	setup(&cluster);
	const struct ctr_queue *queue = ctr_core_find_queue(cluster.core, ctr_bytes_str("default"));
	const struct ctr_node *node = ctr_core_find_node(cluster.core, 1);
	centro_job_id id = cluster_submit_array(&cluster, 6);
	ck_assert_uint_eq(queue->pending, 6);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(queue->pending, 2);
	ck_assert_uint_eq(queue->running, 4);
	ck_assert_uint_eq(node->attempt_count, 4);
	ck_assert_int_eq(node->used.amount[CTR_DIM_CPU], 4000);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, id, 2),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	ck_assert_uint_eq(queue->running, 3);
	ck_assert_int_eq(node->used.amount[CTR_DIM_CPU], 3000);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(queue->pending + queue->running, 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_text_of_an_event_says_the_state_after_it)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit_array(&cluster, 2);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_report_running(&cluster, cluster_ref(&cluster, id, 0)), CENTRO_OK);
	const struct ctr_event *event = cluster_last(&cluster, CENTRO_EVENT_INSTANCE_RUNNING);
	ck_assert_int_eq(event->instance_state, CENTRO_INSTANCE_RUNNING);
	ck_assert_int_eq(event->job_state, CENTRO_JOB_RUNNING);
	ck_assert_uint_eq(event->node, 1);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	event = cluster_last(&cluster, CENTRO_EVENT_INSTANCE_ENDED);
	ck_assert_uint_eq(event->attempt.index, 1);
	ck_assert_uint_eq(event->attempt.attempt, 1);
	ck_assert_int_eq(event->instance_state, CENTRO_INSTANCE_CANCELLED);
	ck_assert_int_eq(event->job_state, CENTRO_JOB_RUNNING);
	ck_assert_int_eq(event->cause, CENTRO_CAUSE_CANCEL);
	cluster_fini(&cluster);
}
END_TEST

/* ---- what is illegal ---- */

/* Apply one event about the first instance of `job`, whatever its state. */
static void force(struct cluster *cluster, centro_job_id job, enum centro_event_type type,
		  enum centro_instance_state state, enum centro_job_state job_state)
{
	struct ctr_outbox *outbox = &cluster->core->outbox;
	struct ctr_decision decision = {.count_max = 1};

	ck_assert_int_eq(ctr_outbox_reserve(outbox, 1), CENTRO_OK);
	decision.events = outbox->events + outbox->event_count;
	struct ctr_event *event = ctr_decision_add(&decision, type, cluster->now);
	event->attempt = cluster_ref(cluster, job, 0);
	event->instance_state = state;
	event->job_state = job_state;
	event->cause = CENTRO_CAUSE_EXITED;
	event->node = 1;
	ctr_apply(cluster->core, &decision);
}

START_TEST(what_waits_cannot_run)
{
	struct cluster cluster;
	setup(&cluster);
	force(&cluster, cluster_submit(&cluster, 1), CENTRO_EVENT_INSTANCE_RUNNING,
	      CENTRO_INSTANCE_RUNNING, CENTRO_JOB_RUNNING);
}
END_TEST

START_TEST(what_waits_cannot_succeed)
{
	struct cluster cluster;
	setup(&cluster);
	force(&cluster, cluster_submit(&cluster, 1), CENTRO_EVENT_INSTANCE_ENDED,
	      CENTRO_INSTANCE_SUCCEEDED, CENTRO_JOB_SUCCEEDED);
}
END_TEST

START_TEST(what_has_ended_cannot_end_again)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	cluster_report_ended(&cluster, cluster_ref(&cluster, id, 0), CENTRO_CAUSE_EXITED, 0);
	force(&cluster, id, CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_FAILED, CENTRO_JOB_FAILED);
}
END_TEST

START_TEST(what_is_granted_cannot_be_granted_again)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	force(&cluster, id, CENTRO_EVENT_INSTANCE_ASSIGNED, CENTRO_INSTANCE_ASSIGNED,
	      CENTRO_JOB_PENDING);
}
END_TEST

START_TEST(an_attempt_number_cannot_be_skipped)
{
	struct cluster cluster;
	setup(&cluster);
	/* Of a pending instance the reference has attempt 0: the grant must be of 1. */
	force(&cluster, cluster_submit(&cluster, 1), CENTRO_EVENT_INSTANCE_ASSIGNED,
	      CENTRO_INSTANCE_ASSIGNED, CENTRO_JOB_PENDING);
}
END_TEST

START_TEST(an_event_must_know_the_state_of_the_job)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	force(&cluster, id, CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_SUCCEEDED,
	      CENTRO_JOB_RUNNING);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply");
	TCase *tcase = tcase_create("apply");

	tcase_add_test(tcase, a_life_leaves_its_times);
	tcase_add_test(tcase, an_end_without_a_start_fills_it_in);
	tcase_add_test(tcase, a_new_attempt_starts_afresh);
	tcase_add_test(tcase, queues_and_nodes_count_along);
	tcase_add_test(tcase, the_text_of_an_event_says_the_state_after_it);
	tcase_add_test_raise_signal(tcase, what_waits_cannot_run, SIGABRT);
	tcase_add_test_raise_signal(tcase, what_waits_cannot_succeed, SIGABRT);
	tcase_add_test_raise_signal(tcase, what_has_ended_cannot_end_again, SIGABRT);
	tcase_add_test_raise_signal(tcase, what_is_granted_cannot_be_granted_again, SIGABRT);
	tcase_add_test_raise_signal(tcase, an_attempt_number_cannot_be_skipped, SIGABRT);
	tcase_add_test_raise_signal(tcase, an_event_must_know_the_state_of_the_job, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
