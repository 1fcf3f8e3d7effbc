/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_callback.c. */
#include "public_fixture.h"

#include <string.h>

#include "support/suite.h"

static struct owner owner;

static void setup(void)
{
	owner_init(&owner);
	owner_open(&owner);
}

static void teardown(void)
{
	owner_fini(&owner);
}

static void check_assignment(struct owner *run, const struct centro_assignment *assignment)
{
	ck_assert_uint_eq(assignment->attempt.job, 1);
	ck_assert_uint_eq(assignment->attempt.attempt, 1);
	ck_assert_uint_eq(assignment->node, run->node);
	ck_assert_str_eq(assignment->job_name, "nap");
	ck_assert_str_eq(assignment->task_name, "main");
	ck_assert_uint_eq(assignment->command_count, 2);
	ck_assert_str_eq(assignment->command[0], "sleep");
	ck_assert_str_eq(assignment->command[1], "10");
	ck_assert_ptr_null(assignment->command[2]);
	ck_assert_uint_eq(assignment->env_count, 2);
	ck_assert_str_eq(assignment->env[0], "COLOUR=blue");
	ck_assert_str_eq(assignment->env[1], "EMPTY=");
	ck_assert_ptr_null(assignment->env[2]);
	ck_assert_str_eq(assignment->working_dir, "");
	ck_assert_uint_eq(assignment->time_limit.ns, 0);
	ck_assert_uint_eq(assignment->lease.ns, UINT64_C(300000000000));
	ck_assert_uint_eq(assignment->kill_grace.ns, UINT64_C(5000000000));
	ck_assert_uint_gt(assignment->spec.size, 0);
}

START_TEST(an_assignment_says_what_to_run)
{
	owner_register(&owner, "n1", 2);
	owner.on_assignment = check_assignment;
	owner_submit(&owner, 1);
	ck_assert_uint_eq(owner.assignment_count, 1);
}
END_TEST

START_TEST(an_assignment_comes_only_when_it_is_durable)
{
	owner_register(&owner, "n1", 2);
	ctr_memory_disk_hold(owner.disk, true);
	struct centro_bytes spec = {(const uint8_t *)"{\"tasks\":[{\"command\":[\"true\"]}]}", 32};
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, spec, CENTRO_JSON,
						      NULL, owner_submitted, &owner, NULL),
			 CENTRO_OK);
	for (int i = 0; i < 3; i++)
		owner_dispatch(&owner);
	ck_assert_uint_eq(owner.assignment_count, 0);
	ctr_memory_disk_hold(owner.disk, false);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.assignment_count, 1);
}
END_TEST

START_TEST(cancelled_before_it_was_told_it_is_never_told)
{
	owner_register(&owner, "n1", 2);
	ctr_memory_disk_hold(owner.disk, true);
	struct centro_bytes spec = {(const uint8_t *)"{\"tasks\":[{\"command\":[\"true\"]}]}", 32};
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, spec, CENTRO_JSON,
						      NULL, owner_submitted, &owner, NULL),
			 CENTRO_OK);
	owner_dispatch(&owner);
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, 1, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	ctr_memory_disk_hold(owner.disk, false);
	owner_settle(&owner);
	ck_assert_int_eq(owner.status, CENTRO_OK);
	ck_assert_uint_eq(owner.assignment_count, 0);
	ck_assert_uint_eq(owner.kill_count, 0);
}
END_TEST

START_TEST(a_cancel_kills_what_runs)
{
	owner_register(&owner, "n1", 2);
	centro_job_id job = owner_submit(&owner, 5);
	ck_assert_uint_eq(owner.assignment_count, 2);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[0], false, CENTRO_CAUSE_NONE, 0),
			 CENTRO_OK);
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, job, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.kill_count, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(owner.kills[i].attempt.job, job);
		ck_assert_uint_eq(owner.kills[i].attempt.index, (uint32_t)i);
		ck_assert_int_eq(owner.kills[i].cause, CENTRO_CAUSE_CANCEL);
		ck_assert_uint_eq(owner.kills[i].node, owner.node);
		ck_assert_uint_eq(owner.kills[i].grace.ns, UINT64_C(5000000000));
		ck_assert_int_eq(owner_report(&owner, &owner.kills[i].attempt, true,
					      CENTRO_CAUSE_CANCEL, 143),
				 CENTRO_OK);
	}
	ck_assert_int_eq(owner.events[owner.event_count - 1].type, CENTRO_EVENT_JOB_ENDED);
	ck_assert_int_eq(owner.events[owner.event_count - 1].job_state, CENTRO_JOB_CANCELLED);
	ck_assert_uint_eq(owner.assignment_count, 2);
}
END_TEST

static void finish_at_once(struct owner *run, const struct centro_assignment *assignment)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = assignment->attempt,
		.node = assignment->node,
		.ended = true,
		.cause = CENTRO_CAUSE_EXITED,
	};
	ck_assert_int_eq(centro_engine_report(run->engine, run->now, &report, NULL, NULL),
			 CENTRO_OK);
}

START_TEST(a_callback_may_report_at_once)
{
	owner_register(&owner, "n1", 3);
	owner.on_assignment = finish_at_once;
	owner_submit(&owner, 100);
	ck_assert_uint_eq(owner.assignment_count, 100);
	ck_assert_int_eq(owner_get(&owner, 1, CENTRO_JSON), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"succeeded\""));
}
END_TEST

START_TEST(after_a_restart_assignments_come_again)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 2);
	ck_assert_uint_eq(owner.assignment_count, 2);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[1], false, CENTRO_CAUSE_NONE, 0),
			 CENTRO_OK);
	owner_close(&owner);
	owner_open(&owner);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.assignment_count, 2);
	/* The one that is known to run is not told again. */
	owner_register(&owner, "n1", 2);
	ck_assert_uint_eq(owner.assignment_count, 3);
	ck_assert_uint_eq(owner.assignments[2].index, owner.assignments[0].index);
	ck_assert_uint_eq(owner.assignments[2].attempt, 1);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[2], true, CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[1], true, CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(owner.events[owner.event_count - 1].job_state, CENTRO_JOB_SUCCEEDED);
}
END_TEST

START_TEST(what_was_told_is_not_told_again_in_one_life)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 2);
	ck_assert_uint_eq(owner.assignment_count, 2);
	owner_register(&owner, "n1", 3);
	ck_assert_uint_eq(owner.assignment_count, 2);
}
END_TEST

START_TEST(events_tell_all_that_happens)
{
	owner_register(&owner, "n1", 2);
	centro_job_id job = owner_submit(&owner, 1);
	static const enum centro_event_type types[] = {
		CENTRO_EVENT_NODE_REGISTERED,
		CENTRO_EVENT_JOB_SUBMITTED,
		CENTRO_EVENT_INSTANCE_ASSIGNED,
	};
	size_t at = 0;
	for (size_t i = 0; i < owner.event_count; i++) {
		ck_assert_uint_eq(owner.events[i].number, i + 1);
		ck_assert_uint_eq(owner.events[i].wall.ns, owner.now.wall.ns);
		if (at < 3 && owner.events[i].type == types[at])
			at++;
	}
	ck_assert_uint_eq(at, 3);
	const struct centro_event *last = &owner.events[owner.event_count - 1];
	ck_assert_uint_eq(last->attempt.job, job);
	ck_assert_uint_eq(last->node, owner.node);
	ck_assert_int_eq(last->instance_state, CENTRO_INSTANCE_ASSIGNED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_callback");
	TCase *tcase = tcase_create("public_callback");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_assignment_says_what_to_run);
	tcase_add_test(tcase, an_assignment_comes_only_when_it_is_durable);
	tcase_add_test(tcase, cancelled_before_it_was_told_it_is_never_told);
	tcase_add_test(tcase, a_cancel_kills_what_runs);
	tcase_add_test(tcase, a_callback_may_report_at_once);
	tcase_add_test(tcase, after_a_restart_assignments_come_again);
	tcase_add_test(tcase, what_was_told_is_not_told_again_in_one_life);
	tcase_add_test(tcase, events_tell_all_that_happens);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
