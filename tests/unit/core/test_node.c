/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/node.c. */
#include "core/node.h"

#include <stdio.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define NODES 300

static struct ctr_node *insert(struct ctr_node_table *table, centro_node_id id)
{
	char name[32];
	snprintf(name, sizeof(name), "node-%llu", (unsigned long long)id);
	struct ctr_node *node = ctr_node_new(NULL, ctr_bytes_str(name));
	ck_assert_ptr_nonnull(node);
	node->id = id;
	ck_assert_int_eq(ctr_nodes_reserve(table), CENTRO_OK);
	ctr_nodes_insert(table, node);
	return node;
}

START_TEST(an_empty_registry_has_nothing)
{
	struct ctr_node_table table;
	ctr_nodes_init(&table, NULL, 1);
	ck_assert_ptr_null(ctr_nodes_find(&table, 1));
	ck_assert_ptr_null(ctr_nodes_find_name(&table, ctr_bytes_str("a")));
	ck_assert_ptr_null(ctr_nodes_above(&table, 0));
	ctr_nodes_fini(&table);
}
END_TEST

/* Blocks of numbers with gaps between them, as restarts leave them. */
START_TEST(nodes_are_found_by_number_name_and_order)
{
	struct ctr_node_table table;
	struct ctr_node *nodes[NODES];
	ctr_nodes_init(&table, NULL, 1);

	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i] = insert(&table, 5 + i + i / 100 * 1000);
		ck_assert_uint_eq(nodes[i]->number, i);
	}
	for (uint32_t i = 0; i < NODES; i++) {
		ck_assert_ptr_eq(ctr_nodes_find(&table, nodes[i]->id), nodes[i]);
		ck_assert_ptr_eq(ctr_nodes_find_name(&table, nodes[i]->name), nodes[i]);
		ck_assert_ptr_eq(ctr_nodes_above(&table, nodes[i]->id - 1), nodes[i]);
		ck_assert_ptr_eq(ctr_nodes_above(&table, nodes[i]->id),
				 i + 1 < NODES ? nodes[i + 1] : NULL);
	}
	ck_assert_ptr_null(ctr_nodes_find(&table, 0));
	ck_assert_ptr_null(ctr_nodes_find(&table, 4));
	ck_assert_ptr_null(ctr_nodes_find(&table, 500));
	ck_assert_ptr_null(ctr_nodes_find(&table, UINT64_MAX));
	ck_assert_ptr_eq(ctr_nodes_above(&table, 0), nodes[0]);
	ctr_nodes_fini(&table);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct failing_allocator failing;
	size_t fail_at = 0;

	do {
		struct ctr_node_table table;
		failing_allocator_init(&failing, ++fail_at);
		ctr_nodes_init(&table, &failing.allocator, 1);
		struct ctr_node *node = NULL;
		int error = ctr_nodes_reserve(&table);
		if (error == CENTRO_OK)
			node = ctr_node_new(&failing.allocator, ctr_bytes_str("a"));
		ck_assert_int_eq(node == NULL, failing.failed);
		ctr_node_free(&failing.allocator, node);
		ctr_nodes_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_eq(fail_at, 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("node");
	TCase *tcase = tcase_create("node");

	tcase_add_test(tcase, an_empty_registry_has_nothing);
	tcase_add_test(tcase, nodes_are_found_by_number_name_and_order);
	tcase_add_test(tcase, without_memory_nothing_changes);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
