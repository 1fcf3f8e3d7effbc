/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/outbox.c: what has to be told and written, as an engine sees it. */
#include "cluster.h"

#include <signal.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

static void assert_nothing_left(struct cluster *cluster)
{
	struct ctr_dirty dirty;
	ck_assert(!ctr_core_take_dirty(cluster->core, &dirty));
}

static struct ctr_dirty take(struct cluster *cluster)
{
	struct ctr_dirty dirty;
	ck_assert(ctr_core_take_dirty(cluster->core, &dirty));
	cluster_check(cluster);
	return dirty;
}

START_TEST(a_new_core_has_nothing_to_write)
{
	struct cluster cluster;
	size_t count;
	cluster_init(&cluster, NULL);
	assert_nothing_left(&cluster);
	ctr_core_events(cluster.core, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_submit_writes_the_job_and_the_ids)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id id = cluster_submit(&cluster, 1);

	ck_assert_int_eq(take(&cluster).type, CTR_DIRTY_IDS);
	struct ctr_dirty dirty = take(&cluster);
	ck_assert_int_eq(dirty.type, CTR_DIRTY_JOB);
	ck_assert_uint_eq(dirty.job.job->id, id);
	ck_assert_int_eq(dirty.job.what, CTR_JOB_DIRTY_SPEC | CTR_JOB_DIRTY_STATE);
	ck_assert(!dirty.job.ended);
	ck_assert(!dirty.job.stored);
	assert_nothing_left(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_happens_meanwhile_is_written_once)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 4);
	cluster_drain(&cluster);
	cluster_run(&cluster);
	/* Submitted, assigned, running: three events, one record. */
	ck_assert_int_eq(take(&cluster).type, CTR_DIRTY_IDS);
	struct ctr_dirty dirty = take(&cluster);
	ck_assert_int_eq(dirty.type, CTR_DIRTY_JOB);
	ck_assert_int_eq(dirty.job.what, CTR_JOB_DIRTY_SPEC | CTR_JOB_DIRTY_STATE);
	ck_assert_uint_eq(dirty.job.job->revision, ctr_core_last_event(cluster.core));
	assert_nothing_left(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_change_rewrites_only_the_state)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 4);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_drain(&cluster);

	cluster_schedule(&cluster);
	struct ctr_dirty dirty = take(&cluster);
	ck_assert_uint_eq(dirty.job.job->id, id);
	ck_assert_int_eq(dirty.job.what, CTR_JOB_DIRTY_STATE);
	ck_assert(dirty.job.stored);
	assert_nothing_left(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_has_ended_says_so_and_whether_it_is_stored)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id stored = cluster_submit(&cluster, 1);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_cancel(&cluster, stored), CENTRO_OK);
	centro_job_id unstored = cluster_submit(&cluster, 1);
	ck_assert_int_eq(cluster_cancel(&cluster, unstored), CENTRO_OK);

	struct ctr_dirty dirty = take(&cluster);
	ck_assert_uint_eq(dirty.job.job->id, stored);
	ck_assert(dirty.job.ended && dirty.job.stored);
	/* It is there until it is forgotten. */
	ck_assert_ptr_nonnull(ctr_core_find_job(cluster.core, stored));
	ctr_core_forget(cluster.core, dirty.job.job);
	cluster_check(&cluster);
	ck_assert_ptr_null(ctr_core_find_job(cluster.core, stored));
	dirty = take(&cluster);
	ck_assert_uint_eq(dirty.job.job->id, unstored);
	ck_assert(dirty.job.ended && !dirty.job.stored);
	ctr_core_forget(cluster.core, dirty.job.job);
	assert_nothing_left(&cluster);
	ck_assert_uint_eq(ctr_core_job_count(cluster.core), 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(nodes_and_queues_are_written)
{
	struct cluster cluster;
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = ctr_bytes_str("batch"), .weight = 3},
	};
	cluster_init(&cluster, NULL);
	centro_node_id node = cluster_add_node(&cluster, "a", 4);
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);

	ck_assert_int_eq(take(&cluster).type, CTR_DIRTY_IDS);
	struct ctr_dirty dirty = take(&cluster);
	ck_assert_int_eq(dirty.type, CTR_DIRTY_QUEUE);
	ck_assert_uint_eq(dirty.queue->weight, 3);
	dirty = take(&cluster);
	ck_assert_int_eq(dirty.type, CTR_DIRTY_NODE);
	ck_assert_uint_eq(dirty.node->id, node);
	assert_nothing_left(&cluster);
	ck_assert_ptr_eq(cluster_last(&cluster, CENTRO_EVENT_QUEUE_SET)->queue,
			 ctr_core_find_queue(cluster.core, ctr_bytes_str("batch")));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(numbers_of_events_go_on_after_a_clear)
{
	struct cluster cluster;
	size_t count;
	cluster_init(&cluster, NULL);

	for (uint64_t i = 1; i <= 500; i++) {
		cluster_submit(&cluster, 1);
		const struct ctr_event *events = ctr_core_events(cluster.core, &count);
		ck_assert_uint_eq(events[count - 1].number, i);
		ck_assert_uint_eq(ctr_core_last_event(cluster.core), i);
		if (i % 7 == 0)
			ctr_core_clear_events(cluster.core);
	}
	cluster_fini(&cluster);
}
END_TEST

/* Taken from the front while others come in behind: the array is used again. */
START_TEST(the_list_of_jobs_does_not_creep)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;

	for (int i = 0; i < 2000; i++) {
		struct ctr_dirty dirty;
		cluster_submit(&cluster, 1);
		ctr_core_clear_events(cluster.core);
		if (i < 10)
			continue;
		do
			ck_assert(ctr_core_take_dirty(cluster.core, &dirty));
		while (dirty.type != CTR_DIRTY_JOB);
	}
	ck_assert_uint_le(cluster.core->outbox.job_capacity, 64);
	ck_assert_uint_le(cluster.core->outbox.event_capacity, 64);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct failing_allocator failing;

	for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
		struct ctr_outbox outbox;
		failing_allocator_init(&failing, fail_at);
		ctr_outbox_init(&outbox, &failing.allocator);
		ck_assert_int_eq(ctr_outbox_reserve(&outbox, 100),
				 fail_at <= 2 ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ck_assert_int_eq(ctr_outbox_reserve(&outbox, 100), CENTRO_OK);
		ctr_outbox_fini(&outbox);
		ck_assert_uint_eq(failing.live, 0);
	}
	struct ctr_outbox outbox;
	ctr_outbox_init(&outbox, NULL);
	ck_assert_int_eq(ctr_outbox_reserve(&outbox, SIZE_MAX / 2 + 2), CENTRO_ERR_NOMEM);
	ctr_outbox_fini(&outbox);
}
END_TEST

START_TEST(forgetting_what_lives_is_a_defect)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id id = cluster_submit(&cluster, 1);
	ctr_core_forget(cluster.core, (struct ctr_job *)ctr_core_find_job(cluster.core, id));
}
END_TEST

START_TEST(forgetting_what_is_not_written_is_a_defect)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_cancel(&cluster, id);
	ctr_core_forget(cluster.core, (struct ctr_job *)ctr_core_find_job(cluster.core, id));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *tcase = tcase_create("outbox");

	tcase_add_test(tcase, a_new_core_has_nothing_to_write);
	tcase_add_test(tcase, a_submit_writes_the_job_and_the_ids);
	tcase_add_test(tcase, what_happens_meanwhile_is_written_once);
	tcase_add_test(tcase, a_change_rewrites_only_the_state);
	tcase_add_test(tcase, what_has_ended_says_so_and_whether_it_is_stored);
	tcase_add_test(tcase, nodes_and_queues_are_written);
	tcase_add_test(tcase, numbers_of_events_go_on_after_a_clear);
	tcase_add_test(tcase, the_list_of_jobs_does_not_creep);
	tcase_add_test(tcase, without_memory_nothing_changes);
	tcase_add_test_raise_signal(tcase, forgetting_what_lives_is_a_defect, SIGABRT);
	tcase_add_test_raise_signal(tcase, forgetting_what_is_not_written_is_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
