/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/core/invariant.c: break one thing at a time by hand, and see that it
 * is found. A check that finds nothing would make every other test worthless.
 */
#include "cluster.h"

#include "support/suite.h"

/* A broken core cannot be freed the usual way: all of its memory is let go at once. */
#define BLOCKS_MAX 4096

static void *blocks[BLOCKS_MAX];

static void **find_block(void *pointer)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		if (blocks[i] == pointer)
			return &blocks[i];
	}
	ck_abort_msg("no such block");
}

static void *track_resize(void *arg, void *pointer, size_t bytes)
{
	void **block = find_block(pointer);
	*block = realloc(pointer, bytes);
	return *block;
}

static void track_free(void *arg, void *pointer)
{
	*find_block(pointer) = NULL;
	free(pointer);
}

static void free_blocks(void)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		free(blocks[i]);
		blocks[i] = NULL;
	}
}

static const struct centro_allocator tracking = {
	.size = sizeof(struct centro_allocator),
	.resize = track_resize,
	.free = track_free,
};

/* A cluster with something in each place, and the pieces to be broken. */
struct world {
	struct cluster cluster;
	struct ctr_core *core;
	struct ctr_job *running, *waiting, *cancelled;
	struct ctr_instance *granted, *pending;
	struct ctr_node *node, *other;
	struct ctr_queue *queue;
	struct ctr_shape *shape; /* parked */
	struct ctr_job *gang;    /* of which the last waits again */
	struct ctr_line *line;   /* in which it does */
};

static struct ctr_job *job_of(struct world *world, centro_job_id id)
{
	return (struct ctr_job *)cluster_job(&world->cluster, id);
}

/* On a node of its own; what is lost of it finds its room taken. */
static void add_gang(struct world *world)
{
	const struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	struct cluster *cluster = &world->cluster;

	cluster_add_node(cluster, "c", 3);
	world->gang = job_of(world, cluster_submit_gang(cluster, 3, 1));
	cluster_schedule(cluster);
	ck_assert_int_eq(cluster_report_ended(cluster, cluster_ref(cluster, world->gang->id, 2),
					      CENTRO_CAUSE_REVOKED, 0),
			 CENTRO_OK);
	spec.priority = 9;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	world->line = ctr_task_line(&world->gang->tasks[0]);
}

static void world_init(struct world *world)
{
	struct ctr_task_spec task = cluster_task_spec(64);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct centro_bytes eu = ctr_bytes_str("eu");
	const struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 1};

	const struct ctr_core_options options = {.allocator = &tracking};

	cluster_init(&world->cluster, &options);
	world->core = world->cluster.core;
	cluster_add_node(&world->cluster, "a", 2);
	world->running = job_of(world, cluster_run(&world->cluster));
	world->cancelled = job_of(world, cluster_run(&world->cluster));
	ck_assert_int_eq(cluster_cancel(&world->cluster, world->cancelled->id), CENTRO_OK);
	cluster_add_node(&world->cluster, "b", 2);
	spec.request_id = ctr_bytes_str("r");
	spec.datacenters = &eu;
	spec.datacenter_count = 1;
	task.resources.named = &gpu;
	task.resources.named_count = 1;
	ck_assert_int_eq(cluster_submit_spec(&world->cluster, &spec), CENTRO_OK);
	world->waiting = job_of(world, world->cluster.result.job);
	cluster_submit_array(&world->cluster, 2);
	cluster_schedule(&world->cluster);
	add_gang(world);
	cluster_schedule(&world->cluster);
	world->granted = &world->running->tasks[0].instances[0];
	world->pending = &world->waiting->tasks[0].instances[0];
	world->node = world->granted->node;
	world->other = ctr_nodes_find(&world->core->nodes, 2);
	world->queue = ctr_queue_get(&world->core->queues, 0);
	world->shape = ctr_shape_get(&world->core->shapes, world->waiting->tasks[0].shape);
	ck_assert_ptr_ne(world->node, world->other);
}

/* Each in a world of its own. */
#define BREAK(statement)                                                            \
	do {                                                                        \
		struct world w;                                                     \
		struct centro_error_text text = {""};                               \
		world_init(&w);                                                     \
		statement;                                                          \
		ck_assert_msg(ctr_core_check(w.core, &text) == CENTRO_ERR_INTERNAL, \
			      "not found: %s", #statement);                         \
		ck_assert_str_ne(text.text, "");                                    \
		free_blocks();                                                      \
	} while (0)

START_TEST(a_whole_cluster_is_fine)
{
	struct world world;
	world_init(&world);
	cluster_check(&world.cluster);
	cluster_fini(&world.cluster);
}
END_TEST

START_TEST(broken_grants_are_found)
{
	BREAK(w.granted->node = NULL);
	BREAK(w.granted->node = w.other);
	BREAK(w.granted->attempt = 0);
	BREAK(w.granted->assign_event += 1000);
	BREAK(w.granted->state = CENTRO_INSTANCE_PENDING);
	BREAK(w.granted->state = CENTRO_INSTANCE_BACKOFF);
	BREAK(w.granted->state = CENTRO_INSTANCE_SUCCEEDED);
	BREAK(ctr_heap_remove(&w.core->leases.heap, &w.granted->lease));
	BREAK(w.granted->lease.position++);
	BREAK(ctr_list_remove(&w.granted->on_node));
	BREAK(w.core->leases.count++);
	BREAK(w.granted->lost = 9);
	BREAK(w.granted->index++);
}
END_TEST

START_TEST(broken_promises_about_cancelling_are_found)
{
	BREAK(w.cancelled->tasks[0].instances[0].claimed = false);
	BREAK(w.waiting->cancelled_by = w.waiting->cancel_reason = (char *)"me");
	BREAK(w.waiting->cancelled_by = (char *)"me");
}
END_TEST

START_TEST(broken_jobs_are_found)
{
	BREAK(w.running->state = CENTRO_JOB_PENDING);
	BREAK(w.running->state = CENTRO_JOB_SUCCEEDED);
	BREAK(w.running->live_count--);
	BREAK(w.running->running_count = 0);
	BREAK(w.running->instance_count++);
	BREAK(w.running->ended_as = 1);
	BREAK(w.running->revision += 1000);
	BREAK(w.running->dirty = 0);
	BREAK(w.running->queue = ctr_bytes_str("other"));
	BREAK(w.core->job_ids.next = 2);
	BREAK(w.core->job_ids.reserved = 1);
	BREAK(w.core->jobs.count++);
}
END_TEST

START_TEST(broken_nodes_are_found)
{
	BREAK(w.node->used.amount[CTR_DIM_CPU] -= 1);
	BREAK(w.node->attempt_count++);
	BREAK(w.node->capacity.amount[CTR_DIM_CPU] = 1000);
	BREAK(w.node->capacity.amount[CTR_DIM_CPU] = 9000);
	BREAK(w.node->is_shrunk = true);
	BREAK(w.node->state = CENTRO_NODE_DOWN);
	BREAK(w.node->state = CENTRO_NODE_PENDING);
	BREAK(w.node->number = 1);
	BREAK(w.node->id = 77);
	BREAK(w.node->revision += 1000);
	BREAK(w.node->dirty = false);
	BREAK(w.node->datacenter = ctr_bytes_str("eu"));
	BREAK(w.node->place_all = 1);
	BREAK(w.node->place_zone = 1);
	BREAK(w.node->freed = 0);
	BREAK(ctr_list_remove(&w.node->freed_link));
	BREAK(ctr_heap_remove(&w.core->nodes.silence, &w.node->silence));
	BREAK(w.core->node_ids.next = 2);
	BREAK(w.core->node_ids.reserved = 2);
}
END_TEST

START_TEST(broken_placement_is_found)
{
	BREAK(w.core->placement.total.amount[CTR_DIM_CPU]++);
	BREAK(w.core->placement.all.rooms[0].amount[CTR_DIM_CPU]++);
	BREAK(w.node->zone->rooms[0].amount[CTR_DIM_MEMORY]--);
	BREAK(w.core->placement.all.bounds[0].amount[CTR_DIM_DISK] = 1);
	BREAK(w.core->placement.all.count--);
	BREAK(w.node->zone->count--);
	BREAK(w.node->zone->members++);
	BREAK(w.node->zone->references++);
}
END_TEST

/* The job of 64 cores would fit, if its shape were another. */
static void make_it_fit(struct world *world)
{
	world->shape->zone_count = 0;
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++)
		world->shape->need.amount[i] = 0;
}

START_TEST(broken_order_is_found)
{
	BREAK(make_it_fit(&w));
	BREAK(w.core->pending.count++);
	BREAK(w.pending->state = CENTRO_INSTANCE_RUNNING);
	BREAK(w.shape->line.in_tree = 0);
	BREAK(w.shape->line.in_tree = w.shape->line.in_tree == 1 ? 2 : 1);
	BREAK(w.shape->references++);
	BREAK(w.shape->line.tried = 0);
	BREAK(w.core->shapes.unused_count++);
	BREAK(w.waiting->tasks[0].shape = w.running->tasks[0].shape);
	BREAK(ctr_tree_remove(&w.shape->line.waiting, &w.pending->waiting));
}
END_TEST

static void make_the_gang_fit(struct world *world)
{
	world->line->shape->need.amount[CTR_DIM_CPU] = 0;
	world->line->slots = UINT32_MAX;
}

START_TEST(broken_gangs_are_found)
{
	BREAK(w.gang->tasks[0].instances[2].attempt = 0);
	BREAK(w.gang->tasks[0].instances[2].node = NULL; w.gang->tasks[0].instances[2].attempt = 0);
	BREAK(w.gang->tasks[0].gang = false);
	BREAK(w.line->shape->gang = 2);
	BREAK(w.line->shape = w.shape);
	BREAK(w.line->count++);
	BREAK(w.line->tried = 0);
	BREAK(w.line->in_tree = 0);
	BREAK(make_the_gang_fit(&w));
}
END_TEST

START_TEST(the_rest_is_found_too)
{
	BREAK(w.queue->pending++);
	BREAK(w.queue->running--);
	BREAK(w.queue->dirty = true);
	BREAK(w.queue->revision += 1000);
	BREAK(w.core->dimensions.references[CTR_DIM_NAMED]++);
	BREAK(w.core->dimensions.dimensions.name[CTR_DIM_NAMED].size = 0);
	BREAK(w.core->requests.count = 0);
	BREAK(w.core->requests.count_max = 0);
	BREAK(w.core->requests.ring[0].key.low++);
	BREAK(w.core->requests.ring[0].job = 99999);
	BREAK(w.core->outbox.job_end--);
	BREAK(w.core->prepared.has_offer = true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("invariant");
	TCase *tcase = tcase_create("invariant");

	tcase_add_test(tcase, a_whole_cluster_is_fine);
	tcase_add_test(tcase, broken_grants_are_found);
	tcase_add_test(tcase, broken_promises_about_cancelling_are_found);
	tcase_add_test(tcase, broken_jobs_are_found);
	tcase_add_test(tcase, broken_nodes_are_found);
	tcase_add_test(tcase, broken_placement_is_found);
	tcase_add_test(tcase, broken_order_is_found);
	tcase_add_test(tcase, broken_gangs_are_found);
	tcase_add_test(tcase, the_rest_is_found_too);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
