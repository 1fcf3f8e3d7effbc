/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of each command fails once: the answer is NOMEM, nothing has
 * changed, and the same command then succeeds. A tick or a pass that lacks memory
 * says that there is more to do.
 */
#include "cluster.h"

#include "support/failing_allocator.h"
#include "support/suite.h"

struct scene {
	struct cluster cluster;
	struct failing_allocator failing;
};

/* Two nodes, one job that runs, one that is granted, one that waits. */
static void scene_init(struct scene *scene)
{
	failing_allocator_init(&scene->failing, 0);
	const struct ctr_core_options options = {.allocator = &scene->failing.allocator};
	cluster_init(&scene->cluster, &options);
	cluster_add_node(&scene->cluster, "a", 2);
	cluster_run(&scene->cluster);
	cluster_submit(&scene->cluster, 1);
	cluster_schedule(&scene->cluster);
	cluster_submit(&scene->cluster, 64);
}

static void scene_fini(struct scene *scene)
{
	cluster_fini(&scene->cluster);
	ck_assert_uint_eq(scene->failing.live, 0);
}

/*
 * Shrink what has grown to its last place, so that the next command must grow
 * it: the outbox, the heaps and the tables begin at a size of their own.
 */
static void use_up_room(struct scene *scene)
{
	struct ctr_core *core = scene->cluster.core;
	core->outbox.event_capacity = core->outbox.event_count;
	core->outbox.job_capacity = core->outbox.job_end;
	core->leases.heap.capacity = core->leases.count;
}

/* Every allocation of one command fails once. Returns how many there are. */
static size_t fail_each(void (*make)(struct scene *scene, struct ctr_command *command),
			bool (*works)(struct scene *scene))
{
	size_t fail_at = 0;
	bool failed;

	do {
		struct scene scene;
		struct ctr_command command = {0};
		scene_init(&scene);
		if (make)
			make(&scene, &command);
		use_up_room(&scene);
		uint64_t hash = ctr_core_hash(scene.cluster.core);
		uint64_t last = ctr_core_last_event(scene.cluster.core);
		scene.failing.failed = false;
		scene.failing.fail_at = scene.failing.calls + ++fail_at;
		bool done = make ? cluster_execute(&scene.cluster, &command) == CENTRO_OK
				 : works(&scene);
		failed = scene.failing.failed;
		ck_assert_int_eq(done, !failed);
		if (failed) {
			if (make)
				ck_assert_int_eq(scene.cluster.result.status, CENTRO_ERR_NOMEM);
			ck_assert_uint_eq(ctr_core_hash(scene.cluster.core), hash);
			ck_assert_uint_eq(ctr_core_last_event(scene.cluster.core), last);
			ck_assert(make ? cluster_execute(&scene.cluster, &command) == CENTRO_OK
				       : works(&scene));
		}
		ck_assert_uint_ne(ctr_core_hash(scene.cluster.core), hash);
		scene_fini(&scene);
	} while (failed);
	return fail_at - 1;
}

static struct ctr_task_spec task;
static struct ctr_job_spec job_spec;
static struct ctr_node_spec node_spec;
static const struct ctr_named_amount gpu = {{(const uint8_t *)"gpu", 3}, 1};
static const struct centro_bytes datacenters[] = {{(const uint8_t *)"eu", 2},
						  {(const uint8_t *)"us", 2}};

static void make_submit(struct scene *scene, struct ctr_command *command)
{
	task = cluster_task_spec(3);
	task.resources.named = &gpu;
	task.resources.named_count = 1;
	job_spec = cluster_job_spec(&task, 1);
	job_spec.request_id = ctr_bytes_str("r");
	job_spec.datacenters = datacenters;
	job_spec.datacenter_count = 2;
	command->type = CTR_COMMAND_SUBMIT;
	command->submit.spec = &job_spec;
}

static void make_cancel(struct scene *scene, struct ctr_command *command)
{
	command->type = CTR_COMMAND_CANCEL;
	command->cancel = (struct ctr_cancel){2, ctr_bytes_str("who"), ctr_bytes_str("why")};
}

static void make_register(struct scene *scene, struct ctr_command *command)
{
	node_spec = cluster_node_spec("new", 3);
	node_spec.capacity.named = &gpu;
	node_spec.capacity.named_count = 1;
	node_spec.datacenter = ctr_bytes_str("eu");
	command->type = CTR_COMMAND_REGISTER;
	command->register_node.spec = &node_spec;
}

static void make_register_again(struct scene *scene, struct ctr_command *command)
{
	make_register(scene, command);
	node_spec.name = ctr_bytes_str("a");
}

static void make_heartbeat_of_the_lost(struct scene *scene, struct ctr_command *command)
{
	cluster_wait(&scene->cluster, 60000);
	command->type = CTR_COMMAND_HEARTBEAT;
	command->heartbeat = (struct ctr_heartbeat){.node = 1, .session = 1};
}

static void make_report(struct scene *scene, struct ctr_command *command)
{
	*command = cluster_report_command(&scene->cluster, cluster_ref(&scene->cluster, 1, 0));
	command->report.ended = true;
	command->report.cause = CENTRO_CAUSE_EXITED;
	command->report.message = ctr_bytes_str("a message");
}

static void make_requeue(struct scene *scene, struct ctr_command *command)
{
	make_report(scene, command);
	command->report.cause = CENTRO_CAUSE_REVOKED;
}

static void make_running(struct scene *scene, struct ctr_command *command)
{
	*command = cluster_report_command(&scene->cluster, cluster_ref(&scene->cluster, 2, 0));
}

static void make_set_queue(struct scene *scene, struct ctr_command *command)
{
	command->type = CTR_COMMAND_SET_QUEUE;
	command->set_queue = (struct ctr_set_queue){ctr_bytes_str("batch"), 2, 0};
}

static void make_drain(struct scene *scene, struct ctr_command *command)
{
	command->type = CTR_COMMAND_DRAIN;
	command->drain = (struct ctr_drain_node){
		.node = 1,
		.who = ctr_bytes_str("who"),
		.reason = ctr_bytes_str("why"),
		.has_deadline = true,
	};
}

START_TEST(every_command)
{
	ck_assert_uint_ge(fail_each(make_submit, NULL), 9);
	ck_assert_uint_eq(fail_each(make_cancel, NULL), 4);
	ck_assert_uint_ge(fail_each(make_register, NULL), 7);
	ck_assert_uint_ge(fail_each(make_register_again, NULL), 6);
	ck_assert_uint_ge(fail_each(make_heartbeat_of_the_lost, NULL), 1);
	ck_assert_uint_eq(fail_each(make_report, NULL), 3);
	ck_assert_uint_eq(fail_each(make_requeue, NULL), 3);
	ck_assert_uint_ge(fail_each(make_running, NULL), 1);
	ck_assert_uint_ge(fail_each(make_set_queue, NULL), 2);
	ck_assert_uint_ge(fail_each(make_drain, NULL), 2);
}
END_TEST

/* The leases and the silence are over. */
static bool tick(struct scene *scene)
{
	if (scene->cluster.now.cluster.ns < 1400 * CTR_NS_PER_SEC)
		scene->cluster.now.cluster.ns = 1400 * CTR_NS_PER_SEC;
	bool more = ctr_core_tick(scene->cluster.core, scene->cluster.now);
	cluster_check(&scene->cluster);
	return !more;
}

START_TEST(a_tick)
{
	size_t fail_at = 0;
	bool failed;

	do {
		struct scene scene;
		scene_init(&scene);
		use_up_room(&scene);
		scene.failing.failed = false;
		scene.failing.fail_at = scene.failing.calls + ++fail_at;
		bool done = tick(&scene);
		failed = scene.failing.failed;
		ck_assert_int_eq(done, !failed);
		while (!tick(&scene))
			;
		ck_assert_uint_eq(cluster_count(&scene.cluster, CENTRO_EVENT_INSTANCE_REQUEUED), 2);
		ck_assert_uint_eq(cluster_count(&scene.cluster, CENTRO_EVENT_NODE_DOWN), 1);
		scene_fini(&scene);
	} while (failed);
	ck_assert_uint_gt(fail_at, 2);
}
END_TEST

START_TEST(a_pass)
{
	size_t fail_at = 0;
	bool failed;

	do {
		struct scene scene;
		scene_init(&scene);
		cluster_add_node(&scene.cluster, "b", 200);
		cluster_submit_array(&scene.cluster, 100);
		use_up_room(&scene);
		scene.failing.failed = false;
		scene.failing.fail_at = scene.failing.calls + ++fail_at;
		bool more = ctr_core_schedule(scene.cluster.core, scene.cluster.now, UINT32_MAX);
		failed = scene.failing.failed;
		ck_assert_int_eq(more, failed);
		cluster_check(&scene.cluster);
		cluster_schedule(&scene.cluster);
		ck_assert_uint_eq(cluster_count(&scene.cluster, CENTRO_EVENT_INSTANCE_ASSIGNED),
				  103);
		scene_fini(&scene);
	} while (failed);
	ck_assert_uint_gt(fail_at, 4);
}
END_TEST

/* Either all of a gang is granted, or nothing of it. */
START_TEST(a_pass_with_a_gang)
{
	size_t fail_at = 0;
	bool failed;

	do {
		struct scene scene;
		scene_init(&scene);
		cluster_cancel(&scene.cluster, 3);
		cluster_drain(&scene.cluster);
		cluster_add_node(&scene.cluster, "b", 100);
		cluster_submit_gang(&scene.cluster, 100, 1);
		use_up_room(&scene);
		scene.failing.failed = false;
		scene.failing.fail_at = scene.failing.calls + ++fail_at;
		bool more = ctr_core_schedule(scene.cluster.core, scene.cluster.now, UINT32_MAX);
		failed = scene.failing.failed;
		ck_assert_int_eq(more, failed);
		cluster_check(&scene.cluster);
		ck_assert_uint_eq(cluster_count(&scene.cluster, CENTRO_EVENT_INSTANCE_ASSIGNED),
				  failed ? 0 : 100);
		cluster_schedule(&scene.cluster);
		ck_assert_uint_eq(cluster_count(&scene.cluster, CENTRO_EVENT_INSTANCE_ASSIGNED),
				  100);
		scene_fini(&scene);
	} while (failed);
	ck_assert_uint_gt(fail_at, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom");
	TCase *tcase = tcase_create("oom");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, every_command);
	tcase_add_test(tcase, a_tick);
	tcase_add_test(tcase, a_pass);
	tcase_add_test(tcase, a_pass_with_a_gang);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
