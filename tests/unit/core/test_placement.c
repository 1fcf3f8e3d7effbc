/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/placement.c: never too much, never somewhere else, and as tight as can be. */
#include "cluster.h"

#include <stdio.h>

#include "base/prng.h"
#include "support/suite.h"

START_TEST(two_nodes_of_two_cores_take_four)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	cluster_add_node(&cluster, "b", 2);
	for (int i = 0; i < 10; i++)
		cluster_submit(&cluster, 1);

	for (int turn = 0; turn < 10; turn++) {
		cluster_schedule(&cluster);
		for (centro_node_id id = 1; id <= 2; id++) {
			const struct ctr_node *node = ctr_core_find_node(cluster.core, id);
			ck_assert_uint_le(node->attempt_count, 2);
		}
		const struct ctr_node *node =
			ctr_core_find_node(cluster.core, 1 + (centro_node_id)turn % 2);
		if (node->attempt_count == 0)
			continue;
		const struct ctr_instance *instance =
			ctr_list_entry(node->attempts.next, struct ctr_instance, on_node);
		ck_assert_int_eq(cluster_report_ended(&cluster, ctr_instance_ref(instance),
						      CENTRO_CAUSE_EXITED, 0),
				 CENTRO_OK);
		cluster_drain(&cluster);
	}
	cluster_fini(&cluster);
}
END_TEST

static centro_job_id submit_to(struct cluster *cluster, const char *first, const char *second)
{
	const struct centro_bytes names[] = {ctr_bytes_str(first), ctr_bytes_str(second)};
	const struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	spec.datacenters = names;
	spec.datacenter_count = second ? 2 : 1;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

static centro_node_id add_in(struct cluster *cluster, const char *name, const char *datacenter,
			     uint32_t cores)
{
	struct ctr_node_spec spec = cluster_node_spec(name, cores);
	char text[64];

	spec.datacenter = ctr_bytes_str(datacenter);
	snprintf(text, sizeof(text), "%s in %s with %u", name, datacenter, (unsigned int)cores);
	spec.text = ctr_bytes_str(text);
	ck_assert_int_eq(cluster_register(cluster, &spec), CENTRO_OK);
	return cluster->result.node;
}

static centro_node_id node_of(const struct cluster *cluster, centro_job_id job)
{
	const struct ctr_node *node = cluster_instance(cluster, job, 0)->node;
	return node ? node->id : 0;
}

START_TEST(only_the_datacenters_asked_for)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "us", 8);
	centro_job_id eu = submit_to(&cluster, "eu", NULL), both = submit_to(&cluster, "eu", "us");
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, eu), 0);
	ck_assert_uint_eq(node_of(&cluster, both), 1);

	/* The node moves: what it has stays, what waits for the place comes. */
	add_in(&cluster, "a", "eu", 8);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, eu), 1);
	cluster_fini(&cluster);
}
END_TEST

/* It waits for one datacenter, and only in the other something ends. */
START_TEST(room_in_another_datacenter_is_no_room)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "us", 1);
	add_in(&cluster, "b", "eu", 1);
	centro_job_id us = submit_to(&cluster, "us", NULL), eu = submit_to(&cluster, "eu", NULL),
		      next = submit_to(&cluster, "eu", NULL);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, next), 0);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, us, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, next), 0);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, eu, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, next), 2);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(several_datacenters_are_drawn_from_alike)
{
	struct cluster cluster;
	uint32_t in_eu = 0;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	for (int i = 0; i < 60; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		add_in(&cluster, name, i % 3 == 0 ? "eu" : i % 3 == 1 ? "us" : "ap", 1000);
	}
	for (int i = 0; i < 200; i++) {
		centro_job_id job = submit_to(&cluster, "eu", "us");
		cluster_schedule(&cluster);
		const struct ctr_node *node = cluster_instance(&cluster, job, 0)->node;
		ck_assert_ptr_nonnull(node);
		ck_assert(!ctr_bytes_equal(node->datacenter, ctr_bytes_str("ap")));
		in_eu += ctr_bytes_equal(node->datacenter, ctr_bytes_str("eu"));
	}
	cluster.unchecked = false;
	cluster_check(&cluster);
	/* Packing keeps to a few nodes, but both are looked at. */
	ck_assert_uint_gt(in_eu, 0);
	ck_assert_uint_lt(in_eu, 200);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_tightest_node_is_taken)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "large", 64);
	centro_node_id small = cluster_add_node(&cluster, "small", 2);
	cluster_add_node(&cluster, "medium", 8);
	centro_job_id job = cluster_submit(&cluster, 2);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, job), small);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(nodes_with_something_rare_are_spared)
{
	struct cluster cluster;
	const struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 4};
	struct ctr_node_spec rare = cluster_node_spec("rare", 4);
	cluster_init(&cluster, NULL);
	rare.capacity.named = &gpu;
	rare.capacity.named_count = 1;
	ck_assert_int_eq(cluster_register(&cluster, &rare), CENTRO_OK);
	centro_node_id with = cluster.result.node;
	centro_node_id without = cluster_add_node(&cluster, "plain", 4);

	centro_job_id plain = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, plain), without);

	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_named_amount wanted = {ctr_bytes_str("gpu"), 2};
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	task.resources.named = &wanted;
	task.resources.named_count = 1;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
		cluster_schedule(&cluster);
		ck_assert_uint_eq(node_of(&cluster, cluster.result.job), i < 2 ? with : 0);
	}
	cluster_fini(&cluster);
}
END_TEST

/* One node in three hundred has room: the samples will miss it, the scan must not. */
START_TEST(the_one_node_that_fits_is_found)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	for (int i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		cluster_add_node(&cluster, name, i == 177 ? 9 : 4);
	}
	centro_job_id job = cluster_submit(&cluster, 9), none = cluster_submit(&cluster, 9);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, job), 178);
	ck_assert_uint_eq(node_of(&cluster, none), 0);
	/* The scan that found nothing has left true bounds behind. */
	const struct ctr_zone *all = &cluster.core->placement.all;
	for (uint32_t i = 0; i < ctr_zone_block_count(all); i++)
		ck_assert_uint_le(all->bounds[i].amount[CTR_DIM_CPU], 4000);

	/* And again when it is free. */
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, job, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, none), 178);
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

/* The bounds that a scan has lowered rise again with what is given back. */
START_TEST(a_full_cluster_takes_as_much_as_is_given_back)
{
	struct cluster cluster;
	struct ctr_prng prng;
	uint32_t running = 0;
	cluster_init(&cluster, NULL);
	ctr_prng_init(&prng, 2);
	cluster.unchecked = true;
	for (int i = 0; i < 130; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		cluster_add_node(&cluster, name, 2);
	}
	centro_job_id job = cluster_submit_array(&cluster, 2000);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), 260);

	for (int turn = 0; turn < 40; turn++) {
		uint32_t ended = 1 + (uint32_t)ctr_prng_below(&prng, 30);
		cluster_drain(&cluster);
		for (uint32_t i = 0; i < ended; i++) {
			while (!ctr_instance_is_granted(cluster_instance(&cluster, job, running)))
				running++;
			cluster_report_ended(&cluster, cluster_ref(&cluster, job, running),
					     CENTRO_CAUSE_EXITED, 0);
		}
		cluster_schedule(&cluster);
		ck_assert_uint_eq(cluster_count(&cluster, CENTRO_EVENT_INSTANCE_ASSIGNED), ended);
	}
	cluster.unchecked = false;
	cluster_check(&cluster);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_that_is_down_gets_nothing_new)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id node = cluster_add_node(&cluster, "a", 4);
	cluster_wait(&cluster, 60000);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, node)->state, CENTRO_NODE_DOWN);
	centro_job_id job = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, job), 0);
	ck_assert_int_eq(cluster_heartbeat(&cluster, node), CENTRO_OK);
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, job), node);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_that_shrank_gets_nothing_before_it_fits)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	add_in(&cluster, "a", "default", 4);
	centro_job_id jobs[4];
	for (int i = 0; i < 4; i++)
		jobs[i] = cluster_run(&cluster);
	centro_job_id waiting = cluster_submit(&cluster, 1);

	add_in(&cluster, "a", "default", 2);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, 1);
	ck_assert(node->is_shrunk);
	for (int i = 0; i < 3; i++) {
		cluster_schedule(&cluster);
		ck_assert_uint_eq(node_of(&cluster, waiting), 0);
		ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, jobs[i], 0),
						      CENTRO_CAUSE_EXITED, 0),
				 CENTRO_OK);
		ck_assert_int_eq(node->is_shrunk, i == 0);
	}
	cluster_schedule(&cluster);
	ck_assert_uint_eq(node_of(&cluster, waiting), 1);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("placement");
	TCase *tcase = tcase_create("placement");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, two_nodes_of_two_cores_take_four);
	tcase_add_test(tcase, only_the_datacenters_asked_for);
	tcase_add_test(tcase, room_in_another_datacenter_is_no_room);
	tcase_add_test(tcase, several_datacenters_are_drawn_from_alike);
	tcase_add_test(tcase, the_tightest_node_is_taken);
	tcase_add_test(tcase, nodes_with_something_rare_are_spared);
	tcase_add_test(tcase, the_one_node_that_fits_is_found);
	tcase_add_test(tcase, a_full_cluster_takes_as_much_as_is_given_back);
	tcase_add_test(tcase, a_node_that_is_down_gets_nothing_new);
	tcase_add_test(tcase, a_node_that_shrank_gets_nothing_before_it_fits);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
