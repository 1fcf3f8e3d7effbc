/* SPDX-License-Identifier: MIT */
/*
 * explain.c - why a job waits, in one sentence.
 *
 * The nodes go through the same filters as in placement, one after the other:
 * ready, datacenter, large enough, enough free. The sentence says how far they
 * got, and at the filter that stopped the last of them what was asked for and
 * what there is. Of a gang it says as well how many could be placed of how many.
 *
 * In strict order a job waits for what its head waits for, and that is explained.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/str.h"
#include "core/internal.h"

/* How many nodes passed each filter. */
struct funnel {
	uint32_t ready, in_zones, large, roomy;
	uint32_t draining; /* not ready for that reason */
	/* Of those in the zones, in each dimension. */
	struct ctr_resources largest;  /* the capacity of the largest */
	struct ctr_resources roomiest; /* the most that is free on one that is large enough */
	/* Instances, for which there would be room on all of them together. */
	uint64_t slots;       /* now */
	uint64_t empty_slots; /* if nothing else were there */
};

static const struct ctr_instance *find_waiting(const struct ctr_job *job)
{
	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++) {
			const struct ctr_instance *instance = &job->tasks[i].instances[j];
			if (instance->state == CENTRO_INSTANCE_PENDING)
				return instance;
		}
	}
	return NULL;
}

static void raise(struct ctr_resources *most, const struct ctr_resources *other)
{
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (most->amount[i] < other->amount[i])
			most->amount[i] = other->amount[i];
	}
}

static bool is_in_zones(const struct ctr_shape *shape, const struct ctr_node *node)
{
	for (uint32_t i = 0; i < shape->zone_count; i++) {
		if (shape->zones[i] == node->zone)
			return true;
	}
	return shape->zone_count == 0;
}

/* How many instances fit into what is free, which is below 0 where a node has shrunk. */
static uint64_t count_slots(const struct ctr_shape *shape, const struct ctr_resources *room)
{
	int64_t slots = UINT32_MAX;

	for (uint32_t i = 0; i < shape->want_count; i++) {
		int64_t of_this = room->amount[shape->wants[i].dimension] / shape->wants[i].amount;
		if (slots > of_this)
			slots = of_this;
	}
	return slots > 0 ? (uint64_t)slots : 0;
}

static void pour(struct funnel *funnel, const struct ctr_shape *shape, const struct ctr_node *node)
{
	struct ctr_resources room;

	funnel->draining += node->state == CENTRO_NODE_DRAINING;
	if (node->state != CENTRO_NODE_READY)
		return;
	funnel->ready++;
	if (!is_in_zones(shape, node))
		return;
	funnel->in_zones++;
	raise(&funnel->largest, &node->capacity);
	if (!ctr_resources_fit(&shape->need, &node->capacity))
		return;
	funnel->large++;
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++)
		room.amount[i] = node->capacity.amount[i] - node->used.amount[i];
	raise(&funnel->roomiest, &room);
	funnel->slots += count_slots(shape, &room);
	funnel->empty_slots += count_slots(shape, &node->capacity);
	if (ctr_resources_fit(&shape->need, &room))
		funnel->roomy++;
}

/* "datacenter eu", "datacenter eu, us, …". */
static void name_zones(const struct ctr_shape *shape, struct centro_error_text *ret_text)
{
	ctr_error(ret_text, CENTRO_OK, "datacenter");
	for (uint32_t i = 0; i < shape->zone_count; i++) {
		const struct centro_error_text before = *ret_text;
		struct centro_bytes name = shape->zones[i]->name;
		const char *comma = i > 0 ? "," : "";
		if (i == 3) {
			ctr_error(ret_text, CENTRO_OK, "%s, …", before.text);
			break;
		}
		ctr_error(ret_text, CENTRO_OK, "%s%s %.*s", before.text, comma, (int)name.size,
			  (const char *)name.data);
	}
}

/* "2 nodes", or "2 ready nodes (of 3) in datacenter eu (of 5)": those that are left. */
static void name_nodes(const struct ctr_core *core, const struct ctr_shape *shape,
		       const struct funnel *funnel, struct centro_error_text *ret_text)
{
	struct centro_error_text zones, where = {""}, whole = {""};
	bool all_ready = funnel->ready == core->nodes.count;

	if (shape->zone_count > 0) {
		name_zones(shape, &zones);
		ctr_error(&where, CENTRO_OK, " in %.400s", zones.text);
	}
	if (funnel->in_zones < core->nodes.count)
		ctr_error(&whole, CENTRO_OK, " (of %lu in all)", (unsigned long)core->nodes.count);
	ctr_error(ret_text, CENTRO_OK, "%lu %s%s%.400s%s", (unsigned long)funnel->in_zones,
		  all_ready ? "" : "ready ", funnel->in_zones == 1 ? "node" : "nodes", where.text,
		  whole.text);
}

/*
 * "it asks for 64 cores, and the largest has 2 cores": of the first dimension of
 * which there is too little. If each alone would do, no node has them together.
 */
static void compare(const struct ctr_core *core, const struct ctr_shape *shape,
		    const struct ctr_resources *most, const char *who,
		    struct centro_error_text *ret_text)
{
	const struct ctr_dimensions *dimensions = &core->dimensions.dimensions;
	struct centro_error_text asked, there;

	for (uint32_t i = 0; i < shape->want_count; i++) {
		uint32_t dimension = shape->wants[i].dimension;
		int64_t amount = most->amount[dimension];
		if (amount >= shape->wants[i].amount)
			continue;
		ctr_amount_show(dimensions, dimension, shape->wants[i].amount, &asked);
		ctr_amount_show(dimensions, dimension, amount > 0 ? amount : 0, &there);
		ctr_error(ret_text, CENTRO_OK, "it asks for %.100s, and %s %.100s", asked.text, who,
			  there.text);
		return;
	}
	ctr_error(ret_text, CENTRO_OK,
		  "there is enough of each resource that it asks for, but not on one node");
}

static void explain_none_ready(unsigned long total, unsigned long draining,
			       struct centro_error_text *ret_text)
{
	const char *nodes = total == 1 ? "node" : "nodes";

	if (draining > 0)
		ctr_error(ret_text, CENTRO_OK, "none of %lu %s is ready: %lu %s draining", total,
			  nodes, draining, draining == 1 ? "is" : "are");
	else
		ctr_error(ret_text, CENTRO_OK, "none of %lu %s is ready", total, nodes);
}

static void explain(const struct ctr_core *core, const struct ctr_shape *shape,
		    const struct funnel *funnel, struct centro_error_text *ret_text)
{
	struct centro_error_text nodes, reason;
	unsigned long total = core->nodes.count;

	if (total == 0) {
		ctr_error(ret_text, CENTRO_OK, "no node is registered");
		return;
	}
	if (funnel->ready == 0) {
		explain_none_ready(total, funnel->draining, ret_text);
		return;
	}
	if (funnel->in_zones == 0) {
		name_zones(shape, &nodes);
		ctr_error(ret_text, CENTRO_OK, "none of %lu ready %s is in %.400s",
			  (unsigned long)funnel->ready, funnel->ready == 1 ? "node" : "nodes",
			  nodes.text);
		return;
	}
	name_nodes(core, shape, funnel, &nodes);
	if (funnel->large == 0) {
		compare(core, shape, &funnel->largest, "the largest has", &reason);
		ctr_error(ret_text, CENTRO_OK, "none of %.250s is large enough: %.250s", nodes.text,
			  reason.text);
	} else if (funnel->roomy == 0) {
		compare(core, shape, &funnel->roomiest, "the most that is free on one is", &reason);
		ctr_error(ret_text, CENTRO_OK,
			  "%lu of %.250s could take it, when something ends there: %.200s",
			  (unsigned long)funnel->large, nodes.text, reason.text);
	} else {
		ctr_error(ret_text, CENTRO_OK, "it fits on %lu of %.250s, and will be placed next",
			  (unsigned long)funnel->roomy, nodes.text);
	}
}

/* Why `waiting` instances, each of which fits on some node, do not fit together. */
static void explain_short(const struct ctr_core *core, const struct ctr_shape *shape,
			  const struct funnel *funnel, uint32_t waiting,
			  struct centro_error_text *ret_text)
{
	struct centro_error_text nodes;
	CTR_ASSERT(funnel->slots < waiting);

	name_nodes(core, shape, funnel, &nodes);
	if (funnel->empty_slots < waiting)
		ctr_error(ret_text, CENTRO_OK, "there is room for %llu at the most on %.250s",
			  (unsigned long long)funnel->empty_slots, nodes.text);
	else
		ctr_error(ret_text, CENTRO_OK, "something must end on %.250s", nodes.text);
}

static void explain_gang(const struct ctr_core *core, const struct ctr_shape *shape,
			 const struct funnel *funnel, uint32_t waiting,
			 struct centro_error_text *ret_text)
{
	struct centro_error_text reason;
	uint64_t slots = funnel->slots < waiting ? funnel->slots : waiting;

	if (funnel->large > 0 && slots < waiting)
		explain_short(core, shape, funnel, waiting, &reason);
	else
		explain(core, shape, funnel, &reason);
	ctr_error(ret_text, CENTRO_OK,
		  "a gang, of which %llu of %lu could be placed now and all must: %.400s",
		  (unsigned long long)slots, (unsigned long)waiting, reason.text);
}

static void explain_waiting(const struct ctr_core *core, const struct ctr_instance *instance,
			    struct centro_error_text *ret_text)
{
	struct funnel funnel = {0};
	const struct ctr_line *line = ctr_core_line(core, instance);
	const struct ctr_shape *shape = line->shape;

	for (uint32_t i = 0; i < core->nodes.count; i++)
		pour(&funnel, shape, core->nodes.list[i]);
	CTR_ASSERT(funnel.roomy <= funnel.large && funnel.large <= funnel.in_zones);
	CTR_ASSERT(funnel.in_zones <= funnel.ready && funnel.ready <= core->nodes.count);
	if (shape->gang > 0)
		explain_gang(core, shape, &funnel, ctr_pending_together(line), ret_text);
	else
		explain(core, shape, &funnel, ret_text);
}

void ctr_core_explain(const struct ctr_core *core, const struct ctr_job *job,
		      struct centro_error_text *ret_text)
{
	struct centro_error_text reason;
	const struct ctr_instance *instance = find_waiting(job);
	CTR_ASSERT(job->task_count > 0);

	ret_text->text[0] = '\0';
	if (!instance)
		return;
	const struct ctr_instance *head =
		core->pending.is_strict ? ctr_pending_head(&core->pending) : instance;
	explain_waiting(core, head, &reason);
	if (head->job == job)
		*ret_text = reason;
	else
		ctr_error(ret_text, CENTRO_OK,
			  "the order is strict, and job %llu goes first: %.400s",
			  (unsigned long long)head->job->id, reason.text);
}
