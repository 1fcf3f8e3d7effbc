/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/engine.c: its beginning and its end. */
#include "fixture.h"

#include "support/failing_allocator.h"
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

START_TEST(options_are_checked)
{
	struct centro_error_text text = {0};
	fixture.options.store_full_percent = 101;
	ck_assert_int_eq(fixture_try_open(&fixture, &text), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "store_full_percent: 101"));
	fixture.options.store_full_percent = 100;
	fixture.options.batch_ops_max = 1000000;
	ck_assert_int_eq(fixture_try_open(&fixture, &text), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "batch_ops_max: 1000000"));
	fixture.options.batch_ops_max = 1;
	fixture_open(&fixture);
	fixture_close(&fixture);
	fixture.options.batch_ops_max = CENTRO_STORE_BATCH_OPS_MAX / 2 / CTR_ENGINE_BATCH_OVERRUN;
	fixture_open(&fixture);
}
END_TEST

START_TEST(an_empty_store_is_ready_at_once)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_READY);
	ck_assert_int_eq(ctr_engine_get_error(fixture.engine, NULL), CENTRO_OK);
	ck_assert_uint_eq(ctr_engine_get_term(fixture.engine), 1);
	ck_assert_int_eq(ctr_engine_fd(fixture.engine), -1);
	ck_assert_ptr_nonnull(ctr_engine_allocator(fixture.engine));
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_engine_get_wake(fixture.engine).ns, CENTRO_INSTANT_NEVER_NS);
	ck_assert_uint_eq(fixture_row_count(&fixture, "", ""), 0);
}
END_TEST

START_TEST(the_end_commits_what_is_open)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	fixture_submit(&fixture);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	fixture_close(&fixture);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_OK);
	fixture_open(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 1);
}
END_TEST

START_TEST(the_end_tells_those_who_wait_what_became_of_it)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	struct waiter in_flight, open;
	fixture_submit(&fixture);
	waiter_wait(&in_flight, &fixture, NULL);
	fixture_dispatch(&fixture);
	fixture_submit(&fixture);
	waiter_wait(&open, &fixture, NULL);
	size_t told = fixture.durable_count;
	fixture_close(&fixture);
	ctr_memory_disk_hold(fixture.disk, false);
	ck_assert_int_eq(in_flight.called, 1);
	ck_assert_int_eq(in_flight.status, CENTRO_OK);
	ck_assert_int_eq(open.called, 1);
	ck_assert_int_eq(open.status, CENTRO_ERR_CANCELLED);
	ck_assert_uint_eq(fixture.durable_count, told);
	fixture_open(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 1);
}
END_TEST

START_TEST(a_last_commit_that_fails_is_not_acknowledged)
{
	static const int errors[] = {CENTRO_ERR_IO, CENTRO_ERR_FULL, CENTRO_ERR_FENCED};
	fixture_open(&fixture);
	ctr_memory_disk_set_fault(fixture.disk, (struct ctr_memory_fault){.status = errors[_i]});
	fixture_submit(&fixture);
	struct waiter waiter;
	waiter_wait(&waiter, &fixture, NULL);
	fixture_close(&fixture);
	ck_assert_int_eq(waiter.called, 1);
	ck_assert_int_eq(waiter.status, CENTRO_ERR_CANCELLED);
}
END_TEST

static void try_to_go_on(struct ctr_release *release, int status)
{
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 1, &result), CENTRO_ERR_UNAVAILABLE);
	ck_assert_ptr_null(ctr_engine_core(fixture.engine));
}

START_TEST(nobody_goes_on_at_the_end)
{
	fixture_open(&fixture);
	fixture_submit(&fixture);
	struct ctr_release release;
	ctr_release_init(&release, try_to_go_on);
	ctr_engine_release(fixture.engine, &release);
	fixture_close(&fixture);
}
END_TEST

START_TEST(it_may_end_while_it_loads)
{
	fixture.late = true;
	fixture_open(&fixture);
	for (int i = 0; i < 100; i++)
		fixture_submit(&fixture);
	fixture_close(&fixture);
	for (int turns = 0; turns < 20; turns++) {
		struct ctr_engine *engine;
		struct centro_store *store = fixture_store_new(&fixture);
		ck_assert_int_eq(
			ctr_engine_new(&fixture.options, store, fixture.now, &engine, NULL),
			CENTRO_OK);
		for (int i = 0; i < turns; i++)
			ctr_engine_dispatch(engine, fixture.now);
		ctr_engine_free(engine);
	}
	ctr_engine_free(NULL);
}
END_TEST

/* A bit of everything, of which anything may fail for want of memory. */
static void scenario(struct fixture *run)
{
	struct waiter waiter;
	struct ctr_result result;
	if (fixture_try_open(run, NULL) != CENTRO_OK)
		return;
	fixture_try_register(run, "n1", 2, &result);
	run->node = result.node;
	for (int i = 0; i < 4; i++) {
		int status = fixture_submit_many(run, "id", 1, &result);
		centro_job_id job = result.job;
		waiter_wait(&waiter, run, NULL);
		for (int turn = 0; turn < 4; turn++) {
			fixture_advance_ms(run, 200);
			fixture_dispatch(run);
		}
		ck_assert_int_eq(waiter.called, 1);
		if (status == CENTRO_OK && ctr_engine_core(run->engine))
			fixture_report(run, job, true, 0);
		for (int turn = 0; turn < 4; turn++) {
			fixture_advance_ms(run, 200);
			fixture_dispatch(run);
		}
		fixture_assert_sound(run);
	}
	fixture_submit_many(run, NULL, 3, &result);
	fixture_close(run);
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct fixture run;
		failing_allocator_init(&failing, ++fail_at);
		fixture_init(&run);
		run.late = _i == 1;
		run.options.allocator = &failing.allocator;
		scenario(&run);
		ck_assert_ptr_null(run.engine);
		ck_assert_uint_eq(failing.live, 0);
		/* What is stored makes sense whatever failed. */
		fixture_stored_hash(&run);
		fixture_fini(&run);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/engine");
	TCase *tcase = tcase_create("engine");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, options_are_checked);
	tcase_add_loop_test(tcase, an_empty_store_is_ready_at_once, 0, 2);
	tcase_add_loop_test(tcase, the_end_commits_what_is_open, 0, 2);
	tcase_add_loop_test(tcase, the_end_tells_those_who_wait_what_became_of_it, 0, 2);
	tcase_add_loop_test(tcase, a_last_commit_that_fails_is_not_acknowledged, 0, 3);
	tcase_add_test(tcase, nobody_goes_on_at_the_end);
	tcase_add_test(tcase, it_may_end_while_it_loads);
	tcase_add_loop_test(tcase, every_allocation_may_fail, 0, 2);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
