/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/adopt.c: what holds references, and gives them back when it changes. */
#include "cluster.h"

#include "support/suite.h"

static int offer(struct cluster *cluster, const char *text, const char *datacenter,
		 const struct ctr_named_amount *named)
{
	struct ctr_node_spec spec = cluster_node_spec("a", 2);

	spec.text = ctr_bytes_str(text);
	spec.datacenter = ctr_bytes_str(datacenter);
	spec.capacity.named = named;
	spec.capacity.named_count = named ? 1 : 0;
	return cluster_register(cluster, &spec);
}

START_TEST(a_new_offer_gives_the_old_one_back)
{
	struct cluster cluster;
	const struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 2};
	cluster_init(&cluster, NULL);
	ck_assert_int_eq(offer(&cluster, "1", "eu", &gpu), CENTRO_OK);
	ck_assert_uint_eq(cluster.core->dimensions.references[CTR_DIM_NAMED], 1);
	ck_assert_int_eq(cluster.core->placement.total.amount[CTR_DIM_NAMED], 2);

	ck_assert_int_eq(offer(&cluster, "2", "us", NULL), CENTRO_OK);
	ck_assert_uint_eq(cluster.core->dimensions.references[CTR_DIM_NAMED], 0);
	ck_assert_int_eq(cluster.core->placement.total.amount[CTR_DIM_NAMED], 0);
	ck_assert_int_eq(cluster.core->placement.total.amount[CTR_DIM_CPU], 2000);
	ck_assert_uint_eq(cluster.core->zones.by_name.count, 1);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, 1);
	ck_assert(ctr_bytes_equal(node->zone->name, ctr_bytes_str("us")));
	ck_assert_uint_eq(node->zone->members, 1);
	ck_assert_uint_eq(node->zone->count, 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_job_waits_with_those_of_its_shape)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_job_id first = cluster_submit_array(&cluster, 3),
		      second = cluster_submit(&cluster, 1);
	const struct ctr_shape *shape =
		ctr_shape_get(&cluster.core->shapes, cluster_job(&cluster, first)->tasks[0].shape);
	ck_assert_uint_eq(cluster_job(&cluster, second)->tasks[0].shape, shape->number);
	ck_assert_uint_eq(shape->references, 2);
	ck_assert_uint_eq(cluster.core->pending.count, 4);
	ck_assert_ptr_eq(ctr_pending_first(&shape->line), cluster_instance(&cluster, first, 0));

	/* With the last job the shape goes, too. */
	cluster_cancel(&cluster, first);
	cluster_cancel(&cluster, second);
	cluster_drain(&cluster);
	ck_assert_uint_eq(cluster.core->shapes.by_key.count, 0);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_grant_is_on_its_node)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id id = cluster_run(&cluster);
	const struct ctr_node *node = ctr_core_find_node(cluster.core, 1);
	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	ck_assert_ptr_eq(node->attempts.next, &instance->on_node);
	ck_assert_ptr_eq(instance->node, node);
	ck_assert_uint_eq(cluster.core->leases.count, 1);
	ck_assert_uint_eq(cluster.core->placement.all.rooms[node->place_all].amount[CTR_DIM_CPU],
			  1000);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("adopt");
	TCase *tcase = tcase_create("adopt");

	tcase_add_test(tcase, a_new_offer_gives_the_old_one_back);
	tcase_add_test(tcase, a_job_waits_with_those_of_its_shape);
	tcase_add_test(tcase, a_grant_is_on_its_node);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
