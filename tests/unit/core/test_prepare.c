/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/prepare.c: what is got before a command is accepted, and given back. */
#include "cluster.h"

#include <stdio.h>

#include "support/suite.h"

/* Thirteen names, which is all that the cluster can tell apart. */
static void use_up_names(struct cluster *cluster)
{
	struct ctr_named_amount named[CTR_DIMENSIONS_MAX - CTR_DIM_NAMED];
	char names[CTR_ARRAY_SIZE(named)][8];
	struct ctr_node_spec spec = cluster_node_spec("full", 1);

	for (size_t i = 0; i < CTR_ARRAY_SIZE(named); i++) {
		snprintf(names[i], sizeof(names[i]), "r%zu", i);
		named[i] = (struct ctr_named_amount){ctr_bytes_str(names[i]), 1};
	}
	spec.capacity.named = named;
	spec.capacity.named_count = CTR_ARRAY_SIZE(named);
	ck_assert_int_eq(cluster_register(cluster, &spec), CENTRO_OK);
}

START_TEST(a_refused_job_leaves_nothing_behind)
{
	struct cluster cluster;
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(2)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	const struct ctr_named_amount one_more = {ctr_bytes_str("gpu"), 1};
	const struct centro_bytes eu = ctr_bytes_str("eu");
	cluster_init(&cluster, NULL);
	use_up_names(&cluster);
	uint64_t hash = ctr_core_hash(cluster.core);
	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	tasks[1].resources.named = &one_more;
	tasks[1].resources.named_count = 1;
	spec.datacenters = &eu;
	spec.datacenter_count = 1;
	spec.request_id = ctr_bytes_str("r");

	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(cluster.result.text.text, "\"gpu\""));
	ck_assert_uint_eq(ctr_core_hash(cluster.core), hash);
	ck_assert_uint_eq(cluster.core->shapes.by_key.count, 0);
	ck_assert_uint_eq(cluster.core->zones.by_name.count, 1);
	/* It was not taken for a repeated request. */
	tasks[1].resources.named_count = 0;
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(!cluster.result.existing);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_refused_node_leaves_nothing_behind)
{
	struct cluster cluster;
	const struct ctr_named_amount one_more = {ctr_bytes_str("gpu"), 1};
	cluster_init(&cluster, NULL);
	use_up_names(&cluster);
	uint64_t hash = ctr_core_hash(cluster.core);
	struct ctr_node_spec spec = cluster_node_spec("new", 1);
	spec.datacenter = ctr_bytes_str("eu");
	spec.capacity.named = &one_more;
	spec.capacity.named_count = 1;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(ctr_core_hash(cluster.core), hash);
	ck_assert_uint_eq(ctr_core_node_count(cluster.core), 1);
	ck_assert_uint_eq(cluster.core->zones.by_name.count, 1);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_long_message_is_cut_at_a_whole_character)
{
	struct cluster cluster;
	static char message[2 * CTR_REASON_SIZE_MAX];
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 1);
	/* Two bytes each, and the first limit falls between them. */
	message[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof(message); i += 2)
		memcpy(message + i, "ä", 2);
	centro_job_id id = cluster_run(&cluster);
	struct ctr_command command = cluster_report_command(&cluster, cluster_ref(&cluster, id, 0));
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_START_FAILED;
	command.report.message = ctr_bytes(message, sizeof(message) - 1);
	ck_assert_int_eq(cluster_execute(&cluster, &command), CENTRO_OK);
	const char *kept = cluster_instance(&cluster, id, 0)->message;
	ck_assert_uint_eq(strlen(kept), CTR_REASON_SIZE_MAX - 1);
	ck_assert(ctr_utf8_is_valid(ctr_bytes_str(kept)));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_node_may_say_nothing_of_itself)
{
	struct cluster cluster;
	struct ctr_node_spec spec = cluster_node_spec("a", 1);
	cluster_init(&cluster, NULL);
	spec.text = (struct centro_bytes){0};
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_find_node(cluster.core, 1)->text.size, 0);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prepare");
	TCase *tcase = tcase_create("prepare");

	tcase_add_test(tcase, a_refused_job_leaves_nothing_behind);
	tcase_add_test(tcase, a_refused_node_leaves_nothing_behind);
	tcase_add_test(tcase, a_long_message_is_cut_at_a_whole_character);
	tcase_add_test(tcase, a_node_may_say_nothing_of_itself);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
