/* SPDX-License-Identifier: MIT */
/* Runs: the order of things at one instant, both policies, what never fits, limits. */
#include "workload_fixture.h"

#include "support/failing_allocator.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"

static void check_starts(const char *bytes, const char *policy, uint32_t nodes,
			 const int64_t *starts, size_t count)
{
	struct centro_workload *workload = fixture_swf(bytes);
	struct centro_sim *sim = fixture_run(workload, policy, nodes, 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(fixture_start_s(sim, i), starts[i]);
	ck_assert_uint_eq(fixture_figures(sim).jobs, count);
	centro_sim_free(sim);
	centro_workload_free(workload);
}

#define CHECK_STARTS(bytes, policy, nodes, ...)                                                 \
	do {                                                                                    \
		const int64_t starts[] = {__VA_ARGS__};                                         \
		check_starts(bytes, policy, nodes, starts, sizeof(starts) / sizeof(starts[0])); \
	} while (0)

START_TEST(policies_differ_in_what_passes_the_head)
{
	const char *trace = SWF_JOB(1, 0, 100, 3) SWF_JOB(2, 1, 10, 2) SWF_JOB(3, 2, 10, 1);
	CHECK_STARTS(trace, "fifo", 4, 0, 100, 100);
	CHECK_STARTS(trace, "fill", 4, 0, 100, 2);
}
END_TEST

START_TEST(ends_come_before_arrivals_and_both_before_placing)
{
	/* What ends at 10 makes room for what comes at 10, and that goes behind what waits. */
	CHECK_STARTS(SWF_JOB(1, 0, 10, 2) SWF_JOB(2, 10, 5, 2), "fifo", 2, 0, 10);
	CHECK_STARTS(SWF_JOB(1, 0, 10, 2) SWF_JOB(2, 5, 10, 1) SWF_JOB(3, 10, 10, 2), "fifo", 2, 0,
		     10, 20);
}
END_TEST

START_TEST(a_job_of_no_time_makes_room_at_once)
{
	CHECK_STARTS(SWF_JOB(1, 5, 0, 2) SWF_JOB(2, 5, 0, 2) SWF_JOB(3, 5, 3, 2)
			     SWF_JOB(4, 5, 0, 1),
		     "fifo", 2, 5, 5, 5, 8);
}
END_TEST

START_TEST(jobs_run_for_longer_than_any_lease)
{
	/* A lease is at most a week, a node's silence a minute by default. */
	CHECK_STARTS(SWF_JOB(1, 0, 900000000, 1) SWF_JOB(2, 7, 10, 1), "fifo", 1, 0, 900000000);
}
END_TEST

START_TEST(what_never_fits_holds_nobody_up)
{
	struct centro_workload *workload = fixture_swf(SWF_JOB(1, 0, 10, 2) SWF_JOB(
		2, 0, 10, 3) SWF_JOB(3, 1, 10, 20000) SWF_JOB(4, 2, 10, 3) SWF_JOB(5, 3, 10, 1));
	struct centro_sim *sim = fixture_run(workload, "fifo", 2, 0);
	struct centro_sim_refusal refusal = {.size = sizeof(refusal)};
	ck_assert_int_eq(fixture_start_s(sim, 1), -1);
	ck_assert_int_eq(fixture_start_s(sim, 4), 10);
	ck_assert_uint_eq(fixture_figures(sim).never, 3);
	ck_assert_uint_eq(fixture_figures(sim).ended, 2);
	ck_assert_int_eq(centro_sim_get_refusal(sim, 0, &refusal), CENTRO_OK);
	ck_assert_uint_eq(refusal.jobs, 2);
	ck_assert_uint_eq(refusal.first, 2);
	ck_assert_ptr_nonnull(strstr(refusal.reason, "gang"));
	ck_assert_int_eq(centro_sim_get_refusal(sim, 1, &refusal), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(refusal.reason, "20000"));
	ck_assert_ptr_nonnull(strstr(refusal.reason, "10000"));
	centro_sim_free(sim);
	centro_workload_free(workload);
}
END_TEST

START_TEST(a_queue_may_go_first)
{
	struct centro_workload *workload =
		fixture_swf("1 0 -1 10 1 -1 -1 -1 -1 -1 1 1 1 1 0 1 -1 -1\n"
			    "2 1 -1 10 1 -1 -1 -1 -1 -1 1 1 1 1 0 1 -1 -1\n"
			    "3 2 -1 10 1 -1 -1 -1 -1 -1 1 1 1 1 7 1 -1 -1\n");
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	struct centro_sim_queue queue = {"q7", 5};
	struct centro_error_text text;
	struct centro_sim *sim;
	options.queues = &queue;
	options.queue_count = 1;
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, &text), CENTRO_OK);
	ck_assert_int_eq(fixture_start_s(sim, 1), 20);
	ck_assert_int_eq(fixture_start_s(sim, 2), 10);

	struct centro_sim_group group = {.size = sizeof(group)};
	ck_assert_int_eq(centro_sim_get_group(sim, CENTRO_SIM_QUEUES, 0, &group), CENTRO_OK);
	ck_assert_str_eq(group.name, "q0");
	ck_assert_uint_eq(group.jobs, 2);
	ck_assert_uint_eq(group.wait_ns, 19 * CTR_NS_PER_SEC / 2);
	ck_assert_int_eq(centro_sim_get_group(sim, CENTRO_SIM_QUEUES, 2, &group),
			 CENTRO_ERR_NOT_FOUND);
	centro_sim_free(sim);

	queue.name = "q8";
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "queues: no job of the workload is in \"q8\"");
	queue = (struct centro_sim_queue){"q7", 1001};
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, &text), CENTRO_ERR_INVALID);
	centro_workload_free(workload);
}
END_TEST

START_TEST(figures_are_of_the_whole_run)
{
	/* Two nodes: one busy from 100 to 110, both to 120, one to 130. Nothing before 100. */
	struct centro_workload *workload = fixture_swf(SWF_JOB(1, 100, 20, 1) SWF_JOB(
		2, 110, 10, 1) SWF_JOB(3, 112, 10, 1) SWF_JOB(4, 112, 10, 2));
	struct centro_sim *sim = fixture_run(workload, "fifo", 2, 0);
	struct centro_sim_figures figures = fixture_figures(sim);
	struct centro_sim_resource cpu = {.size = sizeof(cpu)};
	struct centro_sim_point point = {.size = sizeof(point)};
	ck_assert_int_eq(fixture_start_s(sim, 2), 120);
	ck_assert_int_eq(fixture_start_s(sim, 3), 130);
	ck_assert_uint_eq(figures.first_submit.ns, 100 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(figures.last_end.ns, 140 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(figures.makespan.ns, 40 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(figures.wait_ns.max, 18 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(figures.waiting_max, 2);
	ck_assert_uint_eq(figures.decisions, 5);
	ck_assert_int_eq(centro_sim_get_resource(sim, 0, &cpu), CENTRO_OK);
	ck_assert_uint_eq(cpu.capacity, 2000);
	ck_assert_uint_eq(cpu.utilisation_ppm, 750000); /* 60 of 80 */
	ck_assert_uint_eq(cpu.lost_ppm, 125000);        /* one of two from 120 to 130 */
	ck_assert_int_eq(centro_sim_get_resource(sim, 1, &cpu), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(centro_sim_get_point(sim, 12, &point), CENTRO_OK);
	ck_assert_uint_eq(point.begin.ns, 112 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(point.end.ns, 113 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(point.used_ppm[0], 1000000);
	ck_assert_uint_eq(point.waiting_milli, 2000);
	ck_assert_int_eq(centro_sim_get_point(sim, 40, &point), CENTRO_ERR_NOT_FOUND);
	centro_sim_free(sim);
	centro_workload_free(workload);
}
END_TEST

START_TEST(the_cluster_is_found)
{
	static const struct {
		const char *header;
		uint32_t nodes, cores, expected;
	} rows[] = {
		{"; MaxProcs: 9\n; MaxNodes: 4\n", 0, 0, 9},
		{"; MaxNodes: 4\n", 0, 0, 4},
		{"; MaxProcs: 9\n", 0, 2, 5},
		{"", 0, 0, 3},
		{"; MaxProcs: 9\n", 3, 0, 3},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct centro_error_text trace;
		ctr_error(&trace, CENTRO_OK, "%s%s", rows[i].header, SWF_JOB(1, 0, 1, 3));
		struct centro_workload *workload = fixture_swf(trace.text);
		struct centro_sim *sim = fixture_run(workload, NULL, rows[i].nodes, rows[i].cores);
		ck_assert_uint_eq(fixture_figures(sim).nodes, rows[i].expected);
		ck_assert_uint_eq(fixture_figures(sim).ended, 1);
		centro_sim_free(sim);
		centro_workload_free(workload);
	}
}
END_TEST

START_TEST(limits_are_errors)
{
	struct centro_error_text text;
	struct centro_sim *sim;
	struct centro_workload *workload = fixture_swf("; MaxProcs: 200001\n" SWF_JOB(1, 0, 1, 1));
	ck_assert_int_eq(centro_sim_run(workload, NULL, &sim, &text), CENTRO_ERR_LIMIT);
	ck_assert_str_eq(text.text, "nodes: 200001; at most 200000 are simulated; fewer with more "
				    "cores?");
	centro_workload_free(workload);

	/* Three times 146 years, one after the other. */
	workload = fixture_swf(SWF_JOB(1, 0, 4611686018, 1) SWF_JOB(2, 0, 4611686018, 1)
				       SWF_JOB(3, 0, 4611686018, 1));
	ck_assert_int_eq(centro_sim_run(workload, NULL, &sim, &text), CENTRO_ERR_LIMIT);
	ck_assert_str_eq(text.text, "it would go on for more than 292 years; are the run times in "
				    "seconds?");
	centro_workload_free(workload);
}
END_TEST

START_TEST(the_same_gives_the_same)
{
	struct centro_workload *workload = fixture_new(false);
	ck_assert_int_eq(centro_workload_add_mix(workload,
						 "jobs=3000,rate=4000/h,cores=1-8,instances=1|1|4,"
						 "runtime=10s-2h,users=9",
						 1, NULL),
			 CENTRO_OK);
	struct centro_sim *first = fixture_run(workload, "fill", 20, 16);
	struct centro_sim *again = fixture_run(workload, "fill", 20, 16);
	struct centro_sim *other = fixture_run(workload, "fifo", 20, 16);
	ck_assert_uint_eq(fixture_figures(first).ended, 3000);
	ck_assert_uint_eq(fixture_figures(first).digest, fixture_figures(again).digest);
	ck_assert_uint_ne(fixture_figures(first).digest, fixture_figures(other).digest);
	/* The same on every machine and with every compiler. */
	ck_assert_uint_eq(fixture_figures(other).digest, UINT64_C(9369840109708384460));
	centro_sim_free(first);
	centro_sim_free(again);
	centro_sim_free(other);
	centro_workload_free(workload);
}
END_TEST

START_TEST(structs_of_other_sizes_are_refused)
{
	struct centro_workload_options workload_options = {.size = 3};
	struct centro_sim_options options = {.size = 3};
	struct centro_workload *workload;
	struct centro_sim *sim;
	ck_assert_int_eq(centro_workload_new(&workload_options, &workload, NULL), CENTRO_ERR_ABI);
	workload = fixture_swf(SWF_JOB(1, 0, 1, 1));
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, NULL), CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_sim_run(workload, NULL, NULL, NULL), CENTRO_ERR_INVALID);
	options = (struct centro_sim_options)CENTRO_SIM_OPTIONS_INIT;
	options.policy = "best";
	struct centro_error_text text;
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "policy: there is no \"best\"; there are fill, fifo");
	sim = fixture_run(workload, NULL, 0, 0);

	/* A caller of a later release has a larger struct, whose rest comes back as zero. */
	struct {
		struct centro_sim_figures figures;
		uint64_t more;
	} later = {.figures = {.size = sizeof(later)}, .more = 7};
	ck_assert_int_eq(centro_sim_get_figures(sim, &later.figures), CENTRO_OK);
	ck_assert_uint_eq(later.more, 0);
	ck_assert_uint_eq(later.figures.size, sizeof(later));
	ck_assert_uint_eq(later.figures.jobs, 1);
	later.figures.size = 8;
	ck_assert_int_eq(centro_sim_get_figures(sim, &later.figures), CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_sim_get_figures(sim, NULL), CENTRO_ERR_INVALID);
	centro_sim_free(sim);
	centro_sim_free(NULL);
	centro_workload_free(workload);
	ck_assert_str_eq(centro_sim_policy_name(0), "fill");
	ck_assert_ptr_nonnull(centro_sim_policy_help(1));
	ck_assert_ptr_null(centro_sim_policy_name(2));
}
END_TEST

/* One scenario with every kind of thing in it. OK or NOMEM. */
static int scenario(const struct centro_allocator *allocator)
{
	struct centro_workload_options workload_options = CENTRO_WORKLOAD_OPTIONS_INIT;
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	struct centro_workload *workload = NULL;
	struct centro_sim *sim = NULL;
	struct centro_error_text text = {""};
	workload_options.allocator = options.allocator = allocator;
	options.nodes = 3;
	int status = centro_workload_new(&workload_options, &workload, &text);
	if (status == CENTRO_OK)
		status = fixture_read(workload, CENTRO_WORKLOAD_SWF,
				      SWF_JOB(1, 0, 5, 1) SWF_JOB(2, 1, 5, 3) SWF_JOB(3, 2, 5, 9)
					      SWF_JOB(4, 0, 5, 2),
				      11, &text);
	if (status == CENTRO_OK)
		status = centro_sim_run(workload, &options, &sim, &text);
	ck_assert_int_eq(text.text[0] != '\0', status != CENTRO_OK);
	centro_sim_free(sim);
	centro_workload_free(workload);
	return status;
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		int status = scenario(&failing.allocator);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/simulate");
	TCase *tcase = tcase_create("simulate");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, policies_differ_in_what_passes_the_head);
	tcase_add_test(tcase, ends_come_before_arrivals_and_both_before_placing);
	tcase_add_test(tcase, a_job_of_no_time_makes_room_at_once);
	tcase_add_test(tcase, jobs_run_for_longer_than_any_lease);
	tcase_add_test(tcase, what_never_fits_holds_nobody_up);
	tcase_add_test(tcase, a_queue_may_go_first);
	tcase_add_test(tcase, figures_are_of_the_whole_run);
	tcase_add_test(tcase, the_cluster_is_found);
	tcase_add_test(tcase, limits_are_errors);
	tcase_add_test(tcase, the_same_gives_the_same);
	tcase_add_test(tcase, structs_of_other_sizes_are_refused);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
