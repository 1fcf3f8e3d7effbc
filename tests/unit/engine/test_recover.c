/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/recover.c: what a store holds is what a new engine has. */
#include "fixture.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/codec.h"
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

static void assert_refused(int error, const char *named)
{
	struct centro_error_text text = {0};
	ck_assert_int_eq(fixture_try_open(&fixture, &text), error);
	ck_assert_ptr_null(fixture.engine);
	ck_assert_msg(strstr(text.text, named), "\"%s\" does not name \"%s\"", text.text, named);
}

#define SPEC_KEY  "job/00000000000000000004/spec"
#define STATE_KEY "job/00000000000000000004/state"

/* Something of every kind: pending, assigned, running, ended, cancelled; a queue. */
static void make_some_of_everything(void)
{
	struct ctr_command queue = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = ctr_bytes_str("batch"), .weight = 3, .priority = -5},
	};
	struct ctr_result result;
	ck_assert_int_eq(fixture_execute(&fixture, &queue, &result), CENTRO_OK);
	fixture_register(&fixture, 4);
	for (int i = 0; i < 8; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, 1, true, 3), CENTRO_OK);
	ck_assert_int_eq(fixture_report(&fixture, 2, false, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_cancel(&fixture, 2), CENTRO_OK);
	ck_assert_int_eq(fixture_report(&fixture, 3, false, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 10, &result), CENTRO_OK);
	fixture_settle(&fixture);
}

START_TEST(opening_again_gives_the_same_state)
{
	fixture.late = _i == 1;
	fixture_open(&fixture);
	make_some_of_everything();
	uint64_t hash = ctr_core_hash(ctr_engine_core(fixture.engine));
	uint64_t term = ctr_engine_get_term(fixture.engine);
	for (int i = 0; i < 3; i++) {
		fixture_reopen(&fixture);
		fixture_assert_sound(&fixture);
		ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(fixture.engine)), hash);
		ck_assert_uint_gt(ctr_engine_get_term(fixture.engine), term);
		term = ctr_engine_get_term(fixture.engine);
		fixture_assert_stored(&fixture);
	}
	ck_assert_uint_eq(fixture.reloaded_count, 0);
}
END_TEST

START_TEST(a_kill_loses_only_what_was_not_durable)
{
	/* A batch under way reaches the disk, or does not; nobody was told. */
	fixture_open(&fixture);
	make_some_of_everything();
	uint64_t before = ctr_core_hash(ctr_engine_core(fixture.engine));
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	uint64_t after = ctr_core_hash(ctr_engine_core(fixture.engine));
	fixture_submit(&fixture);
	ck_assert_uint_eq(fixture_stored_hash(&fixture), before);
	/* Closing waits for what is under way, and gives up what is open. */
	fixture_close(&fixture);
	ck_assert_uint_eq(fixture_stored_hash(&fixture), after);
	ctr_memory_disk_hold(fixture.disk, false);
}
END_TEST

START_TEST(ids_never_repeat)
{
	centro_job_id last = 0;
	for (int round = 0; round < 20; round++) {
		fixture_open(&fixture);
		for (int i = 0; i < 10; i++) {
			centro_job_id id = fixture_submit(&fixture);
			ck_assert_uint_gt(id, last);
			/* Told to somebody or not: what was told may not come again. */
			last = id;
			fixture_settle(&fixture);
		}
		if (round % 2 == 0) {
			/* The batch that is under way is lost. */
			ctr_memory_disk_set_fault(
				fixture.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_IO});
			fixture_submit(&fixture);
			fixture_dispatch(&fixture);
		}
		fixture_close(&fixture);
	}
}
END_TEST

static int submit_request(const char *request_id, uint32_t count, centro_job_id *ret_job,
			  bool *ret_existing)
{
	struct ctr_result result;
	int status = fixture_submit_many(&fixture, request_id, count, &result);
	*ret_job = result.job;
	*ret_existing = result.existing;
	return status;
}

START_TEST(request_ids_are_remembered)
{
	fixture_open(&fixture);
	fixture_register(&fixture, 100);
	centro_job_id live, ended, again;
	bool existing;
	ck_assert_int_eq(submit_request("live", 1, &live, &existing), CENTRO_OK);
	ck_assert_int_eq(submit_request("ended", 1, &ended, &existing), CENTRO_OK);
	ck_assert(!existing);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, ended, true, 0), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture_row_count(&fixture, "history/", "history0"), 1);

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(submit_request("live", 1, &again, &existing), CENTRO_OK);
		ck_assert(existing && again == live);
		ck_assert_int_eq(submit_request("ended", 1, &again, &existing), CENTRO_OK);
		ck_assert(existing && again == ended);
		ck_assert_int_eq(submit_request("ended", 2, &again, &existing),
				 CENTRO_ERR_CONFLICT);
		ck_assert_int_eq(submit_request("live", 2, &again, &existing), CENTRO_ERR_CONFLICT);
		if (i == 0) {
			ctr_memory_disk_set_fault(
				fixture.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
			fixture_submit(&fixture);
			fixture_settle(&fixture);
			ck_assert_uint_eq(fixture.reloaded_count, 1);
		} else {
			fixture_reopen(&fixture);
		}
	}
}
END_TEST

START_TEST(request_ids_are_forgotten_in_time)
{
	fixture.options.core.request_ttl = ctr_span_ms(60000);
	fixture_open(&fixture);
	fixture_register(&fixture, 100);
	centro_job_id job, again;
	bool existing;
	ck_assert_int_eq(submit_request("a", 1, &job, &existing), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
	fixture_settle(&fixture);
	fixture_advance_ms(&fixture, 59000);
	fixture_reopen(&fixture);
	ck_assert_int_eq(submit_request("a", 1, &again, &existing), CENTRO_OK);
	ck_assert(existing);
	fixture_close(&fixture);
	fixture_advance_ms(&fixture, 2000);
	fixture_open(&fixture);
	ck_assert_int_eq(submit_request("a", 1, &again, &existing), CENTRO_OK);
	ck_assert(!existing && again != job);
}
END_TEST

START_TEST(the_newest_request_ids_are_kept)
{
	fixture.options.core.requests_max = 10;
	fixture_open(&fixture);
	fixture_register(&fixture, 100);
	centro_job_id job[20], again;
	bool existing;
	char id[20];
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "request-%d", i);
		ck_assert_int_eq(submit_request(id, 1, &job[i], &existing), CENTRO_OK);
		fixture_settle(&fixture);
		ck_assert_int_eq(fixture_report(&fixture, job[i], true, 0), CENTRO_OK);
		fixture_settle(&fixture);
	}
	fixture_reopen(&fixture);
	for (int i = 19; i >= 10; i--) {
		snprintf(id, sizeof(id), "request-%d", i);
		ck_assert_int_eq(submit_request(id, 1, &again, &existing), CENTRO_OK);
		ck_assert(existing && again == job[i]);
	}
	/* The next one makes the oldest go, and no other. */
	ck_assert_int_eq(submit_request("next", 1, &again, &existing), CENTRO_OK);
	ck_assert(!existing);
	ck_assert_int_eq(submit_request("request-19", 1, &again, &existing), CENTRO_OK);
	ck_assert(existing);
	ck_assert_int_eq(submit_request("request-11", 1, &again, &existing), CENTRO_OK);
	ck_assert(existing);
}
END_TEST

START_TEST(old_jobs_do_not_hide_a_request)
{
	fixture.options.core.request_ttl = ctr_span_ms(60000);
	fixture_open(&fixture);
	fixture_register(&fixture, 10000);
	centro_job_id job, again;
	bool existing;
	for (int round = 0; round < 24; round++) {
		centro_job_id first = 0;
		for (int i = 0; i < 500; i++) {
			job = fixture_submit(&fixture);
			first = first ? first : job;
		}
		fixture_settle(&fixture);
		for (centro_job_id i = 0; i < 500; i++)
			ck_assert_int_eq(fixture_report(&fixture, first + i, true, 0), CENTRO_OK);
		fixture_settle(&fixture);
	}
	fixture_advance_ms(&fixture, 61000);
	fixture_register(&fixture, 10000);
	ck_assert_int_eq(submit_request("new", 1, &job, &existing), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
	fixture_reopen(&fixture);
	ck_assert_int_eq(submit_request("new", 1, &again, &existing), CENTRO_OK);
	ck_assert(existing && again == job);
}
END_TEST

START_TEST(ids_are_stored_also_when_the_first_commit_is_refused)
{
	fixture_open(&fixture);
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture_row_count(&fixture, "", ""), 0);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_gt(fixture_row(&fixture, "meta/ids").size, 0);
	ck_assert_uint_gt(fixture_row(&fixture, "meta/format").size, 0);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(a_row_of_another_job_is_named)
{
	fixture_open(&fixture);
	make_some_of_everything();
	fixture_close(&fixture);
	uint8_t other[4096];
	struct centro_bytes row = fixture_row(&fixture, "job/00000000000000000005/spec");
	ck_assert_uint_lt(row.size, sizeof(other));
	memcpy(other, row.data, row.size);
	fixture_set_row(&fixture, SPEC_KEY, other, row.size);
	assert_refused(CENTRO_ERR_CORRUPT, "job/00000000000000000004");
}
END_TEST

START_TEST(cluster_time_goes_on)
{
	fixture_open(&fixture);
	fixture_advance_ms(&fixture, 5000);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	struct ctr_now then = ctr_engine_now(fixture.engine, fixture.now);
	ck_assert_uint_ge(then.cluster.ns, 5000 * CTR_NS_PER_MS);
	fixture_close(&fixture);
	/* Another machine: its clock began anew. */
	fixture.now.steady.ns = 1;
	fixture_open(&fixture);
	struct ctr_now now = ctr_engine_now(fixture.engine, fixture.now);
	ck_assert_uint_ge(now.cluster.ns, then.cluster.ns);
	ck_assert_uint_le(now.cluster.ns, then.cluster.ns + CTR_NS_PER_MS);
}
END_TEST

/* ---- rows that make no sense ------------------------------------- */

static const struct damage {
	const char *key;
	const char *value; /* NULL: the row is gone */
	size_t size;
	const char *named;
} damages[] = {
	{SPEC_KEY, "\xff\xff\xff", 3, "job/00000000000000000004"},
	{STATE_KEY, "\xff\xff\xff", 3, STATE_KEY},
	{STATE_KEY, "\x80\x01\x63", 3, STATE_KEY}, /* state 99 */
	{SPEC_KEY, NULL, 0, STATE_KEY},
	{STATE_KEY, NULL, 0, "job/0000000000000000000"},
	{"job/00000000000000000004/stale", "", 0, "job/00000000000000000004/stale"},
	{"job/4/spec", "", 0, "job/4/spec"},
	{"node/00000000000000000001", "\x08\x02", 2, "node/00000000000000000001"},
	{"node/00000000000000000001", NULL, 0, "node"},
	{"node/1", "x", 1, "node/1"},
	{"queue/batch", "\x0a\x05other", 7, "queue/batch"},
	{"queue/NO NAME\n", "x", 1, "queue/NO NAME\\x0a"},
	{"meta/ids", "\xff", 1, "meta/ids"},
	{"meta/ids", NULL, 0, ""},
	{"meta/format", "\xff", 1, "meta/format"},
	{"meta/format", NULL, 0, "meta/format"},
	{"event/99999999999999999999", "\xff\xff", 2, "event/99999999999999999999"},
	{"history/00000000000000000001", "\xff\xff", 2, "history/00000000000000000001"},
	{"history/00000000000000000001", "\x08\x02", 2, "history/00000000000000000001"},
	{"history/00000000000000000001", "", 0, "history/00000000000000000001"},
	{"history/00000000000000000000", "\x08\x00", 2, "history/00000000000000000000"},
	{"history/1", "\x08\x01", 2, "history/1"},
	{"gone/00000000000000000001", "\xff\xff", 2, "gone/00000000000000000001"},
	{"gone/00000000000000000001", "\x08\x02", 2, "gone/00000000000000000001"},
	{"gone/1", "\x08\x01", 2, "gone/1"},
	/* A number that has not been given out yet. */
	{"gone/00000000000099999999", "\x08\xff\xc1\xd7\x2f", 5, "meta/ids"},
	{"history/00000000000099999999", "\x08\xff\xc1\xd7\x2f", 5, "meta/ids"},
};

START_TEST(a_damaged_row_is_named)
{
	const struct damage *damage = &damages[_i / 2];
	fixture_open(&fixture);
	make_some_of_everything();
	fixture_close(&fixture);
	fixture.late = _i % 2 == 1;
	fixture_set_row(&fixture, damage->key, damage->value, damage->size);
	assert_refused(CENTRO_ERR_CORRUPT, damage->named);
	assert_refused(CENTRO_ERR_CORRUPT, damage->named);
}
END_TEST

START_TEST(a_half_job_at_the_end_is_named)
{
	fixture_open(&fixture);
	fixture_settle(&fixture);
	fixture_close(&fixture);
	fixture_set_row(&fixture, SPEC_KEY, "\x08\x04", 2);
	assert_refused(CENTRO_ERR_CORRUPT, SPEC_KEY);
}
END_TEST

START_TEST(a_newer_format_is_refused_first)
{
	fixture_open(&fixture);
	make_some_of_everything();
	fixture_close(&fixture);
	/* Nothing else of it may be looked at: it may all be different. */
	fixture_set_row(&fixture, SPEC_KEY, "\xff\xff\xff", 3);
	fixture_set_row(&fixture, "meta/format", "\x08\x63\x10\x63\x1a\x05v99.0", 11);
	assert_refused(CENTRO_ERR_VERSION, "meta/format");
}
END_TEST

START_TEST(rows_of_kinds_unknown_are_left_alone)
{
	fixture_open(&fixture);
	make_some_of_everything();
	uint64_t hash = ctr_core_hash(ctr_engine_core(fixture.engine));
	fixture_close(&fixture);
	fixture_set_row(&fixture, "schedule/nightly", "?", 1);
	fixture_set_row(&fixture, "meta/other", "?", 1);
	fixture_set_row(&fixture, "zoo", "?", 1);
	fixture_open(&fixture);
	ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(fixture.engine)), hash);
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture_row(&fixture, "schedule/nightly").size, 1);
}
END_TEST

START_TEST(events_may_be_missing)
{
	fixture_open(&fixture);
	make_some_of_everything();
	uint64_t last = ctr_core_last_event(ctr_engine_core(fixture.engine));
	fixture_close(&fixture);
	for (uint64_t number = 1; number <= last; number++) {
		char key[64];
		snprintf(key, sizeof(key), "event/%020llu", (unsigned long long)number);
		fixture_set_row(&fixture, key, NULL, 0);
	}
	fixture_open(&fixture);
	/* The records tell of some, and numbers are not given twice. */
	uint64_t known = ctr_engine_durable_event(fixture.engine);
	ck_assert_uint_gt(known, 0);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_gt(ctr_engine_durable_event(fixture.engine), known);
	fixture_assert_stored(&fixture);
}
END_TEST

/* ---- memory ------------------------------------------------------ */

START_TEST(a_reload_that_lacks_memory_is_tried_again)
{
	struct failing_allocator failing;
	int retries = 0;
	for (size_t fail_at = 1;; fail_at++) {
		failing_allocator_init(&failing, 0);
		fixture.options.allocator = &failing.allocator;
		fixture.reloaded_count = 0;
		fixture_open(&fixture);
		if (fail_at == 1)
			make_some_of_everything();
		fixture_settle(&fixture);
		uint64_t hash = ctr_core_hash(ctr_engine_core(fixture.engine));
		ctr_memory_disk_set_fault(fixture.disk,
					  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
		fixture_submit(&fixture);
		fixture_dispatch(&fixture); /* without a fault of memory so far */
		bool reloaded = fixture.reloaded_count == 1;
		ck_assert(reloaded);

		ctr_memory_disk_set_fault(fixture.disk,
					  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
		fixture_submit(&fixture);
		failing.fail_at = failing.calls + fail_at;
		for (int i = 0; i < 10; i++)
			fixture_dispatch(&fixture);
		if (ctr_engine_get_state(fixture.engine) == CTR_ENGINE_LOADING) {
			retries++;
			ck_assert_uint_gt(ctr_engine_get_wake(fixture.engine).ns,
					  fixture.now.steady.ns);
			fixture_advance_ms(&fixture, 200);
			fixture_settle(&fixture);
		}
		ck_assert_int_eq(ctr_engine_get_state(fixture.engine), CTR_ENGINE_READY);
		ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(fixture.engine)), hash);
		fixture_close(&fixture);
		ck_assert_uint_eq(failing.live, 0);
		if (!failing.failed)
			break;
	}
	ck_assert_int_gt(retries, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/recover");
	TCase *tcase = tcase_create("recover");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, opening_again_gives_the_same_state, 0, 2);
	tcase_add_test(tcase, a_kill_loses_only_what_was_not_durable);
	tcase_add_test(tcase, ids_never_repeat);
	tcase_add_test(tcase, request_ids_are_remembered);
	tcase_add_test(tcase, request_ids_are_forgotten_in_time);
	tcase_add_test(tcase, the_newest_request_ids_are_kept);
	tcase_add_test(tcase, old_jobs_do_not_hide_a_request);
	tcase_add_test(tcase, ids_are_stored_also_when_the_first_commit_is_refused);
	tcase_add_test(tcase, a_row_of_another_job_is_named);
	tcase_add_test(tcase, cluster_time_goes_on);
	tcase_add_loop_test(tcase, a_damaged_row_is_named, 0, 2 * (int)CTR_ARRAY_SIZE(damages));
	tcase_add_test(tcase, a_half_job_at_the_end_is_named);
	tcase_add_test(tcase, a_newer_format_is_refused_first);
	tcase_add_test(tcase, rows_of_kinds_unknown_are_left_alone);
	tcase_add_test(tcase, events_may_be_missing);
	tcase_add_test(tcase, a_reload_that_lacks_memory_is_tried_again);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
