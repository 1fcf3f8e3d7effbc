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
	struct ctr_job *running, *waiting, *cancelled; /* what waits is one of two alike */
	struct ctr_instance *granted, *pending;
	struct ctr_node *node, *other;
	struct ctr_queue *queue;
	struct ctr_shape *shape; /* parked */
	struct ctr_job *gang;    /* of which the last waits again */
	struct ctr_job *whole;   /* another that waits */
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
	world->whole = job_of(world, cluster_submit_gang(cluster, 3, 1));
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
	spec.request_id = ctr_bytes_str("");
	ck_assert_int_eq(cluster_submit_spec(&world->cluster, &spec), CENTRO_OK);
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

/* Each in a world of its own. It is found by the check that is there for it, and no other. */
#define BREAK(found, statement)                                                     \
	do {                                                                        \
		struct world w;                                                     \
		struct centro_error_text text = {""};                               \
		world_init(&w);                                                     \
		statement;                                                          \
		ck_assert_msg(ctr_core_check(w.core, &text) == CENTRO_ERR_INTERNAL, \
			      "not found: %s", #statement);                         \
		ck_assert_str_eq(text.text, found);                                 \
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

/* Its end is not taken yet, so it is still there. */
static void end_the_running_job(struct world *world)
{
	ck_assert_int_eq(cluster_report_ended(&world->cluster,
					      cluster_ref(&world->cluster, world->running->id, 0),
					      CENTRO_CAUSE_EXITED, 0),
			 CENTRO_OK);
}

/* A grant that its node has forgotten, and everything that is kept of it with it. */
static void forget_a_grant(struct world *world)
{
	const struct ctr_task *task = &world->running->tasks[0];

	ctr_list_remove(&world->granted->on_node);
	world->node->attempt_count--;
	ctr_placement_release(&world->core->placement, world->node,
			      ctr_shape_get(&world->core->shapes, task->shape));
}

START_TEST(broken_grants_are_found)
{
	BREAK("a grant has no node", w.granted->node = NULL);
	BREAK("I3: a grant is on two nodes", w.granted->node = w.other);
	BREAK("a node without an attempt", w.granted->attempt = 0);
	BREAK("a grant is from the future", w.granted->assign_event += 1000);
	BREAK("a job miscounts what runs", w.granted->state = CENTRO_INSTANCE_PENDING);
	BREAK("a job miscounts what runs", w.granted->state = CENTRO_INSTANCE_BACKOFF);
	BREAK("a job miscounts what lives", w.granted->state = CENTRO_INSTANCE_SUCCEEDED);
	BREAK("a lease is in the heap, or is not",
	      ctr_heap_remove(&w.core->leases.heap, &w.granted->lease));
	BREAK("a lease is not where it says", w.granted->lease.position++);
	BREAK("a node miscounts its attempts", ctr_list_remove(&w.granted->on_node));
	BREAK("grants are miscounted", w.core->leases.count++);
	BREAK("more attempts were lost than made and ended", w.granted->lost = 9);
	BREAK("an instance is not where it says", w.granted->index++);
	BREAK("an instance has no state", w.pending->state = CENTRO_INSTANCE_BACKOFF);
	BREAK("an end without a cause", end_the_running_job(&w);
	      w.granted->cause = CENTRO_CAUSE_NONE);
	BREAK("a grant is in no list", w.granted->on_node.next->prev = &w.other->attempts);
	BREAK("a grant is in no list", w.granted->on_node.prev->next = &w.other->attempts);
	BREAK("I3: grants on nodes are miscounted", forget_a_grant(&w));
	BREAK("leases are miscounted", w.core->leases.heap.count++);
	BREAK("no room to renew every lease", w.core->leases.heap.capacity = 0);
}
END_TEST

START_TEST(broken_promises_about_cancelling_are_found)
{
	BREAK("I9: granted, not claimed, and cancelled",
	      w.cancelled->tasks[0].instances[0].claimed = false);
	BREAK("I9: waiting, and cancelled",
	      w.waiting->cancelled_by = w.waiting->cancel_reason = (char *)"me");
	BREAK("a job is cancelled by half", w.waiting->cancelled_by = (char *)"me");
}
END_TEST

START_TEST(broken_jobs_are_found)
{
	BREAK("a job is in the wrong state", w.running->state = CENTRO_JOB_PENDING);
	BREAK("a job is in the wrong state", w.running->state = CENTRO_JOB_SUCCEEDED);
	BREAK("a job miscounts what lives", w.running->live_count--);
	BREAK("a job miscounts what runs", w.running->running_count = 0);
	BREAK("a job miscounts its instances", w.running->instance_count++);
	BREAK("a job does not know how its instances ended", w.running->ended_as = 1);
	BREAK("a job is from the future", w.running->revision += 1000);
	BREAK("a new job is not to be written", w.running->dirty = 0);
	BREAK("a job is in the wrong queue", w.running->queue = ctr_bytes_str("other"));
	BREAK("a job has a number that is still free", w.core->job_ids.next = 2);
	BREAK("a number is given out too early", w.core->job_ids.reserved = 1);
	BREAK("jobs are miscounted", w.core->jobs.count++);
	BREAK("a job is not found", w.gang->id = w.running->id);
	BREAK("jobs are out of order", w.running->id = w.gang->id);
}
END_TEST

static void swap_nodes(struct world *world)
{
	struct ctr_node **list = world->core->nodes.list;

	list[0] = world->other;
	list[1] = world->node;
	list[0]->number = 0;
	list[1]->number = 1;
}

START_TEST(broken_nodes_are_found)
{
	BREAK("a node missums what is used", w.node->used.amount[CTR_DIM_CPU] -= 1);
	BREAK("a node miscounts its attempts", w.node->attempt_count++);
	BREAK("I6: more is granted than node 1 has", w.node->capacity.amount[CTR_DIM_CPU] = 1000);
	BREAK("what is free on a node is not what placement thinks",
	      w.node->capacity.amount[CTR_DIM_CPU] = 9000);
	BREAK("a node is said to have too little, and has enough", w.node->is_shrunk = true);
	BREAK("a silence is waited for, or is not", w.node->state = CENTRO_NODE_DOWN);
	BREAK("a node has no state", w.node->state = CENTRO_NODE_PENDING);
	BREAK("a node is not where it says", w.node->number = 1);
	BREAK("a node has a number that is still free", w.node->id = 77);
	BREAK("a node is from the future", w.node->revision += 1000);
	BREAK("a touched node is lost", w.node->dirty = false);
	BREAK("a node is not found", w.gang->tasks[0].instances[0].node->id++);
	BREAK("a node has two names", w.node->name = w.other->name);
	BREAK("a node has what is not granted",
	      ctr_list_append(&w.node->attempts, &w.pending->on_node));
	BREAK("nodes are out of order", swap_nodes(&w));
	BREAK("silences are miscounted", w.core->nodes.silence.count++);
	BREAK("a node is in the wrong place", w.node->datacenter = ctr_bytes_str("eu"));
	BREAK("a node that is ready cannot be chosen", w.node->place_all = 1);
	BREAK("a node that is ready cannot be chosen", w.node->place_zone = 1);
	BREAK("a node has room for more, or has not", w.node->freed = 0);
	BREAK("a node can be chosen, or cannot", ctr_list_remove(&w.node->freed_link));
	BREAK("a silence is waited for, or is not",
	      ctr_heap_remove(&w.core->nodes.silence, &w.node->silence));
	BREAK("a node has a number that is still free", w.core->node_ids.next = 2);
	BREAK("a number is given out too early", w.core->node_ids.reserved = 2);
}
END_TEST

/* One node is there twice. */
static void count_a_node_twice(struct ctr_zone *zone)
{
	zone->rooms[zone->count] = zone->rooms[0];
	zone->count++;
}

START_TEST(broken_placement_is_found)
{
	BREAK("capacity is missummed", w.core->placement.total.amount[CTR_DIM_CPU]++);
	BREAK("what is free on a node is not what placement thinks",
	      w.core->placement.all.rooms[0].amount[CTR_DIM_CPU]++);
	BREAK("what is free on a node is not what placement thinks",
	      w.node->zone->rooms[0].amount[CTR_DIM_MEMORY]--);
	BREAK("a bound is too low", w.core->placement.all.bounds[0].amount[CTR_DIM_DISK] = 1);
	BREAK("a node that is ready cannot be chosen", w.core->placement.all.count--);
	BREAK("a node that is ready cannot be chosen", w.node->zone->count--);
	BREAK("a datacenter miscounts its nodes", w.node->zone->members++);
	BREAK("a datacenter miscounts its references", w.node->zone->references++);
	BREAK("nodes that are ready are miscounted", count_a_node_twice(&w.core->placement.all));
	BREAK("a datacenter miscounts what is ready", count_a_node_twice(w.node->zone));
	BREAK("a datacenter is there for nothing", w.node->zone->references = 0);
	BREAK("no room for every node of a datacenter", w.node->zone->capacity = 0);
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
	BREAK("a datacenter miscounts its references", make_it_fit(&w));
	BREAK("what waits is miscounted", w.core->pending.count++);
	BREAK("a job miscounts what runs", w.pending->state = CENTRO_INSTANCE_RUNNING);
	BREAK("a line is lost", w.shape->line.in_tree = 0);
	BREAK("a line is in the wrong tree",
	      w.shape->line.in_tree = w.shape->line.in_tree == 1 ? 2 : 1);
	BREAK("a shape miscounts its tasks", w.shape->references++);
	BREAK("a line is parked that was not tried", w.shape->line.tried = 0);
	BREAK("a number is lost", w.core->shapes.unused_count++);
	BREAK("in the wrong line", w.waiting->tasks[0].shape = w.running->tasks[0].shape);
	BREAK("a line miscounts what waits",
	      ctr_tree_remove(&w.shape->line.waiting, &w.pending->waiting));
	BREAK("what waits is in no line, or in two",
	      ctr_tree_remove(&w.shape->line.waiting, &w.pending->waiting);
	      w.shape->line.count--);
	BREAK("out of order", w.waiting->priority = -1);
	BREAK("lines are out of order", w.gang->priority = 1);
	BREAK("a line is in no tree, or in two",
	      ctr_tree_remove(&w.core->pending.trees[w.shape->line.in_tree - 1],
			      &w.shape->line.order));
	BREAK("a line is parked in strict order", w.core->pending.is_strict = true);
	BREAK("a shape is there for nothing", w.shape->references = 0);
	BREAK("a shape is not found", w.core->shapes.by_key.count++);
}
END_TEST

static void make_the_gang_fit(struct world *world)
{
	world->line->shape->need.amount[CTR_DIM_CPU] = 0;
	world->line->slots = UINT32_MAX;
}

static void make_the_gang_fit_on_one(struct world *world)
{
	make_the_gang_fit(world);
	world->core->placement.all.count = 1;
}

/* One of them has got lost. */
static void split_the_whole(struct world *world)
{
	struct ctr_task *task = &world->whole->tasks[0];
	struct ctr_line *line = &ctr_shape_get(&world->core->shapes, task->shape)->line;

	ctr_tree_remove(&line->waiting, &task->instances[2].waiting);
	line->count--;
}

START_TEST(broken_gangs_are_found)
{
	BREAK("a gang has begun by half", w.gang->tasks[0].instances[2].attempt = 0);
	BREAK("a gang has begun by half", w.gang->tasks[0].instances[2].node = NULL;
	      w.gang->tasks[0].instances[2].attempt = 0);
	BREAK("a gang is of another size", w.gang->tasks[0].gang = false);
	BREAK("a gang is of another size", w.line->shape->gang = 2);
	BREAK("a line is of another shape", w.line->shape = w.shape);
	BREAK("a line miscounts what waits", w.line->count++);
	BREAK("a line is parked that was not tried", w.line->tried = 0);
	BREAK("a line is lost", w.line->in_tree = 0);
	BREAK("I16: there is more room than a line was told", make_the_gang_fit(&w));
	BREAK("I16: something fits, and is not tried", make_the_gang_fit_on_one(&w));
	BREAK("what waits is not pending",
	      w.gang->tasks[0].instances[2].state = CENTRO_INSTANCE_ASSIGNED);
	BREAK("a part of a gang waits that was never granted", split_the_whole(&w));
}
END_TEST

/* All that names it follows, but for the table. */
static void rename_the_queue(struct world *world)
{
	const struct ctr_job *job;
	const struct centro_bytes name = ctr_bytes_str("other");

	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&world->core->jobs, id));
	     id = job->id)
		((struct ctr_job *)job)->queue = name;
	world->queue->name = name;
}

/* The table, too. */
static void rename_the_default(struct world *world)
{
	rename_the_queue(world);
	ctr_bytes_map_remove(&world->core->queues.by_name, ctr_bytes_str("default"));
	ctr_bytes_map_insert(&world->core->queues.by_name, world->queue->name, world->queue);
}

START_TEST(the_rest_is_found_too)
{
	BREAK("queues miscount what waits", w.queue->pending++);
	BREAK("queues miscount what is granted", w.queue->running--);
	BREAK("a touched queue is lost", w.queue->dirty = true);
	BREAK("a queue is from the future", w.queue->revision += 1000);
	BREAK("a queue is not found", rename_the_queue(&w));
	BREAK("there is no default queue", rename_the_default(&w));
	BREAK("the running hash is not that of the state", w.core->hash_sum++);
	BREAK("a resource miscounts its references",
	      w.core->dimensions.references[CTR_DIM_NAMED]++);
	BREAK("a resource has a name, or has not",
	      w.core->dimensions.dimensions.name[CTR_DIM_NAMED].size = 0);
	BREAK("a request is in the index twice, or not at all", w.core->requests.count = 0);
	BREAK("too many requests are remembered", w.core->requests.count_max = 0);
	BREAK("a request is not found", w.core->requests.ring[0].key.low++);
	BREAK("a request made a job to come", w.core->requests.ring[0].job = 99999);
	BREAK("touched jobs are miscounted", w.core->outbox.job_end--);
	BREAK("something is prepared between two commands", w.core->prepared.has_offer = true);
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
