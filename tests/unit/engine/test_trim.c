/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/trim.c. */
#include "fixture.h"

#include <stdio.h>

#include "base/time.h"
#include "support/suite.h"

#define KEPT    20
#define HOUR_MS (UINT64_C(3600) * 1000)

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
	fixture.options.history_keep = KEPT;
	fixture.options.history_age = (struct centro_span){UINT64_MAX};
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

static size_t kept(void)
{
	return fixture_row_count(&fixture, "history/", "history0");
}

static size_t gone(void)
{
	return fixture_row_count(&fixture, "gone/", "gone0");
}

static bool is_kept(centro_job_id job)
{
	char key[40];
	snprintf(key, sizeof(key), "history/%020llu", (unsigned long long)job);
	return fixture_row(&fixture, key).size > 0;
}

static centro_job_id submit(const char *request_id)
{
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, request_id, 1, &result), CENTRO_OK);
	return result.job;
}

/* One that has come and gone. */
static centro_job_id end_one(const char *request_id)
{
	centro_job_id job = submit(request_id);
	ck_assert_int_eq(fixture_cancel(&fixture, job), CENTRO_OK);
	fixture_settle(&fixture);
	return job;
}

static centro_job_id end_many(int count)
{
	centro_job_id job = 0;
	for (int i = 0; i < count; i++)
		job = end_one(NULL);
	return job;
}

/* A batch in which nothing ends. */
static void write_something(void)
{
	centro_job_id job = submit(NULL);
	(void)job;
	fixture_settle(&fixture);
}

START_TEST(the_newest_stay)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	centro_job_id last = end_many(KEPT);
	ck_assert_uint_eq(kept(), KEPT);
	last = end_many(KEPT);
	write_something();
	ck_assert_uint_eq(kept(), KEPT);
	for (centro_job_id job = 1; job <= last; job++)
		ck_assert_int_eq(is_kept(job), job > last - KEPT);

	fixture_reopen(&fixture);
	for (int i = 0; i < 3; i++)
		write_something();
	ck_assert_uint_eq(kept(), KEPT);
	last = end_many(1);
	write_something();
	write_something();
	ck_assert_uint_eq(kept(), KEPT);
	ck_assert(is_kept(last));
	fixture_assert_stored(&fixture);
}
END_TEST

/* A job's number may be far below those that ended before it. */
START_TEST(one_that_ends_late_is_seen)
{
	fixture_open(&fixture);
	centro_job_id first = submit(NULL), second = submit(NULL);
	end_many(2 * KEPT);
	ck_assert_int_eq(fixture_cancel(&fixture, second), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert(is_kept(second));
	write_something();
	write_something();
	write_something();
	ck_assert_uint_eq(kept(), KEPT);
	ck_assert(!is_kept(second));
	ck_assert_ptr_nonnull(ctr_core_find_job(fixture.engine->core, first));
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_request_id_outlives_its_job)
{
	struct ctr_result result;
	fixture_open(&fixture);
	centro_job_id job = end_one("r1");
	end_many(2 * KEPT);
	write_something();
	ck_assert(!is_kept(job));
	ck_assert_uint_eq(gone(), 1);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fixture_submit_many(&fixture, "r1", 1, &result), CENTRO_OK);
		ck_assert(result.existing);
		ck_assert_uint_eq(result.job, job);
		ck_assert_int_eq(fixture_try_submit(&fixture, "r1", 1, "other", &result),
				 CENTRO_ERR_CONFLICT);
		fixture_reopen(&fixture);
		write_something();
		ck_assert_uint_eq(gone(), 1);
	}
	fixture_advance_ms(&fixture, 25 * HOUR_MS);
	write_something();
	write_something();
	ck_assert_uint_eq(gone(), 0);
	ck_assert_int_eq(fixture_submit_many(&fixture, "r1", 1, &result), CENTRO_OK);
	ck_assert(!result.existing);
}
END_TEST

START_TEST(the_old_go)
{
	fixture.options.history_keep = UINT64_MAX;
	fixture.options.history_age = ctr_span_ms(HOUR_MS);
	fixture_open(&fixture);
	end_many(KEPT);
	fixture_advance_ms(&fixture, HOUR_MS / 2);
	centro_job_id young = end_many(KEPT);
	fixture_advance_ms(&fixture, HOUR_MS / 2 - 1);
	write_something();
	ck_assert_uint_eq(kept(), 2 * KEPT);
	fixture_advance_ms(&fixture, 1);
	write_something();
	write_something();
	ck_assert_uint_eq(kept(), KEPT);
	ck_assert(is_kept(young));
	/* Also those that were old when the server came. */
	fixture_close(&fixture);
	fixture_advance_ms(&fixture, HOUR_MS);
	fixture_open(&fixture);
	write_something();
	write_something();
	ck_assert_uint_eq(kept(), 0);
}
END_TEST

/* In portions, and without anything else to be written. */
START_TEST(a_backlog_melts_by_itself)
{
	fixture.options.history_keep = UINT64_MAX;
	fixture_open(&fixture);
	end_many(2500);
	ck_assert_uint_eq(kept(), 2500);
	fixture_close(&fixture);
	fixture.options.history_keep = KEPT;
	fixture.late = true;
	fixture_open(&fixture);
	size_t before = kept();
	for (int i = 0; i < 500; i++) {
		fixture_dispatch(&fixture);
		size_t now = kept();
		ck_assert_uint_le(before, now + CTR_ENGINE_TRIM_DELETES);
		before = now;
	}
	ck_assert_uint_lt(before, KEPT + CTR_ENGINE_TRIM_DELETES);
	ck_assert_uint_ge(before, KEPT);
	fixture_assert_stored(&fixture);
}
END_TEST

/* However many end in one batch. */
START_TEST(many_ends_at_once_are_kept_pace_with)
{
	fixture_open(&fixture);
	for (int round = 0; round < 20; round++) {
		centro_job_id jobs[300];
		for (int i = 0; i < 300; i++)
			jobs[i] = submit(NULL);
		for (int i = 0; i < 300; i++)
			ck_assert_int_eq(fixture_cancel(&fixture, jobs[i]), CENTRO_OK);
		fixture_dispatch(&fixture);
		fixture_dispatch(&fixture);
		ck_assert_uint_le(kept(), 3 * 300);
	}
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_refused_batch_removes_nothing)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	end_many(2 * KEPT);
	for (int i = 0; i < 20; i++) {
		struct ctr_memory_fault fault = {.status = CENTRO_ERR_FULL};
		size_t before = kept();
		ctr_memory_disk_set_fault(fixture.disk, fault);
		submit(NULL);
		fixture_settle(&fixture);
		ck_assert_uint_eq(kept(), before);
		end_many(3);
	}
	write_something();
	write_something();
	ck_assert_uint_eq(fixture.reloaded_count, 20);
	ck_assert_uint_eq(kept(), KEPT);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_store_does_not_die_of_its_past)
{
	fixture.options.history_keep = UINT64_MAX;
	fixture.options.store_full_percent = 20;
	fixture.options.events_max = 50;
	fixture.store_bytes_max = 1024 * 1024;
	fixture_open(&fixture);
	for (int i = 0; i < 3000; i++)
		end_one(NULL);
	ck_assert(!fixture.engine->store_full);
	ck_assert_uint_gt(kept(), 100);
	ck_assert_uint_lt(kept(), 2900);
}
END_TEST

START_TEST(what_cannot_be_read_stays)
{
	fixture.options.core.request_ttl = ctr_span_ms(1);
	fixture_open(&fixture);
	end_many(2 * KEPT);
	fixture_close(&fixture);
	char key[40];
	snprintf(key, sizeof(key), "history/%020d", 1);
	fixture_set_row(&fixture, key, "\x08\x07", 2);
	fixture.options.core.requests_max = 1;
	fixture_open(&fixture);
	end_many(KEPT);
	ck_assert(is_kept(1));
	ck_assert_uint_le(kept(), KEPT + 1);
}
END_TEST

START_TEST(nothing_is_looked_for_without_need)
{
	fixture.options.history_age = ctr_span_ms(HOUR_MS);
	fixture_open(&fixture);
	end_many(KEPT / 2);
	write_something();
	const struct ctr_trim_list *list = &fixture.engine->trim.lists[CTR_TRIM_HISTORY];
	uint64_t asked = list->asked;
	write_something();
	write_something();
	ck_assert_uint_eq(list->asked, asked);
	ck_assert_uint_eq(list->total, KEPT / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/trim");
	TCase *tcase = tcase_create("trim");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, the_newest_stay, 0, 2);
	tcase_add_test(tcase, one_that_ends_late_is_seen);
	tcase_add_test(tcase, a_request_id_outlives_its_job);
	tcase_add_test(tcase, the_old_go);
	tcase_add_test(tcase, a_backlog_melts_by_itself);
	tcase_add_test(tcase, many_ends_at_once_are_kept_pace_with);
	tcase_add_loop_test(tcase, a_refused_batch_removes_nothing, 0, 2);
	tcase_add_test(tcase, a_store_does_not_die_of_its_past);
	tcase_add_test(tcase, what_cannot_be_read_stays);
	tcase_add_test(tcase, nothing_is_looked_for_without_need);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
