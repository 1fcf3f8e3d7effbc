/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/job.c. */
#include "core/job.h"

#include "cluster.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* A job of its own, in a core that does not know it. */
static struct ctr_job *make(struct cluster *cluster, const struct ctr_job_spec *spec)
{
	struct ctr_job *job;
	ck_assert_int_eq(ctr_job_new(&cluster->core->shapes, spec, &job, NULL), CENTRO_OK);
	return job;
}

START_TEST(defaults_are_filled_in)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(0);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	cluster_init(&cluster, NULL);

	struct ctr_job *job = make(&cluster, &spec);
	const struct ctr_task *only = &job->tasks[0];
	ck_assert(ctr_bytes_equal(job->queue, ctr_bytes_str("default")));
	ck_assert(ctr_bytes_equal(only->name, ctr_bytes_str("main")));
	ck_assert_uint_eq(only->count, 1);
	ck_assert_uint_eq(only->time_limit.ns, 0);
	ck_assert_uint_eq(only->lease.ns, 300 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(only->kill_grace.ns, 5 * CTR_NS_PER_SEC);
	ck_assert_int_eq(only->on_disconnect, CTR_ON_DISCONNECT_STOP);
	const struct ctr_resources *need = ctr_core_task_resources(cluster.core, only);
	ck_assert_int_eq(need->amount[CTR_DIM_CPU], 1000);
	ck_assert_int_eq(need->amount[CTR_DIM_MEMORY], 128);
	ck_assert_int_eq(need->amount[CTR_DIM_DISK], 0);
	ck_assert_int_eq(job->state, CENTRO_JOB_PENDING);
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_named_resource_alone_is_not_nothing)
{
	struct cluster cluster;
	const struct ctr_named_amount none = {ctr_bytes_str("gpu"), 0},
				      some = {ctr_bytes_str("gpu"), 1};
	struct ctr_task_spec tasks[2] = {cluster_task_spec(0), cluster_task_spec(0)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	cluster_init(&cluster, NULL);

	tasks[0].name = ctr_bytes_str("a");
	tasks[0].resources.named = &none;
	tasks[1].name = ctr_bytes_str("b");
	tasks[1].resources.named = &some;
	tasks[0].resources.named_count = tasks[1].resources.named_count = 1;
	struct ctr_job *job = make(&cluster, &spec);
	const struct ctr_core *core = cluster.core;
	ck_assert_int_eq(ctr_core_task_resources(core, &job->tasks[0])->amount[0], 1000);
	ck_assert_int_eq(ctr_core_task_resources(core, &job->tasks[1])->amount[0], 0);
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

/* A copy that shares nothing with the specification. */
START_TEST(everything_is_copied)
{
	struct cluster cluster;
	char name[] = "name", owner[] = "owner", key[] = "key", value[] = "value",
	     task_name[] = "t";
	char queue[] = "batch", tenant[] = "tenant", request[] = "request", text[] = "text";
	const struct ctr_label label = {ctr_bytes_str(key), ctr_bytes_str(value)};
	struct ctr_task_spec task = cluster_task_spec(2);
	task.name = ctr_bytes_str(task_name);
	task.count = 3;
	task.time_limit.ns = 9;
	task.lease = ctr_span_ms(3000);
	task.kill_grace.ns = 7;
	task.on_disconnect = CTR_ON_DISCONNECT_KEEP;
	const struct ctr_job_spec spec = {
		.name = ctr_bytes_str(name),
		.queue = ctr_bytes_str(queue),
		.owner = ctr_bytes_str(owner),
		.tenant = ctr_bytes_str(tenant),
		.request_id = ctr_bytes_str(request),
		.spec_hash = 5,
		.priority = -4,
		.labels = &label,
		.label_count = 1,
		.tasks = &task,
		.task_count = 1,
		.text = ctr_bytes_str(text),
	};
	cluster_init(&cluster, NULL);

	struct ctr_job *job = make(&cluster, &spec);
	memset(name, 0, sizeof(name));
	memset(owner, 0, sizeof(owner));
	memset(key, 0, sizeof(key));
	memset(value, 0, sizeof(value));
	memset(task_name, 0, sizeof(task_name));
	memset(queue, 0, sizeof(queue));
	memset(tenant, 0, sizeof(tenant));
	memset(request, 0, sizeof(request));
	memset(text, 0, sizeof(text));
	ck_assert(ctr_bytes_equal(job->name, ctr_bytes_str("name")));
	ck_assert(ctr_bytes_equal(job->queue, ctr_bytes_str("batch")));
	ck_assert(ctr_bytes_equal(job->owner, ctr_bytes_str("owner")));
	ck_assert(ctr_bytes_equal(job->tenant, ctr_bytes_str("tenant")));
	ck_assert(ctr_bytes_equal(job->request_id, ctr_bytes_str("request")));
	ck_assert(ctr_bytes_equal(job->text, ctr_bytes_str("text")));
	ck_assert(ctr_bytes_equal(job->labels[0].key, ctr_bytes_str("key")));
	ck_assert(ctr_bytes_equal(job->labels[0].value, ctr_bytes_str("value")));
	ck_assert(ctr_bytes_equal(job->tasks[0].name, ctr_bytes_str("t")));
	ck_assert_uint_eq(job->tasks[0].time_limit.ns, 9);
	ck_assert_uint_eq(job->tasks[0].lease.ns, 3 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(job->tasks[0].kill_grace.ns, 7);
	ck_assert_int_eq(job->tasks[0].on_disconnect, CTR_ON_DISCONNECT_KEEP);
	ck_assert_int_eq(job->priority, -4);
	ck_assert_uint_eq(job->spec_hash, 5);
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(instances_know_their_place)
{
	struct cluster cluster;
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	cluster_init(&cluster, NULL);

	tasks[0].name = ctr_bytes_str("a");
	tasks[0].count = 3;
	tasks[1].name = ctr_bytes_str("b");
	tasks[1].count = 2;
	struct ctr_job *job = make(&cluster, &spec);
	ck_assert_uint_eq(job->instance_count, 5);
	for (uint32_t task = 0; task < 3; task++) {
		for (uint32_t index = 0; index < 4; index++) {
			const struct ctr_instance *instance = ctr_job_instance(job, task, index);
			bool is_there = task < 2 && index < tasks[task].count;
			ck_assert_int_eq(instance != NULL, is_there);
			if (!is_there)
				continue;
			ck_assert_ptr_eq(instance->job, job);
			ck_assert_uint_eq(instance->task, task);
			ck_assert_uint_eq(instance->index, index);
			ck_assert_ptr_eq(ctr_instance_task(instance), &job->tasks[task]);
		}
	}
	/* Both ask for the same. */
	ck_assert_uint_eq(job->tasks[0].shape, job->tasks[1].shape);
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(without_memory_no_shape_is_held)
{
	struct failing_allocator failing;
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(2)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	size_t fail_at = 0, made;

	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	do {
		struct ctr_core *core;
		struct ctr_job *job;
		failing_allocator_init(&failing, 0);
		const struct ctr_core_options options = {.allocator = &failing.allocator};
		ck_assert_int_eq(ctr_core_new(&options, &core), CENTRO_OK);
		made = failing.calls;
		failing.fail_at = made + ++fail_at;
		int error = ctr_job_new(&core->shapes, &spec, &job, NULL);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		if (error == CENTRO_OK)
			ctr_job_free(&core->shapes, job);
		ck_assert_uint_eq(core->shapes.by_key.count, 0);
		ctr_core_free(core);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 6);
}
END_TEST

/* Each set of states of three instances against the table in centro/job.h. */
START_TEST(a_job_state_follows_from_its_instances)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	int states[3];
	cluster_init(&cluster, NULL);
	task.count = 3;
	struct ctr_job *job = make(&cluster, &spec);

	for (int code = 0; code < 1000; code++) {
		bool has[CENTRO_INSTANCE_STATE_COUNT] = {false};
		for (int i = 0, rest = code; i < 3; i++, rest /= 10) {
			states[i] = CENTRO_INSTANCE_BLOCKED + rest % 10;
			has[states[i]] = true;
			job->tasks[0].instances[i].state = (uint8_t)states[i];
		}
		enum centro_job_state expected = CENTRO_JOB_SUCCEEDED;
		if (has[CENTRO_INSTANCE_RUNNING])
			expected = CENTRO_JOB_RUNNING;
		else if (has[CENTRO_INSTANCE_BLOCKED] || has[CENTRO_INSTANCE_PENDING] ||
			 has[CENTRO_INSTANCE_ASSIGNED] || has[CENTRO_INSTANCE_BACKOFF])
			expected = CENTRO_JOB_PENDING;
		else if (has[CENTRO_INSTANCE_CANCELLED])
			expected = CENTRO_JOB_CANCELLED;
		else if (has[CENTRO_INSTANCE_TIMEOUT])
			expected = CENTRO_JOB_TIMEOUT;
		else if (has[CENTRO_INSTANCE_FAILED])
			expected = CENTRO_JOB_FAILED;
		ck_assert_int_eq(ctr_job_derive_state(job), expected);

		/* The tally comes to the same, one move at a time. */
		struct ctr_tally tally = {.live = 3};
		for (int i = 0; i < 3; i++)
			ctr_tally_move(&tally, CENTRO_INSTANCE_PENDING, states[i]);
		ck_assert_int_eq(ctr_tally_state(&tally), expected);
	}
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(the_exit_code_is_the_highest)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	cluster_init(&cluster, NULL);
	task.count = 3;
	struct ctr_job *job = make(&cluster, &spec);

	ck_assert_int_eq(ctr_job_exit_code(job), 0);
	job->tasks[0].instances[1].exit_code = 137;
	job->tasks[0].instances[2].exit_code = 3;
	ck_assert_int_eq(ctr_job_exit_code(job), 137);
	ctr_job_free(&cluster.core->shapes, job);
	cluster_fini(&cluster);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("job");
	TCase *tcase = tcase_create("job");

	tcase_add_test(tcase, defaults_are_filled_in);
	tcase_add_test(tcase, a_named_resource_alone_is_not_nothing);
	tcase_add_test(tcase, everything_is_copied);
	tcase_add_test(tcase, instances_know_their_place);
	tcase_add_test(tcase, without_memory_no_shape_is_held);
	tcase_add_test(tcase, a_job_state_follows_from_its_instances);
	tcase_add_test(tcase, the_exit_code_is_the_highest);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
