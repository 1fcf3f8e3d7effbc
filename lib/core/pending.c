/* SPDX-License-Identifier: MIT */
/*
 * pending.c - the order in which what waits is placed.
 *
 * Invariants: an instance is in its line's tree if and only if it is pending; a
 * line is in one of the two trees of lines if and only if something of it waits; a
 * parked line whose `tried` is the present count has too little room everywhere.
 *
 * A pass goes through the open tree from its first line. When it is over and there
 * has been more room since it began, the next one goes through all that waits: what
 * was parked and what has come since, so that new work does not get the room for
 * which older work waits. A pass is resumed where it was, new work that goes first is
 * seen at once, and no line is passed over for ever, however many there are and
 * however often something ends.
 *
 * In strict order there is no pass: the one tree is in order, whatever was tried,
 * and as long as its first line is known not to fit, nothing is tried.
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

static int compare_lines(const struct ctr_tree_node *a, const struct ctr_tree_node *b)
{
	return ctr_instance_compare(ctr_pending_first(CTR_CONTAINER_OF(a, struct ctr_line, order)),
				    ctr_pending_first(CTR_CONTAINER_OF(b, struct ctr_line, order)));
}

void ctr_pending_init(struct ctr_pending *pending, bool is_strict)
{
	*pending = (struct ctr_pending){.is_strict = is_strict};
	ctr_tree_init(&pending->trees[0], compare_lines);
	ctr_tree_init(&pending->trees[1], compare_lines);
}

void ctr_pending_init_line(struct ctr_line *line, struct ctr_shape *shape)
{
	*line = (struct ctr_line){.shape = shape};
	ctr_tree_init(&line->waiting, compare_waiting);
}

struct ctr_instance *ctr_pending_first(const struct ctr_line *line)
{
	CTR_ASSERT(line->waiting.first != NULL);
	return CTR_CONTAINER_OF(line->waiting.first, struct ctr_instance, waiting);
}

uint32_t ctr_pending_together(const struct ctr_line *line)
{
	const struct ctr_shape *shape = line->shape;
	CTR_ASSERT(line->count > 0);
	CTR_ASSERT(line != &shape->line || shape->gang == 0 || line->count % shape->gang == 0);

	if (shape->gang == 0)
		return 1;
	return line == &shape->line ? shape->gang : line->count;
}

static void unlink_line(struct ctr_pending *pending, struct ctr_line *line)
{
	CTR_ASSERT(line->in_tree == 1 || line->in_tree == 2);

	ctr_tree_remove(&pending->trees[line->in_tree - 1], &line->order);
	line->in_tree = 0;
}

static void link_line(struct ctr_pending *pending, struct ctr_line *line, uint8_t tree)
{
	CTR_ASSERT(line->in_tree == 0);
	CTR_ASSERT(line->waiting.first != NULL);

	ctr_tree_insert(&pending->trees[tree], &line->order);
	line->in_tree = tree + 1;
}

void ctr_pending_add(struct ctr_pending *pending, struct ctr_line *line,
		     struct ctr_instance *instance)
{
	CTR_ASSERT(instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT((line->in_tree == 0) == (line->waiting.root == NULL));

	pending->count++;
	line->count++;
	bool is_first =
		line->in_tree == 0 || ctr_instance_compare(instance, ctr_pending_first(line)) < 0;
	if (!is_first) {
		ctr_tree_insert(&line->waiting, &instance->waiting);
		return;
	}
	if (line->in_tree != 0)
		unlink_line(pending, line);
	ctr_tree_insert(&line->waiting, &instance->waiting);
	link_line(pending, line, pending->open);
}

/* Whether a line is still where it belongs, with its best instance gone. */
static bool is_in_order(const struct ctr_line *line)
{
	const struct ctr_tree_node *next = ctr_tree_next(&line->order);
	return !next || compare_lines(&line->order, next) < 0;
}

void ctr_pending_remove(struct ctr_pending *pending, struct ctr_line *line,
			struct ctr_instance *instance)
{
	CTR_ASSERT(pending->count > 0);
	CTR_ASSERT(line->in_tree != 0);

	pending->count--;
	line->count--;
	bool was_first = ctr_pending_first(line) == instance;
	ctr_tree_remove(&line->waiting, &instance->waiting);
	if (!was_first || (line->waiting.first && is_in_order(line)))
		return;

	uint8_t tree = line->in_tree - 1;
	unlink_line(pending, line);
	if (line->waiting.first)
		link_line(pending, line, tree);
}

const struct ctr_instance *ctr_pending_head(const struct ctr_pending *pending)
{
	const struct ctr_tree_node *first = pending->trees[0].first;
	CTR_ASSERT(pending->is_strict && pending->open == 0);

	return first ? ctr_pending_first(CTR_CONTAINER_OF(first, struct ctr_line, order)) : NULL;
}

static struct ctr_line *next_in_strict_order(const struct ctr_pending *pending, uint64_t freed)
{
	struct ctr_tree_node *first = pending->trees[pending->open].first;
	if (!first)
		return NULL;
	struct ctr_line *line = CTR_CONTAINER_OF(first, struct ctr_line, order);
	return line->tried != freed ? line : NULL;
}

/* What is open now joins what was parked, and the trees change their roles. */
static void begin_pass(struct ctr_pending *pending, uint64_t freed)
{
	struct ctr_tree_node *first;

	while ((first = pending->trees[pending->open].first)) {
		struct ctr_line *line = CTR_CONTAINER_OF(first, struct ctr_line, order);
		unlink_line(pending, line);
		link_line(pending, line, !pending->open);
	}
	pending->open = !pending->open;
	pending->seen = freed;
}

struct ctr_line *ctr_pending_next(struct ctr_pending *pending, uint64_t freed)
{
	if (pending->is_strict)
		return next_in_strict_order(pending, freed);

	if (!pending->in_pass && pending->seen != freed)
		begin_pass(pending, freed);
	pending->in_pass = true;
	for (;;) {
		struct ctr_tree *open = &pending->trees[pending->open];
		if (!open->first) {
			pending->in_pass = pending->seen != freed &&
					   pending->trees[!pending->open].first != NULL;
			if (!pending->in_pass)
				return NULL;
			begin_pass(pending, freed);
			continue;
		}
		struct ctr_line *line = CTR_CONTAINER_OF(open->first, struct ctr_line, order);
		CTR_ASSERT(line->in_tree == pending->open + 1);
		if (line->tried != freed)
			return line;
		ctr_pending_park(pending, line, freed);
	}
}

void ctr_pending_park(struct ctr_pending *pending, struct ctr_line *line, uint64_t freed)
{
	CTR_ASSERT(line->in_tree == pending->open + 1);
	CTR_ASSERT(line->tried <= freed);

	line->tried = freed;
	if (pending->is_strict)
		return;
	unlink_line(pending, line);
	link_line(pending, line, !pending->open);
}
