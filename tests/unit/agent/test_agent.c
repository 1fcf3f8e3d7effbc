/* SPDX-License-Identifier: MIT */
/* test_agent.c - the brain of an agent against a real server. */
#include "cluster.h"

#include "support/suite.h"

static struct cluster cluster;

static void setup(void)
{
	cluster_open(&cluster);
	ck_assert(ctr_agent_is_registered(cluster.agent));
}

static void teardown(void)
{
	cluster_close(&cluster);
}

START_TEST(test_one_job_from_offer_to_acknowledged_end)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	ck_assert_uint_eq(cluster.run_count, 1);
	ck_assert(cluster.runs[0].is_started);
	ck_assert_str_eq(cluster.runs[0].command, "echo hi");
	ck_assert_uint_eq(cluster.runs[0].lease_end.ns, cluster.now.steady.ns + 300 * CTR_NS_PER_SEC);
	cluster_started(&cluster, 0);
	ck_assert_int_eq(cluster_state(&cluster, job), CENTRO_INSTANCE_RUNNING);
	cluster_ended(&cluster, 0, CENTRO_CAUSE_EXITED, 3);
	cluster_expect_ended(&cluster, job, "\"exit_code\":3");
	ck_assert(cluster.runs[0].is_forgotten);
	ck_assert_uint_eq(ctr_agent_attempt_count(cluster.agent), 0);
}
END_TEST

START_TEST(test_the_environment_is_built_and_nothing_can_pretend)
{
	cluster_submit(&cluster, 300);
	const char *env = cluster.runs[0].env;
	ck_assert_ptr_nonnull(strstr(env, "PATH=/bin\n"));
	ck_assert_ptr_nonnull(strstr(env, "OWN=1\n"));
	ck_assert_ptr_nonnull(strstr(env, "CENTRO_JOB_ID=1\n"));
	ck_assert_ptr_nonnull(strstr(env, "CENTRO_NODE=n1\n"));
	ck_assert_ptr_nonnull(strstr(env, "CENTRO_TASK=main\n"));
	ck_assert_ptr_null(strstr(env, "pretended"));
}
END_TEST

START_TEST(test_what_cannot_start_is_reported_with_the_reason)
{
	cluster.start_error = CENTRO_ERR_NOT_FOUND;
	centro_job_id first = cluster_submit(&cluster, 300);
	cluster_expect_ended(&cluster, first, "no such program");
	cluster_expect_ended(&cluster, first, "start_failed");
	cluster.prepare_error = CENTRO_ERR_IO;
	centro_job_id second = cluster_submit(&cluster, 300);
	cluster_expect_ended(&cluster, second, "the host says no");
	ck_assert_uint_eq(ctr_agent_attempt_count(cluster.agent), 0);
}
END_TEST

START_TEST(test_heartbeats_renew_short_leases_in_time)
{
	cluster_submit(&cluster, 3);
	cluster_started(&cluster, 0);
	for (int i = 0; i < 20; i++) {
		cluster_wait(&cluster, 500);
		ck_assert_uint_gt(cluster.runs[0].lease_end.ns, cluster.now.steady.ns + CTR_NS_PER_SEC);
		ck_assert_uint_le(cluster.runs[0].lease_end.ns,
				  cluster.now.steady.ns + 3 * CTR_NS_PER_SEC);
	}
}
END_TEST

START_TEST(test_a_lease_counts_from_the_sending_of_the_heartbeat)
{
	cluster_submit(&cluster, 3);
	cluster_started(&cluster, 0);
	/* An answer waits for what is being written, so this one comes late. */
	ctr_memory_disk_hold(cluster.disk, true);
	cluster_submit(&cluster, 300);
	cluster_wait(&cluster, 1900);
	ctr_memory_disk_hold(cluster.disk, false);
	cluster_run(&cluster);
	ck_assert_uint_gt(cluster.runs[0].lease_end.ns, cluster.now.steady.ns + CTR_NS_PER_SEC);
	ck_assert_uint_lt(cluster.runs[0].lease_end.ns,
			  cluster.now.steady.ns + 5 * CTR_NS_PER_SEC / 2);
}
END_TEST

START_TEST(test_a_cancel_kills_with_grace_and_is_reported)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	cluster_started(&cluster, 0);
	cluster_cancel(&cluster, job);
	ck_assert_int_eq(cluster.runs[0].kill_cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_eq(cluster.runs[0].kill_grace.ns, 5 * CTR_NS_PER_SEC);
	cluster_ended(&cluster, 0, CENTRO_CAUSE_CANCEL, 143);
	cluster_expect_ended(&cluster, job, "\"state\":\"cancelled\"");
}
END_TEST

START_TEST(test_what_runs_goes_on_without_a_server_and_is_reported_once)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	cluster_started(&cluster, 0);
	cluster.is_cut = true;
	cluster_disconnect(&cluster);
	cluster_run(&cluster);
	ck_assert(!ctr_agent_is_registered(cluster.agent));
	cluster_ended(&cluster, 0, CENTRO_CAUSE_EXITED, 5);
	ck_assert_uint_eq(ctr_agent_attempt_count(cluster.agent), 1);
	cluster_restart_server(&cluster);
	cluster.is_cut = false;
	cluster_wait(&cluster, 10000);
	cluster_expect_ended(&cluster, job, "\"exit_code\":5");
	ck_assert_uint_eq(cluster.run_count, 1);
	ck_assert(cluster.runs[0].is_forgotten);
}
END_TEST

START_TEST(test_an_offer_from_before_a_restart_is_claimed_of_the_new_server)
{
	cluster.is_cut = true;
	cluster_disconnect(&cluster);
	cluster_run(&cluster);
	centro_job_id job = cluster_submit(&cluster, 300);
	ck_assert_int_eq(cluster_state(&cluster, job), CENTRO_INSTANCE_ASSIGNED);
	ck_assert_uint_eq(cluster.run_count, 0);
	cluster_restart_server(&cluster);
	cluster.is_cut = false;
	cluster_wait(&cluster, 10000);
	ck_assert_uint_eq(cluster.run_count, 1);
	ck_assert(cluster.runs[0].is_started);
}
END_TEST

START_TEST(test_what_is_no_longer_granted_is_killed_and_never_reported)
{
	centro_job_id job = cluster_submit(&cluster, 3);
	cluster_started(&cluster, 0);
	cluster.is_cut = true;
	cluster_disconnect(&cluster);
	/* The server's view of the lease ends, and the node is granted attempt 2 when it is back. */
	cluster_wait(&cluster, 8000);
	ck_assert_int_eq(cluster.runs[0].kill_cause, CENTRO_CAUSE_NONE);
	cluster.is_cut = false;
	cluster_wait(&cluster, 10000);
	ck_assert_int_eq(cluster.runs[0].kill_cause, CENTRO_CAUSE_LEASE_EXPIRED);
	cluster_ended(&cluster, 0, CENTRO_CAUSE_LEASE_EXPIRED, 0);
	ck_assert(cluster.runs[0].is_forgotten);
	ck_assert_uint_eq(cluster.run_count, 2);
	ck_assert_uint_eq(cluster.runs[1].ref.attempt, 2);
	ck_assert_int_ne(cluster_state(&cluster, job), -1);
}
END_TEST

START_TEST(test_the_end_of_the_output_goes_to_the_server_before_the_report)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	cluster_started(&cluster, 0);
	cluster.runs[0].out = "the last words";
	cluster_ended(&cluster, 0, CENTRO_CAUSE_EXITED, 0);
	cluster_expect_ended(&cluster, job, "succeeded");
	ck_assert_uint_eq(cluster.kept.size, strlen("the last words"));
	ck_assert_mem_eq(cluster.kept.data, "the last words", cluster.kept.size);
}
END_TEST

START_TEST(test_many_at_once_share_their_calls)
{
	centro_job_id jobs[40];
	cluster_disconnect(&cluster);
	cluster.is_cut = true;
	cluster_run(&cluster);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(jobs); i++)
		jobs[i] = cluster_submit(&cluster, 300);
	cluster.is_cut = false;
	cluster_wait(&cluster, 10000);
	ck_assert_uint_eq(cluster.run_count, CTR_ARRAY_SIZE(jobs));
	for (uint32_t i = 0; i < CTR_ARRAY_SIZE(jobs); i++)
		ctr_agent_started(cluster.agent, i + 1, cluster.now.wall);
	cluster_run(&cluster);
	for (uint32_t i = 0; i < CTR_ARRAY_SIZE(jobs); i++)
		cluster_ended(&cluster, i, CENTRO_CAUSE_EXITED, 0);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(jobs); i++)
		cluster_expect_ended(&cluster, jobs[i], "succeeded");
	ck_assert_uint_eq(ctr_agent_attempt_count(cluster.agent), 0);
}
END_TEST

START_TEST(test_what_an_earlier_agent_left_is_reported)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	const struct ctr_adopted_attempt left = {
		.ref = { job, 0, 0, 2 }, .handle = 51, .lease = { CTR_NS_PER_SEC }, .has_ended = true,
		.end = { .cause = CENTRO_CAUSE_EXITED, .end_wall = cluster.now.wall },
	};
	/* The server knows of no second attempt: the agent is told to forget it. */
	cluster.run_count = 51;
	ck_assert_int_eq(ctr_agent_adopt(cluster.agent, &left), CENTRO_OK);
	cluster_run(&cluster);
	ck_assert(cluster.runs[50].is_forgotten);
	ck_assert_int_eq(cluster_state(&cluster, job), CENTRO_INSTANCE_ASSIGNED);
}
END_TEST

START_TEST(test_stop_takes_nothing_new_and_kills_what_runs)
{
	centro_job_id job = cluster_submit(&cluster, 300);
	cluster_started(&cluster, 0);
	ctr_agent_stop(cluster.agent);
	ck_assert_int_eq(cluster.runs[0].kill_cause, CENTRO_CAUSE_LEASE_EXPIRED);
	cluster_submit(&cluster, 300);
	ck_assert_uint_eq(cluster.run_count, 1);
	cluster_ended(&cluster, 0, CENTRO_CAUSE_LEASE_EXPIRED, 143);
	ck_assert_uint_eq(ctr_agent_attempt_count(cluster.agent), 0);
	/* It is to run again, wherever there is another node. */
	ck_assert_int_eq(cluster_state(&cluster, job), CENTRO_INSTANCE_ASSIGNED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent/agent");
	TCase *tcase = tcase_create("agent");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_one_job_from_offer_to_acknowledged_end);
	tcase_add_test(tcase, test_the_environment_is_built_and_nothing_can_pretend);
	tcase_add_test(tcase, test_what_cannot_start_is_reported_with_the_reason);
	tcase_add_test(tcase, test_heartbeats_renew_short_leases_in_time);
	tcase_add_test(tcase, test_a_lease_counts_from_the_sending_of_the_heartbeat);
	tcase_add_test(tcase, test_a_cancel_kills_with_grace_and_is_reported);
	tcase_add_test(tcase, test_what_runs_goes_on_without_a_server_and_is_reported_once);
	tcase_add_test(tcase, test_an_offer_from_before_a_restart_is_claimed_of_the_new_server);
	tcase_add_test(tcase, test_what_is_no_longer_granted_is_killed_and_never_reported);
	tcase_add_test(tcase, test_the_end_of_the_output_goes_to_the_server_before_the_report);
	tcase_add_test(tcase, test_many_at_once_share_their_calls);
	tcase_add_test(tcase, test_what_an_earlier_agent_left_is_reported);
	tcase_add_test(tcase, test_stop_takes_nothing_new_and_kills_what_runs);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
