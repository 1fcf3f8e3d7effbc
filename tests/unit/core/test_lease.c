/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/lease.c, by itself and through a core. */
#include "core/lease.h"

#include "cluster.h"
#include "support/suite.h"

#define SECOND CTR_NS_PER_SEC

START_TEST(a_span_has_drift_and_grace)
{
	struct ctr_lease_table table;
	ctr_leases_init(&table, NULL, /* drift_ppm= */ 10000, (struct centro_span){2 * SECOND});

	ck_assert_uint_eq(ctr_lease_span(&table, (struct centro_span){300 * SECOND}).ns,
			  305 * SECOND);
	ck_assert_uint_eq(ctr_lease_span(&table, ctr_span_ms(2000)).ns, 4020 * CTR_NS_PER_MS);
	/* Rounded up, never down. */
	ck_assert_uint_eq(ctr_lease_span(&table, (struct centro_span){101}).ns,
			  101 + 2 + 2 * SECOND);
	table.drift_ppm = 1;
	ck_assert_uint_eq(ctr_lease_span(&table, (struct centro_span){1}).ns, 1 + 1 + 2 * SECOND);
	table.drift_ppm = 10000;
	ck_assert_uint_eq(ctr_lease_span(&table, ctr_span_ms(CTR_LEASE_MAX_MS)).ns,
			  (604800 + 6048 + 2) * SECOND);
	ctr_leases_fini(&table);
}
END_TEST

/* A lease of 3 s: 3 s + 30 ms + 2 s from the grant. */
static centro_job_id submit_leased(struct cluster *cluster, enum ctr_on_disconnect on_disconnect)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	task.lease = ctr_span_ms(3000);
	task.on_disconnect = on_disconnect;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	centro_job_id job = cluster->result.job;
	cluster_schedule(cluster);
	ck_assert_int_eq(cluster_instance(cluster, job, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	return job;
}

static void setup(struct cluster *cluster)
{
	cluster_init(cluster, NULL);
	cluster_add_node(cluster, "a", 4);
}

START_TEST(an_unclaimed_grant_is_over_after_its_lease)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id job = submit_leased(&cluster, CTR_ON_DISCONNECT_STOP);

	uint64_t due = cluster.now.cluster.ns + 5030 * CTR_NS_PER_MS;
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns, due);
	cluster_wait(&cluster, 5029);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	cluster_wait(&cluster, 1);
	const struct ctr_instance *instance = cluster_instance(&cluster, job, 0);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_PENDING);
	ck_assert_int_eq(instance->cause, CENTRO_CAUSE_REVOKED);
	ck_assert_uint_eq(instance->lost, 0);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(cluster_instance(&cluster, job, 0)->attempt, 2);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_claim_begins_the_lease_anew)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id job = submit_leased(&cluster, CTR_ON_DISCONNECT_STOP);

	cluster_wait(&cluster, 5000);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, job, 0)));
	cluster_wait(&cluster, 5029);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	cluster_wait(&cluster, 1);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_PENDING);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->cause, CENTRO_CAUSE_NODE_LOST);
	ck_assert_uint_eq(cluster_instance(&cluster, job, 0)->lost, 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(only_what_is_held_is_renewed)
{
	struct cluster cluster;
	struct centro_span lease;
	setup(&cluster);
	centro_job_id held = submit_leased(&cluster, CTR_ON_DISCONNECT_STOP);
	centro_job_id dropped = submit_leased(&cluster, CTR_ON_DISCONNECT_STOP);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, held, 0)));
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, dropped, 0)));

	for (int i = 0; i < 10; i++) {
		cluster_wait(&cluster, 1000);
		ck_assert_int_eq(cluster_hold(&cluster, 1, cluster_ref(&cluster, held, 0), &lease),
				 CENTRO_OK);
		ck_assert_uint_eq(lease.ns, 3 * SECOND);
	}
	ck_assert_int_eq(cluster_instance(&cluster, held, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	ck_assert_int_eq(cluster_instance(&cluster, dropped, 0)->state, CENTRO_INSTANCE_PENDING);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_may_run_on_is_never_over_once_it_may_run)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id claimed = submit_leased(&cluster, CTR_ON_DISCONNECT_KEEP);
	centro_job_id reported = submit_leased(&cluster, CTR_ON_DISCONNECT_KEEP);
	centro_job_id unclaimed = submit_leased(&cluster, CTR_ON_DISCONNECT_KEEP);

	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, claimed, 0)));
	ck_assert_int_eq(cluster_report_running(&cluster, cluster_ref(&cluster, reported, 0)),
			 CENTRO_OK);
	cluster_wait(&cluster, 3600 * 1000);
	ck_assert_int_eq(cluster_instance(&cluster, claimed, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	ck_assert_int_eq(cluster_instance(&cluster, reported, 0)->state, CENTRO_INSTANCE_RUNNING);
	ck_assert_int_eq(cluster_instance(&cluster, unclaimed, 0)->state, CENTRO_INSTANCE_PENDING);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns, CENTRO_INSTANT_NEVER_NS);

	/* Until the node reports. */
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, claimed, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_lease_that_is_over_ends_what_was_cancelled)
{
	struct cluster cluster;
	setup(&cluster);
	centro_job_id job = submit_leased(&cluster, CTR_ON_DISCONNECT_STOP);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, job, 0)));
	ck_assert_int_eq(cluster_cancel(&cluster, job), CENTRO_OK);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_ASSIGNED);

	cluster_wait(&cluster, 6000);
	ck_assert_int_eq(cluster_job(&cluster, job)->state, CENTRO_JOB_CANCELLED);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->cause, CENTRO_CAUSE_NODE_LOST);
	ck_assert_uint_eq(cluster_instance(&cluster, job, 0)->lost, 1);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lease");
	TCase *tcase = tcase_create("lease");

	tcase_add_test(tcase, a_span_has_drift_and_grace);
	tcase_add_test(tcase, an_unclaimed_grant_is_over_after_its_lease);
	tcase_add_test(tcase, a_claim_begins_the_lease_anew);
	tcase_add_test(tcase, only_what_is_held_is_renewed);
	tcase_add_test(tcase, what_may_run_on_is_never_over_once_it_may_run);
	tcase_add_test(tcase, a_lease_that_is_over_ends_what_was_cancelled);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
