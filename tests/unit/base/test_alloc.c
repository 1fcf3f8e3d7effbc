/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/alloc.c. */
#include "base/alloc.h"

#include <signal.h>
#include <string.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(null_means_the_c_library)
{
	const struct centro_allocator *libc = ctr_allocator_or_default(NULL);
	ck_assert_ptr_nonnull(libc);
	ck_assert_uint_eq(libc->size, sizeof(*libc));
	ck_assert_ptr_eq(ctr_allocator_or_default(libc), libc);

	char *text = ctr_alloc(NULL, 3);
	ck_assert_ptr_nonnull(text);
	memcpy(text, "ab", 3);
	text = ctr_resize_array(NULL, text, 1000, 2);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, "ab");
	ctr_free(NULL, text);
}
END_TEST

START_TEST(zeroed_memory_is_zero)
{
	unsigned char *plain = ctr_alloc_zero(NULL, 100);
	unsigned char *array = ctr_alloc_array(NULL, 10, 10);
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(plain[i], 0);
		ck_assert_uint_eq(array[i], 0);
	}
	ctr_free(NULL, plain);
	ctr_free(NULL, array);
}
END_TEST

START_TEST(a_product_that_overflows_is_no_memory)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 0);
	char *kept = ctr_alloc(&failing.allocator, 1);
	*kept = 'k';

	ck_assert_ptr_null(ctr_alloc_array(&failing.allocator, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(ctr_resize_array(&failing.allocator, kept, SIZE_MAX / 2, 3));
	ck_assert_uint_eq(failing.calls, 1);
	ck_assert_int_eq(*kept, 'k');
	ctr_free(&failing.allocator, kept);
}
END_TEST

START_TEST(everything_goes_through_the_allocator)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 0);
	const struct centro_allocator *allocator = &failing.allocator;

	void *pointers[] = {
		ctr_alloc(allocator, 1),
		ctr_alloc_zero(allocator, 1),
		ctr_alloc_array(allocator, 1, 1),
		ctr_resize_array(allocator, NULL, 1, 1),
		ctr_strdup(allocator, ctr_bytes_str("x")),
	};
	ck_assert_uint_eq(failing.live, 5);
	for (size_t i = 0; i < 5; i++)
		ctr_free(allocator, pointers[i]);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(no_memory_is_null)
{
	struct failing_allocator failing;

	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_alloc(&failing.allocator, 1));
	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_alloc_zero(&failing.allocator, 1));
	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_alloc_array(&failing.allocator, 1, 1));
	failing_allocator_init(&failing, 1);
	ck_assert_ptr_null(ctr_strdup(&failing.allocator, ctr_bytes_str("x")));
}
END_TEST

START_TEST(freeing_null_does_not_call)
{
	/* Would crash: there is no callback. */
	const struct centro_allocator empty = {.size = sizeof(empty)};
	ctr_free(&empty, NULL);
}
END_TEST

START_TEST(strdup_copies_and_terminates)
{
	char *copy = ctr_strdup(NULL, ctr_bytes("abcdef", 3));
	ck_assert_str_eq(copy, "abc");
	ctr_free(NULL, copy);

	copy = ctr_strdup(NULL, (struct centro_bytes){0});
	ck_assert_str_eq(copy, "");
	ctr_free(NULL, copy);

	ck_assert_ptr_null(ctr_strdup(NULL, ctr_bytes("x", SIZE_MAX)));
}
END_TEST

START_TEST(nothing_is_a_mistake)
{
	ctr_alloc(NULL, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/alloc");
	TCase *tcase = tcase_create("alloc");
	tcase_add_test(tcase, null_means_the_c_library);
	tcase_add_test(tcase, zeroed_memory_is_zero);
	tcase_add_test(tcase, a_product_that_overflows_is_no_memory);
	tcase_add_test(tcase, everything_goes_through_the_allocator);
	tcase_add_test(tcase, no_memory_is_null);
	tcase_add_test(tcase, freeing_null_does_not_call);
	tcase_add_test(tcase, strdup_copies_and_terminates);
	tcase_add_test_raise_signal(tcase, nothing_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
