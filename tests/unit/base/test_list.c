/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/list.h. */
#include "base/list.h"

#include "support/suite.h"

struct item {
	int number;
	struct ctr_list link;
};

static void assert_order(struct ctr_list *head, const int *numbers, size_t count)
{
	size_t i = 0;
	ctr_list_for_each (node, head) {
		ck_assert_uint_lt(i, count);
		ck_assert_int_eq(ctr_list_entry(node, struct item, link)->number, numbers[i++]);
	}
	ck_assert_uint_eq(i, count);
}

START_TEST(nodes_keep_their_order)
{
	struct ctr_list head;
	struct item a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
	ctr_list_init(&head);
	ck_assert(ctr_list_is_empty(&head));

	ctr_list_append(&head, &a.link);
	ctr_list_append(&head, &c.link);
	ctr_list_insert(&a.link, &b.link);
	ck_assert(!ctr_list_is_empty(&head));
	assert_order(&head, (const int[]){1, 2, 3}, 3);

	ctr_list_remove(&b.link);
	ctr_list_remove(&b.link);
	ck_assert(ctr_list_is_empty(&b.link));
	assert_order(&head, (const int[]){1, 3}, 2);
}
END_TEST

START_TEST(a_safe_walk_may_remove)
{
	struct ctr_list head;
	struct item items[5];
	ctr_list_init(&head);
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		ctr_list_append(&head, &items[i].link);
	}
	ctr_list_for_each_safe (node, &head) {
		if (ctr_list_entry(node, struct item, link)->number % 2 == 0)
			ctr_list_remove(node);
	}
	assert_order(&head, (const int[]){1, 3}, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/list");
	TCase *tcase = tcase_create("list");
	tcase_add_test(tcase, nodes_keep_their_order);
	tcase_add_test(tcase, a_safe_walk_may_remove);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
