/* SPDX-License-Identifier: MIT */
/* test_raw_field.c - one field out of an encoded message. */
#include "service/raw_field.h"

#include "support/suite.h"

/* field 1: varint 150; field 2: "ab"; field 3: fixed32; field 2: ""; field 4: fixed64. */
static const uint8_t message[] = { 0x08, 0x96, 0x01, 0x12, 2, 'a', 'b', 0x1d, 1, 2, 3, 4, 0x12, 0,
				   0x21, 1, 2, 3, 4, 5, 6, 7, 8 };

START_TEST(test_the_nth_of_a_field)
{
	struct centro_bytes value, whole = ctr_bytes(message, sizeof(message));
	ck_assert(ctr_raw_field_find(whole, 2, 0, &value));
	ck_assert(ctr_bytes_equal(value, ctr_bytes_str("ab")));
	ck_assert(ctr_raw_field_find(whole, 2, 1, &value));
	ck_assert_uint_eq(value.size, 0);
	ck_assert(!ctr_raw_field_find(whole, 2, 2, &value));
	ck_assert(!ctr_raw_field_find(whole, 1, 0, &value)); /* not of bytes */
	ck_assert(!ctr_raw_field_find(whole, 9, 0, &value));
}
END_TEST

START_TEST(test_what_is_cut_short_is_not_read)
{
	struct centro_bytes value;
	for (size_t size = 0; size < sizeof(message); size++) {
		/* On the heap, so that a read behind the end is seen. */
		uint8_t *copy = malloc(size + 1);
		memcpy(copy, message, size);
		ctr_raw_field_find(ctr_bytes(copy, size), 9, 0, &value);
		ck_assert_int_eq(ctr_raw_field_find(ctr_bytes(copy, size), 2, 0, &value), size >= 7);
		free(copy);
	}
	static const uint8_t long_varint[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 1 };
	ck_assert(!ctr_raw_field_find(ctr_bytes(long_varint, 12), 1, 0, &value));
	static const uint8_t too_long[] = { 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a' };
	ck_assert(!ctr_raw_field_find(ctr_bytes(too_long, 7), 2, 0, &value));
	static const uint8_t group[] = { 0x13, 0x12, 1, 'a' };
	ck_assert(!ctr_raw_field_find(ctr_bytes(group, 4), 2, 0, &value));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/raw_field");
	TCase *tcase = tcase_create("raw_field");
	tcase_add_test(tcase, test_the_nth_of_a_field);
	tcase_add_test(tcase, test_what_is_cut_short_is_not_read);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
