/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/decide_job.c: what a command about a job or a queue leads to. */
#include "cluster.h"

#include "support/suite.h"

static void setup(struct cluster *cluster)
{
	cluster_init(cluster, NULL);
	cluster_add_node(cluster, "a", 4);
	cluster_add_node(cluster, "b", 4);
	cluster_drain(cluster);
}

static void assert_text(const struct cluster *cluster, const char *part)
{
	ck_assert_msg(strstr(cluster->result.text.text, part) != NULL, "%s",
		      cluster->result.text.text);
}

/* ---- submit ---- */

START_TEST(a_submit_is_one_event)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	ck_assert_uint_eq(id, 1);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), 2);

	const struct ctr_event *event = cluster_last(&cluster, CENTRO_EVENT_JOB_SUBMITTED);
	ck_assert_uint_eq(event->attempt.job, 2);
	ck_assert_int_eq(event->job_state, CENTRO_JOB_PENDING);
	ck_assert_uint_eq(event->at.wall.ns, cluster_job(&cluster, 2)->submit_wall.ns);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_wrong_specification_is_refused)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	setup(&cluster);
	spec.priority = 2000;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_INVALID);
	assert_text(&cluster, "priority: 2000");
	ck_assert_uint_eq(cluster.result.job, 0);
	cluster_fini(&cluster);
}
END_TEST

static int set_queue(struct cluster *cluster, const char *name, uint32_t weight, int32_t priority)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {ctr_bytes_str(name), weight, priority},
	};
	return cluster_execute(cluster, &command);
}

START_TEST(a_queue_that_is_not_there_names_those_that_are)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	setup(&cluster);
	ck_assert_int_eq(set_queue(&cluster, "batch", 1, 0), CENTRO_OK);
	spec.queue = ctr_bytes_str("nope");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_INVALID);
	ck_assert_str_eq(cluster.result.text.text,
			 "queue: there is no \"nope\"; there are: default, batch");
	spec.queue = ctr_bytes_str("batch");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_find_queue(cluster.core, spec.queue)->pending, 1);

	/* Of very many, those that have room. */
	char name[] = "queue-with-a-long-name-that-takes-a-lot-of-room-xx";
	for (int i = 0; i < 26; i++) {
		name[sizeof(name) - 2] = (char)('a' + i);
		ck_assert_int_eq(set_queue(&cluster, name, 1, 0), CENTRO_OK);
	}
	spec.queue = ctr_bytes_str("nope");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_INVALID);
	assert_text(&cluster, ", …");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(one_request_one_job)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	setup(&cluster);
	spec.request_id = ctr_bytes_str("r-1");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	centro_job_id id = cluster.result.job;
	ck_assert(!cluster.result.existing);
	cluster_drain(&cluster);

	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(cluster.result.existing);
	ck_assert_uint_eq(cluster.result.job, id);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_JOB_SUBMITTED), 0);

	/* Also when the job is long gone. */
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	cluster_drain(&cluster);
	ck_assert_ptr_null(ctr_core_find_job(cluster.core, id));
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(cluster.result.job, id);

	/* Another body is a conflict, another owner another request. */
	spec.spec_hash++;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_CONFLICT);
	assert_text(&cluster, "request_id: \"r-1\" was sent before with another job, and made 1");
	spec.owner = ctr_bytes_str("somebody else");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(!cluster.result.existing);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_request_is_forgotten_after_its_time)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct ctr_core_options options = {.request_ttl = ctr_span_ms(10000)};
	cluster_init(&cluster, &options);
	spec.request_id = ctr_bytes_str("r-1");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	centro_job_id id = cluster.result.job;
	cluster_wait(&cluster, 9998);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(cluster.result.job, id);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_ne(cluster.result.job, id);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(so_many_requests_are_remembered)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct ctr_core_options options = {.requests_max = 2};
	cluster_init(&cluster, &options);
	for (int i = 0; i < 3; i++) {
		char id[] = {(char)('a' + i), '\0'};
		spec.request_id = ctr_bytes_str(id);
		ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	}
	spec.request_id = ctr_bytes_str("b");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(cluster.result.existing);
	spec.request_id = ctr_bytes_str("a");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(!cluster.result.existing);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(so_many_jobs_may_live)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct ctr_core_options options = {.jobs_max = 2};
	cluster_init(&cluster, &options);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_submit(&cluster, 1);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_LIMIT);
	assert_text(&cluster, "the cluster holds 2 jobs");
	cluster_cancel(&cluster, id);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(numbers_come_in_durable_blocks)
{
	struct cluster cluster;
	centro_job_id job;
	centro_node_id node;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	ctr_core_reserved_ids(cluster.core, &job, &node);
	ck_assert_uint_eq(job, 1);
	for (centro_job_id id = 1; id <= 2001; id++) {
		struct ctr_dirty dirty;
		ck_assert_uint_eq(cluster_submit(&cluster, 1), id);
		ctr_core_reserved_ids(cluster.core, &job, &node);
		ck_assert_uint_gt(job, id);
		ck_assert_uint_le(job, id + 1000);
		/* The record is written with the first job of each block. */
		ck_assert(ctr_core_take_dirty(cluster.core, &dirty));
		ck_assert_int_eq(dirty.type == CTR_DIRTY_IDS, id % 1000 == 1);
		cluster_drain(&cluster);
	}
	ck_assert_uint_eq(job, 3001);
	cluster_fini(&cluster);
}
END_TEST

/* ---- cancel ---- */

START_TEST(cancelling_what_waits_ends_it)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit_array(&cluster, 3);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_JOB_CANCEL_REQUESTED), 1);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ENDED), 3);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_JOB_ENDED), 1);
	const struct ctr_job *job = cluster_job(&cluster, id);
	ck_assert_int_eq(job->state, CENTRO_JOB_CANCELLED);
	ck_assert_str_eq(job->cancelled_by, "somebody");
	ck_assert_str_eq(job->cancel_reason, "no longer needed");
	ck_assert_int_eq(job->tasks[0].instances[2].cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_ne(job->end_wall.ns, 0);

	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_ERR_STATE);
	assert_text(&cluster, "job 1 has ended: cancelled");
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_ERR_NOT_FOUND);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(cancelling_what_is_not_claimed_ends_it)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_CANCELLED);
	ck_assert(!cluster_claim(&cluster, ref));
	ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_ERR_STALE);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(cancelling_what_was_claimed_waits_for_its_node)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit_array(&cluster, 3);
	cluster_schedule(&cluster);
	struct centro_attempt_ref claimed = cluster_ref(&cluster, id, 0);
	struct centro_attempt_ref running = cluster_ref(&cluster, id, 1);
	ck_assert(cluster_claim(&cluster, claimed));
	ck_assert_int_eq(cluster_report_running(&cluster, running), CENTRO_OK);
	cluster_drain(&cluster);

	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ENDED), 1);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_RUNNING);
	/* Twice is once. */
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_JOB_CANCEL_REQUESTED), 1);
	/* After an accepted cancel nothing starts, not even what was claimed before. */
	ck_assert(!cluster_claim(&cluster, claimed));

	ck_assert_int_eq(cluster_report_ended(&cluster, claimed, CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(cluster_instance(&cluster, id, 0)->state, CENTRO_INSTANCE_CANCELLED);
	struct ctr_command command = cluster_report_command(&cluster, running);
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_CANCEL;
	command.report.signal = 15;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_CANCELLED);
	ck_assert_int_eq(cluster_instance(&cluster, id, 1)->exit_code, 143);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(who_and_why_have_limits)
{
	static char text[CTR_REASON_SIZE_MAX + 1];
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	memset(text, 'x', sizeof(text));
	struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = {.job = id, .who = ctr_bytes(text, CTR_OWNER_SIZE_MAX + 1)},
	};
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
	assert_text(&cluster, "who: ");
	command.cancel.who.size--;
	command.cancel.reason = ctr_bytes(text, CTR_REASON_SIZE_MAX + 1);
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
	assert_text(&cluster, "reason: ");
	command.cancel.reason.size--;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	cluster_fini(&cluster);
}
END_TEST

/* ---- report ---- */

START_TEST(every_cause_has_its_end)
{
	static const struct {
		enum centro_cause cause;
		int32_t exit_code;
		uint32_t signal;
		enum centro_instance_state plain, cancelled;
		int32_t expected_code;
	} cases[] = {
		{CENTRO_CAUSE_EXITED, 0, 0, CENTRO_INSTANCE_SUCCEEDED, CENTRO_INSTANCE_SUCCEEDED,
		 0},
		{CENTRO_CAUSE_EXITED, 7, 0, CENTRO_INSTANCE_FAILED, CENTRO_INSTANCE_FAILED, 7},
		{CENTRO_CAUSE_SIGNALLED, 0, 9, CENTRO_INSTANCE_FAILED, CENTRO_INSTANCE_FAILED, 137},
		{CENTRO_CAUSE_CANCEL, 0, 15, CENTRO_INSTANCE_FAILED, CENTRO_INSTANCE_CANCELLED,
		 143},
		{CENTRO_CAUSE_TIME_LIMIT, 0, 9, CENTRO_INSTANCE_TIMEOUT, CENTRO_INSTANCE_TIMEOUT,
		 137},
		{CENTRO_CAUSE_START_FAILED, 127, 0, CENTRO_INSTANCE_FAILED, CENTRO_INSTANCE_FAILED,
		 127},
		{CENTRO_CAUSE_LOG_LIMIT, 0, 9, CENTRO_INSTANCE_FAILED, CENTRO_INSTANCE_FAILED, 137},
		{CENTRO_CAUSE_LEASE_EXPIRED, 0, 9, CENTRO_INSTANCE_PENDING,
		 CENTRO_INSTANCE_CANCELLED, 0},
		{CENTRO_CAUSE_REVOKED, 0, 0, CENTRO_INSTANCE_PENDING, CENTRO_INSTANCE_CANCELLED, 0},
	};

	for (size_t i = 0; i < 2 * CTR_ARRAY_SIZE(cases); i++) {
		bool cancelled = i % 2;
		struct cluster cluster;
		setup(&cluster);
		centro_job_id id = cluster_run(&cluster);
		struct ctr_command command =
			cluster_report_command(&cluster, cluster_ref(&cluster, id, 0));
		command.report.ended = true;
		command.report.cause = cases[i / 2].cause;
		command.report.exit_code = cases[i / 2].exit_code;
		command.report.signal = cases[i / 2].signal;
		if (cancelled)
			ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
		ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
		const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
		ck_assert_int_eq(instance->state,
				 cancelled ? cases[i / 2].cancelled : cases[i / 2].plain);
		ck_assert_int_eq(instance->cause, cases[i / 2].cause);
		ck_assert_int_eq(instance->exit_code, cases[i / 2].expected_code);
		ck_assert_uint_eq(instance->lost, cases[i / 2].cause == CENTRO_CAUSE_LEASE_EXPIRED);

		/* The same again changes nothing. */
		uint64_t last = ctr_core_last_event(cluster.core);
		ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
		ck_assert_uint_eq(ctr_core_last_event(cluster.core), last);
		cluster_fini(&cluster);
	}
}
END_TEST

START_TEST(what_is_final_stays_final)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_OK);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_EXITED, 0), CENTRO_OK);
	uint64_t last = ctr_core_last_event(cluster.core);

	/* An older report comes once more: fine. Another end: stale. */
	ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_OK);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_EXITED, 1),
			 CENTRO_ERR_STALE);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_ERR_STALE);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), last);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_SUCCEEDED);
	struct ctr_command command = cluster_report_command(&cluster, ref);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	ck_assert(!cluster.result.session_stale);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(reports_of_what_is_not_the_nodes_are_stale)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	const struct ctr_command fine = cluster_report_command(&cluster, ref);
	struct ctr_command command = fine;

	command.report.attempt.attempt++;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	assert_text(&cluster, "attempt 2 of 1.0.0 is not granted to this node");
	command = fine;
	command.report.attempt.task = 1;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	command = fine;
	command.report.attempt.index = 1;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	command = fine;
	command.report.attempt.job = 99;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	command = fine;
	command.report.node = fine.report.node == 1 ? 2 : 1;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	command.report.node = 99;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_NOT_FOUND);
	command = fine;
	command.report.session = 2;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	ck_assert(cluster.result.session_stale);

	/* Of something that never had an attempt. */
	command = fine;
	command.report.attempt = (struct centro_attempt_ref){cluster_submit(&cluster, 64), 0, 0, 0};
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_STALE);
	cluster_fini(&cluster);
}
END_TEST

/* The node comes back after its lease: too late, whatever it says. */
START_TEST(what_was_lost_cannot_come_back)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	cluster_wait(&cluster, 306 * 1000);
	ck_assert_int_eq(cluster_instance(&cluster, id, 0)->state, CENTRO_INSTANCE_PENDING);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_EXITED, 0),
			 CENTRO_ERR_STALE);
	ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_ERR_STALE);
	ck_assert(!cluster_claim(&cluster, ref));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(reports_that_make_no_sense_are_refused)
{
	static const struct {
		enum centro_cause cause;
		uint32_t signal;
		const char *part;
	} cases[] = {
		{CENTRO_CAUSE_NONE, 0, "cause: none (0)"},
		{CENTRO_CAUSE_NODE_LOST, 0, "cause: node_lost (5)"},
		{(enum centro_cause)99, 0, "cause: unknown (99)"},
		{CENTRO_CAUSE_SIGNALLED, 0, "signal: 0"},
		{CENTRO_CAUSE_SIGNALLED, CTR_SIGNAL_MAX + 1, "signal: 128"},
		{CENTRO_CAUSE_EXITED, 9, "signal: 9"},
	};
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct ctr_command command = cluster_report_command(&cluster, cluster_ref(&cluster, id, 0));
	command.report.ended = true;

	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		command.report.cause = cases[i].cause;
		command.report.signal = cases[i].signal;
		ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
		assert_text(&cluster, cases[i].part);
	}
	command.report.cause = CENTRO_CAUSE_SIGNALLED;
	command.report.signal = CTR_SIGNAL_MAX;
	command.report.message = ctr_bytes("\xff", 1);
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
	assert_text(&cluster, "message: ");
	command.report.message.size = 0;
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	ck_assert_int_eq(cluster_instance(&cluster, id, 0)->exit_code, 128 + CTR_SIGNAL_MAX);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_job_of_several_ends_with_its_last)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit_array(&cluster, 2);
	cluster_schedule(&cluster);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, id, 1),
					      CENTRO_CAUSE_EXITED, 3),
			 CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_JOB_ENDED), 0);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_PENDING);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, id, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(cluster_last(&cluster, CENTRO_EVENT_JOB_ENDED)->job_state,
			 CENTRO_JOB_FAILED);
	ck_assert_int_eq(ctr_job_exit_code(cluster_job(&cluster, id)), 3);
	cluster_fini(&cluster);
}
END_TEST

/* ---- queues ---- */

START_TEST(queues_are_set)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.queues_max = 2};
	cluster_init(&cluster, &options);
	ck_assert_int_eq(set_queue(&cluster, "batch", 2, 3), CENTRO_OK);
	ck_assert_int_eq(set_queue(&cluster, "batch", 2, 3), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_QUEUE_SET), 1);
	ck_assert_int_eq(set_queue(&cluster, "batch", 2, 4), CENTRO_OK);
	const struct ctr_queue *queue = ctr_core_find_queue(cluster.core, ctr_bytes_str("batch"));
	ck_assert_int_eq(queue->priority, 4);
	ck_assert_uint_eq(queue->revision, 2);
	ck_assert_int_eq(set_queue(&cluster, "batch", 0, 4), CENTRO_ERR_INVALID);
	ck_assert_int_eq(set_queue(&cluster, "third", 1, 0), CENTRO_ERR_LIMIT);
	assert_text(&cluster, "the cluster has 2 queues");
	ck_assert_int_eq(set_queue(&cluster, "default", 9, 0), CENTRO_OK);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decide_job");
	TCase *tcase = tcase_create("decide_job");

	tcase_add_test(tcase, a_submit_is_one_event);
	tcase_add_test(tcase, a_wrong_specification_is_refused);
	tcase_add_test(tcase, a_queue_that_is_not_there_names_those_that_are);
	tcase_add_test(tcase, one_request_one_job);
	tcase_add_test(tcase, a_request_is_forgotten_after_its_time);
	tcase_add_test(tcase, so_many_requests_are_remembered);
	tcase_add_test(tcase, so_many_jobs_may_live);
	tcase_add_test(tcase, numbers_come_in_durable_blocks);
	tcase_add_test(tcase, cancelling_what_waits_ends_it);
	tcase_add_test(tcase, cancelling_what_is_not_claimed_ends_it);
	tcase_add_test(tcase, cancelling_what_was_claimed_waits_for_its_node);
	tcase_add_test(tcase, who_and_why_have_limits);
	tcase_add_test(tcase, every_cause_has_its_end);
	tcase_add_test(tcase, what_is_final_stays_final);
	tcase_add_test(tcase, reports_of_what_is_not_the_nodes_are_stale);
	tcase_add_test(tcase, what_was_lost_cannot_come_back);
	tcase_add_test(tcase, reports_that_make_no_sense_are_refused);
	tcase_add_test(tcase, a_job_of_several_ends_with_its_last);
	tcase_add_test(tcase, queues_are_set);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
