/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/hash.c: what is stored changes it, and nothing else does. */
#include "cluster.h"

#include <stddef.h>

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

/* A field of a record, its offset and its size; a string is made one byte shorter. */
struct field {
	const char *name;
	size_t offset, size;
};
#define FIELD(type, member)                                                                \
	{                                                                                  \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}

/* Each field of one record alone, changed and put back. */
static void assert_each_counts(const struct cluster *cluster, void *record,
			       const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = (uint8_t *)record + fields[i].offset, before[16];
		uint64_t hash = hash_of(cluster);

		ck_assert_uint_le(fields[i].size, sizeof(before));
		memcpy(before, at, fields[i].size);
		if (fields[i].size == sizeof(struct centro_bytes))
			((struct centro_bytes *)(void *)at)->size--;
		else
			at[0] ^= 2; /* and no id is 0 */
		ck_assert_msg(hash_of(cluster) != hash, "%s does not count", fields[i].name);
		memcpy(at, before, fields[i].size);
		ck_assert_uint_eq(hash_of(cluster), hash);
	}
}

/* A text that comes, changes, and goes. */
static void assert_text_counts(const struct cluster *cluster, char **text)
{
	static char empty[] = "", other[] = "b";
	uint64_t hash = hash_of(cluster);
	char *before = *text;

	*text = empty;
	assert_changed(cluster, &hash);
	*text = other;
	assert_changed(cluster, &hash);
	other[0]++;
	assert_changed(cluster, &hash);
	*text = before;
	assert_changed(cluster, &hash);
}

static const struct field job_fields[] = {
	FIELD(ctr_job, text),     FIELD(ctr_job, name),        FIELD(ctr_job, queue),
	FIELD(ctr_job, owner),    FIELD(ctr_job, tenant),      FIELD(ctr_job, request_id),
	FIELD(ctr_job, retry_of), FIELD(ctr_job, spec_hash),   FIELD(ctr_job, priority),
	FIELD(ctr_job, state),    FIELD(ctr_job, submit_wall), FIELD(ctr_job, start_wall),
	FIELD(ctr_job, end_wall), FIELD(ctr_job, revision),
};
static const struct field instance_fields[] = {
	FIELD(ctr_instance, task),        FIELD(ctr_instance, index),
	FIELD(ctr_instance, state),       FIELD(ctr_instance, cause),
	FIELD(ctr_instance, signal),      FIELD(ctr_instance, exit_code),
	FIELD(ctr_instance, attempt),     FIELD(ctr_instance, lost),
	FIELD(ctr_instance, assign_wall), FIELD(ctr_instance, start_wall),
	FIELD(ctr_instance, end_wall),
};
static const struct field node_fields[] = {
	FIELD(ctr_node, id),       FIELD(ctr_node, name),          FIELD(ctr_node, text),
	FIELD(ctr_node, state),    FIELD(ctr_node, register_wall), FIELD(ctr_node, agent_id),
	FIELD(ctr_node, revision),
};
static const struct field queue_fields[] = {
	FIELD(ctr_queue, name),
	FIELD(ctr_queue, weight),
	FIELD(ctr_queue, priority),
	FIELD(ctr_queue, revision),
};
static const struct field core_fields[] = {
	FIELD(ctr_core, job_ids.reserved),
	FIELD(ctr_core, node_ids.reserved),
	FIELD(ctr_core, outbox.last_event),
};

/* A job that runs on a node, and whose every text has a byte to lose. */
static struct ctr_job *add_job(struct cluster *cluster)
{
	const struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	spec.name = ctr_bytes_str("name");
	spec.tenant = ctr_bytes_str("tenant");
	spec.request_id = ctr_bytes_str("request");
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	centro_job_id id = cluster->result.job;
	cluster_schedule(cluster);
	return (struct ctr_job *)cluster_job(cluster, id);
}

START_TEST(each_field_counts)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster.unchecked = true;
	struct ctr_node_spec spec = cluster_node_spec("a", 2);
	spec.text = ctr_bytes_str("info");
	ck_assert_int_eq(cluster_register(&cluster, &spec), CENTRO_OK);
	struct ctr_job *job = add_job(&cluster);
	struct ctr_instance *instance = &job->tasks[0].instances[0];
	struct ctr_node *node = instance->node;

	assert_each_counts(&cluster, job, job_fields, CTR_ARRAY_SIZE(job_fields));
	assert_each_counts(&cluster, instance, instance_fields, CTR_ARRAY_SIZE(instance_fields));
	assert_each_counts(&cluster, node, node_fields, CTR_ARRAY_SIZE(node_fields));
	assert_each_counts(&cluster, ctr_queue_get(&cluster.core->queues, 0), queue_fields,
			   CTR_ARRAY_SIZE(queue_fields));
	assert_each_counts(&cluster, cluster.core, core_fields, CTR_ARRAY_SIZE(core_fields));
	assert_text_counts(&cluster, &job->cancelled_by);
	assert_text_counts(&cluster, &job->cancel_reason);
	assert_text_counts(&cluster, &instance->message);
	uint64_t hash = hash_of(&cluster);
	instance->node = NULL;
	assert_changed(&cluster, &hash);
	instance->node = node;
	/* By its id it is looked for. */
	uint64_t part = ctr_hash_job(job);
	job->id += 2;
	ck_assert_uint_ne(ctr_hash_job(job), part);
	job->id -= 2;
	cluster_fini(&cluster);
}
END_TEST

/* ---- the running one: beside what follows every other test of the core ---- */

static uint64_t running(const struct cluster *cluster)
{
	return ctr_core_running_hash(cluster->core);
}

START_TEST(it_runs_along_with_an_array)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	ck_assert_uint_eq(running(&cluster), hash_of(&cluster));
	cluster_add_node(&cluster, "a", 100);
	centro_job_id id = cluster_submit_array(&cluster, CTR_INSTANCES_MAX);
	cluster_schedule(&cluster);
	for (uint32_t i = 0; i < 100; i++) {
		struct centro_attempt_ref ref = cluster_ref(&cluster, id, i);
		ck_assert_int_eq(cluster_report_running(&cluster, ref), CENTRO_OK);
		ck_assert_int_eq(cluster_report_ended(&cluster, ref, CENTRO_CAUSE_EXITED, i % 2),
				 CENTRO_OK);
		ck_assert_uint_eq(running(&cluster), hash_of(&cluster));
	}
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_uint_eq(running(&cluster), hash_of(&cluster));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(it_runs_along_while_loading)
{
	struct ctr_core *core;
	const struct ctr_core_options options = {.keep_hash = true};
	struct centro_error_text text;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec job_spec = cluster_job_spec(&task, 1);
	struct ctr_node_spec node_spec = cluster_node_spec("a", 2);
	const struct ctr_instance_load instance = {
		.state = CENTRO_INSTANCE_RUNNING,
		.attempt = 1,
		.node = 1,
	};
	const struct ctr_job_load job = {
		.id = 1, .spec = &job_spec, .instances = &instance, .instance_count = 1};
	const struct ctr_node_load node = {.id = 1, .spec = &node_spec, .state = CENTRO_NODE_READY};
	const struct ctr_set_queue old = {ctr_bytes_str("default"), 2, 1};
	const struct ctr_set_queue new = {ctr_bytes_str("batch"), 3, 0};

	ck_assert_int_eq(ctr_core_new(&options, &core), CENTRO_OK);
	ck_assert_int_eq(ctr_core_load_job(core, &job, &text), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ck_assert_int_eq(ctr_core_load_ids(core, 2, 2), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ck_assert_int_eq(ctr_core_load_node(core, &node, &text), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ck_assert_int_eq(ctr_core_load_queue(core, &old, 1, &text), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ck_assert_int_eq(ctr_core_load_queue(core, &new, 2, &text), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ck_assert_int_eq(ctr_core_load_end(core, (struct ctr_now){{1}, {1}}, 9, &text), CENTRO_OK);
	ck_assert_uint_eq(ctr_core_running_hash(core), ctr_core_hash(core));
	ctr_core_free(core);
}
END_TEST

START_TEST(it_forgets)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id id = cluster_run(&cluster);
	ck_assert_int_eq(cluster_report_ended(&cluster, cluster_ref(&cluster, id, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
	uint64_t hash = running(&cluster);
	cluster_drain(&cluster);
	ck_assert_ptr_null(ctr_core_find_job(cluster.core, id));
	ck_assert_uint_ne(running(&cluster), hash);
	ck_assert_uint_eq(running(&cluster), hash_of(&cluster));
	cluster_fini(&cluster);
}
END_TEST

/* A core that does not keep it is checked without it. */
START_TEST(it_is_kept_on_request)
{
	struct ctr_core *core;
	struct ctr_result result;
	struct centro_error_text text;
	const struct ctr_core_options options = {0};
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {ctr_bytes_str("batch"), 1, 0},
	};
	ck_assert_int_eq(ctr_core_new(&options, &core), CENTRO_OK);
	ck_assert_int_eq(ctr_core_execute(core, (struct ctr_now){0}, &command, &result), CENTRO_OK);
	ck_assert_int_eq(ctr_core_check(core, &text), CENTRO_OK);
	ck_assert_uint_eq(core->hash_sum, 0);
	ctr_core_free(core);
}
END_TEST

START_TEST(a_wrong_one_is_found)
{
	struct cluster cluster;
	struct centro_error_text text;
	cluster_init(&cluster, NULL);
	cluster.core->hash_sum++;
	ck_assert_int_eq(ctr_core_check(cluster.core, &text), CENTRO_ERR_INTERNAL);
	ck_assert_str_eq(text.text, "the running hash is not that of the state");
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
	tcase_add_test(tcase, it_runs_along_with_an_array);
	tcase_add_test(tcase, it_runs_along_while_loading);
	tcase_add_test(tcase, it_forgets);
	tcase_add_test(tcase, it_is_kept_on_request);
	tcase_add_test(tcase, a_wrong_one_is_found);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
