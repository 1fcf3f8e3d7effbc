/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/hash.c: what is stored changes it, and nothing else does. */
#include "cluster.h"

#include "support/suite.h"

static uint64_t hash_of(const struct cluster *cluster)
{
	return ctr_core_hash(cluster->core);
}

/* The hash is not what it was. */
static void assert_changed(const struct cluster *cluster, uint64_t *hash)
{
	ck_assert_uint_ne(hash_of(cluster), *hash);
	*hash = hash_of(cluster);
}

START_TEST(every_event_changes_it)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	uint64_t hash = hash_of(&cluster);
	cluster_add_node(&cluster, "a", 2);
	assert_changed(&cluster, &hash);
	centro_job_id id = cluster_submit(&cluster, 1);
	assert_changed(&cluster, &hash);
	cluster_schedule(&cluster);
	assert_changed(&cluster, &hash);
	ck_assert_int_eq(cluster_report_running(&cluster, cluster_ref(&cluster, id, 0)), CENTRO_OK);
	assert_changed(&cluster, &hash);
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	assert_changed(&cluster, &hash);
	cluster_wait(&cluster, 60000);
	assert_changed(&cluster, &hash);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(what_is_not_stored_does_not)
{
	struct cluster cluster;
	struct centro_span lease;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	cluster_submit(&cluster, 64);
	uint64_t hash = hash_of(&cluster);
	struct centro_attempt_ref ref = cluster_ref(&cluster, id, 0);
	ck_assert(cluster_claim(&cluster, ref));
	ck_assert_int_eq(cluster_hold(&cluster, 1, ref, &lease), CENTRO_OK);
	cluster_wait(&cluster, 1000);
	cluster_schedule(&cluster);
	struct ctr_node_spec spec = cluster_node_spec("a", 2);
	spec.session = 2;
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	cluster_drain(&cluster);
	ck_assert_uint_eq(hash_of(&cluster), hash);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(each_field_counts)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	cluster_add_node(&cluster, "a", 2);
	struct ctr_job *job = (struct ctr_job *)cluster_job(&cluster, cluster_run(&cluster));
	struct ctr_instance *instance = &job->tasks[0].instances[0];
	struct ctr_node *node = instance->node;
	uint64_t hash = hash_of(&cluster);

	job->spec_hash++;
	assert_changed(&cluster, &hash);
	job->text.size--;
	assert_changed(&cluster, &hash);
	job->owner.size--;
	assert_changed(&cluster, &hash);
	job->end_wall.ns++;
	assert_changed(&cluster, &hash);
	job->revision++;
	assert_changed(&cluster, &hash);
	instance->cause++;
	assert_changed(&cluster, &hash);
	instance->exit_code--;
	assert_changed(&cluster, &hash);
	instance->lost++;
	assert_changed(&cluster, &hash);
	instance->assign_wall.ns++;
	assert_changed(&cluster, &hash);
	instance->node = NULL;
	assert_changed(&cluster, &hash);
	node->agent_id++;
	assert_changed(&cluster, &hash);
	node->text.size--;
	assert_changed(&cluster, &hash);
	ctr_queue_get(&cluster.core->queues, 0)->weight++;
	assert_changed(&cluster, &hash);
	cluster.core->job_ids.reserved++;
	assert_changed(&cluster, &hash);
	cluster.core->outbox.last_event++;
	assert_changed(&cluster, &hash);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = tcase_create("hash");

	tcase_add_test(tcase, every_event_changes_it);
	tcase_add_test(tcase, what_is_not_stored_does_not);
	tcase_add_test(tcase, each_field_counts);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
