/* SPDX-License-Identifier: MIT */
/*
 * invariant.c - is everything as it must be?
 *
 * Each count, list and index is made again from what it sums up, and compared:
 * nothing is trusted that can be derived. The tests and the simulator call it
 * after every step, so it is linear. Who refers to what is counted by a sum of
 * hashes, one a reference, which two different sets do not share.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/state.h"

#define CHECK(condition, ...)                                                     \
	do {                                                                      \
		if (!(condition))                                                 \
			return ctr_error(text, CENTRO_ERR_INTERNAL, __VA_ARGS__); \
	} while (0)

/* Of the requests remembered, which may be a million. */
#define REQUESTS_CHECKED_MAX 64

/* Sums over all jobs, to be compared with what the tables keep. */
struct totals {
	uint64_t jobs, dirty, pending, granted, leases;
	uint64_t shapes;  /* hashes of what each task refers to */
	uint64_t waiting; /* in lines */
	uint32_t lines;   /* in which something waits */
};

/* ---- one line ---- */

static uint64_t slots_on(const struct ctr_room *room, const struct ctr_shape *shape)
{
	uint64_t slots = UINT32_MAX;

	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		uint64_t amount = (uint64_t)shape->need.amount[i];
		if (amount > 0 && slots > room->amount[i] / amount)
			slots = room->amount[i] / amount;
	}
	return slots;
}

/* How many instances would fit in a zone, whatever their order. */
static uint64_t slots_in(const struct ctr_zone *zone, const struct ctr_shape *shape)
{
	uint64_t slots = 0;
	for (uint32_t i = 0; i < zone->count; i++)
		slots += slots_on(&zone->rooms[i], shape);
	return slots;
}

/* What is parked must fit nowhere: else something waits that could run (I16). */
static int check_parked(const struct ctr_core *core, const struct ctr_line *line,
			struct centro_error_text *text)
{
	const struct ctr_shape *shape = line->shape;
	uint64_t slots = 0;

	if (line->tried != core->placement.freed)
		return CENTRO_OK;
	if (shape->zone_count == 0)
		slots = slots_in(&core->placement.all, shape);
	for (uint32_t i = 0; i < shape->zone_count; i++)
		slots += slots_in(shape->zones[i], shape);
	CHECK(slots <= line->slots, "I16: there is more room than a line was told");
	CHECK(line->count == 0 || slots < ctr_pending_together(line),
	      "I16: something fits, and is not tried");
	return CENTRO_OK;
}

static int check_line(const struct ctr_core *core, const struct ctr_line *line,
		      const struct ctr_shape *shape, struct totals *totals,
		      struct centro_error_text *text)
{
	const struct ctr_instance *before = NULL;
	uint32_t count = 0;

	CHECK(line->shape == shape, "a line is of another shape");
	CHECK((line->in_tree != 0) == (line->waiting.first != NULL), "a line is lost");
	totals->lines += line->in_tree != 0;
	for (struct ctr_tree_node *at = line->waiting.first; at; at = ctr_tree_next(at)) {
		const struct ctr_instance *instance =
			CTR_CONTAINER_OF(at, struct ctr_instance, waiting);
		CHECK(instance->state == CENTRO_INSTANCE_PENDING, "what waits is not pending");
		CHECK(ctr_core_line(core, instance) == line, "in the wrong line");
		CHECK(!before || ctr_instance_compare(before, instance) < 0, "out of order");
		before = instance;
		count++;
	}
	CHECK(count == line->count, "a line miscounts what waits");
	CHECK(line != &shape->line || shape->gang == 0 || count % shape->gang == 0,
	      "a part of a gang waits that was never granted");
	totals->waiting += count;
	return check_parked(core, line, text);
}

/* ---- one instance ---- */

static bool may_run_on(const struct ctr_instance *instance)
{
	return ctr_instance_may_have_started(instance) &&
	       ctr_instance_task(instance)->on_disconnect == CTR_ON_DISCONNECT_KEEP;
}

static int check_granted(const struct ctr_core *core, const struct ctr_instance *instance,
			 struct totals *totals, struct centro_error_text *text)
{
	const struct ctr_heap *heap = &core->leases.heap;
	size_t position = instance->lease.position;

	totals->granted++;
	CHECK(instance->node != NULL, "a grant has no node");
	CHECK(instance->attempt > 0, "a grant has no attempt number");
	CHECK(instance->assign_event <= core->outbox.last_event, "a grant is from the future");
	CHECK((position == 0) == may_run_on(instance), "a lease is in the heap, or is not");
	CHECK(instance->on_node.next->prev == &instance->on_node &&
		      instance->on_node.prev->next == &instance->on_node,
	      "a grant is in no list");
	CHECK(!ctr_job_is_cancelled(instance->job) || ctr_instance_may_have_started(instance),
	      "I9: granted, not claimed, and cancelled");
	if (position == 0)
		return CENTRO_OK;
	totals->leases++;
	CHECK(position <= heap->count && heap->slots[position - 1].node == &instance->lease,
	      "a lease is not where it says");
	return CENTRO_OK;
}

static int check_instance(const struct ctr_core *core, const struct ctr_instance *instance,
			  struct totals *totals, struct centro_error_text *text)
{
	CHECK(ctr_instance_state_is_used(instance->state), "an instance has no state");
	CHECK((instance->node != NULL) <= (instance->attempt > 0), "a node without an attempt");
	CHECK(instance->lost + (uint64_t)ctr_instance_is_granted(instance) <= instance->attempt,
	      "more attempts were lost than made and ended");
	if (ctr_instance_is_granted(instance))
		return check_granted(core, instance, totals, text);
	if (instance->state != CENTRO_INSTANCE_PENDING) {
		CHECK(instance->cause != CENTRO_CAUSE_NONE, "an end without a cause");
		return CENTRO_OK;
	}
	totals->pending++;
	CHECK(!ctr_job_is_cancelled(instance->job), "I9: waiting, and cancelled");
	return CENTRO_OK;
}

/* ---- one job ---- */

/*
 * A gang begins as a whole: of its instances either all have had an attempt or none
 * has. So what waits beside one that is granted was granted before.
 */
static int check_gang(const struct ctr_core *core, const struct ctr_task *task,
		      struct totals *totals, struct centro_error_text *text)
{
	const struct ctr_shape *shape = ctr_shape_get(&core->shapes, task->shape);

	CHECK(shape->gang == (task->gang ? task->count : 0u), "a gang is of another size");
	if (!task->gang)
		return CENTRO_OK;
	for (uint32_t i = 1; i < task->count; i++)
		CHECK((task->instances[i].attempt > 0) == (task->instances[0].attempt > 0),
		      "a gang has begun by half");
	return check_line(core, ctr_task_line(task), shape, totals, text);
}

static int check_instances(const struct ctr_core *core, const struct ctr_job *job,
			   struct totals *totals, struct centro_error_text *text)
{
	for (uint32_t i = 0; i < job->task_count; i++) {
		const struct ctr_task *task = &job->tasks[i];
		totals->shapes += ctr_hash_u64(task->shape + 1);
		int error = check_gang(core, task, totals, text);
		if (error != CENTRO_OK)
			return error;
		for (uint32_t j = 0; j < task->count; j++) {
			const struct ctr_instance *instance = &task->instances[j];
			CHECK(instance->job == job && instance->task == i && instance->index == j,
			      "an instance is not where it says");
			error = check_instance(core, instance, totals, text);
			if (error != CENTRO_OK)
				return error;
		}
	}
	return CENTRO_OK;
}

static int check_tally(const struct ctr_job *job, struct centro_error_text *text)
{
	uint32_t live = 0, running = 0, count = 0;
	uint8_t ended_as = 0;

	for (uint32_t i = 0; i < job->task_count; i++) {
		for (uint32_t j = 0; j < job->tasks[i].count; j++) {
			int state = job->tasks[i].instances[j].state;
			count++;
			running += state == CENTRO_INSTANCE_RUNNING;
			live += !centro_instance_state_is_final(state);
			if (centro_instance_state_is_final(state))
				ended_as |= ctr_ended_bit(state);
		}
	}
	CHECK(count == job->instance_count, "a job miscounts its instances");
	CHECK(live == job->live_count, "a job miscounts what lives");
	CHECK(running == job->running_count, "a job miscounts what runs");
	CHECK(ended_as == job->ended_as, "a job does not know how its instances ended");
	CHECK(job->state == ctr_job_derive_state(job), "a job is in the wrong state");
	CHECK((live == 0) == centro_job_state_is_final(job->state), "a job has ended, or has not");
	return CENTRO_OK;
}

static int check_job(const struct ctr_core *core, const struct ctr_job *job, struct totals *totals,
		     struct centro_error_text *text)
{
	CHECK(job->id < core->job_ids.next, "a job has a number that is still free");
	CHECK(job->revision <= core->outbox.last_event, "a job is from the future");
	CHECK(ctr_job_table_find(&core->jobs, job->id) == job, "a job is not found");
	CHECK(ctr_bytes_equal(ctr_queue_get(&core->queues, job->queue_number)->name, job->queue),
	      "a job is in the wrong queue");
	CHECK(!job->cancelled_by == !job->cancel_reason, "a job is cancelled by half");
	CHECK(job->is_stored || (job->dirty & CTR_JOB_DIRTY_SPEC),
	      "a new job is not to be written");
	totals->dirty += job->dirty != 0;
	int error = check_tally(job, text);
	return error == CENTRO_OK ? check_instances(core, job, totals, text) : error;
}

static int check_jobs(const struct ctr_core *core, struct totals *totals,
		      struct centro_error_text *text)
{
	const struct ctr_job *job;

	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&core->jobs, id));) {
		CHECK(job->id < id, "jobs are out of order");
		id = job->id;
		totals->jobs++;
		int error = check_job(core, job, totals, text);
		if (error != CENTRO_OK)
			return error;
	}
	CHECK(totals->jobs == core->jobs.count, "jobs are miscounted");
	CHECK(totals->pending == core->pending.count, "what waits is miscounted");
	CHECK(totals->granted == core->leases.count, "grants are miscounted");
	CHECK(totals->leases == core->leases.heap.count, "leases are miscounted");
	CHECK(core->leases.heap.capacity >= core->leases.count, "no room to renew every lease");
	CHECK(totals->dirty == core->outbox.job_end - core->outbox.job_first,
	      "touched jobs are miscounted");
	CHECK(core->job_ids.next <= core->job_ids.reserved, "a number is given out too early");
	return CENTRO_OK;
}

/* ---- nodes ---- */

static int check_use(const struct ctr_core *core, const struct ctr_node *node,
		     struct centro_error_text *text)
{
	struct ctr_resources used = {0};
	uint32_t count = 0;

	ctr_list_for_each (link, &node->attempts) {
		const struct ctr_instance *instance =
			ctr_list_entry(link, struct ctr_instance, on_node);
		CHECK(ctr_instance_is_granted(instance), "a node has what is not granted");
		CHECK(instance->node == node, "I3: a grant is on two nodes");
		ctr_resources_add(&used,
				  ctr_core_task_resources(core, ctr_instance_task(instance)));
		count++;
	}
	CHECK(count == node->attempt_count, "a node miscounts its attempts");
	CHECK(ctr_resources_equal(&used, &node->used), "a node missums what is used");
	bool is_over = !ctr_resources_fit(&used, &node->capacity);
	CHECK(!is_over || node->is_shrunk, "I6: more is granted than node %llu has",
	      (unsigned long long)node->id);
	CHECK(is_over || !node->is_shrunk, "a node is said to have too little, and has enough");
	return CENTRO_OK;
}

static int check_place(const struct ctr_node *node, const struct ctr_zone *zone, uint32_t place,
		       struct centro_error_text *text)
{
	CHECK(place < zone->count && zone->nodes[place] == node,
	      "a node that is ready cannot be chosen");
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		int64_t amount = node->capacity.amount[i] - node->used.amount[i];
		uint32_t room = zone->rooms[place].amount[i];
		CHECK(room == (amount > 0 ? (uint64_t)amount : 0),
		      "what is free on a node is not what placement thinks");
		CHECK(room <= zone->bounds[place / CTR_ZONE_BLOCK].amount[i], "a bound is too low");
	}
	return CENTRO_OK;
}

static bool has_due(const struct ctr_node *node)
{
	return node->drain && node->drain->deadline.ns != 0 && !node->drain->is_over;
}

static int check_node(const struct ctr_core *core, const struct ctr_node *node,
		      struct centro_error_text *text)
{
	bool is_ready = node->state == CENTRO_NODE_READY;

	CHECK(ctr_node_state_is_used(node->state), "a node has no state");
	CHECK(ctr_nodes_find(&core->nodes, node->id) == node, "a node is not found");
	CHECK(ctr_nodes_find_name(&core->nodes, node->name) == node, "a node has two names");
	CHECK(node->id < core->node_ids.next, "a node has a number that is still free");
	CHECK(node->revision <= core->outbox.last_event, "a node is from the future");
	CHECK((node->state != CENTRO_NODE_DOWN) == (node->silence.position != 0),
	      "a silence is waited for, or is not");
	CHECK(node->drain ? !is_ready : node->state != CENTRO_NODE_DRAINING,
	      "a node is drained, or is not");
	CHECK(has_due(node) == (node->due.position != 0), "a drain ends, or does not");
	CHECK(is_ready == !ctr_list_is_empty(&node->freed_link), "a node can be chosen, or cannot");
	CHECK(is_ready == (node->freed > 0), "a node has room for more, or has not");
	CHECK(node->dirty == !ctr_list_is_empty(&node->dirty_link), "a touched node is lost");
	CHECK(ctr_bytes_equal(node->datacenter, node->zone->name), "a node is in the wrong place");
	int error = check_use(core, node, text);
	if (error == CENTRO_OK && is_ready)
		error = check_place(node, &core->placement.all, node->place_all, text);
	if (error == CENTRO_OK && is_ready)
		error = check_place(node, node->zone, node->place_zone, text);
	return error;
}

static int check_nodes(const struct ctr_core *core, struct centro_error_text *text)
{
	struct ctr_resources total = {0};
	uint32_t ready = 0, alive = 0, due = 0;
	uint64_t attempts = 0;

	for (uint32_t i = 0; i < core->nodes.count; i++) {
		const struct ctr_node *node = core->nodes.list[i];
		CHECK(node->number == i, "a node is not where it says");
		CHECK(i == 0 || core->nodes.list[i - 1]->id < node->id, "nodes are out of order");
		ctr_resources_add(&total, &node->capacity);
		ready += node->state == CENTRO_NODE_READY;
		alive += node->state != CENTRO_NODE_DOWN;
		due += has_due(node);
		attempts += node->attempt_count;
		int error = check_node(core, node, text);
		if (error != CENTRO_OK)
			return error;
	}
	CHECK(ctr_resources_equal(&total, &core->placement.total), "capacity is missummed");
	CHECK(ready == core->placement.all.count, "nodes that are ready are miscounted");
	CHECK(alive == core->nodes.silence.count, "silences are miscounted");
	CHECK(due == core->nodes.due.count, "drains that end are miscounted");
	CHECK(attempts == core->leases.count, "I3: grants on nodes are miscounted");
	CHECK(core->node_ids.next <= core->node_ids.reserved, "a number is given out too early");
	return CENTRO_OK;
}

static int check_zones(const struct ctr_core *core, struct centro_error_text *text)
{
	size_t cursor = 0;
	const struct ctr_zone *zone;
	uint64_t members = 0, ready = 0, references = 0;

	for (uint32_t i = 0; i < core->nodes.count; i++) {
		const struct ctr_node *node = core->nodes.list[i];
		members += ctr_hash_u64(node->zone->number);
		if (node->state == CENTRO_NODE_READY)
			ready += ctr_hash_u64(node->zone->number);
	}
	references = members;
	for (uint32_t i = 0; i < core->shapes.count; i++) {
		const struct ctr_shape *shape = core->shapes.shapes[i];
		for (uint32_t j = 0; shape && j < shape->zone_count; j++)
			references += ctr_hash_u64(shape->zones[j]->number);
	}
	while ((zone = ctr_bytes_map_next(&core->zones.by_name, &cursor))) {
		CHECK(zone->references > 0, "a datacenter is there for nothing");
		CHECK(zone->capacity >= zone->members, "no room for every node of a datacenter");
		members -= zone->members * ctr_hash_u64(zone->number);
		ready -= zone->count * ctr_hash_u64(zone->number);
		references -= zone->references * ctr_hash_u64(zone->number);
	}
	CHECK(members == 0, "a datacenter miscounts its nodes");
	CHECK(ready == 0, "a datacenter miscounts what is ready");
	CHECK(references == 0, "a datacenter miscounts its references");
	return CENTRO_OK;
}

/* ---- what waits ---- */

static int check_order(const struct ctr_core *core, uint8_t tree, uint32_t *count,
		       struct centro_error_text *text)
{
	const struct ctr_instance *before = NULL;

	for (struct ctr_tree_node *at = core->pending.trees[tree].first; at;
	     at = ctr_tree_next(at)) {
		const struct ctr_line *line = CTR_CONTAINER_OF(at, struct ctr_line, order);
		const struct ctr_instance *first = ctr_pending_first(line);
		CHECK(line->in_tree == tree + 1, "a line is in the wrong tree");
		CHECK(!before || ctr_instance_compare(before, first) < 0, "lines are out of order");
		CHECK(tree == core->pending.open || line->tried > 0,
		      "a line is parked that was not tried");
		before = first;
		++*count;
	}
	return CENTRO_OK;
}

static int check_pending(const struct ctr_core *core, struct totals *totals,
			 struct centro_error_text *text)
{
	uint64_t references = 0;
	uint32_t in_trees = 0, in_use = 0;

	for (uint32_t i = 0; i < core->shapes.count; i++) {
		const struct ctr_shape *shape = core->shapes.shapes[i];
		if (!shape)
			continue;
		in_use++;
		references += shape->references * ctr_hash_u64(shape->number + 1);
		CHECK(shape->references > 0, "a shape is there for nothing");
		int error = check_line(core, &shape->line, shape, totals, text);
		if (error != CENTRO_OK)
			return error;
	}
	for (uint8_t tree = 0; tree < 2; tree++) {
		int error = check_order(core, tree, &in_trees, text);
		if (error != CENTRO_OK)
			return error;
	}
	CHECK(totals->waiting == core->pending.count, "what waits is in no line, or in two");
	CHECK(references == totals->shapes, "a shape miscounts its tasks");
	CHECK(totals->lines == in_trees, "a line is in no tree, or in two");
	CHECK(!core->pending.is_strict || !core->pending.trees[1].first,
	      "a line is parked in strict order");
	CHECK(in_use + core->shapes.unused_count == core->shapes.count, "a number is lost");
	CHECK(in_use == core->shapes.by_key.count, "a shape is not found");
	return CENTRO_OK;
}

/* ---- the rest ---- */

static int check_queues(const struct ctr_core *core, struct centro_error_text *text)
{
	uint64_t pending = 0, running = 0;

	for (uint32_t i = 0; i < core->queues.count; i++) {
		const struct ctr_queue *queue = core->queues.list[i];
		CHECK(ctr_queues_find(&core->queues, queue->name) == queue, "a queue is not found");
		CHECK(queue->revision <= core->outbox.last_event, "a queue is from the future");
		CHECK(queue->dirty == !ctr_list_is_empty(&queue->dirty_link),
		      "a touched queue is lost");
		pending += queue->pending;
		running += queue->running;
	}
	CHECK(ctr_queues_find(&core->queues, ctr_bytes_str(CTR_NAME_DEFAULT)) != NULL,
	      "there is no default queue");
	CHECK(pending == core->pending.count, "queues miscount what waits");
	CHECK(running == core->leases.count, "queues miscount what is granted");
	return CENTRO_OK;
}

static int check_dimensions(const struct ctr_core *core, struct centro_error_text *text)
{
	const struct ctr_dimension_table *table = &core->dimensions;

	for (size_t i = CTR_DIM_NAMED; i < table->dimensions.count; i++) {
		uint32_t references = 0;
		for (uint32_t j = 0; j < core->nodes.count; j++)
			references += core->nodes.list[j]->capacity.amount[i] > 0;
		for (uint32_t j = 0; j < core->shapes.count; j++)
			references += core->shapes.shapes[j] &&
				      core->shapes.shapes[j]->need.amount[i] > 0;
		CHECK(references == table->references[i], "a resource miscounts its references");
		CHECK((references > 0) == (table->dimensions.name[i].size > 0),
		      "a resource has a name, or has not");
	}
	return CENTRO_OK;
}

static int check_request(const struct ctr_core *core, uint32_t position,
			 struct centro_error_text *text)
{
	const struct ctr_request_table *table = &core->requests;
	const struct ctr_request *request =
		&table->ring[(table->first + position) & (table->capacity - 1)];

	CHECK(ctr_requests_find(table, &request->key, core->now.cluster) ||
		      request->expires.ns <= core->now.cluster.ns,
	      "a request is not found");
	CHECK(request->job < core->job_ids.next, "a request made a job to come");
	return CENTRO_OK;
}

/* The newest; and of a small table whether the index has anything else. */
static int check_requests(const struct ctr_core *core, struct centro_error_text *text)
{
	const struct ctr_request_table *table = &core->requests;
	uint32_t in_index = 0;

	CHECK(table->count <= table->count_max, "too many requests are remembered");
	for (uint32_t i = 0; i < table->count && i < REQUESTS_CHECKED_MAX; i++) {
		int error = check_request(core, table->count - 1 - i, text);
		if (error != CENTRO_OK)
			return error;
	}
	if (table->capacity > REQUESTS_CHECKED_MAX)
		return CENTRO_OK;
	for (uint32_t i = 0; i < table->capacity * 2; i++)
		in_index += table->index[i] != 0;
	CHECK(in_index == table->count, "a request is in the index twice, or not at all");
	return CENTRO_OK;
}

static int check_hash(const struct ctr_core *core, struct centro_error_text *text)
{
	if (!core->options.keep_hash)
		return CENTRO_OK;
	CHECK(ctr_core_running_hash(core) == ctr_core_hash(core),
	      "the running hash is not that of the state");
	return CENTRO_OK;
}

int ctr_core_check(const struct ctr_core *core, struct centro_error_text *text)
{
	struct totals totals = {0};
	CTR_ASSERT(!core->is_loading);

	CHECK(!core->prepared.job && !core->prepared.node && !core->prepared.has_offer,
	      "something is prepared between two commands");
	int error = check_jobs(core, &totals, text);
	if (error == CENTRO_OK)
		error = check_nodes(core, text);
	if (error == CENTRO_OK)
		error = check_zones(core, text);
	if (error == CENTRO_OK)
		error = check_pending(core, &totals, text);
	if (error == CENTRO_OK)
		error = check_queues(core, text);
	if (error == CENTRO_OK)
		error = check_dimensions(core, text);
	if (error == CENTRO_OK)
		error = check_requests(core, text);
	if (error == CENTRO_OK)
		error = check_hash(core, text);
	return error;
}
