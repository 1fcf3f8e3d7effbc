/* SPDX-License-Identifier: MIT */
/* The Standard Workload Format: what a line means, and what is wrong with one. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/bytes.h"

#define REST " -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"

static uint32_t size_of(const struct centro_workload *workload, size_t index)
{
	return ctr_workload_shape(workload, workload->jobs[index].shape).count;
}

START_TEST(jobs_are_gangs_of_one_core)
{
	struct centro_workload *workload =
		fixture_swf("7 5 -1 10 2 -1 -1 4 -1 -1 1 12 3 -1 6 5 -1 -1\n");
	const struct ctr_workload_job *job = &workload->jobs[0];
	const struct ctr_workload_shape shape = ctr_workload_shape(workload, job->shape);
	ck_assert_uint_eq(job->number, 7);
	ck_assert_uint_eq(job->submit_ns, UINT64_C(5000000000));
	ck_assert_uint_eq(job->run_ns, UINT64_C(10000000000));
	ck_assert_uint_eq(shape.count, 2);
	ck_assert_uint_eq(shape.cpu_milli, 1000);
	ck_assert_uint_eq(shape.memory_mib, 0);
	ck_assert_str_eq((const char *)ctr_names_get(&workload->users, job->user).data, "u12");
	ck_assert_str_eq((const char *)ctr_names_get(&workload->queues, job->queue).data, "q6");
	centro_workload_free(workload);
}
END_TEST

START_TEST(the_queue_is_of_any_field)
{
	static const char *const names[] = {"q6", "p5", "g3", "u12"};
	for (int by = 0; by < 4; by++) {
		struct centro_workload_options options = CENTRO_WORKLOAD_OPTIONS_INIT;
		struct centro_workload *workload;
		options.queue_by = by;
		ck_assert_int_eq(centro_workload_new(&options, &workload, NULL), CENTRO_OK);
		ck_assert_int_eq(fixture_read(workload, CENTRO_WORKLOAD_SWF,
					      "7 5 -1 10 2 -1 -1 4 -1 -1 1 12 3 -1 6 5 -1 -1\n", 0,
					      NULL),
				 CENTRO_OK);
		ck_assert_str_eq((const char *)ctr_names_get(&workload->queues, 0).data, names[by]);
		centro_workload_free(workload);
	}
}
END_TEST

START_TEST(the_last_column_may_be_missing)
{
	struct centro_workload *workload =
		fixture_swf("1 5 -1 10 2 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1\n");
	ck_assert_uint_eq(fixture_info(workload).jobs, 1);
	centro_workload_free(workload);
	fixture_refused(CENTRO_WORKLOAD_SWF, "1 5 -1 10 2 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1\n",
			"trace:1: it has 16 columns; a line of SWF has 18, or 17 without the last");
	fixture_refused(CENTRO_WORKLOAD_SWF,
			"1 5 -1 10 2 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1 -1\n",
			"trace:1: it has 19 columns; a line of SWF has 18, or 17 without the last");
}
END_TEST

START_TEST(the_size_is_what_was_allocated_or_asked_for)
{
	struct centro_workload *workload =
		fixture_swf("1 5 -1 10 -1 -1 -1 4 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
			    "2 5 -1 10 0 -1 -1 5 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
			    "3 5 -1 10 3 -1 -1 6 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n");
	ck_assert_uint_eq(size_of(workload, 0), 4);
	ck_assert_uint_eq(size_of(workload, 1), 5);
	ck_assert_uint_eq(size_of(workload, 2), 3);
	centro_workload_free(workload);
}
END_TEST

START_TEST(what_never_ran_is_left_out_and_counted)
{
	struct centro_workload *workload =
		fixture_swf("1 5 -1 -1 4 -1 -1 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1\n"
			    "2 5 -1 10 -1 -1 -1 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1\n"
			    "3 5 -1 10 4 -1 -1 -1 -1 -1 2 -1 -1 -1 -1 -1 -1 -1\n"
			    "3 5 -1 10 4 -1 -1 -1 -1 -1 4 -1 -1 -1 -1 -1 -1 -1\n"
			    "4 5 -1 10 4 -1 -1 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1\n"
			    "5 5 -1 0 4 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1\n");
	ck_assert_uint_eq(fixture_info(workload).never_ran, 2);
	ck_assert_uint_eq(fixture_info(workload).partial, 2);
	/* A cancelled one that ran, and one that ran for less than half a second, are jobs. */
	ck_assert_uint_eq(fixture_info(workload).jobs, 2);
	centro_workload_free(workload);
}
END_TEST

START_TEST(the_header_tells_of_the_cluster)
{
	static const struct {
		const char *header;
		uint32_t processors;
	} rows[] = {
		{"; MaxNodes: 64\n; MaxProcs: 256\n", 256},
		{";MaxProcs:\t12 (about)\n", 12},
		{"  ; MaxNodes: 64\n", 64},
		{"; MaxProcs: -1\n; MaxNodes: 9\n", 9},
		{"; Note: MaxProcs: 5\n", 0},
		{"; MaxProcs: 99999999999999999999999\n", UINT32_MAX},
		{"; MaxProcs:\n;\n", 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct centro_workload *workload = fixture_swf(rows[i].header);
		ck_assert_uint_eq(fixture_info(workload).processors, rows[i].processors);
		centro_workload_free(workload);
	}
}
END_TEST

START_TEST(jobs_are_put_in_order)
{
	struct centro_workload *workload = fixture_swf(SWF_JOB(1, 9, 1, 1) SWF_JOB(
		2, 5, 1, 1) SWF_JOB(3, 9, 1, 1) SWF_JOB(4, 5, 1, 1) SWF_JOB(5, 0, 1, 1));
	static const uint64_t numbers[] = {5, 2, 4, 1, 3};
	for (size_t i = 0; i < 5; i++)
		ck_assert_uint_eq(workload->jobs[i].number, numbers[i]);
	centro_workload_free(workload);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
	static const struct {
		const char *bytes, *said;
	} rows[] = {
		{";\n1 x -1 10 2" REST,
		 "trace:2: field 2 (submit time) is \"x\"; it must be seconds from 0 to "
		 "4611686018, or -1 for unknown"},
		{"1 -1 -1 10 2" REST,
		 "trace:1: field 2 (submit time) is -1; when the job came must be known"},
		{"1 5 -1 -10 2" REST,
		 "trace:1: field 4 (run time) is \"-10\"; it must be seconds from 0 to "
		 "4611686018, or -1 for unknown"},
		{"1 5 -1 10 2.5" REST,
		 "trace:1: field 5 (allocated processors) is \"2.5\"; it must be a whole number "
		 "from 0 to 4294967295, or -1 for unknown"},
		{"1 5 ? 10 2" REST, "trace:1: field 3 (wait time) is \"?\"; it must be a number"},
		{"1 5 -1 10 4294967296" REST,
		 "trace:1: field 5 (allocated processors) is \"4294967296\"; it must be a whole "
		 "number from 0 to 4294967295, or -1 for unknown"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fixture_refused(CENTRO_WORKLOAD_SWF, rows[i].bytes, rows[i].said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/swf");
	TCase *tcase = tcase_create("swf");
	tcase_add_test(tcase, jobs_are_gangs_of_one_core);
	tcase_add_test(tcase, the_queue_is_of_any_field);
	tcase_add_test(tcase, the_last_column_may_be_missing);
	tcase_add_test(tcase, the_size_is_what_was_allocated_or_asked_for);
	tcase_add_test(tcase, what_never_ran_is_left_out_and_counted);
	tcase_add_test(tcase, the_header_tells_of_the_cluster);
	tcase_add_test(tcase, jobs_are_put_in_order);
	tcase_add_test(tcase, what_is_wrong_is_said_with_its_line);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
