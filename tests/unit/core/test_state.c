/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/core/state.c. Each table is written down here once more, in words,
 * and every pair of state and move is compared: what is not listed must be refused.
 */
#include "core/state.h"

#include <signal.h>

#include "support/suite.h"

struct step {
	int from, move, to;
};

static const struct step instance_steps[] = {
	{CENTRO_INSTANCE_PENDING, CTR_MOVE_GRANT, CENTRO_INSTANCE_ASSIGNED},
	{CENTRO_INSTANCE_PENDING, CTR_MOVE_CANCEL, CENTRO_INSTANCE_CANCELLED},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_START, CENTRO_INSTANCE_RUNNING},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_SUCCEED, CENTRO_INSTANCE_SUCCEEDED},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_FAIL, CENTRO_INSTANCE_FAILED},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_CANCEL, CENTRO_INSTANCE_CANCELLED},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_TIME_OUT, CENTRO_INSTANCE_TIMEOUT},
	{CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_REQUEUE, CENTRO_INSTANCE_PENDING},
	{CENTRO_INSTANCE_RUNNING, CTR_MOVE_SUCCEED, CENTRO_INSTANCE_SUCCEEDED},
	{CENTRO_INSTANCE_RUNNING, CTR_MOVE_FAIL, CENTRO_INSTANCE_FAILED},
	{CENTRO_INSTANCE_RUNNING, CTR_MOVE_CANCEL, CENTRO_INSTANCE_CANCELLED},
	{CENTRO_INSTANCE_RUNNING, CTR_MOVE_TIME_OUT, CENTRO_INSTANCE_TIMEOUT},
	{CENTRO_INSTANCE_RUNNING, CTR_MOVE_REQUEUE, CENTRO_INSTANCE_PENDING},
};

static const struct step attempt_steps[] = {
	{CTR_ATTEMPT_NONE, CTR_MOVE_GRANT, CTR_ATTEMPT_ASSIGNED},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_START, CTR_ATTEMPT_RUNNING},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_SUCCEED, CTR_ATTEMPT_SUCCEEDED},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_FAIL, CTR_ATTEMPT_FAILED},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_CANCEL, CTR_ATTEMPT_CANCELLED},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_TIME_OUT, CTR_ATTEMPT_TIMEOUT},
	{CTR_ATTEMPT_ASSIGNED, CTR_MOVE_REQUEUE, CTR_ATTEMPT_LOST},
	{CTR_ATTEMPT_RUNNING, CTR_MOVE_SUCCEED, CTR_ATTEMPT_SUCCEEDED},
	{CTR_ATTEMPT_RUNNING, CTR_MOVE_FAIL, CTR_ATTEMPT_FAILED},
	{CTR_ATTEMPT_RUNNING, CTR_MOVE_CANCEL, CTR_ATTEMPT_CANCELLED},
	{CTR_ATTEMPT_RUNNING, CTR_MOVE_TIME_OUT, CTR_ATTEMPT_TIMEOUT},
	{CTR_ATTEMPT_RUNNING, CTR_MOVE_REQUEUE, CTR_ATTEMPT_LOST},
};

static const struct step node_steps[] = {
	{CTR_NODE_ABSENT, CTR_NODE_REGISTER, CENTRO_NODE_READY},
	{CENTRO_NODE_READY, CTR_NODE_REGISTER, CENTRO_NODE_READY},
	{CENTRO_NODE_READY, CTR_NODE_FALL_SILENT, CENTRO_NODE_DOWN},
	{CENTRO_NODE_READY, CTR_NODE_DRAIN, CENTRO_NODE_DRAINING},
	{CENTRO_NODE_DRAINING, CTR_NODE_REGISTER, CENTRO_NODE_DRAINING},
	{CENTRO_NODE_DRAINING, CTR_NODE_FALL_SILENT, CENTRO_NODE_DOWN},
	{CENTRO_NODE_DRAINING, CTR_NODE_DRAIN, CENTRO_NODE_DRAINING},
	{CENTRO_NODE_DRAINING, CTR_NODE_UNDRAIN, CENTRO_NODE_READY},
	{CENTRO_NODE_DOWN, CTR_NODE_DRAIN, CENTRO_NODE_DOWN},
	{CENTRO_NODE_DOWN, CTR_NODE_UNDRAIN, CENTRO_NODE_DOWN},
	{CENTRO_NODE_DOWN, CTR_NODE_REGISTER, CENTRO_NODE_DOWN},
	{CENTRO_NODE_DOWN, CTR_NODE_SPEAK, CENTRO_NODE_READY},
};

static int expected(const struct step *steps, size_t count, int from, int move)
{
	for (size_t i = 0; i < count; i++) {
		if (steps[i].from == from && steps[i].move == move)
			return steps[i].to;
	}
	return 0;
}

START_TEST(instances_move_as_listed_and_no_other_way)
{
	for (int from = -1; from <= CENTRO_INSTANCE_STATE_COUNT; from++) {
		for (int move = -1; move <= CTR_MOVE_COUNT; move++)
			ck_assert_int_eq(ctr_instance_next(from, move),
					 expected(instance_steps, CTR_ARRAY_SIZE(instance_steps),
						  from, move));
	}
}
END_TEST

START_TEST(attempts_move_as_listed_and_no_other_way)
{
	for (int from = -1; from <= CTR_ATTEMPT_STATE_COUNT; from++) {
		for (int move = -1; move <= CTR_MOVE_COUNT; move++)
			ck_assert_int_eq(
				ctr_attempt_next(from, move),
				expected(attempt_steps, CTR_ARRAY_SIZE(attempt_steps), from, move));
	}
}
END_TEST

START_TEST(nodes_move_as_listed_and_no_other_way)
{
	for (int from = -1; from <= CENTRO_NODE_STATE_COUNT; from++) {
		for (int move = -1; move <= CTR_NODE_MOVE_COUNT; move++)
			ck_assert_int_eq(
				ctr_node_next(from, move),
				expected(node_steps, CTR_ARRAY_SIZE(node_steps), from, move));
	}
}
END_TEST

START_TEST(a_job_that_has_ended_stays_as_it_is)
{
	for (int from = -1; from <= CENTRO_JOB_STATE_COUNT; from++) {
		for (int to = -1; to <= CENTRO_JOB_STATE_COUNT; to++) {
			bool from_live = from == CENTRO_JOB_PENDING || from == CENTRO_JOB_RUNNING;
			bool is_state = to >= CENTRO_JOB_PENDING && to < CENTRO_JOB_STATE_COUNT;
			bool from_state =
				from >= CENTRO_JOB_PENDING && from < CENTRO_JOB_STATE_COUNT;
			ck_assert_int_eq(ctr_job_may_become(from, to),
					 from_state && is_state && (from_live || from == to));
		}
	}
}
END_TEST

START_TEST(final_states_have_no_way_out)
{
	for (int from = 0; from < CENTRO_INSTANCE_STATE_COUNT; from++) {
		if (!centro_instance_state_is_final(from))
			continue;
		for (int move = 0; move < CTR_MOVE_COUNT; move++)
			ck_assert_int_eq(ctr_instance_next(from, move), 0);
	}
}
END_TEST

/* The attempt lives exactly while the instance is granted. */
START_TEST(the_two_tables_agree)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(instance_steps); i++) {
		const struct step *step = &instance_steps[i];
		enum ctr_attempt_state attempt = ctr_attempt_of(step->from);
		if (attempt == CTR_ATTEMPT_NONE && step->move != CTR_MOVE_GRANT)
			continue;
		enum ctr_attempt_state next = ctr_attempt_next(attempt, step->move);
		ck_assert_int_ne(next, 0);
		ck_assert_int_eq(ctr_attempt_is_live(next),
				 step->to == CENTRO_INSTANCE_ASSIGNED ||
					 step->to == CENTRO_INSTANCE_RUNNING);
	}
}
END_TEST

START_TEST(events_name_their_moves)
{
	static const struct {
		enum centro_event_type type;
		enum centro_instance_state state;
		enum ctr_instance_move move;
	} cases[] = {
		{CENTRO_EVENT_INSTANCE_ASSIGNED, CENTRO_INSTANCE_ASSIGNED, CTR_MOVE_GRANT},
		{CENTRO_EVENT_INSTANCE_RUNNING, CENTRO_INSTANCE_RUNNING, CTR_MOVE_START},
		{CENTRO_EVENT_INSTANCE_REQUEUED, CENTRO_INSTANCE_PENDING, CTR_MOVE_REQUEUE},
		{CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_SUCCEEDED, CTR_MOVE_SUCCEED},
		{CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_FAILED, CTR_MOVE_FAIL},
		{CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_CANCELLED, CTR_MOVE_CANCEL},
		{CENTRO_EVENT_INSTANCE_ENDED, CENTRO_INSTANCE_TIMEOUT, CTR_MOVE_TIME_OUT},
	};

	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		const struct ctr_event event = {
			.type = cases[i].type,
			.instance_state = cases[i].state,
		};
		ck_assert_int_eq(ctr_event_move(&event), cases[i].move);
	}
}
END_TEST

START_TEST(an_event_about_a_job_has_no_move)
{
	const struct ctr_event event = {.type = CENTRO_EVENT_JOB_SUBMITTED};
	ctr_event_move(&event);
}
END_TEST

START_TEST(an_end_that_is_none_has_no_move)
{
	const struct ctr_event event = {
		.type = CENTRO_EVENT_INSTANCE_ENDED,
		.instance_state = CENTRO_INSTANCE_RUNNING,
	};
	ctr_event_move(&event);
}
END_TEST

START_TEST(states_have_their_names)
{
	ck_assert_str_eq(centro_instance_state_name(CENTRO_INSTANCE_BACKOFF), "backoff");
	ck_assert_str_eq(centro_instance_state_name(CENTRO_INSTANCE_SKIPPED), "skipped");
	ck_assert_str_eq(centro_job_state_name(CENTRO_JOB_TIMEOUT), "timeout");
	ck_assert_str_eq(centro_cause_name(CENTRO_CAUSE_NODE_LOST), "node_lost");
	ck_assert_str_eq(centro_node_state_name(CENTRO_NODE_DRAINING), "draining");
	for (int bad = -1; bad <= 100; bad += 101) {
		ck_assert_str_eq(centro_instance_state_name(bad), "unknown");
		ck_assert_str_eq(centro_job_state_name(bad), "unknown");
		ck_assert_str_eq(centro_cause_name(bad), "unknown");
		ck_assert_str_eq(centro_node_state_name(bad), "unknown");
		ck_assert(!centro_instance_state_is_final(bad));
		ck_assert(!centro_job_state_is_final(bad));
	}
	ck_assert(centro_instance_state_is_final(CENTRO_INSTANCE_SKIPPED));
	ck_assert(!centro_instance_state_is_final(CENTRO_INSTANCE_RUNNING));
	ck_assert(centro_job_state_is_final(CENTRO_JOB_SUCCEEDED));
	ck_assert(!centro_job_state_is_final(CENTRO_JOB_RUNNING));
}
END_TEST

START_TEST(only_states_that_can_be_reached_are_used)
{
	for (int state = 0; state <= CENTRO_INSTANCE_STATE_COUNT; state++) {
		bool reached = state == CENTRO_INSTANCE_PENDING; /* where they begin */
		for (size_t i = 0; i < CTR_ARRAY_SIZE(instance_steps); i++)
			reached |= instance_steps[i].to == state;
		ck_assert_int_eq(ctr_instance_state_is_used(state), reached);
	}
	for (int state = 0; state <= CENTRO_NODE_STATE_COUNT; state++) {
		bool reached = false;
		for (size_t i = 0; i < CTR_ARRAY_SIZE(node_steps); i++)
			reached |= node_steps[i].to == state;
		ck_assert_int_eq(ctr_node_state_is_used(state), reached);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tcase = tcase_create("state");

	tcase_add_test(tcase, instances_move_as_listed_and_no_other_way);
	tcase_add_test(tcase, attempts_move_as_listed_and_no_other_way);
	tcase_add_test(tcase, nodes_move_as_listed_and_no_other_way);
	tcase_add_test(tcase, a_job_that_has_ended_stays_as_it_is);
	tcase_add_test(tcase, final_states_have_no_way_out);
	tcase_add_test(tcase, the_two_tables_agree);
	tcase_add_test(tcase, events_name_their_moves);
	tcase_add_test_raise_signal(tcase, an_event_about_a_job_has_no_move, SIGABRT);
	tcase_add_test_raise_signal(tcase, an_end_that_is_none_has_no_move, SIGABRT);
	tcase_add_test(tcase, states_have_their_names);
	tcase_add_test(tcase, only_states_that_can_be_reached_are_used);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
