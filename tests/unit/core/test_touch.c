/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/touch.c: signs of life, renewals and claims. */
#include "cluster.h"

#include "support/suite.h"

static void setup(struct cluster *cluster)
{
	cluster_init(cluster, NULL);
	cluster_add_node(cluster, "a", 4);
	cluster_add_node(cluster, "b", 4);
}

static bool claim(struct cluster *cluster, centro_node_id node, struct centro_attempt_ref ref,
		  uint64_t durable_event)
{
	bool granted = true;
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {node, 1, &ref, 1, durable_event, &granted},
	};
	ck_assert_int_eq(cluster_execute(cluster, &command), CENTRO_OK);
	return granted;
}

START_TEST(a_grant_that_is_not_durable_cannot_be_claimed)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	struct centro_attempt_ref ref = ctr_instance_ref(instance);
	centro_node_id node = instance->node->id;

	ck_assert(!claim(&cluster, node, ref, instance->assign_event - 1));
	ck_assert(!instance->claimed);
	ck_assert(claim(&cluster, node, ref, instance->assign_event));
	ck_assert(instance->claimed);
	/* The answer got lost: once more is the same. */
	ck_assert(claim(&cluster, node, ref, instance->assign_event));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(only_its_node_claims_the_present_attempt)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	centro_node_id node = cluster_instance(&cluster, id, 0)->node->id;
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0), other = ref;

	ck_assert(!claim(&cluster, node == 1 ? 2 : 1, ref, UINT64_MAX));
	other.attempt++;
	ck_assert(!claim(&cluster, node, other, UINT64_MAX));
	other = ref;
	other.job += 7;
	ck_assert(!claim(&cluster, node, other, UINT64_MAX));
	ck_assert(!cluster_instance(&cluster, id, 0)->claimed);
	/* What runs cannot be started. */
	ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_OK);
	ck_assert(!claim(&cluster, node, ref, UINT64_MAX));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(several_are_claimed_and_renewed_at_once)
{
	struct cluster cluster;
	struct centro_attempt_ref refs[3];
	bool granted[3] = {true, true, false};
	struct centro_span leases[3] = {{1}, {1}, {1}};
	cluster_init(&cluster, NULL);
	centro_node_id node = cluster_add_node(&cluster, "a", 4);
	centro_job_id id = cluster_submit_array(&cluster, 2);
	cluster_schedule(&cluster);
	refs[0] = (struct centro_attempt_ref){99, 0, 0, 1};
	refs[1] = cluster_ref(&cluster, id, 1);
	refs[2] = cluster_ref(&cluster, id, 0);

	const struct ctr_command claims = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {node, 1, refs, 3, UINT64_MAX, granted},
	};
	ck_assert_int_eq(cluster_execute(&cluster, &claims), CENTRO_OK);
	ck_assert(!granted[0] && granted[1] && granted[2]);
	const struct ctr_command heartbeat = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {node, 1, refs, 3, leases},
	};
	ck_assert_int_eq(cluster_execute(&cluster, &heartbeat), CENTRO_OK);
	ck_assert_uint_eq(leases[0].ns, 0);
	ck_assert_uint_eq(leases[1].ns, 300 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(leases[2].ns, 300 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), 4); /* none of it is told */
	cluster_fini(&cluster);
}
END_TEST

/* "A grant that is held is taken as claimed." */
START_TEST(what_is_held_counts_as_claimed)
{
	struct cluster cluster;
	struct centro_span lease;
	setup(&cluster);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	struct centro_attempt_ref ref = ctr_instance_ref(instance);
	centro_node_id node = instance->node->id;
	ck_assert_int_eq(cluster_hold(&cluster, node == 1 ? 2 : 1, ref, &lease), CENTRO_OK);
	ck_assert_uint_eq(lease.ns, 0);
	ck_assert(!instance->claimed);
	ck_assert_int_eq(cluster_hold(&cluster, node, ref, &lease), CENTRO_OK);
	ck_assert(instance->claimed);

	/* So a cancel waits for the node. */
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_ASSIGNED);
	ck_assert_int_eq(cluster_hold(&cluster, node, ref, &lease), CENTRO_OK);
	ck_assert_uint_gt(lease.ns, 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_sign_of_life_is_noted)
{
	struct cluster cluster;
	setup(&cluster);
	cluster_wait(&cluster, 1000);
	ck_assert_int_eq(cluster_heartbeat(&cluster, 2), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, 2)->heard_wall.ns, cluster.now.wall.ns);
	ck_assert_uint_lt(ctr_core_find_node(cluster.core, 1)->heard_wall.ns, cluster.now.wall.ns);
	cluster_fini(&cluster);
}
END_TEST

/* The wall clock may jump: no deadline knows of it (I17). */
START_TEST(steps_of_the_wall_clock_change_nothing)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id id = cluster_run(&cluster);
	struct centro_instant wake = ctr_core_next_wake(cluster.core);
	cluster.now.wall.ns += UINT64_C(1000000) * CTR_NS_PER_SEC;
	cluster_wait(&cluster, 0);
	cluster.now.wall.ns = 1;
	cluster_wait(&cluster, 0);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns, wake.ns);
	ck_assert_int_eq(cluster_job(&cluster, id)->state, CENTRO_JOB_RUNNING);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("touch");
	TCase *tcase = tcase_create("touch");

	tcase_add_test(tcase, a_grant_that_is_not_durable_cannot_be_claimed);
	tcase_add_test(tcase, only_its_node_claims_the_present_attempt);
	tcase_add_test(tcase, several_are_claimed_and_renewed_at_once);
	tcase_add_test(tcase, what_is_held_counts_as_claimed);
	tcase_add_test(tcase, a_sign_of_life_is_noted);
	tcase_add_test(tcase, steps_of_the_wall_clock_change_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
