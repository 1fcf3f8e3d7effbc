/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/arena.c. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(results_are_aligned_and_apart)
{
	struct ctr_arena arena;
	unsigned char *pointers[200];
	ctr_arena_init(&arena, NULL, SIZE_MAX);

	for (size_t i = 0; i < 200; i++) {
		pointers[i] = ctr_arena_alloc(&arena, i);
		ck_assert_ptr_nonnull(pointers[i]);
		ck_assert_uint_eq((uintptr_t)pointers[i] % alignof(max_align_t), 0);
		memset(pointers[i], (int)i, i);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_eq(pointers[i][j], i);
	}
	ctr_arena_fini(&arena);
}
END_TEST

START_TEST(the_cap_holds)
{
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, 1000);

	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 900));
	ck_assert_ptr_null(ctr_arena_alloc(&arena, 100));
	ck_assert_uint_le(arena.used_bytes, 1000);
	/* What still fits is still given. */
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 50));
	ck_assert_ptr_null(ctr_arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(ctr_arena_array(&arena, SIZE_MAX / 2, 4));
	ck_assert_ptr_null(ctr_arena_strdup(&arena, ctr_bytes("x", SIZE_MAX)));
	ctr_arena_fini(&arena);
}
END_TEST

START_TEST(asking_for_nothing_counts)
{
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, 64);

	size_t given = 0;
	while (ctr_arena_alloc(&arena, 0))
		given++;
	ck_assert_uint_eq(given, 64 / alignof(max_align_t));
	ctr_arena_fini(&arena);
}
END_TEST

START_TEST(arrays_are_zero_and_texts_terminated)
{
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);

	/* Dirty the memory, so that zero means something. */
	memset(ctr_arena_alloc(&arena, 512), 0xff, 512);
	ctr_arena_reset(&arena, SIZE_MAX);
	unsigned char *array = ctr_arena_array(&arena, 8, 16);
	for (size_t i = 0; i < 128; i++)
		ck_assert_uint_eq(array[i], 0);
	ck_assert_str_eq(ctr_arena_strdup(&arena, ctr_bytes("abcdef", 3)), "abc");
	ck_assert_str_eq(ctr_arena_strdup(&arena, (struct centro_bytes){0}), "");
	ctr_arena_fini(&arena);
}
END_TEST

START_TEST(a_reset_arena_reuses_its_block)
{
	struct failing_allocator failing;
	struct ctr_arena arena;
	failing_allocator_init(&failing, 0);
	ctr_arena_init(&arena, &failing.allocator, 10000);

	for (int i = 0; i < 9; i++)
		ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 1000));
	ctr_arena_reset(&arena, 100);
	ck_assert_uint_eq(failing.live, 1);
	ck_assert_uint_eq(arena.used_bytes, 0);

	size_t calls = failing.calls;
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 96));
	ck_assert_ptr_null(ctr_arena_alloc(&arena, 96)); /* the new cap */
	for (int i = 0; i < 100; i++) {
		ctr_arena_reset(&arena, 1000);
		ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 960));
	}
	ck_assert_uint_eq(failing.calls, calls);
	ctr_arena_fini(&arena);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(a_reset_arena_lets_a_giant_go)
{
	struct failing_allocator failing;
	struct ctr_arena arena;
	failing_allocator_init(&failing, 0);
	ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);

	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 1000));
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 1 << 20));
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 1 << 20));
	ctr_arena_reset(&arena, SIZE_MAX);
	ck_assert_uint_eq(failing.live, 1);
	size_t calls = failing.calls;
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 1 << 20));
	ck_assert_uint_eq(failing.calls, calls + 1);
	ctr_arena_fini(&arena);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(no_memory_is_null_and_leaves_the_rest)
{
	struct failing_allocator failing;
	struct ctr_arena arena;
	failing_allocator_init(&failing, 2);
	ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);

	char *first = ctr_arena_strdup(&arena, ctr_bytes_str("first"));
	ck_assert_ptr_null(ctr_arena_alloc(&arena, 4096));
	ck_assert_str_eq(first, "first");
	ck_assert_ptr_nonnull(ctr_arena_alloc(&arena, 4096));
	ctr_arena_fini(&arena);
	ck_assert_uint_eq(failing.live, 0);

	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_arena_array(&arena, 1, 1));
	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_arena_strdup(&arena, ctr_bytes_str("x")));
	ctr_arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/arena");
	TCase *tcase = tcase_create("arena");
	tcase_add_test(tcase, results_are_aligned_and_apart);
	tcase_add_test(tcase, the_cap_holds);
	tcase_add_test(tcase, asking_for_nothing_counts);
	tcase_add_test(tcase, arrays_are_zero_and_texts_terminated);
	tcase_add_test(tcase, a_reset_arena_reuses_its_block);
	tcase_add_test(tcase, a_reset_arena_lets_a_giant_go);
	tcase_add_test(tcase, no_memory_is_null_and_leaves_the_rest);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
