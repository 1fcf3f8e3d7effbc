/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/decide_node.c: registration, sessions, silence. */
#include "cluster.h"

#include "support/suite.h"

START_TEST(a_new_node_is_ready)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	ck_assert_uint_eq(id, 1);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, id);
	ck_assert_int_eq(node->state, CENTRO_NODE_READY);
	ck_assert(ctr_bytes_equal(node->datacenter, ctr_bytes_str("default")));
	ck_assert_uint_eq(node->session, 1);
	ck_assert_uint_eq(node->revision, 1);
	ck_assert_uint_eq(node->register_wall.ns, cluster.now.wall.ns);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_REGISTERED), 1);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_READY), 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_did_not_change_is_not_written)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	struct ctr_node_spec spec = cluster_node_spec("a", 4);
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	cluster_drain(&cluster);
	spec.session = 2;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(cluster.result.node, 1);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), 1);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, 1)->session, 2);

	/* What it offers has changed. */
	spec.text = ctr_bytes_str("another text");
	spec.capacity.cpu_milli = 9000;
	spec.datacenter = ctr_bytes_str("eu");
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_REGISTERED), 1);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, 1);
	ck_assert_int_eq(node->capacity.amount[CTR_DIM_CPU], 9000);
	ck_assert(ctr_bytes_equal(node->datacenter, ctr_bytes_str("eu")));
	ck_assert(ctr_bytes_equal(node->text, spec.text));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_wrong_specification_is_refused)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	struct ctr_node_spec spec = cluster_node_spec("", 4);
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_ERR_INVALID);
	ck_assert_uint_eq(ctr_core_node_count(cluster.core), 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(so_many_nodes_may_be_there)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.nodes_max = 1};
	cluster_init(&cluster, &options);
	cluster_add_node(&cluster, "a", 4);
	struct ctr_node_spec spec = cluster_node_spec("b", 4);
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_ERR_LIMIT);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_name_belongs_to_one_agent)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	centro_job_id job = cluster_run(&cluster);
	struct ctr_node_spec thief = cluster_node_spec("a", 8);
	thief.agent_id = 2;

	ck_assert_int_eq(cluster_register(&cluster, &thief), CENTRO_ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(cluster.result.text.text, "belongs to another agent, which is "
							       "ready and holds 1 attempts"));
	cluster_wait(&cluster, 60000);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, id)->state, CENTRO_NODE_DOWN);
	ck_assert_int_eq(cluster_register(&cluster, &thief), CENTRO_ERR_EXISTS);

	/* Down, and its grant over: the name is free. */
	cluster_wait(&cluster, 300000);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_PENDING);
	cluster_drain(&cluster);
	ck_assert_int_eq(cluster_register(&cluster, &thief), CENTRO_OK);
	ck_assert_uint_eq(cluster.result.node, id);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, id);
	ck_assert_uint_eq(node->agent_id, 2);
	ck_assert_int_eq(node->state, CENTRO_NODE_READY);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_REGISTERED), 1);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_READY), 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_newer_session_ends_the_older)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	struct ctr_node_spec spec = cluster_node_spec("a", 4);
	spec.session = 7;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);

	/* The old process goes on talking: nothing of it counts. */
	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_ERR_STALE);
	ck_assert(cluster.result.session_stale);
	spec.session = 1;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_ERR_STALE);
	ck_assert(cluster.result.session_stale);
	bool granted = true;
	const struct centro_attempt_ref ref = {1, 0, 0, 1};
	const struct ctr_command claim = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {id, 1, &ref, 1, UINT64_MAX, &granted},
	};
	ck_assert_int_eq(cluster_execute(&cluster, &claim), CENTRO_ERR_STALE);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, id)->session, 7);
	cluster_fini(&cluster);
}
END_TEST

/* Or the one before it would count as ended, by nobody. */
START_TEST(no_session_is_none)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	struct ctr_node_spec spec = cluster_node_spec("a", 2);
	spec.session = 5;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	spec.session = 0;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_ERR_INVALID);
	ck_assert_str_eq(cluster.result.text.text,
			 "session: 0 is none; an agent draws one at each start");
	spec.session = 5;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(after_a_restart_the_first_to_speak_is_taken_on)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, id)->session, 0);
	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, id)->session, 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_that_nobody_knows)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	ck_assert_int_eq(cluster_heartbeat(&cluster, 9), CENTRO_ERR_NOT_FOUND);
	ck_assert_str_eq(cluster.result.text.text, "there is no node 9");
	cluster_fini(&cluster);
}
END_TEST

START_TEST(silence_takes_a_node_down_and_a_word_brings_it_back)
{
	struct cluster cluster;
	const struct ctr_core_options options = {.node_timeout = ctr_span_ms(10000)};
	cluster_init(&cluster, &options);
	centro_node_id id = cluster_add_node(&cluster, "a", 4);
	cluster_wait(&cluster, 5000);
	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns,
			  cluster.now.cluster.ns + 10 * CTR_NS_PER_SEC);
	cluster_wait(&cluster, 9999);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, id)->state, CENTRO_NODE_READY);
	cluster_wait(&cluster, 1);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, id)->state, CENTRO_NODE_DOWN);
	ck_assert_uint_eq(cluster_last(&cluster, CENTRO_EVENT_NODE_DOWN)->node, id);
	ck_assert_uint_eq(ctr_core_next_wake(cluster.core).ns, CENTRO_INSTANT_NEVER_NS);

	ck_assert_int_eq(cluster_heartbeat(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, id)->state, CENTRO_NODE_READY);
	cluster_wait(&cluster, 10000);
	struct ctr_node_spec spec = cluster_node_spec("a", 4);
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_READY), 2);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_NODE_REGISTERED), 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_that_is_down_may_change_what_it_offers)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id id = cluster_add_node(&cluster, "a", 1);
	cluster_wait(&cluster, 60000);
	struct ctr_node_spec spec = cluster_node_spec("a", 8);
	spec.text = ctr_bytes_str("eight cores");
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, id)->state, CENTRO_NODE_READY);
	centro_job_id job = cluster_submit(&cluster, 8);
	cluster_schedule(&cluster);
	ck_assert_int_eq(cluster_instance(&cluster, job, 0)->state, CENTRO_INSTANCE_ASSIGNED);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decide_node");
	TCase *tcase = tcase_create("decide_node");

	tcase_add_test(tcase, a_new_node_is_ready);
	tcase_add_test(tcase, what_did_not_change_is_not_written);
	tcase_add_test(tcase, a_wrong_specification_is_refused);
	tcase_add_test(tcase, so_many_nodes_may_be_there);
	tcase_add_test(tcase, a_name_belongs_to_one_agent);
	tcase_add_test(tcase, a_newer_session_ends_the_older);
	tcase_add_test(tcase, no_session_is_none);
	tcase_add_test(tcase, after_a_restart_the_first_to_speak_is_taken_on);
	tcase_add_test(tcase, a_node_that_nobody_knows);
	tcase_add_test(tcase, silence_takes_a_node_down_and_a_word_brings_it_back);
	tcase_add_test(tcase, a_node_that_is_down_may_change_what_it_offers);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
