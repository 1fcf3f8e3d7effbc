/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/wire.c and wire.h. */
#include "codec/wire.h"

#include "helper.h"

static bool take_varint(struct centro_bytes bytes, uint64_t *ret_value, size_t *ret_left)
{
	bool is_whole = ctr_wire_take_varint(&bytes, ret_value);
	*ret_left = bytes.size;
	return is_whole;
}

START_TEST(varints_have_one_to_ten_bytes)
{
	uint64_t value;
	size_t left;

	ck_assert(take_varint(BYTES("\x00z"), &value, &left));
	ck_assert_uint_eq(value, 0);
	ck_assert_uint_eq(left, 1);
	ck_assert(take_varint(BYTES("\x7f"), &value, &left));
	ck_assert_uint_eq(value, 127);
	ck_assert(take_varint(BYTES("\xac\x02z"), &value, &left));
	ck_assert_uint_eq(value, 300);
	ck_assert_uint_eq(left, 1);
	ck_assert(take_varint(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &value, &left));
	ck_assert_uint_eq(value, UINT64_MAX);
	/* Longer than needed is allowed. */
	ck_assert(take_varint(BYTES("\x80\x80\x00"), &value, &left));
	ck_assert_uint_eq(value, 0);

	ck_assert(!take_varint(BYTES(""), &value, &left));
	ck_assert(!take_varint(BYTES("\x80"), &value, &left));
	ck_assert_uint_eq(left, 1);
	ck_assert(
		!take_varint(BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), &value, &left));
}
END_TEST

START_TEST(what_is_put_can_be_taken)
{
	for (unsigned shift = 0; shift < 64; shift++) {
		uint8_t bytes[2 * CTR_WIRE_VARINT_SIZE_MAX];
		uint64_t expected = UINT64_C(1) << shift, value;
		uint8_t *end = ctr_wire_put_varint(bytes, expected);
		size_t left;
		ck_assert(take_varint(ctr_bytes(bytes, (size_t)(end - bytes)), &value, &left));
		ck_assert_uint_eq(value, expected);
		ck_assert_uint_eq(left, 0);
	}
}
END_TEST

START_TEST(a_field_is_taken_with_its_value)
{
	struct centro_bytes rest = BYTES("\x08\x96\x01"
					 "\x12\x03"
					 "abc"
					 "\x19\x01\x02\x03\x04\x05\x06\x07\x08"
					 "\x25\x01\x00\x00\x80");
	struct ctr_wire_field field;

	ck_assert_ptr_null(ctr_wire_take_field(&rest, &field));
	ck_assert_uint_eq(field.number, 1);
	ck_assert_int_eq(field.type, CTR_WIRE_VARINT);
	ck_assert_uint_eq(field.value, 150);
	ck_assert_uint_eq((size_t)(rest.data - field.raw), 2);

	ck_assert_ptr_null(ctr_wire_take_field(&rest, &field));
	ck_assert_uint_eq(field.number, 2);
	ck_assert_bytes_eq(ctr_wire_bytes(&field), BYTES("abc"));
	ck_assert_uint_eq((size_t)(rest.data - field.raw), 4);

	ck_assert_ptr_null(ctr_wire_take_field(&rest, &field));
	ck_assert_uint_eq(field.value, UINT64_C(0x0807060504030201));
	ck_assert_ptr_null(ctr_wire_take_field(&rest, &field));
	ck_assert_uint_eq(field.value, 0x80000001);
	ck_assert_uint_eq(rest.size, 0);
}
END_TEST

static const char *fault_of(struct centro_bytes bytes, uint32_t *ret_number)
{
	struct ctr_wire_field field;
	const char *fault = ctr_wire_take_field(&bytes, &field);
	*ret_number = field.number;
	return fault;
}

START_TEST(what_is_wrong_is_said)
{
	uint32_t number;

	ck_assert_str_eq(fault_of(BYTES("\x80"), &number), "a field's tag is cut off");
	ck_assert_uint_eq(number, 0);
	ck_assert_ptr_nonnull(fault_of(BYTES("\x02\x00"), &number)); /* field 0 */
	ck_assert_uint_eq(number, 0);
	ck_assert_ptr_nonnull(fault_of(BYTES("\x80\x80\x80\x80\x10\x00"), &number)); /* 2^29 */
	ck_assert_uint_eq(number, 0);

	ck_assert_str_eq(fault_of(BYTES("\x38"), &number), "cut off");
	ck_assert_uint_eq(number, 7);
	ck_assert_str_eq(fault_of(BYTES("\x3a\x02x"), &number), "cut off");
	ck_assert_str_eq(fault_of(BYTES("\x39\x01\x02\x03\x04\x05\x06\x07"), &number), "cut off");
	ck_assert_str_eq(fault_of(BYTES("\x3d\x01\x02\x03"), &number), "cut off");
	/* A length of 2^64-1. */
	ck_assert_str_eq(fault_of(BYTES("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"), &number),
			 "cut off");
	/* Groups, and the types that nobody gave a meaning. */
	ck_assert_ptr_nonnull(fault_of(BYTES("\x3b\x3c"), &number));
	ck_assert_ptr_nonnull(fault_of(BYTES("\x3c"), &number));
	ck_assert_ptr_nonnull(fault_of(BYTES("\x3e\x00"), &number));
	ck_assert_ptr_nonnull(fault_of(BYTES("\x3f\x00"), &number));
	ck_assert_uint_eq(number, 7);
}
END_TEST

START_TEST(zigzag_keeps_small_numbers_small)
{
	ck_assert_int_eq(ctr_wire_zigzag(0), 0);
	ck_assert_int_eq(ctr_wire_zigzag(1), -1);
	ck_assert_int_eq(ctr_wire_zigzag(2), 1);
	ck_assert_int_eq(ctr_wire_zigzag(UINT64_MAX), INT64_MIN);
	ck_assert_int_eq(ctr_wire_zigzag(UINT64_MAX - 1), INT64_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/wire");
	TCase *tcase = tcase_create("wire");
	tcase_add_test(tcase, varints_have_one_to_ten_bytes);
	tcase_add_test(tcase, what_is_put_can_be_taken);
	tcase_add_test(tcase, a_field_is_taken_with_its_value);
	tcase_add_test(tcase, what_is_wrong_is_said);
	tcase_add_test(tcase, zigzag_keeps_small_numbers_small);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
