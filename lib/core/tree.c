/* SPDX-License-Identifier: MIT */
/*
 * tree.c - an ordered tree that keeps itself balanced by weights (a treap).
 *
 * Invariants: in order by `compare`; no node weighs more than its parent. The
 * weights are a mix of a counter, so nobody who chooses keys can unbalance it,
 * and it has the same form on every machine.
 *
 * A treap and not a red-black tree: a third of the code, and the two ends, where
 * queues work, are as cheap.
 *
 * Layer: core.
 */
#include "core/tree.h"

#include "base/assert.h"
#include "base/bytes.h"

void ctr_tree_init(struct ctr_tree *tree, ctr_tree_compare_fn *compare)
{
	CTR_ASSERT(compare != NULL);

	*tree = (struct ctr_tree){.compare = compare};
}

/* Let what hung `node` in the tree hold `other` (or nothing) instead. */
static void replace(struct ctr_tree *tree, struct ctr_tree_node *node, struct ctr_tree_node *other)
{
	struct ctr_tree_node *parent = node->parent;

	if (!parent)
		tree->root = other;
	else if (parent->left == node)
		parent->left = other;
	else
		parent->right = other;
	if (other)
		other->parent = parent;
}

/* Make the parent of `node` its child; the order stays. */
static void rotate_up(struct ctr_tree *tree, struct ctr_tree_node *node)
{
	struct ctr_tree_node *parent = node->parent;
	CTR_ASSERT(parent != NULL);

	replace(tree, parent, node);
	if (parent->left == node) {
		parent->left = node->right;
		if (parent->left)
			parent->left->parent = parent;
		node->right = parent;
	} else {
		CTR_ASSERT(parent->right == node);
		parent->right = node->left;
		if (parent->right)
			parent->right->parent = parent;
		node->left = parent;
	}
	parent->parent = node;
}

/* Where `node` belongs as a leaf: the parent, and in *ret_gap where that points to it. */
static struct ctr_tree_node *find_gap(struct ctr_tree *tree, const struct ctr_tree_node *node,
				      struct ctr_tree_node ***ret_gap)
{
	struct ctr_tree_node *parent = NULL, **gap = &tree->root;

	while (*gap) {
		parent = *gap;
		int order = tree->compare(node, parent);
		CTR_ASSERT(order != 0);
		gap = order < 0 ? &parent->left : &parent->right;
	}
	*ret_gap = gap;
	return parent;
}

/* Hang `node` in as a leaf where it belongs. The ends are tried first. */
static void attach(struct ctr_tree *tree, struct ctr_tree_node *node)
{
	struct ctr_tree_node **gap;

	if (!tree->root) {
		tree->root = tree->first = tree->last = node;
		node->parent = NULL;
	} else if (tree->compare(tree->last, node) < 0) {
		node->parent = tree->last;
		tree->last->right = node;
		tree->last = node;
	} else if (tree->compare(node, tree->first) < 0) {
		node->parent = tree->first;
		tree->first->left = node;
		tree->first = node;
	} else {
		node->parent = find_gap(tree, node, &gap);
		*gap = node;
	}
}

void ctr_tree_insert(struct ctr_tree *tree, struct ctr_tree_node *node)
{
	node->left = node->right = NULL;
	node->weight = ctr_hash_u64(++tree->sequence);
	attach(tree, node);
	while (node->parent && node->parent->weight < node->weight)
		rotate_up(tree, node);

	CTR_ASSERT(!tree->first->left);
	CTR_ASSERT(!tree->last->right);
}

void ctr_tree_remove(struct ctr_tree *tree, struct ctr_tree_node *node)
{
	CTR_ASSERT(tree->root != NULL);
	CTR_ASSERT((tree->root == node) == (node->parent == NULL));
	CTR_ASSERT((tree->first == node) <= (node->left == NULL));
	CTR_ASSERT((tree->last == node) <= (node->right == NULL));

	if (tree->first == node)
		tree->first = ctr_tree_next(node);
	if (tree->last == node)
		tree->last = ctr_tree_prev(node);
	while (node->left && node->right)
		rotate_up(tree,
			  node->left->weight > node->right->weight ? node->left : node->right);
	replace(tree, node, node->left ? node->left : node->right);
	node->parent = node->left = node->right = NULL;
}

struct ctr_tree_node *ctr_tree_next(const struct ctr_tree_node *node)
{
	if (node->right) {
		struct ctr_tree_node *at = node->right;
		while (at->left)
			at = at->left;
		return at;
	}
	while (node->parent && node->parent->right == node)
		node = node->parent;
	return node->parent;
}

struct ctr_tree_node *ctr_tree_prev(const struct ctr_tree_node *node)
{
	if (node->left) {
		struct ctr_tree_node *at = node->left;
		while (at->right)
			at = at->right;
		return at;
	}
	while (node->parent && node->parent->left == node)
		node = node->parent;
	return node->parent;
}
