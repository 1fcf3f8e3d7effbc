/* SPDX-License-Identifier: MIT */
/*
 * pending.c - the order in which what waits is placed.
 *
 * Invariants: an instance is in its shape's tree if and only if it is pending; a
 * shape is in one of the two trees of shapes if and only if something of it
 * waits; a parked shape whose `tried` is the present count fits on no node.
 *
 * A pass goes through the open tree from its first shape. When that is empty and
 * there has been more room since the pass began, the parked shapes are the next
 * pass: the trees change their roles. So a pass is resumed where it was, new
 * work that goes first is seen at once, and no shape is passed over for ever,
 * however many there are and however often something ends.
 *
 * Layer: core.
 */
#include "core/pending.h"

#include "base/assert.h"

int ctr_instance_compare(const struct ctr_instance *a, const struct ctr_instance *b)
{
	if (a->job->priority != b->job->priority)
		return a->job->priority > b->job->priority ? -1 : 1;
	if (a->job->id != b->job->id)
		return a->job->id < b->job->id ? -1 : 1;
	if (a->task != b->task)
		return a->task < b->task ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int compare_waiting(const struct ctr_tree_node *a, const struct ctr_tree_node *b)
{
	return ctr_instance_compare(CTR_CONTAINER_OF(a, struct ctr_instance, waiting),
				    CTR_CONTAINER_OF(b, struct ctr_instance, waiting));
}

static int compare_shapes(const struct ctr_tree_node *a, const struct ctr_tree_node *b)
{
	return ctr_instance_compare(
		ctr_pending_first(CTR_CONTAINER_OF(a, struct ctr_shape, order)),
		ctr_pending_first(CTR_CONTAINER_OF(b, struct ctr_shape, order)));
}

void ctr_pending_init(struct ctr_pending *pending)
{
	*pending = (struct ctr_pending){0};
	ctr_tree_init(&pending->trees[0], compare_shapes);
	ctr_tree_init(&pending->trees[1], compare_shapes);
}

void ctr_pending_init_shape(struct ctr_shape *shape)
{
	CTR_ASSERT(shape->in_tree == 0);
	ctr_tree_init(&shape->waiting, compare_waiting);
}

struct ctr_instance *ctr_pending_first(const struct ctr_shape *shape)
{
	CTR_ASSERT(shape->waiting.first != NULL);
	return CTR_CONTAINER_OF(shape->waiting.first, struct ctr_instance, waiting);
}

static void unlink_shape(struct ctr_pending *pending, struct ctr_shape *shape)
{
	CTR_ASSERT(shape->in_tree == 1 || shape->in_tree == 2);

	ctr_tree_remove(&pending->trees[shape->in_tree - 1], &shape->order);
	shape->in_tree = 0;
}

static void link_shape(struct ctr_pending *pending, struct ctr_shape *shape, uint8_t tree)
{
	CTR_ASSERT(shape->in_tree == 0);
	CTR_ASSERT(shape->waiting.first != NULL);

	ctr_tree_insert(&pending->trees[tree], &shape->order);
	shape->in_tree = tree + 1;
}

void ctr_pending_add(struct ctr_pending *pending, struct ctr_shape *shape,
		     struct ctr_instance *instance)
{
	CTR_ASSERT(instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT((shape->in_tree == 0) == (shape->waiting.root == NULL));

	pending->count++;
	bool is_first =
		shape->in_tree == 0 || ctr_instance_compare(instance, ctr_pending_first(shape)) < 0;
	if (!is_first) {
		ctr_tree_insert(&shape->waiting, &instance->waiting);
		return;
	}
	if (shape->in_tree != 0)
		unlink_shape(pending, shape);
	ctr_tree_insert(&shape->waiting, &instance->waiting);
	link_shape(pending, shape, pending->open);
}

/* Whether a shape is still where it belongs, with its best instance gone. */
static bool is_in_order(const struct ctr_shape *shape)
{
	const struct ctr_tree_node *next = ctr_tree_next(&shape->order);
	return !next || compare_shapes(&shape->order, next) < 0;
}

void ctr_pending_remove(struct ctr_pending *pending, struct ctr_shape *shape,
			struct ctr_instance *instance)
{
	CTR_ASSERT(pending->count > 0);
	CTR_ASSERT(shape->in_tree != 0);

	pending->count--;
	bool was_first = ctr_pending_first(shape) == instance;
	ctr_tree_remove(&shape->waiting, &instance->waiting);
	if (!was_first || (shape->waiting.first && is_in_order(shape)))
		return;

	uint8_t tree = shape->in_tree - 1;
	unlink_shape(pending, shape);
	if (shape->waiting.first)
		link_shape(pending, shape, tree);
}

struct ctr_shape *ctr_pending_next(struct ctr_pending *pending, uint64_t freed)
{
	for (;;) {
		struct ctr_tree *open = &pending->trees[pending->open];
		if (!open->first) {
			if (!pending->trees[!pending->open].first || pending->seen == freed)
				return NULL;
			pending->open = !pending->open;
			pending->seen = freed;
			continue;
		}
		struct ctr_shape *shape = CTR_CONTAINER_OF(open->first, struct ctr_shape, order);
		CTR_ASSERT(shape->in_tree == pending->open + 1);
		if (shape->tried != freed)
			return shape;
		ctr_pending_park(pending, shape, freed);
	}
}

void ctr_pending_park(struct ctr_pending *pending, struct ctr_shape *shape, uint64_t freed)
{
	CTR_ASSERT(shape->in_tree == pending->open + 1);
	CTR_ASSERT(shape->tried <= freed);

	shape->tried = freed;
	unlink_shape(pending, shape);
	link_shape(pending, shape, !pending->open);
}
