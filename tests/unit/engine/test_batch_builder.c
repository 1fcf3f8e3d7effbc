/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/batch_builder.c: what is written, and how often. */
#include "fixture.h"

#include <centro/store_impl.h>

#include "base/bytes.h"
#include "support/suite.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

/* The last batch that was built. */
static const struct centro_batch *batch(void)
{
	return fixture.engine->flight.batch;
}

static bool starts(struct centro_bytes key, const char *prefix)
{
	return ctr_bytes_starts_with(key, ctr_bytes_str(prefix));
}

/* Puts of anything but events and meta; deletes. */
static void count_ops(size_t *puts, size_t *deletes)
{
	for (size_t i = 0; i < centro_batch_count(batch()); i++) {
		struct centro_op op = centro_batch_get(batch(), i);
		if (starts(op.key, "event/") || starts(op.key, "meta/"))
			continue;
		*puts += op.type == CENTRO_OP_PUT;
		*deletes += op.type == CENTRO_OP_DELETE;
	}
}

/* One turn, and what it wrote. */
static size_t puts_of_turn(void)
{
	size_t puts = 0, deletes = 0;
	uint64_t before = ctr_engine_batch(fixture.engine);
	fixture_dispatch(&fixture);
	if (ctr_engine_batch(fixture.engine) != before)
		count_ops(&puts, &deletes);
	return puts;
}

START_TEST(a_full_cycle_takes_four_puts)
{
	fixture_register(&fixture, 4);
	fixture_settle(&fixture);
	centro_job_id job = fixture_submit(&fixture);
	ck_assert_uint_eq(puts_of_turn(), 2); /* both halves, assigned already */
	ck_assert_int_eq(fixture_state(&fixture, job), CENTRO_INSTANCE_ASSIGNED);
	ck_assert_int_eq(fixture_report(&fixture, job, false, 0), CENTRO_OK);
	ck_assert_uint_eq(puts_of_turn(), 1);
	ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
	ck_assert_uint_eq(puts_of_turn(), 1);
	size_t puts = 0, deletes = 0;
	count_ops(&puts, &deletes);
	ck_assert_uint_eq(deletes, 2);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(what_gathers_is_written_once)
{
	fixture_register(&fixture, 100);
	fixture_settle(&fixture);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);

	/* A commit is under way: all of this gathers behind it. */
	centro_job_id whole = fixture_submit(&fixture);
	centro_job_id started = fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, whole, false, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_report(&fixture, started, false, 0), CENTRO_OK);
	ck_assert_int_eq(fixture_report(&fixture, whole, true, 0), CENTRO_OK);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_dispatch(&fixture);

	size_t puts = 0, deletes = 0;
	count_ops(&puts, &deletes);
	ck_assert_uint_eq(puts, 1 + 2); /* a history; two halves */
	ck_assert_uint_eq(deletes, 0);  /* it never stood in the store */
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture_row_count(&fixture, "history/", "history0"), 1);
	ck_assert_uint_eq(fixture_row_count(&fixture, "job/", "job0"), 4);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(ids_come_first_and_events_last)
{
	fixture_register(&fixture, 100);
	for (int i = 0; i < 10; i++)
		fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	size_t count = centro_batch_count(batch());
	ck_assert(starts(centro_batch_get(batch(), 0).key, "meta/format"));
	ck_assert(starts(centro_batch_get(batch(), 1).key, "meta/ids"));
	for (size_t i = 2; i < count; i++) {
		struct centro_bytes key = centro_batch_get(batch(), i).key;
		ck_assert(!starts(key, "meta/"));
		ck_assert_int_eq(starts(key, "event/"), i == count - 1);
	}
	ck_assert_uint_gt(fixture_row(&fixture, "meta/format").size, 0);

	/* Neither is written again without need. */
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	ck_assert(starts(centro_batch_get(batch(), 0).key, "job/"));
}
END_TEST

START_TEST(ids_are_written_before_they_are_used_up)
{
	for (int i = 0; i < 5000; i++) {
		centro_job_id id = fixture_submit(&fixture);
		centro_job_id reserved;
		centro_node_id node;
		if (i % 7 == 0)
			fixture_dispatch(&fixture);
		ctr_core_reserved_ids(ctr_engine_core(fixture.engine), &reserved, &node);
		ck_assert_uint_lt(id, reserved);
	}
	fixture_settle(&fixture);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(what_belongs_to_a_job_is_one_group)
{
	fixture_register(&fixture, 100);
	centro_job_id jobs[5];
	for (int i = 0; i < 5; i++)
		jobs[i] = fixture_submit(&fixture);
	fixture_settle(&fixture);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(fixture_report(&fixture, jobs[i], true, i), CENTRO_OK);
	fixture_dispatch(&fixture);
	size_t count = centro_batch_count(batch());
	ck_assert_uint_eq(count, 5 * 3 + 1);
	for (size_t i = 0; i + 1 < count; i++) {
		struct centro_op op = centro_batch_get(batch(), i);
		ck_assert_uint_eq(op.group, i / 3);
		ck_assert(starts(op.key, i % 3 == 0 ? "history/" : "job/"));
	}
	ck_assert_uint_eq(centro_batch_get(batch(), count - 1).group, 5);
}
END_TEST

START_TEST(an_ended_job_leaves_memory_and_is_recent)
{
	fixture_register(&fixture, 4);
	centro_job_id job = fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_engine_recent_job(fixture.engine, job).size, 0);
	ck_assert_int_eq(fixture_report(&fixture, job, true, 3), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_ptr_null(ctr_core_find_job(ctr_engine_core(fixture.engine), job));
	struct centro_bytes recent = ctr_engine_recent_job(fixture.engine, job);
	struct centro_bytes stored = fixture_row(&fixture, "history/00000000000000000001");
	ck_assert_uint_eq(job, 1);
	ck_assert_uint_gt(recent.size, 0);
	ck_assert(ctr_bytes_equal(recent, stored));
	ck_assert_uint_eq(fixture_row_count(&fixture, "job/", "job0"), 0);
}
END_TEST

/* Ten thousand instances on a node with the longest name, each with a long story to tell. */
static void end_all(centro_job_id id)
{
	static char message[CTR_REASON_SIZE_MAX + 1];
	memset(message, 'm', sizeof(message) - 1);
	const struct ctr_core *core = ctr_engine_core(fixture.engine);
	for (uint32_t i = 0; i < CTR_INSTANCES_MAX; i++) {
		const struct ctr_job *job = ctr_core_find_job(core, id);
		struct ctr_command command = {
			.type = CTR_COMMAND_REPORT,
			.report =
				{
					.node = fixture.node,
					.session = ctr_engine_get_term(fixture.engine),
					.attempt = ctr_instance_ref(&job->tasks[0].instances[i]),
					.ended = true,
					.cause = CENTRO_CAUSE_SIGNALLED,
					.signal = 9,
					.message = ctr_bytes_str(message),
				},
		};
		struct ctr_result result;
		ck_assert_int_eq(fixture_execute(&fixture, &command, &result), CENTRO_OK);
		if (i % 1000 == 0)
			fixture_settle(&fixture);
	}
}

START_TEST(the_largest_array_fits_into_its_record)
{
	char name[CTR_NODE_NAME_SIZE_MAX + 1];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fixture_register_named(&fixture, name, CTR_INSTANCES_MAX);
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, CTR_INSTANCES_MAX, &result),
			 CENTRO_OK);
	fixture_settle(&fixture);
	fixture_assert_stored(&fixture);
	end_all(result.job);
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture.reloaded_count, 0);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 0);
	ck_assert_uint_eq(fixture_row_count(&fixture, "history/", "history0"), 1);
	fixture_assert_stored(&fixture);
}
END_TEST

START_TEST(what_may_become_too_large_is_refused)
{
	static char text[200 * 1024];
	memset(text, 'x', sizeof(text) - 1);
	struct ctr_result result;
	int status = fixture_try_submit(&fixture, NULL, CTR_INSTANCES_MAX, text, &result);
	ck_assert_int_eq(status, CENTRO_ERR_INVALID);
	ck_assert_msg(strstr(result.text.text, "10000 instances"), "%s", result.text.text);
	ck_assert_int_eq(fixture_try_submit(&fixture, NULL, 5000, text, &result), CENTRO_OK);
}
END_TEST

START_TEST(a_quiet_engine_writes_nothing)
{
	fixture_register(&fixture, 4);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	uint64_t batch_before = ctr_engine_batch(fixture.engine);
	struct ctr_result result;
	struct ctr_command heartbeat = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {.node = fixture.node, .session = ctr_engine_get_term(fixture.engine)},
	};
	for (int i = 0; i < 20; i++) {
		fixture_advance_ms(&fixture, 1000);
		ck_assert_int_eq(fixture_execute(&fixture, &heartbeat, &result), CENTRO_OK);
		fixture_dispatch(&fixture);
	}
	ck_assert_uint_eq(ctr_engine_batch(fixture.engine), batch_before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/batch_builder");
	TCase *tcase = tcase_create("batch_builder");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_full_cycle_takes_four_puts);
	tcase_add_test(tcase, what_gathers_is_written_once);
	tcase_add_test(tcase, ids_come_first_and_events_last);
	tcase_add_test(tcase, ids_are_written_before_they_are_used_up);
	tcase_add_test(tcase, what_belongs_to_a_job_is_one_group);
	tcase_add_test(tcase, an_ended_job_leaves_memory_and_is_recent);
	tcase_add_test(tcase, the_largest_array_fits_into_its_record);
	tcase_add_test(tcase, what_may_become_too_large_is_refused);
	tcase_add_test(tcase, a_quiet_engine_writes_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
