/* SPDX-License-Identifier: MIT */
/* Tests of what becomes of a node that is drained, and of what it runs: lib/core. */
#include "cluster.h"

#include "support/suite.h"

static const struct ctr_node *node_of(const struct cluster *cluster, centro_node_id id)
{
	const struct ctr_node *node = ctr_core_find_node(cluster->core, id);
	ck_assert_ptr_nonnull(node);
	return node;
}

START_TEST(nothing_new_is_granted_to_it)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id runs = cluster_run(&cluster);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, -1), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DRAINING);
	ck_assert_uint_eq(cluster_last(&cluster, CENTRO_EVENT_NODE_DRAINING)->node, id);
	centro_job_id waits = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_instance(&cluster, waits, 0)->state, CENTRO_INSTANCE_PENDING);

	/* What runs goes on, and its lease is renewed. */
	struct centro_span lease;
	ck_assert_int_eq(cluster_hold(&cluster, id, cluster_ref(&cluster, runs, 0), &lease),
			 CENTRO_OK);
	ck_assert_uint_gt(lease.ns, 0);
	ck_assert_int_eq(cluster_undrain_node(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	ck_assert_ptr_null(node_of(&cluster, id)->drain);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_instance(&cluster, waits, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(who_and_why_are_kept)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 5000), CENTRO_OK);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	const struct ctr_drain *drain = node_of(&cluster, id)->drain;
	ck_assert(ctr_bytes_equal(drain->who, ctr_bytes_str("somebody")));
	ck_assert(ctr_bytes_equal(drain->reason, ctr_bytes_str("a new disk")));
	ck_assert_uint_eq(drain->since_wall.ns, cluster.now.wall.ns);
	ck_assert_uint_eq(drain->deadline_wall.ns, cluster.now.wall.ns + 5 * CTR_NS_PER_SEC);
	ck_assert(!drain->is_over);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns,
			  cluster.now.cluster.ns + 5 * CTR_NS_PER_SEC);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(at_the_deadline_what_runs_is_to_be_killed_and_waits_again)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id job = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, job, 0);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 5000), CENTRO_OK);
	cluster_wait(&cluster, 4999);
	ck_assert(!ctr_node_is_cleared(node_of(&cluster, id)));
	cluster_wait(&cluster, 1);
	ck_assert(ctr_node_is_cleared(node_of(&cluster, id)));
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_DRAINING), 2);

	/* It is granted until its node says that it has ended (I4). */
	cluster_add_node(&cluster, "b", 4);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_RUNNING);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_DRAINED, 0), CENTRO_OK);
	const struct ctr_instance *instance = cluster_instance(&cluster, job, 0);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_PENDING);
	ck_assert_int_eq(instance->cause, CENTRO_CAUSE_DRAINED);
	ck_assert_uint_eq(instance->lost, 0);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(cluster_instance(&cluster, job, 0)->attempt, 2);
	ck_assert_uint_ne(cluster_instance(&cluster, job, 0)->node->id, id);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_was_not_claimed_leaves_at_once)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id job = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, job, 0);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 0), CENTRO_OK);
	ck_assert(!cluster_claim(&cluster, ref));
	ck_assert_uint_le(ctr_core_next_wake(cluster.core).ns, cluster.now.cluster.ns);
	cluster_wait(&cluster, 0);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_PENDING);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->cause, CENTRO_CAUSE_REVOKED);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_was_granted_before_the_deadline_may_start)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id job = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 5000), CENTRO_OK);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, job, 0)));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_cancelled_job_that_a_drain_kills_stays_cancelled)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id job = cluster_run(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, job, 0);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 0), CENTRO_OK);
	ck_assert_int_eq(cluster_cancel(&cluster, job), CENTRO_OK);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_DRAINED, 0), CENTRO_OK);
	ck_assert_int_eq(cluster_job(&cluster, job)->state, CENTRO_JOB_CANCELLED);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(silence_does_not_end_a_drain)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, -1), CENTRO_OK);
	cluster_wait(&cluster, 60000);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DOWN);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DRAINING);

	/* Also what it offers may change meanwhile, and who offers it. */
	cluster_wait(&cluster, 60000);
	struct ctr_node_spec spec = cluster_node_spec("a", 8);
	spec.agent_id = 2;
	spec.text = ctr_bytes_str("another machine");
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DRAINING);
	spec.text = ctr_bytes_str("and more memory");
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DRAINING);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_that_is_down_can_be_drained_and_undrained)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	cluster_wait(&cluster, 60000);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 1000), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DOWN);
	cluster_wait(&cluster, 1000);
	ck_assert(ctr_node_is_cleared(node_of(&cluster, id)));
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DOWN);
	ck_assert_int_eq(cluster_undrain_node(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DOWN);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_READY), 0);
	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_last_word_counts)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 5000), CENTRO_OK);
	ck_assert_int_eq(cluster_drain_node(&cluster, id, -1), CENTRO_OK);
	cluster_wait(&cluster, 5000);
	ck_assert(!ctr_node_is_cleared(node_of(&cluster, id)));
	ck_assert_int_eq(cluster_drain_node(&cluster, id, 0), CENTRO_OK);
	ck_assert(ctr_node_is_cleared(node_of(&cluster, id)));

	/* Undrained twice is undrained. */
	uint64_t last = ctr_core_last_event(cluster.core);
	ck_assert_int_eq(cluster_undrain_node(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(cluster_undrain_node(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), last + 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	struct cluster cluster;
	static char text[CTR_REASON_SIZE_MAX + 2];
	cluster_init(&cluster, NULL);
	ck_assert_int_eq(cluster_drain_node(&cluster, 9, -1), CENTRO_ERR_NOT_FOUND);
	ck_assert_str_eq(cluster.result.text.text, "there is no node 9");
	ck_assert_int_eq(cluster_undrain_node(&cluster, 9), CENTRO_ERR_NOT_FOUND);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	memset(text, 'x', sizeof(text) - 1);
	struct ctr_command command = {
		.type = CTR_COMMAND_DRAIN,
		.drain = {.node = id, .reason = ctr_bytes_str(text)},
	};
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
	command.drain.reason = (struct centro_bytes){0};
	command.drain.who = ctr_bytes_str("\xff");
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_ERR_INVALID);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	cluster_fini(&cluster);
}
END_TEST

/* A job of its own, which `node` cannot start. */
static void fail_to_start(struct cluster *cluster, centro_node_id node)
{
	centro_job_id job = cluster_submit(cluster, 8);
	cluster_schedule(cluster);
	struct centro_attempt_ref ref = cluster_ref(cluster, job, 0);
	ck_assert_uint_eq(cluster_instance(cluster, job, 0)->node->id, node);
	struct ctr_command command = cluster_report_command(cluster, ref);
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_START_FAILED;
	command.report.message = ctr_bytes_str("no such file");
	ck_assert_int_eq(cluster_execute(cluster, &command), CENTRO_OK);
	cluster_drain(cluster);
}

START_TEST(a_node_that_starts_nothing_is_drained_by_itself)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.quarantine_after = 3};
	cluster_init(&cluster, &options);
	centro_node_id id = cluster_add_node(&cluster, "a", 8);
	for (int i = 0; i < 4; i++)
		fail_to_start(&cluster, id);
	/* Nothing else is ready. */
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	cluster_add_node(&cluster, "b", 4);

	/* One that starts speaks for it. */
	centro_job_id job = cluster_submit(&cluster, 8);
	cluster_schedule(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, job, 0);
	ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_EXITED, 1), CENTRO_OK);
	fail_to_start(&cluster, id);
	fail_to_start(&cluster, id);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	fail_to_start(&cluster, id);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_DRAINING);
	const struct ctr_drain *drain = node_of(&cluster, id)->drain;
	ck_assert(ctr_bytes_equal(drain->who, ctr_bytes_str("centro")));
	ck_assert(ctr_bytes_equal(drain->reason,
				  ctr_bytes_str("3 attempts in a row, of different jobs, could "
						"not be started; the last: no such file")));
	ck_assert_int_eq(cluster_undrain_node(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(one_job_alone_does_not_drain_a_node)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.quarantine_after = 2};
	cluster_init(&cluster, &options);
	centro_node_id id = cluster_add_node(&cluster, "a", 8);
	centro_job_id job = cluster_submit_array(&cluster, 8);
	cluster_schedule(&cluster);
	cluster_add_node(&cluster, "b", 4);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, job, i),
						      CENTRO_CAUSE_START_FAILED, 0),
				 CENTRO_OK);
	ck_assert_int_eq(node_of(&cluster, id)->state, CENTRO_NODE_READY);
	cluster_fini(&cluster);
}
END_TEST

/* A record whose parts do not agree is refused. */
static int load(bool is_drained, enum centro_node_state state, const char *who)
{
	struct cluster cluster;
	struct centro_error_text text;
	cluster_init(&cluster, NULL);
	const struct ctr_node_spec spec = cluster_node_spec("a", 4);
	const struct ctr_node_load record = {
		.id = 1,
		.spec = &spec,
		.state = state,
		.is_drained = is_drained,
		.drain = {.who = ctr_bytes_str(who)},
	};
	int status = ctr_core_load_node(cluster.core, &record, &text);
	cluster_fini(&cluster);
	return status;
}

START_TEST(a_record_must_agree_with_itself)
{
	ck_assert_int_eq(load(true, CENTRO_NODE_DRAINING, "me"), CENTRO_OK);
	ck_assert_int_eq(load(true, CENTRO_NODE_DOWN, "me"), CENTRO_OK);
	ck_assert_int_eq(load(true, CENTRO_NODE_READY, "me"), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(load(false, CENTRO_NODE_DRAINING, ""), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(load(true, CENTRO_NODE_DRAINING, "\xff"), CENTRO_ERR_CORRUPT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drain");
	TCase *tcase = tcase_create("drain");

	tcase_add_test(tcase, nothing_new_is_granted_to_it);
	tcase_add_test(tcase, who_and_why_are_kept);
	tcase_add_test(tcase, at_the_deadline_what_runs_is_to_be_killed_and_waits_again);
	tcase_add_test(tcase, what_was_not_claimed_leaves_at_once);
	tcase_add_test(tcase, what_was_granted_before_the_deadline_may_start);
	tcase_add_test(tcase, a_cancelled_job_that_a_drain_kills_stays_cancelled);
	tcase_add_test(tcase, silence_does_not_end_a_drain);
	tcase_add_test(tcase, a_node_that_is_down_can_be_drained_and_undrained);
	tcase_add_test(tcase, the_last_word_counts);
	tcase_add_test(tcase, what_makes_no_sense_is_refused);
	tcase_add_test(tcase, a_node_that_starts_nothing_is_drained_by_itself);
	tcase_add_test(tcase, one_job_alone_does_not_drain_a_node);
	tcase_add_test(tcase, a_record_must_agree_with_itself);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
