/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_node.c. */
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

START_TEST(a_node_keeps_its_number)
{
	centro_node_id first = owner_register(&owner, "n1", 2);
	centro_node_id second = owner_register(&owner, "n2", 2);
	ck_assert_uint_ne(first, second);
	ck_assert_uint_eq(owner_register(&owner, "n1", 4), first);
	owner_close(&owner);
	owner_open(&owner);
	ck_assert_uint_eq(owner_register(&owner, "n2", 2), second);
}
END_TEST

START_TEST(a_bad_node_is_explained_at_once)
{
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	struct centro_error_text text = {0};
	node.name = "no/name";
	node.cpu_milli = 1000;
	ck_assert_int_eq(centro_engine_register_node(owner.engine, owner.now, &node,
						     owner_registered, &owner, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "no/name"));
	ck_assert_int_eq(
		centro_engine_register_node(owner.engine, owner.now, NULL, NULL, NULL, &text),
		CENTRO_ERR_INVALID);
	node.size = 1;
	ck_assert_int_eq(
		centro_engine_register_node(owner.engine, owner.now, &node, NULL, NULL, &text),
		CENTRO_ERR_ABI);
	ck_assert_int_eq(owner.answers, 0);
}
END_TEST

START_TEST(reports_move_a_job_on)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 1);
	ck_assert_uint_eq(owner.assignment_count, 1);
	const struct centro_attempt_ref *attempt = &owner.assignments[0];
	ck_assert_int_eq(owner_report(&owner, attempt, false, CENTRO_CAUSE_NONE, 0), CENTRO_OK);
	/* Told twice is told once. */
	ck_assert_int_eq(owner_report(&owner, attempt, false, CENTRO_CAUSE_NONE, 0), CENTRO_OK);
	ck_assert_int_eq(owner_report(&owner, attempt, true, CENTRO_CAUSE_EXITED, 3), CENTRO_OK);
	size_t events = owner.event_count;
	ck_assert_int_eq(owner.events[events - 1].type, CENTRO_EVENT_JOB_ENDED);
	ck_assert_int_eq(owner.events[events - 1].job_state, CENTRO_JOB_FAILED);
	ck_assert_int_eq(owner.events[events - 2].exit_code, 3);
	/* Of what has ended and gone nothing more is taken. */
	ck_assert_int_eq(owner_report(&owner, attempt, true, CENTRO_CAUSE_EXITED, 0),
			 CENTRO_ERR_STALE);
	ck_assert_uint_eq(owner.event_count, events);
}
END_TEST

START_TEST(bad_reports_are_refused)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 1);
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = owner.assignments[0],
		.node = owner.node,
		.ended = true,
		.cause = (enum centro_cause)99,
	};
	ck_assert_int_eq(centro_engine_report(owner.engine, owner.now, &report, NULL, NULL),
			 CENTRO_ERR_INVALID);
	report.cause = CENTRO_CAUSE_EXITED;
	report.message = "\xff";
	ck_assert_int_eq(centro_engine_report(owner.engine, owner.now, &report, NULL, NULL),
			 CENTRO_ERR_INVALID);
	report.message = NULL;
	report.size = 12;
	ck_assert_int_eq(centro_engine_report(owner.engine, owner.now, &report, NULL, NULL),
			 CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_engine_report(owner.engine, owner.now, NULL, NULL, NULL),
			 CENTRO_ERR_INVALID);
	struct centro_attempt_ref older = owner.assignments[0];
	older.attempt = 9;
	ck_assert_int_eq(owner_report(&owner, &older, true, CENTRO_CAUSE_EXITED, 0),
			 CENTRO_ERR_STALE);
}
END_TEST

START_TEST(heartbeats_keep_an_attempt)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 1);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[0], false, CENTRO_CAUSE_NONE, 0),
			 CENTRO_OK);
	for (int i = 0; i < 20; i++) {
		owner_advance_ms(&owner, 50000);
		ck_assert_int_eq(centro_engine_heartbeat(owner.engine, owner.now, owner.node,
							 &owner.assignments[0], 1),
				 CENTRO_OK);
		owner_settle(&owner);
	}
	ck_assert_uint_eq(owner.kill_count, 0);
	ck_assert_uint_eq(owner.assignment_count, 1);

	/* Silence: the node is down, and after its lease the attempt is granted anew. */
	owner_advance_ms(&owner, 61000);
	owner_settle(&owner);
	ck_assert_int_eq(owner.events[owner.event_count - 1].type, CENTRO_EVENT_NODE_DOWN);
	owner_advance_ms(&owner, 400000);
	owner_settle(&owner);
	ck_assert_int_eq(owner.events[owner.event_count - 1].type, CENTRO_EVENT_INSTANCE_REQUEUED);
	ck_assert_int_eq(centro_engine_heartbeat(owner.engine, owner.now, owner.node,
						 &owner.assignments[0], 1),
			 CENTRO_OK);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.kill_count, 1);
	ck_assert_int_eq(owner.kills[0].cause, CENTRO_CAUSE_REVOKED);
	ck_assert_uint_eq(owner.kills[0].attempt.attempt, 1);
	ck_assert_uint_eq(owner.assignment_count, 2);
	ck_assert_uint_eq(owner.assignments[1].attempt, 2);
}
END_TEST

/* What the callback of a drain or undrain was told. */
static int drain_status;

static void on_status(void *arg, int status)
{
	drain_status = status;
}

static int drain(bool has_deadline, uint64_t deadline_ms)
{
	struct centro_drain_options options = CENTRO_DRAIN_OPTIONS_INIT;
	options.has_deadline = has_deadline;
	options.deadline.ns = deadline_ms * 1000000;
	options.who = "me";
	drain_status = 1;
	ck_assert_int_eq(centro_engine_drain_node(owner.engine, owner.now, owner.node, &options,
						  on_status, NULL),
			 CENTRO_OK);
	owner_settle(&owner);
	return drain_status;
}

START_TEST(a_drained_node_is_emptied_and_gets_nothing)
{
	owner_register(&owner, "n1", 2);
	owner_submit(&owner, 1);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[0], false, CENTRO_CAUSE_NONE, 0),
			 CENTRO_OK);
	ck_assert_int_eq(drain(true, 5000), CENTRO_OK);
	ck_assert_int_eq(owner.events[owner.event_count - 1].type, CENTRO_EVENT_NODE_DRAINING);
	owner_submit(&owner, 1);
	ck_assert_uint_eq(owner.assignment_count, 1);
	ck_assert_uint_eq(owner.kill_count, 0);

	owner_advance_ms(&owner, 5000);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.kill_count, 1);
	ck_assert_int_eq(owner.kills[0].cause, CENTRO_CAUSE_DRAINED);
	/* Who registers a node anew is told anew. */
	owner_register(&owner, "n1", 2);
	ck_assert_uint_eq(owner.kill_count, 2);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[0], true, CENTRO_CAUSE_DRAINED, 0),
			 CENTRO_OK);
	ck_assert_int_eq(owner.events[owner.event_count - 1].type, CENTRO_EVENT_INSTANCE_REQUEUED);
	ck_assert_uint_eq(owner.assignment_count, 1);

	ck_assert_int_eq(
		centro_engine_undrain_node(owner.engine, owner.now, owner.node, on_status, NULL),
		CENTRO_OK);
	owner_settle(&owner);
	ck_assert_int_eq(drain_status, CENTRO_OK);
	owner_settle(&owner);
	ck_assert_uint_eq(owner.assignment_count, 3);
}
END_TEST

START_TEST(bad_drains_are_refused)
{
	struct centro_drain_options options = CENTRO_DRAIN_OPTIONS_INIT;
	owner_register(&owner, "n1", 2);
	options.who = "\xff";
	ck_assert_int_eq(
		centro_engine_drain_node(owner.engine, owner.now, owner.node, &options, NULL, NULL),
		CENTRO_ERR_INVALID);
	options.size = 3;
	ck_assert_int_eq(
		centro_engine_drain_node(owner.engine, owner.now, owner.node, &options, NULL, NULL),
		CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_engine_drain_node(owner.engine, owner.now, 99, NULL, NULL, NULL),
			 CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(centro_engine_undrain_node(owner.engine, owner.now, 99, NULL, NULL),
			 CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(centro_engine_drain_node(NULL, owner.now, 1, NULL, NULL, NULL),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_engine_undrain_node(NULL, owner.now, 1, NULL, NULL),
			 CENTRO_ERR_INVALID);
}
END_TEST

START_TEST(heartbeats_have_limits)
{
	ck_assert_int_eq(centro_engine_heartbeat(owner.engine, owner.now, 99, NULL, 0),
			 CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(centro_engine_heartbeat(owner.engine, owner.now, 99, NULL, 1),
			 CENTRO_ERR_INVALID);
	struct centro_attempt_ref one = {0};
	ck_assert_int_eq(
		centro_engine_heartbeat(owner.engine, owner.now, 99, &one, CENTRO_HELD_MAX + 1),
		CENTRO_ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_node");
	TCase *tcase = tcase_create("public_node");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_node_keeps_its_number);
	tcase_add_test(tcase, a_bad_node_is_explained_at_once);
	tcase_add_test(tcase, reports_move_a_job_on);
	tcase_add_test(tcase, bad_reports_are_refused);
	tcase_add_test(tcase, heartbeats_keep_an_attempt);
	tcase_add_test(tcase, a_drained_node_is_emptied_and_gets_nothing);
	tcase_add_test(tcase, bad_drains_are_refused);
	tcase_add_test(tcase, heartbeats_have_limits);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
