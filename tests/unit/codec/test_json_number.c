/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/json_number.c. */
#include "codec/json_number.h"

#include "helper.h"

/* Whether `json` is a number of `type`; *slot is what it is. */
static bool read_as(const char *json, ProtobufCType type, void *slot)
{
	const char *expected = NULL;
	cJSON *tree = cJSON_Parse(json);
	ck_assert_ptr_nonnull(tree);
	bool is_read = ctr_json_read_integer(tree, type, slot, &expected);
	ck_assert_ptr_nonnull(expected);
	cJSON_Delete(tree);
	return is_read;
}

START_TEST(numbers_of_32_bits)
{
	int32_t number = 77;
	uint32_t positive = 77;

	ck_assert(read_as("-2147483648", PROTOBUF_C_TYPE_INT32, &number));
	ck_assert_int_eq(number, INT32_MIN);
	ck_assert(read_as("\"2147483647\"", PROTOBUF_C_TYPE_SINT32, &number));
	ck_assert_int_eq(number, INT32_MAX);
	ck_assert(!read_as("2147483648", PROTOBUF_C_TYPE_SFIXED32, &number));
	ck_assert(!read_as("\"-2147483649\"", PROTOBUF_C_TYPE_INT32, &number));
	ck_assert_int_eq(number, INT32_MAX);

	ck_assert(read_as("4294967295", PROTOBUF_C_TYPE_UINT32, &positive));
	ck_assert_uint_eq(positive, UINT32_MAX);
	ck_assert(read_as("\"0\"", PROTOBUF_C_TYPE_FIXED32, &positive));
	ck_assert_uint_eq(positive, 0);
	ck_assert(!read_as("4294967296", PROTOBUF_C_TYPE_UINT32, &positive));
	ck_assert(!read_as("\"4294967296\"", PROTOBUF_C_TYPE_UINT32, &positive));
	ck_assert(!read_as("-1", PROTOBUF_C_TYPE_UINT32, &positive));
	ck_assert(!read_as("\"-1\"", PROTOBUF_C_TYPE_UINT32, &positive));
	ck_assert_uint_eq(positive, 0);
}
END_TEST

START_TEST(numbers_of_64_bits_are_exact)
{
	int64_t number = 77;
	uint64_t positive = 77;

	ck_assert(read_as("\"-9223372036854775808\"", PROTOBUF_C_TYPE_INT64, &number));
	ck_assert_int_eq(number, INT64_MIN);
	ck_assert(read_as("\"9223372036854775807\"", PROTOBUF_C_TYPE_SFIXED64, &number));
	ck_assert_int_eq(number, INT64_MAX);
	ck_assert(read_as("-9007199254740992", PROTOBUF_C_TYPE_SINT64, &number));
	ck_assert_int_eq(number, -(INT64_C(1) << 53));
	ck_assert(!read_as("\"9223372036854775808\"", PROTOBUF_C_TYPE_INT64, &number));

	ck_assert(read_as("\"18446744073709551615\"", PROTOBUF_C_TYPE_UINT64, &positive));
	ck_assert_uint_eq(positive, UINT64_MAX);
	ck_assert(read_as("9007199254740991", PROTOBUF_C_TYPE_FIXED64, &positive));
	ck_assert_uint_eq(positive, (UINT64_C(1) << 53) - 1);
	ck_assert(!read_as("\"18446744073709551616\"", PROTOBUF_C_TYPE_UINT64, &positive));
	/* What a double would have rounded. */
	ck_assert(!read_as("1e19", PROTOBUF_C_TYPE_UINT64, &positive));
	ck_assert(!read_as("1.7324461681234568e+18", PROTOBUF_C_TYPE_INT64, &number));
}
END_TEST

START_TEST(only_whole_numbers)
{
	int32_t number = 77;

	ck_assert(read_as("1.0", PROTOBUF_C_TYPE_INT32, &number));
	ck_assert_int_eq(number, 1);
	ck_assert(read_as("1e3", PROTOBUF_C_TYPE_INT32, &number));
	ck_assert_int_eq(number, 1000);
	ck_assert(read_as("-0", PROTOBUF_C_TYPE_INT32, &number));
	ck_assert_int_eq(number, 0);
	static const char *const wrong[] = {
		"1.5",    "1e-1",    "1e999", "\"\"", "\"1.0\"", "\" 1\"", "\"1 \"",
		"\"+1\"", "\"0x1\"", "true",  "null", "[]",      "{}",     "\"01\"",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++) {
		ck_assert_msg(!read_as(wrong[i], PROTOBUF_C_TYPE_INT32, &number), "%s", wrong[i]);
		ck_assert_int_eq(number, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_number");
	TCase *tcase = tcase_create("json_number");
	tcase_add_test(tcase, numbers_of_32_bits);
	tcase_add_test(tcase, numbers_of_64_bits_are_exact);
	tcase_add_test(tcase, only_whole_numbers);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
