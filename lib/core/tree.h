/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_TREE_H
#define CTR_CORE_TREE_H

/*
 * An intrusive ordered tree. It takes no memory of its own, so inserting cannot
 * fail. Appending at the end and removing the first, which is what a queue
 * does, cost O(1) on average; everything else O(log n).
 */

#include <stddef.h>
#include <stdint.h>

struct ctr_tree_node {
	struct ctr_tree_node *parent, *left, *right;
	uint64_t weight; /* a parent's is never below its children's */
};

/* Never 0 for two nodes of one tree. */
typedef int ctr_tree_compare_fn(const struct ctr_tree_node *a, const struct ctr_tree_node *b);

struct ctr_tree {
	ctr_tree_compare_fn *compare;
	struct ctr_tree_node *root, *first, *last;
	uint64_t sequence; /* of insertions, where weights come from */
};

void ctr_tree_init(struct ctr_tree *tree, ctr_tree_compare_fn *compare);
void ctr_tree_insert(struct ctr_tree *tree, struct ctr_tree_node *node);
/* `node` is in this tree, and its place in the order is still the one it was inserted with. */
void ctr_tree_remove(struct ctr_tree *tree, struct ctr_tree_node *node);
/* NULL: it is the last. */
struct ctr_tree_node *ctr_tree_next(const struct ctr_tree_node *node);
/* NULL: it is the first. */
struct ctr_tree_node *ctr_tree_prev(const struct ctr_tree_node *node);

#endif
