/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/retention.c. */
#include "fixture.h"

#include "base/time.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define KEPT 50

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
	fixture.options.events_max = KEPT;
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

static size_t record_count(void)
{
	return fixture_row_count(&fixture, "event/", "event0");
}

/* One event, one batch, one record each. */
static void submit(int count)
{
	for (int i = 0; i < count; i++) {
		fixture_submit(&fixture);
		fixture_settle(&fixture);
	}
}

START_TEST(old_records_go_and_new_ones_stay)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	submit(KEPT);
	ck_assert_uint_eq(record_count(), KEPT);
	submit(1000);
	/* The delete comes with a later batch, after a look at what there is. */
	ck_assert_uint_le(record_count(), KEPT + 4);
	ck_assert_uint_ge(record_count(), KEPT);
	ck_assert_uint_eq(fixture_row(&fixture, "event/00000000000000000001").size, 0);
	ck_assert_uint_gt(fixture_row(&fixture, "event/00000000000000001050").size, 0);
	ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), 1050);

	fixture_reopen(&fixture);
	ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), 1050);
	submit(100);
	ck_assert_uint_le(record_count(), KEPT + 4);
	ck_assert_uint_ge(record_count(), KEPT);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(records_go_whole)
{
	fixture_open(&fixture);
	/* 40 events in one record: all of it is kept as long as one event must be. */
	for (int i = 0; i < 40; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	submit(KEPT - 1);
	ck_assert_uint_gt(fixture_row(&fixture, "event/00000000000000000001").size, 0);
	submit(5);
	ck_assert_uint_eq(fixture_row(&fixture, "event/00000000000000000001").size, 0);
}
END_TEST

START_TEST(a_backlog_goes_bit_by_bit)
{
	fixture.options.events_max = 1000000;
	fixture_open(&fixture);
	submit(2000);
	ck_assert_uint_eq(record_count(), 2000);
	fixture_close(&fixture);
	fixture.options.events_max = KEPT;
	fixture_open(&fixture);
	size_t before = record_count();
	for (int i = 0; i < 45; i++) {
		submit(1);
		size_t now = record_count();
		ck_assert_uint_le(before, now + CTR_ENGINE_RETENTION_DELETES);
		before = now;
	}
	ck_assert_uint_le(before, KEPT + 4);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(what_is_too_old_goes)
{
	fixture.options.events_max = 1000000;
	fixture.options.events_age = ctr_span_ms(10000);
	fixture.late = _i == 1;
	fixture_open(&fixture);
	/* A record every second: ten are younger, and some that are not may wait for a batch. */
	for (int i = 0; i < 1000; i++) {
		submit(1);
		fixture_advance_ms(&fixture, 1000);
	}
	ck_assert_uint_ge(record_count(), 10);
	ck_assert_uint_le(record_count(), 14);
	/* Cluster time goes on over a restart, and age with it; the last one always stays. */
	fixture_reopen(&fixture);
	fixture_advance_ms(&fixture, 100000);
	submit(5);
	ck_assert_uint_le(record_count(), 7);
	ck_assert_uint_ge(record_count(), 5);
	ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), 1005);
	fixture_advance_ms(&fixture, 100000);
	fixture_reopen(&fixture);
	ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), 1005);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_refused_delete_is_done_again)
{
	fixture.late = _i % 2 == 1;
	fixture_open(&fixture);
	submit(KEPT * 2);
	for (int i = 0; i < 20; i++) {
		struct ctr_memory_fault fault = {.status = CENTRO_ERR_FULL};
		ctr_memory_disk_set_fault(fixture.disk, fault);
		submit(5);
	}
	submit(10);
	ck_assert_uint_eq(fixture.reloaded_count, 20);
	ck_assert_uint_le(record_count(), KEPT + 8);
	ck_assert_uint_ge(record_count(), KEPT);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(looking_is_not_repeated_without_need)
{
	struct failing_allocator counting;
	failing_allocator_init(&counting, 0);
	fixture.options.allocator = &counting.allocator;
	fixture_open(&fixture);
	for (int i = 0; i < KEPT * 2; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	/* What became durable last is looked at once; a scan would take memory. */
	fixture_dispatch(&fixture);
	size_t calls = counting.calls;
	for (int i = 0; i < 10; i++)
		fixture_dispatch(&fixture);
	ck_assert_uint_eq(counting.calls, calls);
	fixture_close(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/retention");
	TCase *tcase = tcase_create("retention");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, old_records_go_and_new_ones_stay, 0, 2);
	tcase_add_test(tcase, records_go_whole);
	tcase_add_test(tcase, a_backlog_goes_bit_by_bit);
	tcase_add_loop_test(tcase, what_is_too_old_goes, 0, 2);
	tcase_add_loop_test(tcase, a_refused_delete_is_done_again, 0, 2);
	tcase_add_test(tcase, looking_is_not_repeated_without_need);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
