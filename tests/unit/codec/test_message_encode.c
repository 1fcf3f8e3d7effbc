/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/message_encode.c. */
#include "codec/codec.h"

#include "every.pb-c.h"
#include "helper.h"
#include "support/failing_allocator.h"

START_TEST(a_message_is_appended)
{
	Test__Leaf leaf = TEST__LEAF__INIT;
	struct ctr_buf buf;

	leaf.text = (char *)"hi";
	leaf.number = 300;
	ctr_buf_init(&buf, NULL, 0);
	ctr_buf_append_str(&buf, "before");
	ck_assert_int_eq(ctr_message_encode(&leaf.base, &buf), CENTRO_OK);
	ck_assert_bytes_eq(ctr_buf_bytes(&buf), BYTES("before\x0a\x02hi\x10\xac\x02"));
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(a_field_is_appended)
{
	struct ctr_buf buf;
	char large[300];

	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_message_append_field(&buf, 1, BYTES("x")), CENTRO_OK);
	ck_assert_int_eq(ctr_message_append_field(&buf, 24, BYTES("")), CENTRO_OK);
	ck_assert_bytes_eq(ctr_buf_bytes(&buf), BYTES("\x0a\x01x\xc2\x01\x00"));
	ctr_buf_clear(&buf);
	memset(large, 'y', sizeof(large));
	ck_assert_int_eq(ctr_message_append_field(&buf, 2, ctr_bytes(large, sizeof(large))),
			 CENTRO_OK);
	ck_assert_uint_eq(buf.size, 3 + sizeof(large));
	ck_assert_int_eq(memcmp(buf.data, "\x12\xac\x02yyy", 6), 0);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(at_the_limit_nothing_is_appended)
{
	Test__Leaf leaf = TEST__LEAF__INIT;
	struct ctr_buf buf;

	leaf.text = (char *)"text";
	ctr_buf_init(&buf, NULL, 5);
	ck_assert_int_eq(ctr_message_encode(&leaf.base, &buf), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_clear(&buf);
	ck_assert_int_eq(ctr_message_append_field(&buf, 1, BYTES("text")), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_clear(&buf);
	ck_assert_int_eq(ctr_message_append_field(&buf, 1, BYTES("tex")), CENTRO_OK);
	ck_assert_int_eq(ctr_message_append_field(&buf, 1, BYTES("")), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 5);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(without_memory_nothing_is_appended)
{
	Test__Leaf leaf = TEST__LEAF__INIT;
	struct failing_allocator failing;
	struct ctr_buf buf;

	leaf.number = 1;
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_message_encode(&leaf.base, &buf), CENTRO_ERR_NOMEM);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/message_encode");
	TCase *tcase = tcase_create("message_encode");
	tcase_add_test(tcase, a_message_is_appended);
	tcase_add_test(tcase, a_field_is_appended);
	tcase_add_test(tcase, at_the_limit_nothing_is_appended);
	tcase_add_test(tcase, without_memory_nothing_is_appended);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
