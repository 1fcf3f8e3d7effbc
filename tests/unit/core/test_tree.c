/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/tree.c. */
#include "core/tree.h"

#include <signal.h>
#include <stdbool.h>

#include "base/assert.h"
#include "base/prng.h"
#include "support/suite.h"

#define NODES 500

struct item {
	struct ctr_tree_node node;
	int key;
	bool in;
};

static int compare(const struct ctr_tree_node *a, const struct ctr_tree_node *b)
{
	int left = CTR_CONTAINER_OF(a, struct item, node)->key;
	int right = CTR_CONTAINER_OF(b, struct item, node)->key;
	return (left > right) - (left < right);
}

static size_t height(const struct ctr_tree_node *node)
{
	if (!node)
		return 0;
	size_t left = height(node->left), right = height(node->right);
	return 1 + (left > right ? left : right);
}

static void assert_links(const struct ctr_tree_node *node, const struct ctr_tree_node *parent)
{
	if (!node)
		return;
	ck_assert_ptr_eq(node->parent, parent);
	if (parent)
		ck_assert_uint_le(node->weight, parent->weight);
	assert_links(node->left, node);
	assert_links(node->right, node);
}

/* In order, both ways, and exactly those that are in. */
static void assert_is_tree(const struct ctr_tree *tree, const struct item *items)
{
	const struct ctr_tree_node *at = tree->first, *before = NULL;

	assert_links(tree->root, NULL);
	for (int i = 0; i < NODES; i++) {
		if (!items[i].in)
			continue;
		ck_assert_ptr_eq(at, &items[i].node);
		ck_assert_ptr_eq(ctr_tree_prev(at), before);
		before = at;
		at = ctr_tree_next(at);
	}
	ck_assert_ptr_null(at);
	ck_assert_ptr_eq(tree->last, before);
}

static void items_init(struct item *items, struct ctr_tree *tree)
{
	ctr_tree_init(tree, compare);
	for (int i = 0; i < NODES; i++)
		items[i] = (struct item){.key = i};
}

START_TEST(an_empty_tree_has_no_ends)
{
	struct ctr_tree tree;
	struct item items[NODES];
	items_init(items, &tree);
	assert_is_tree(&tree, items);
	ck_assert_ptr_null(tree.root);
}
END_TEST

START_TEST(random_inserts_and_removals_keep_the_order)
{
	struct ctr_tree tree;
	struct item items[NODES];
	struct ctr_prng prng;
	items_init(items, &tree);
	ctr_prng_init(&prng, 3);

	for (int i = 0; i < 5000; i++) {
		struct item *item = &items[ctr_prng_below(&prng, NODES)];
		if (item->in)
			ctr_tree_remove(&tree, &item->node);
		else
			ctr_tree_insert(&tree, &item->node);
		item->in = !item->in;
		if (i % 50 == 0)
			assert_is_tree(&tree, items);
	}
	for (int i = 0; i < NODES; i++) {
		if (items[i].in)
			ctr_tree_remove(&tree, &items[i].node);
	}
	ck_assert_ptr_null(tree.root);
	ck_assert_ptr_null(tree.first);
	ck_assert_ptr_null(tree.last);
}
END_TEST

START_TEST(a_queue_stays_shallow)
{
	struct ctr_tree tree;
	struct item items[NODES];
	items_init(items, &tree);

	/* Sorted input would make a plain binary tree 500 deep. */
	for (int i = 0; i < NODES; i++) {
		ctr_tree_insert(&tree, &items[i].node);
		items[i].in = true;
	}
	assert_is_tree(&tree, items);
	ck_assert_uint_lt(height(tree.root), 40);
	for (int i = 0; i < NODES; i++) {
		ck_assert_ptr_eq(tree.first, &items[i].node);
		ctr_tree_remove(&tree, tree.first);
		items[i].in = false;
	}
	assert_is_tree(&tree, items);
}
END_TEST

START_TEST(inserting_at_the_front_is_in_order)
{
	struct ctr_tree tree;
	struct item items[NODES];
	items_init(items, &tree);

	for (int i = NODES - 1; i >= 0; i--) {
		ctr_tree_insert(&tree, &items[i].node);
		items[i].in = true;
	}
	assert_is_tree(&tree, items);
}
END_TEST

START_TEST(two_of_the_same_are_a_defect)
{
	struct ctr_tree tree;
	struct item a = {.key = 1}, b = {.key = 1};
	ctr_tree_init(&tree, compare);
	ctr_tree_insert(&tree, &a.node);
	ctr_tree_insert(&tree, &b.node);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_add_test(tcase, an_empty_tree_has_no_ends);
	tcase_add_test(tcase, random_inserts_and_removals_keep_the_order);
	tcase_add_test(tcase, a_queue_stays_shallow);
	tcase_add_test(tcase, inserting_at_the_front_is_in_order);
	tcase_add_test_raise_signal(tcase, two_of_the_same_are_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
