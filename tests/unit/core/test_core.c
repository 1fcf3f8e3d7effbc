/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/core.c: options, ticks and passes. */
#include "cluster.h"

#include <signal.h>
#include <stdio.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(options_have_defaults)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	const struct ctr_core_options *options = &cluster.core->options;
	ck_assert_uint_eq(options->jobs_max, 4000000);
	ck_assert_uint_eq(options->nodes_max, 200000);
	ck_assert_uint_eq(options->queues_max, 10000);
	ck_assert_uint_eq(options->requests_max, 1000000);
	ck_assert_uint_eq(options->request_ttl.ns, 86400 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(options->node_timeout.ns, 60 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(options->lease_grace.ns, 2 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(options->drift_ppm, 10000);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
	struct ctr_core *core;
	struct ctr_core_options queues = {.queues_max = 65536};
	struct ctr_core_options requests = {.requests_max = (1 << 28) + 1};
	const struct ctr_core_options order = {.order = (enum ctr_order)(CTR_ORDER_FIFO + 1)};
	ck_assert_int_eq(ctr_core_new(&queues, &core), CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_core_new(&order, &core), CENTRO_ERR_INVALID);
	ck_assert_int_eq(ctr_core_new(&requests, &core), CENTRO_ERR_INVALID);
	queues.queues_max--;
	ck_assert_int_eq(ctr_core_new(&queues, &core), CENTRO_OK);
	ctr_core_free(core);
	requests.requests_max--;
	ck_assert_int_eq(ctr_core_new(&requests, &core), CENTRO_OK);
	ctr_core_free(core);
}
END_TEST

START_TEST(without_memory_there_is_no_core)
{
	struct failing_allocator failing;
	size_t fail_at = 0;

	do {
		struct ctr_core *core = NULL;
		failing_allocator_init(&failing, ++fail_at);
		const struct ctr_core_options options = {.allocator = &failing.allocator};
		int error = ctr_core_new(&options, &core);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ctr_core_free(core);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_eq(fail_at, 6);
}
END_TEST

START_TEST(an_idle_core_never_wakes)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns, CENTRO_INSTANT_NEVER_NS);
	ck_assert(!ctr_core_tick(cluster.core, cluster.now));
	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, 100));
	cluster_fini(&cluster);
}
END_TEST

/* 512 leases and a silence, over at once: 256 a step, and none is left out. */
START_TEST(a_tick_is_bounded)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	cluster_add_node(&cluster, "a", 512);
	cluster_submit_array(&cluster, 512);
	cluster_schedule(&cluster);
	cluster_drain(&cluster);
	cluster.unchecked = false;
	cluster_check(&cluster);

	cluster.now.cluster.ns += 400 * CTR_NS_PER_SEC;
	int ticks = 1;
	while (ctr_core_tick(cluster.core, cluster.now))
		ticks++;
	cluster_check(&cluster);
	ck_assert_int_eq(ticks, 3);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_REQUEUED), 512);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_DOWN), 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_pass_ends_when_its_looks_are_spent)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	for (int i = 0; i < 100; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		cluster_add_node(&cluster, name, 100);
	}
	cluster_submit_array(&cluster, 1000);
	cluster_drain(&cluster);
	/* Eight looks for each. */
	ck_assert(ctr_core_schedule(cluster.core, cluster.now, 800));
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), 100);
	ck_assert(!ctr_core_schedule(cluster.core, cluster.now, UINT32_MAX));
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), 1000);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(time_does_not_go_back)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_submit(&cluster, 1);
	cluster.now.cluster.ns -= CTR_NS_PER_SEC;
	ctr_core_tick(cluster.core, cluster.now);
}
END_TEST

START_TEST(everything_is_freed_in_any_state)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 0);
	const struct ctr_core_options options = {.allocator = &failing.allocator};
	struct cluster cluster;
	cluster_init(&cluster, &options);
	cluster_add_node(&cluster, "a", 2);
	cluster_run(&cluster);
	centro_job_id cancelled = cluster_run(&cluster);
	cluster_cancel(&cluster, cancelled);
	struct ctr_command command =
		cluster_report_command(&cluster, cluster_ref(&cluster, cancelled, 0));
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_CANCEL;
	command.report.message = ctr_bytes_str("a message");
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	cluster_submit(&cluster, 64);
	cluster_fini(&cluster);
	ck_assert_uint_eq(failing.live, 0);
	ctr_core_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("core");
	TCase *tcase = tcase_create("core");

	tcase_add_test(tcase, options_have_defaults);
	tcase_add_test(tcase, options_out_of_range_are_refused);
	tcase_add_test(tcase, without_memory_there_is_no_core);
	tcase_add_test(tcase, an_idle_core_never_wakes);
	tcase_add_test(tcase, a_tick_is_bounded);
	tcase_add_test(tcase, a_pass_ends_when_its_looks_are_spent);
	tcase_add_test_raise_signal(tcase, time_does_not_go_back, SIGABRT);
	tcase_add_test(tcase, everything_is_freed_in_any_state);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
