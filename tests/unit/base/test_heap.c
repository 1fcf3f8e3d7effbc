/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/heap.c. */
#include "base/heap.h"

#include <signal.h>

#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define NODES 300

static void assert_is_heap(const struct ctr_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++) {
		ck_assert_uint_eq(heap->slots[i].node->position, i + 1);
		if (i > 0)
			ck_assert_uint_le(heap->slots[(i - 1) / 2].node->key, heap->slots[i].node->key);
	}
}

START_TEST(an_empty_heap_has_no_first)
{
	struct ctr_heap heap;
	ctr_heap_init(&heap, NULL);
	ck_assert_ptr_null(ctr_heap_first(&heap));
	struct ctr_heap_node node = {0};
	ctr_heap_remove(&heap, &node);
	ctr_heap_fini(&heap);
}
END_TEST

START_TEST(equal_keys_keep_their_order)
{
	struct ctr_heap heap;
	struct ctr_heap_node nodes[NODES] = {0};
	ctr_heap_init(&heap, NULL);
	ck_assert_int_eq(ctr_heap_reserve(&heap, NODES), CENTRO_OK);

	for (size_t i = 0; i < NODES; i++)
		ctr_heap_push(&heap, &nodes[i], /* key= */ i % 3);
	for (size_t key = 0; key < 3; key++) {
		for (size_t i = key; i < NODES; i += 3) {
			ck_assert_ptr_eq(ctr_heap_first(&heap), &nodes[i]);
			ctr_heap_remove(&heap, &nodes[i]);
		}
	}
	ck_assert_uint_eq(heap.count, 0);
	ctr_heap_fini(&heap);
}
END_TEST

START_TEST(an_update_moves_or_pushes)
{
	struct ctr_heap heap;
	struct ctr_heap_node a = {0}, b = {0}, c = {0};
	ctr_heap_init(&heap, NULL);
	ck_assert_int_eq(ctr_heap_reserve(&heap, 3), CENTRO_OK);

	ctr_heap_update(&heap, &a, 10);
	ctr_heap_update(&heap, &b, 20);
	ctr_heap_update(&heap, &c, 30);
	ctr_heap_update(&heap, &c, 5);
	ck_assert_ptr_eq(ctr_heap_first(&heap), &c);
	ctr_heap_update(&heap, &c, UINT64_MAX);
	ck_assert_ptr_eq(ctr_heap_first(&heap), &a);

	/* The same key again keeps its place; another key goes behind its equals. */
	ctr_heap_update(&heap, &b, 10);
	ctr_heap_update(&heap, &a, 10);
	ck_assert_ptr_eq(ctr_heap_first(&heap), &a);
	ctr_heap_fini(&heap);
}
END_TEST

/* The node that a plain scan finds first. */
static struct ctr_heap_node *scan(struct ctr_heap_node *nodes)
{
	struct ctr_heap_node *first = NULL;
	for (size_t i = 0; i < NODES; i++) {
		struct ctr_heap_node *node = &nodes[i];
		if (node->position == 0)
			continue;
		if (!first || node->key < first->key ||
		    (node->key == first->key && node->sequence < first->sequence))
			first = node;
	}
	return first;
}

START_TEST(random_changes_agree_with_a_scan)
{
	struct ctr_heap heap;
	struct ctr_heap_node nodes[NODES] = {0};
	struct ctr_prng prng;
	ctr_heap_init(&heap, NULL);
	ctr_prng_init(&prng, 1);
	ck_assert_int_eq(ctr_heap_reserve(&heap, NODES), CENTRO_OK);

	for (int step = 0; step < 20000; step++) {
		struct ctr_heap_node *node = &nodes[ctr_prng_below(&prng, NODES)];
		uint64_t key = ctr_prng_below(&prng, 50);
		if (ctr_prng_below(&prng, 3) == 0)
			ctr_heap_remove(&heap, node);
		else if (node->position == 0)
			ctr_heap_push(&heap, node, key);
		else
			ctr_heap_update(&heap, node, key);
		ck_assert_ptr_eq(ctr_heap_first(&heap), scan(nodes));
		if (step % 100 == 0)
			assert_is_heap(&heap);
	}
	ctr_heap_fini(&heap);
}
END_TEST

START_TEST(no_memory_changes_nothing)
{
	struct failing_allocator failing;
	struct ctr_heap heap;
	struct ctr_heap_node node = {0};
	failing_allocator_init(&failing, 2);
	ctr_heap_init(&heap, &failing.allocator);

	ck_assert_int_eq(ctr_heap_reserve(&heap, 1), CENTRO_OK);
	ctr_heap_push(&heap, &node, 1);
	ck_assert_int_eq(ctr_heap_reserve(&heap, 1000), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_heap_reserve(&heap, SIZE_MAX), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_heap_reserve(&heap, SIZE_MAX / 2), CENTRO_ERR_NOMEM);
	ck_assert_ptr_eq(ctr_heap_first(&heap), &node);
	ck_assert_int_eq(ctr_heap_reserve(&heap, 1000), CENTRO_OK);
	ctr_heap_fini(&heap);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(pushing_without_room_is_a_mistake)
{
	struct ctr_heap heap;
	struct ctr_heap_node node = {0};
	ctr_heap_init(&heap, NULL);
	ctr_heap_push(&heap, &node, 1);
}
END_TEST

START_TEST(pushing_twice_is_a_mistake)
{
	struct ctr_heap heap;
	struct ctr_heap_node node = {0};
	ctr_heap_init(&heap, NULL);
	if (ctr_heap_reserve(&heap, 2) != CENTRO_OK)
		return;
	ctr_heap_push(&heap, &node, 1);
	ctr_heap_push(&heap, &node, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/heap");
	TCase *tcase = tcase_create("heap");
	tcase_add_test(tcase, an_empty_heap_has_no_first);
	tcase_add_test(tcase, equal_keys_keep_their_order);
	tcase_add_test(tcase, an_update_moves_or_pushes);
	tcase_add_test(tcase, random_changes_agree_with_a_scan);
	tcase_add_test(tcase, no_memory_changes_nothing);
	tcase_add_test_raise_signal(tcase, pushing_without_room_is_a_mistake, SIGABRT);
	tcase_add_test_raise_signal(tcase, pushing_twice_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
