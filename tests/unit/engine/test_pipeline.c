/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/pipeline.c. */
#include "fixture.h"

#include "base/bytes.h"
#include "base/time.h"
#include "support/suite.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

START_TEST(nothing_is_told_before_it_is_durable)
{
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	ck_assert_uint_gt(fixture.applied_count, 0);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	for (int i = 0; i < 5; i++) {
		fixture_dispatch(&fixture);
		ck_assert_int_eq(waiter.called, 0);
		ck_assert_uint_eq(fixture.durable_count, 0);
		ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), 0);
	}
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_OK);
	ck_assert_uint_eq(fixture.durable_count, fixture.applied_count);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(one_turn_is_enough_for_a_store_that_answers_at_once)
{
	fixture_open(&fixture);
	fixture_submit(&fixture);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	ck_assert_int_eq(waiter.called, 0);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(waiter.called, 1);
}
END_TEST

START_TEST(answers_come_in_order_and_batch_by_batch)
{
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	struct waiter waiters[6];
	int order = 0;
	fixture_submit(&fixture);
	uint64_t first = ctr_engine_batch(fixture.engine);
	waiter_wait(&waiters[0], &fixture, &order);
	waiter_wait(&waiters[1], &fixture, &order);
	fixture_dispatch(&fixture);
	/* Nothing new has been applied: it waits for what is under way. */
	waiter_wait(&waiters[2], &fixture, &order);
	fixture_submit(&fixture);
	ck_assert_uint_eq(ctr_engine_batch(fixture.engine), first + 1);
	waiter_wait(&waiters[3], &fixture, &order);
	waiter_wait(&waiters[4], &fixture, &order);
	waiter_wait(&waiters[5], &fixture, &order);
	ctr_release_cancel(&waiters[4].release);
	ctr_release_cancel(&waiters[4].release);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(order, 0);

	ctr_memory_disk_hold(fixture.disk, false);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(order, 5);
	for (int i = 0, at = 0; i < 6; i++) {
		ck_assert_int_eq(waiters[i].called, i == 4 ? 0 : 1);
		if (i != 4)
			ck_assert_int_eq(waiters[i].at, ++at);
	}
}
END_TEST

START_TEST(a_reader_of_a_quiet_state_waits_for_the_next_turn)
{
	fixture_open(&fixture);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_gt(ctr_engine_get_wake(fixture.engine).ns, fixture.now.steady.ns);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	ck_assert_uint_le(ctr_engine_get_wake(fixture.engine).ns, fixture.now.steady.ns);
	ck_assert_int_eq(waiter.called, 0);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(waiter.called, 1);
}
END_TEST

START_TEST(what_gathers_meanwhile_becomes_one_batch)
{
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	uint64_t batch = ctr_engine_batch(fixture.engine);
	for (int i = 0; i < 100; i++) {
		fixture_submit(&fixture);
		fixture_dispatch(&fixture);
		ck_assert_uint_eq(ctr_engine_batch(fixture.engine), batch);
	}
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_engine_batch(fixture.engine), batch + 1);
	ck_assert_uint_eq(fixture_row_count(&fixture, "event/", "event0"), 2);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_refused_commit_is_as_if_nothing_had_happened)
{
	static const int refusals[] = {CENTRO_ERR_FULL, CENTRO_ERR_LIMIT, CENTRO_ERR_STATE,
				       CENTRO_ERR_NOMEM};
	fixture.late = _i % 2 == 1;
	int status = refusals[_i / 2];
	fixture_open(&fixture);
	fixture_register(&fixture, 4);
	fixture_settle(&fixture);
	centro_job_id kept = fixture_submit(&fixture);
	fixture_settle(&fixture);
	uint64_t hash = ctr_core_hash(ctr_engine_core(fixture.engine));
	size_t durable = fixture.durable_count;
	ck_assert_int_eq(fixture_state(&fixture, kept), CENTRO_INSTANCE_ASSIGNED);

	ctr_memory_disk_set_fault(fixture.disk, (struct ctr_memory_fault){.status = status});
	centro_job_id lost = fixture_submit(&fixture);
	struct waiter in_flight, open;
	waiter_wait(&in_flight, &fixture, NULL);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_dispatch(&fixture);
	fixture_submit(&fixture);
	waiter_wait(&open, &fixture, NULL);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);

	ck_assert_int_eq(in_flight.called, 1);
	ck_assert_int_eq(in_flight.status, status);
	ck_assert_int_eq(open.called, 1);
	ck_assert_int_eq(open.status, status);
	ck_assert_uint_eq(fixture.durable_count, durable);
	ck_assert_uint_eq(fixture.reloaded_count, 1);
	ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_READY);
	ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(fixture.engine)), hash);
	fixture_assert_stored(&fixture);

	/* And it goes on; the numbers that were never told may not come again. */
	fixture_register(&fixture, 4);
	centro_job_id next = fixture_submit(&fixture);
	ck_assert_uint_ge(next, lost);
	fixture_settle(&fixture);
	ck_assert_uint_gt(fixture.durable_count, durable);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(while_loading_nothing_is_done)
{
	fixture.late = true;
	fixture_open(&fixture);
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_LOADING);
	ck_assert_ptr_null(ctr_engine_core(fixture.engine));
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 1, &result), CENTRO_ERR_UNAVAILABLE);
	ck_assert_int_eq(result.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_str_ne(result.text.text, "");
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	fixture_settle(&fixture);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_READY);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	fixture_assert_stored(&fixture);
}
END_TEST

static void assert_failed(int error)
{
	struct ctr_result result;
	struct waiter waiter;
	ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_FAILED);
	ck_assert_ptr_null(ctr_engine_core(fixture.engine));
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 1, &result), error);
	ck_assert_int_eq(fixture_cancel(&fixture, 1), error);
	waiter_wait(&waiter, &fixture, NULL);
	ck_assert_int_eq(fixture_dispatch(&fixture), error);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_ERR_UNAVAILABLE);
	struct centro_error_text text = {0};
	ck_assert_int_eq(ctr_engine_get_error(fixture.engine, &text), error);
	ck_assert_str_ne(text.text, "");
	ck_assert_uint_eq(ctr_engine_get_wake(fixture.engine).ns, CENTRO_INSTANT_NEVER_NS);
}

START_TEST(after_a_failed_write_it_has_failed_for_good)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	size_t durable = fixture.durable_count;
	ctr_memory_disk_set_fault(
		fixture.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_IO, .written = true});
	fixture_submit(&fixture);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	while (fixture_dispatch(&fixture) == CENTRO_OK)
		ck_assert_int_eq(waiter.called, 0);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_uint_eq(fixture.durable_count, durable);
	assert_failed(CENTRO_ERR_IO);
	assert_failed(CENTRO_ERR_IO);

	/* What the disk holds, the next opening reads. */
	fixture_reopen(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 2);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_fenced_engine_has_failed)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	uint64_t term = ctr_engine_get_term(fixture.engine);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	struct fixture other = fixture;
	other.engine = NULL;
	fixture_open(&other);
	ck_assert_uint_gt(ctr_engine_get_term(other.engine), term);
	fixture_submit(&fixture);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	for (int i = 0; i < 5; i++)
		fixture_dispatch(&fixture);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_ERR_UNAVAILABLE);
	assert_failed(CENTRO_ERR_FENCED);
	fixture_close(&fixture);
	fixture_submit(&other);
	fixture_settle(&other);
	fixture_assert_stored(&other);
	fixture_close(&other);
}
END_TEST

START_TEST(submits_are_refused_when_the_store_is_nearly_full)
{
	fixture.store_bytes_max = 1024 * 1024;
	fixture.options.store_full_percent = 10;
	fixture_open(&fixture);
	fixture_register(&fixture, 1000);
	struct ctr_result result = {0};
	int status = CENTRO_OK;
	centro_job_id last = 0;
	for (int i = 0; i < 2000 && status == CENTRO_OK; i++) {
		status = fixture_submit_many(&fixture, NULL, 1, &result);
		if (status == CENTRO_OK)
			last = result.job;
		fixture_settle(&fixture);
	}
	ck_assert_int_eq(status, CENTRO_ERR_FULL);
	ck_assert_ptr_nonnull(strstr(result.text.text, "nearly full"));
	/* Everything else goes on, and makes room. */
	ck_assert_int_eq(fixture_report(&fixture, last, false, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_report(&fixture, last, true, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_cancel(&fixture, last - 1), CENTRO_OK);
	fixture_settle(&fixture);
	fixture_assert_stored(&fixture);
	ck_assert_uint_eq(fixture.reloaded_count, 0);
}
END_TEST

START_TEST(a_batch_that_cannot_be_written_yet_is_closed_at_its_limit)
{
	fixture.options.batch_ops_max = 40;
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	struct ctr_result result;
	int status, accepted = 0;
	while ((status = fixture_submit_many(&fixture, NULL, 1, &result)) == CENTRO_OK)
		accepted++;
	ck_assert_int_eq(status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_int_eq(accepted, 80); /* 40 × 4 operations of 2 each */
	ck_assert_int_eq(fixture_cancel(&fixture, result.job), CENTRO_ERR_UNAVAILABLE);

	/* It does not spin: only the store can help. */
	fixture_dispatch(&fixture);
	ck_assert_uint_gt(ctr_engine_get_wake(fixture.engine).ns, fixture.now.steady.ns);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 82);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_refused_commit_opens_a_closed_batch)
{
	fixture.options.batch_ops_max = 40;
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	struct ctr_result result;
	while (fixture_submit_many(&fixture, NULL, 1, &result) == CENTRO_OK)
		;
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_dispatch(&fixture);
	ck_assert_uint_eq(fixture.reloaded_count, 1);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 1);
}
END_TEST

START_TEST(many_deadlines_take_several_turns)
{
	fixture_open(&fixture);
	fixture_register(&fixture, 10000);
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 1000, &result), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_state(&fixture, result.job), CENTRO_INSTANCE_ASSIGNED);
	fixture_advance_ms(&fixture, 400000);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_state(&fixture, result.job), CENTRO_INSTANCE_PENDING);
	const struct ctr_queue *queue =
		ctr_core_find_queue(ctr_engine_core(fixture.engine), ctr_bytes_str("default"));
	ck_assert_uint_eq(queue->pending, 1000);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(placement_pauses_while_the_batch_is_crowded)
{
	fixture.options.batch_ops_max = 40;
	fixture_open(&fixture);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	for (int i = 0; i < 30; i++)
		fixture_submit(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_dispatch(&fixture);
	for (int i = 0; i < 30; i++)
		fixture_submit(&fixture);
	fixture_register(&fixture, 1000);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(fixture_state(&fixture, 1), CENTRO_INSTANCE_PENDING);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_state(&fixture, 1), CENTRO_INSTANCE_ASSIGNED);
	fixture_assert_stored(&fixture);
}
END_TEST

static size_t durable_grants(void)
{
	size_t grants = 0;
	for (size_t i = 0; i < fixture.durable_count; i++)
		grants += fixture.durable[i].type == CENTRO_EVENT_INSTANCE_ASSIGNED;
	return grants;
}

/* Dispatch until `wanted` grants are durable. True: there never was a part of them. */
static bool grants_come_together(size_t wanted)
{
	bool together = true;
	size_t before = durable_grants();
	for (int i = 0; i < 100 && durable_grants() < before + wanted; i++) {
		together = together && durable_grants() == before;
		fixture_dispatch(&fixture);
	}
	ck_assert_uint_eq(durable_grants(), before + wanted);
	return together;
}

/* However little is placed in one turn: a gang is one batch. */
START_TEST(a_gang_is_durable_as_a_whole)
{
	fixture.late = _i == 1;
	fixture.options.schedule_ops = 1;
	fixture_open(&fixture);
	fixture_register(&fixture, 4);
	fixture_register_named(&fixture, "other", 4);
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 3, &result), CENTRO_OK);
	ck_assert(!grants_come_together(3));
	fixture_submit_gang(&fixture, 5);
	ck_assert(grants_come_together(5));
	fixture_assert_stored(&fixture);
	fixture_reopen(&fixture);
	fixture_assert_sound(&fixture);
}
END_TEST

START_TEST(deadlines_wake_the_owner)
{
	fixture_open(&fixture);
	fixture_register(&fixture, 1);
	fixture_settle(&fixture);
	struct centro_instant wake = ctr_engine_get_wake(fixture.engine);
	ck_assert_uint_lt(wake.ns, CENTRO_INSTANT_NEVER_NS);
	ck_assert_uint_gt(wake.ns, fixture.now.steady.ns);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(ctr_core_find_node(ctr_engine_core(fixture.engine), fixture.node)->state,
			 CENTRO_NODE_READY);
	fixture_advance_ms(&fixture, 60000);
	fixture_settle(&fixture);
	ck_assert_int_eq(ctr_core_find_node(ctr_engine_core(fixture.engine), fixture.node)->state,
			 CENTRO_NODE_DOWN);
	fixture_assert_stored(&fixture);
}
END_TEST

static struct waiter again;

static void submit_again(struct ctr_release *release, int status)
{
	fixture_submit(&fixture);
	waiter_wait(&again, &fixture, NULL);
}

START_TEST(a_callback_may_go_on)
{
	fixture_open(&fixture);
	fixture_submit(&fixture);
	struct ctr_release release;
	ctr_release_init(&release, submit_again);
	ctr_engine_release(fixture.engine, &release);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(again.called, 0);
	ck_assert_uint_le(ctr_engine_get_wake(fixture.engine).ns, fixture.now.steady.ns);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(again.called, 1);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/pipeline");
	TCase *tcase = tcase_create("pipeline");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nothing_is_told_before_it_is_durable);
	tcase_add_test(tcase, one_turn_is_enough_for_a_store_that_answers_at_once);
	tcase_add_test(tcase, answers_come_in_order_and_batch_by_batch);
	tcase_add_test(tcase, a_reader_of_a_quiet_state_waits_for_the_next_turn);
	tcase_add_test(tcase, what_gathers_meanwhile_becomes_one_batch);
	tcase_add_loop_test(tcase, a_refused_commit_is_as_if_nothing_had_happened, 0, 8);
	tcase_add_test(tcase, while_loading_nothing_is_done);
	tcase_add_loop_test(tcase, after_a_failed_write_it_has_failed_for_good, 0, 2);
	tcase_add_loop_test(tcase, a_fenced_engine_has_failed, 0, 2);
	tcase_add_test(tcase, submits_are_refused_when_the_store_is_nearly_full);
	tcase_add_test(tcase, a_batch_that_cannot_be_written_yet_is_closed_at_its_limit);
	tcase_add_test(tcase, a_refused_commit_opens_a_closed_batch);
	tcase_add_test(tcase, many_deadlines_take_several_turns);
	tcase_add_test(tcase, placement_pauses_while_the_batch_is_crowded);
	tcase_add_loop_test(tcase, a_gang_is_durable_as_a_whole, 0, 2);
	tcase_add_test(tcase, deadlines_wake_the_owner);
	tcase_add_test(tcase, a_callback_may_go_on);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
