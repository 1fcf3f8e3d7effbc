/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/buf.c. */
#include "base/buf.h"

#include <signal.h>
#include <string.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static void assert_holds(const struct ctr_buf *buf, const char *text)
{
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(buf), ctr_bytes_str(text)));
}

START_TEST(appends_follow_one_another)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);

	ck_assert_int_eq(ctr_buf_append(&buf, "abc", 2), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append(&buf, NULL, 0), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_bytes(&buf, ctr_bytes_str("cd")), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_str(&buf, "ef"), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_char(&buf, 'g'), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_u64(&buf, 0), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_u64(&buf, UINT64_MAX), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_appendf(&buf, "<%s %d>", "h", -1), CENTRO_OK);
	memcpy(ctr_buf_extend(&buf, 2), "ij", 2);
	assert_holds(&buf, "abcdefg018446744073709551615<h -1>ij");

	ctr_buf_clear(&buf);
	assert_holds(&buf, "");
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(the_front_and_the_end_can_be_dropped)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ctr_buf_append_str(&buf, "abcdef");

	ctr_buf_consume(&buf, 0);
	ctr_buf_consume(&buf, 2);
	assert_holds(&buf, "cdef");
	ctr_buf_truncate(&buf, 3);
	assert_holds(&buf, "cde");
	ctr_buf_consume(&buf, 3);
	assert_holds(&buf, "");
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(the_limit_is_exact_and_sticks)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 4);

	ck_assert_int_eq(ctr_buf_append_str(&buf, "abcd"), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_append_char(&buf, 'e'), CENTRO_ERR_LIMIT);
	assert_holds(&buf, "abcd");
	ctr_buf_truncate(&buf, 0);
	ck_assert_int_eq(ctr_buf_append_char(&buf, 'e'), CENTRO_ERR_LIMIT);
	ck_assert_ptr_null(ctr_buf_extend(&buf, 1));
	ck_assert_ptr_null(ctr_buf_take_str(&buf));

	ctr_buf_clear(&buf);
	ck_assert_int_eq(ctr_buf_append_char(&buf, 'e'), CENTRO_OK);
	ck_assert_int_eq(ctr_buf_reserve(&buf, SIZE_MAX), CENTRO_ERR_LIMIT);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(printing_obeys_the_limit)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 100);
	char text[101];
	memset(text, 'x', 100);
	text[100] = '\0';

	/* Exactly full: the terminator does not count. */
	ck_assert_int_eq(ctr_buf_appendf(&buf, "%s", text), CENTRO_OK);
	assert_holds(&buf, text);
	ck_assert_int_eq(ctr_buf_appendf(&buf, "%s", "y"), CENTRO_ERR_LIMIT);
	assert_holds(&buf, text);
	ctr_buf_fini(&buf);
}
END_TEST

/* Every length around the room that is there. */
START_TEST(printing_grows_as_needed)
{
	char text[200];
	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, 'x', size);
		text[size] = '\0';
		struct ctr_buf buf;
		ctr_buf_init(&buf, NULL, 0);
		ctr_buf_append_str(&buf, "start");
		ck_assert_int_eq(ctr_buf_appendf(&buf, "%s", text), CENTRO_OK);
		ck_assert_uint_eq(buf.size, 5 + size);
		ctr_buf_consume(&buf, 5);
		assert_holds(&buf, text);
		ctr_buf_fini(&buf);
	}
}
END_TEST

START_TEST(memory_stays_near_the_limit)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(ctr_buf_append_char(&buf, 'x'), CENTRO_OK);
	ck_assert_uint_eq(buf.capacity, 1000);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(reserved_room_needs_no_memory)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 2);
	struct ctr_buf buf;
	ctr_buf_init(&buf, &failing.allocator, 0);

	ck_assert_int_eq(ctr_buf_reserve(&buf, 1000), CENTRO_OK);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(ctr_buf_append_char(&buf, 'x'), CENTRO_OK);
	ck_assert_uint_eq(failing.calls, 1);
	ctr_buf_fini(&buf);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(a_string_can_be_taken)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 4);

	char *text = ctr_buf_take_str(&buf);
	ck_assert_str_eq(text, "");
	ctr_free(NULL, text);

	ctr_buf_append_str(&buf, "abcd");
	text = ctr_buf_take_str(&buf);
	ck_assert_str_eq(text, "abcd");
	ctr_free(NULL, text);
	ck_assert_uint_eq(buf.capacity, 0);
	ck_assert_int_eq(ctr_buf_append_str(&buf, "again"), CENTRO_ERR_LIMIT);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(extending_by_nothing_is_no_failure)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_ptr_nonnull(ctr_buf_extend(&buf, 0));
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

static bool fill_and_take(const struct centro_allocator *allocator)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, allocator, 0);
	ctr_buf_append_str(&buf, "first ");
	ctr_buf_appendf(&buf, "%0100d", 7);
	uint8_t *room = ctr_buf_extend(&buf, 1000);
	if (room)
		memset(room, 'x', 1000);
	ctr_buf_append_u64(&buf, 12345);
	size_t size = buf.size;
	char *text = ctr_buf_take_str(&buf);
	ck_assert_int_eq(buf.error == CENTRO_OK || buf.error == CENTRO_ERR_NOMEM, 1);
	bool whole = text && size == 6 + 100 + 1000 + 5;
	ck_assert(!text || whole);
	ctr_free(allocator, text);
	ctr_buf_fini(&buf);
	return whole;
}

START_TEST(every_failed_allocation_is_reported)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	bool whole;
	do {
		failing_allocator_init(&failing, ++fail_at);
		whole = fill_and_take(&failing.allocator);
		ck_assert_int_eq(whole, !failing.failed);
		ck_assert_uint_eq(failing.live, 0);
	} while (!whole);
	ck_assert_uint_gt(fail_at, 3);
}
END_TEST

START_TEST(consuming_too_much_is_a_mistake)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ctr_buf_consume(&buf, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/buf");
	TCase *tcase = tcase_create("buf");
	tcase_add_test(tcase, appends_follow_one_another);
	tcase_add_test(tcase, the_front_and_the_end_can_be_dropped);
	tcase_add_test(tcase, the_limit_is_exact_and_sticks);
	tcase_add_test(tcase, printing_obeys_the_limit);
	tcase_add_test(tcase, printing_grows_as_needed);
	tcase_add_test(tcase, memory_stays_near_the_limit);
	tcase_add_test(tcase, reserved_room_needs_no_memory);
	tcase_add_test(tcase, a_string_can_be_taken);
	tcase_add_test(tcase, extending_by_nothing_is_no_failure);
	tcase_add_test(tcase, every_failed_allocation_is_reported);
	tcase_add_test_raise_signal(tcase, consuming_too_much_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
