/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/batch.c. */
#include <centro/store_impl.h>

#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct centro_bytes text(const char *text)
{
	return ctr_bytes_str(text);
}

static void assert_op(const struct centro_batch *batch, size_t index, enum centro_op_type type,
		      const char *key, const char *value, size_t group)
{
	struct centro_op op = centro_batch_get(batch, index);
	ck_assert_int_eq(op.type, type);
	ck_assert(ctr_bytes_equal(op.key, text(key)));
	ck_assert(ctr_bytes_equal(op.value, text(value)));
	ck_assert_uint_eq(op.group, group);
}

START_TEST(operations_keep_their_order)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	char key[] = "key", value[] = "value";
	ck_assert_int_eq(centro_batch_put(batch, text(key), text(value)), CENTRO_OK);
	memset(key, 'x', 3);
	memset(value, 'x', 5);
	ck_assert_int_eq(centro_batch_delete(batch, text("b")), CENTRO_OK);
	ck_assert_int_eq(centro_batch_require(batch, text("c"), true), CENTRO_OK);
	ck_assert_int_eq(centro_batch_require(batch, text("d"), false), CENTRO_OK);
	ck_assert_int_eq(centro_batch_put(batch, text("key"), text("")), CENTRO_OK);

	ck_assert_uint_eq(centro_batch_count(batch), 5);
	ck_assert_uint_eq(centro_batch_bytes(batch), 3 + 5 + 1 + 1 + 1 + 3);
	assert_op(batch, 0, CENTRO_OP_PUT, "key", "value", 0);
	assert_op(batch, 1, CENTRO_OP_DELETE, "b", "", 0);
	assert_op(batch, 2, CENTRO_OP_REQUIRE_PRESENT, "c", "", 0);
	assert_op(batch, 3, CENTRO_OP_REQUIRE_ABSENT, "d", "", 0);
	assert_op(batch, 4, CENTRO_OP_PUT, "key", "", 0);
	centro_batch_free(batch);
	centro_batch_free(NULL);
}
END_TEST

START_TEST(groups_are_numbered_without_gaps)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	centro_batch_end_group(batch);
	ck_assert_int_eq(centro_batch_delete(batch, text("a")), CENTRO_OK);
	ck_assert_int_eq(centro_batch_delete(batch, text("b")), CENTRO_OK);
	centro_batch_end_group(batch);
	centro_batch_end_group(batch);
	ck_assert_int_eq(centro_batch_delete(batch, text("c")), CENTRO_OK);

	ck_assert_uint_eq(centro_batch_get(batch, 1).group, 0);
	ck_assert_uint_eq(centro_batch_get(batch, 2).group, 1);
	centro_batch_free(batch);
}
END_TEST

START_TEST(what_is_out_of_range_is_refused)
{
	static uint8_t big[CENTRO_STORE_VALUE_SIZE_MAX + 1];
	struct centro_batch *batch = centro_batch_new(NULL);
	struct centro_bytes none = {NULL, 0};

	ck_assert_int_eq(centro_batch_put(batch, none, none), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_delete(batch, text("")), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes(NULL, 3)), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_put(batch, text("k"), ctr_bytes(NULL, 3)),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes(big, CENTRO_STORE_KEY_SIZE_MAX + 1)),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_put(batch, text("k"), ctr_bytes(big, sizeof(big))),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_put(batch, text(CENTRO_STORE_RESERVED_PREFIX), none),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_batch_require(batch, text("!store/term"), true),
			 CENTRO_ERR_INVALID);
	ck_assert_uint_eq(centro_batch_count(batch), 0);
	ck_assert_uint_eq(centro_batch_bytes(batch), 0);

	ck_assert_int_eq(centro_batch_put(batch, text("!store"), none), CENTRO_OK);
	ck_assert_int_eq(centro_batch_put(batch, ctr_bytes(big, CENTRO_STORE_KEY_SIZE_MAX),
					  ctr_bytes(big, CENTRO_STORE_VALUE_SIZE_MAX)),
			 CENTRO_OK);
	centro_batch_free(batch);
}
END_TEST

START_TEST(a_group_has_a_limit)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	for (int group = 0; group < 2; group++) {
		for (int i = 0; i < CENTRO_STORE_GROUP_OPS_MAX; i++)
			ck_assert_int_eq(centro_batch_delete(batch, text("k")), CENTRO_OK);
		ck_assert_int_eq(centro_batch_delete(batch, text("k")), CENTRO_ERR_LIMIT);
		centro_batch_end_group(batch);
	}
	ck_assert_uint_eq(centro_batch_count(batch), 2 * CENTRO_STORE_GROUP_OPS_MAX);
	centro_batch_free(batch);
}
END_TEST

START_TEST(a_batch_has_a_limit_of_operations)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	for (int i = 0; i < CENTRO_STORE_BATCH_OPS_MAX; i++) {
		if (centro_batch_delete(batch, text("k")) != CENTRO_OK)
			ck_abort();
		if (i % 64 == 63)
			centro_batch_end_group(batch);
	}
	ck_assert_int_eq(centro_batch_delete(batch, text("k")), CENTRO_ERR_LIMIT);
	centro_batch_free(batch);
}
END_TEST

START_TEST(a_batch_has_a_limit_of_bytes)
{
	static uint8_t value[CENTRO_STORE_VALUE_SIZE_MAX];
	struct centro_batch *batch = centro_batch_new(NULL);
	size_t left = CENTRO_STORE_BATCH_BYTES_MAX;
	while (left > sizeof(value)) {
		ck_assert_int_eq(
			centro_batch_put(batch, text("k"), ctr_bytes(value, sizeof(value) - 1)),
			CENTRO_OK);
		left -= sizeof(value);
	}
	ck_assert_int_eq(centro_batch_put(batch, text("k"), ctr_bytes(value, sizeof(value))),
			 CENTRO_ERR_LIMIT);
	ck_assert_int_eq(centro_batch_put(batch, text("k"), ctr_bytes(value, sizeof(value) - 1)),
			 CENTRO_OK);
	ck_assert_uint_eq(centro_batch_bytes(batch), CENTRO_STORE_BATCH_BYTES_MAX);
	ck_assert_int_eq(centro_batch_delete(batch, text("k")), CENTRO_ERR_LIMIT);
	centro_batch_free(batch);
}
END_TEST

START_TEST(a_group_can_be_dropped)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	ck_assert_int_eq(centro_batch_put(batch, text("a"), text("1")), CENTRO_OK);
	centro_batch_end_group(batch);
	centro_batch_drop_group(batch);
	ck_assert_uint_eq(centro_batch_count(batch), 1);

	for (int i = 0; i < CENTRO_STORE_GROUP_OPS_MAX; i++)
		ck_assert_int_eq(centro_batch_put(batch, text("b"), text("2")), CENTRO_OK);
	centro_batch_drop_group(batch);
	ck_assert_uint_eq(centro_batch_count(batch), 1);
	ck_assert_uint_eq(centro_batch_bytes(batch), 2);
	ck_assert_int_eq(centro_batch_put(batch, text("c"), text("3")), CENTRO_OK);
	assert_op(batch, 0, CENTRO_OP_PUT, "a", "1", 0);
	assert_op(batch, 1, CENTRO_OP_PUT, "c", "3", 1);
	centro_batch_free(batch);
}
END_TEST

START_TEST(clearing_keeps_the_memory)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 0);
	struct centro_batch *batch = centro_batch_new(&failing.allocator);
	size_t calls = 0;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 1000; i++) {
			ck_assert_int_eq(centro_batch_put(batch, text("key"), text("value")),
					 CENTRO_OK);
			centro_batch_end_group(batch);
		}
		ck_assert(round == 0 || failing.calls == calls);
		calls = failing.calls;
		ck_assert_uint_eq(centro_batch_get(batch, 999).group, 999);
		centro_batch_clear(batch);
		ck_assert_uint_eq(centro_batch_count(batch), 0);
		ck_assert_uint_eq(centro_batch_bytes(batch), 0);
	}
	centro_batch_free(batch);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

/* What was refused for lack of memory left no trace, and can be tried again. */
static void build(const struct centro_allocator *allocator)
{
	struct centro_batch *batch = centro_batch_new(allocator);
	if (!batch)
		return;
	for (size_t i = 0; i < 300; i++) {
		int status = centro_batch_put(batch, text("some key"), text("some value"));
		if (status != CENTRO_OK) {
			ck_assert_int_eq(status, CENTRO_ERR_NOMEM);
			ck_assert_uint_eq(centro_batch_count(batch), i);
			ck_assert_uint_eq(centro_batch_bytes(batch), i * 18);
			ck_assert_int_eq(
				centro_batch_put(batch, text("some key"), text("some value")),
				CENTRO_OK);
		}
		centro_batch_end_group(batch);
	}
	assert_op(batch, 299, CENTRO_OP_PUT, "some key", "some value", 299);
	centro_batch_free(batch);
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		build(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 5);
}
END_TEST

START_TEST(an_index_beyond_the_end_is_a_defect)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	centro_batch_get(batch, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/batch");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, operations_keep_their_order);
	tcase_add_test(tcase, groups_are_numbered_without_gaps);
	tcase_add_test(tcase, what_is_out_of_range_is_refused);
	tcase_add_test(tcase, a_group_has_a_limit);
	tcase_add_test(tcase, a_batch_has_a_limit_of_operations);
	tcase_add_test(tcase, a_batch_has_a_limit_of_bytes);
	tcase_add_test(tcase, a_group_can_be_dropped);
	tcase_add_test(tcase, clearing_keeps_the_memory);
	tcase_add_test(tcase, every_allocation_may_fail);
	tcase_add_test_raise_signal(tcase, an_index_beyond_the_end_is_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
