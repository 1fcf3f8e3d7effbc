/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/queue.c. */
#include "core/queue.h"

#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(default_is_always_there)
{
	struct ctr_queue_table table;
	ck_assert_int_eq(ctr_queues_init(&table, NULL, 1), CENTRO_OK);
	const struct ctr_queue *queue = ctr_queues_find(&table, ctr_bytes_str("default"));
	ck_assert_ptr_nonnull(queue);
	ck_assert_uint_eq(queue->weight, 1);
	ck_assert_int_eq(queue->priority, 0);
	ck_assert_ptr_eq(ctr_queue_get(&table, 0), queue);
	ck_assert_ptr_null(ctr_queues_find(&table, ctr_bytes_str("other")));
	ctr_queues_fini(&table);
}
END_TEST

START_TEST(queues_are_found_by_name_and_number)
{
	struct ctr_queue_table table;
	char name[16];
	ck_assert_int_eq(ctr_queues_init(&table, NULL, 1), CENTRO_OK);

	for (uint32_t i = 1; i < 100; i++) {
		snprintf(name, sizeof(name), "q%u", (unsigned int)i);
		ck_assert_int_eq(ctr_queues_reserve(&table), CENTRO_OK);
		ctr_queues_insert(&table, ctr_queue_new(NULL, ctr_bytes_str(name), i, -(int32_t)i));
	}
	for (uint32_t i = 1; i < 100; i++) {
		snprintf(name, sizeof(name), "q%u", (unsigned int)i);
		struct ctr_queue *queue = ctr_queues_find(&table, ctr_bytes_str(name));
		ck_assert_ptr_nonnull(queue);
		ck_assert_uint_eq(queue->weight, i);
		ck_assert_ptr_eq(ctr_queue_get(&table, queue->number), queue);
	}
	ctr_queues_fini(&table);
}
END_TEST

static void assert_refused(const char *name, uint32_t weight, int32_t priority, const char *path)
{
	struct centro_error_text text = {""};
	ck_assert_int_eq(ctr_queue_check(ctr_bytes_str(name), weight, priority, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_msg(strncmp(text.text, path, strlen(path)) == 0, "%s", text.text);
}

START_TEST(rules)
{
	ck_assert_int_eq(ctr_queue_check(ctr_bytes_str("a"), 1, -CTR_PRIORITY_MAX, NULL),
			 CENTRO_OK);
	ck_assert_int_eq(
		ctr_queue_check(ctr_bytes_str("a"), CTR_WEIGHT_MAX, CTR_PRIORITY_MAX, NULL),
		CENTRO_OK);
	assert_refused("A", 1, 0, "name: \"A\"");
	assert_refused("", 1, 0, "name: \"\"");
	assert_refused("a", 0, 0, "weight: 0;");
	assert_refused("a", CTR_WEIGHT_MAX + 1, 0, "weight: 1000001;");
	assert_refused("a", 1, CTR_PRIORITY_MAX + 1, "priority: 1001;");
	assert_refused("a", 1, -CTR_PRIORITY_MAX - 1, "priority: -1001;");
}
END_TEST

START_TEST(without_memory_there_is_no_table)
{
	struct failing_allocator failing;
	size_t fail_at = 0;

	do {
		struct ctr_queue_table table;
		failing_allocator_init(&failing, ++fail_at);
		int error = ctr_queues_init(&table, &failing.allocator, 1);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		if (error == CENTRO_OK)
			ctr_queues_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_eq(fail_at, 5);
}
END_TEST

START_TEST(a_number_of_none_is_a_defect)
{
	struct ctr_queue_table table;
	ck_assert_int_eq(ctr_queues_init(&table, NULL, 1), CENTRO_OK);
	ctr_queue_get(&table, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_test(tcase, default_is_always_there);
	tcase_add_test(tcase, queues_are_found_by_name_and_number);
	tcase_add_test(tcase, rules);
	tcase_add_test(tcase, without_memory_there_is_no_table);
	tcase_add_test_raise_signal(tcase, a_number_of_none_is_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
