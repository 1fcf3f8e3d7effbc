/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/weight.c: it is never less than what the batch holds. */
#include "fixture.h"

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

/* Meta rows and the event record come on top. */
#define META_OPS   3
#define META_BYTES 200

static void assert_bound(void)
{
	struct ctr_weight weight = fixture.engine->weight;
	uint64_t batch = ctr_engine_batch(fixture.engine);
	if (!ctr_pipeline_is_open(fixture.engine))
		return;
	ctr_pipeline_commit(fixture.engine);
	ck_assert_uint_eq(ctr_engine_batch(fixture.engine), batch + 1);
	ck_assert_uint_le(centro_batch_count(fixture.engine->flight.batch), weight.ops + META_OPS);
	ck_assert_uint_le(centro_batch_bytes(fixture.engine->flight.batch),
			  weight.bytes + META_BYTES);
	fixture_settle(&fixture);
}

START_TEST(it_bounds_submits)
{
	for (int i = 0; i < 500; i++)
		fixture_submit(&fixture);
	assert_bound();
}
END_TEST

START_TEST(it_bounds_a_whole_life)
{
	fixture_register(&fixture, 1000);
	assert_bound();
	for (int round = 0; round < 3; round++) {
		struct ctr_result result;
		ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 100, &result), CENTRO_OK);
		assert_bound();
		ctr_core_schedule(fixture.engine->core,
				  ctr_cluster_clock_now(&fixture.engine->clock), 100000);
		ctr_events_note(fixture.engine);
		assert_bound();
		ck_assert_int_eq(fixture_report(&fixture, result.job, false, 0), CENTRO_OK);
		assert_bound();
		ck_assert_int_eq(fixture_report(&fixture, result.job, true, 0), CENTRO_OK);
		assert_bound();
		ck_assert_int_eq(fixture_cancel(&fixture, result.job), CENTRO_OK);
		assert_bound();
	}
}
END_TEST

START_TEST(it_bounds_large_specifications)
{
	static char text[100 * 1024];
	memset(text, 'x', sizeof(text) - 1);
	fixture_register(&fixture, 1000);
	fixture_settle(&fixture);
	for (int i = 0; i < 20; i++)
		fixture_submit_command(&fixture, text);
	ck_assert_uint_ge(fixture.engine->weight.bytes, 20 * sizeof(text));
	assert_bound();
	fixture_settle(&fixture);
	for (centro_job_id job = 1; job <= 20; job++)
		ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
	ck_assert_uint_ge(fixture.engine->weight.bytes, 20 * sizeof(text));
	assert_bound();
}
END_TEST

static void report_end(const struct ctr_instance *instance, struct centro_bytes message)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report =
			{
				.node = fixture.node,
				.session = ctr_engine_get_term(fixture.engine),
				.attempt = ctr_instance_ref(instance),
				.ended = true,
				.cause = CENTRO_CAUSE_EXITED,
				.message = message,
			},
	};
	struct ctr_result result;
	ck_assert_int_eq(fixture_execute(&fixture, &command, &result), CENTRO_OK);
}

START_TEST(it_bounds_what_ends_with_many_words)
{
	static char text[CTR_REASON_SIZE_MAX];
	memset(text, 'x', sizeof(text));
	fixture_register(&fixture, 100);
	for (int i = 0; i < 20; i++) {
		struct ctr_result result;
		ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 3, &result), CENTRO_OK);
	}
	fixture_settle(&fixture);
	for (centro_job_id id = 1; id <= 20; id++) {
		const struct ctr_core *core = ctr_engine_core(fixture.engine);
		for (uint32_t i = 0; i < 3; i++)
			report_end(&ctr_core_find_job(core, id)->tasks[0].instances[i],
				   ctr_bytes(text, sizeof(text)));
	}
	assert_bound();
}
END_TEST

START_TEST(a_large_job_is_not_counted_at_each_event)
{
	fixture_register(&fixture, 100);
	fixture_settle(&fixture);
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&fixture, NULL, 10000, &result), CENTRO_OK);
	ctr_core_schedule(fixture.engine->core, ctr_cluster_clock_now(&fixture.engine->clock),
			  100000);
	ctr_events_note(fixture.engine);
	ck_assert_uint_ge(fixture.engine->weight.ops, 2 * 100);
	ck_assert_uint_lt(fixture.engine->weight.bytes, 2 * 1024 * 1024);
	assert_bound();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/weight");
	TCase *tcase = tcase_create("weight");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_bounds_submits);
	tcase_add_test(tcase, it_bounds_a_whole_life);
	tcase_add_test(tcase, it_bounds_large_specifications);
	tcase_add_test(tcase, it_bounds_what_ends_with_many_words);
	tcase_add_test(tcase, a_large_job_is_not_counted_at_each_event);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
