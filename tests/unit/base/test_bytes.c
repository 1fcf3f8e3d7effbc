/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/bytes.c and bytes.h. */
#include "base/bytes.h"

#include "support/suite.h"

static bool is_valid(const char *text, size_t size)
{
	return ctr_utf8_is_valid(ctr_bytes(text, size));
}
#define IS_VALID(literal) is_valid(literal, sizeof(literal) - 1)

START_TEST(slices_compare_in_byte_order)
{
	struct centro_bytes nothing = {0};
	struct centro_bytes ab = ctr_bytes_str("ab");

	ck_assert_uint_eq(ctr_bytes_str(NULL).size, 0);
	ck_assert(ctr_bytes_equal(nothing, ctr_bytes_str("")));
	ck_assert(ctr_bytes_equal(ab, ctr_bytes("abc", 2)));
	ck_assert(!ctr_bytes_equal(ab, ctr_bytes_str("abc")));
	ck_assert(!ctr_bytes_equal(ab, ctr_bytes_str("ac")));

	ck_assert_int_eq(ctr_bytes_compare(ab, ab), 0);
	ck_assert_int_eq(ctr_bytes_compare(nothing, nothing), 0);
	ck_assert_int_lt(ctr_bytes_compare(nothing, ab), 0);
	ck_assert_int_lt(ctr_bytes_compare(ab, ctr_bytes_str("abc")), 0);
	ck_assert_int_gt(ctr_bytes_compare(ctr_bytes_str("b"), ab), 0);
	ck_assert_int_gt(ctr_bytes_compare(ctr_bytes_str("\xff"), ab), 0);

	ck_assert(ctr_bytes_starts_with(ab, nothing));
	ck_assert(ctr_bytes_starts_with(ab, ctr_bytes_str("a")));
	ck_assert(!ctr_bytes_starts_with(ab, ctr_bytes_str("abc")));
	ck_assert(!ctr_bytes_starts_with(ab, ctr_bytes_str("b")));
}
END_TEST

START_TEST(overflow_writes_nothing)
{
	size_t result = 7;
	ck_assert(!ctr_add_size(SIZE_MAX, 1, &result));
	ck_assert(!ctr_mul_size(SIZE_MAX, 2, &result));
	ck_assert_uint_eq(result, 7);
	ck_assert(ctr_add_size(SIZE_MAX - 1, 1, &result));
	ck_assert_uint_eq(result, SIZE_MAX);
	ck_assert(ctr_mul_size(3, 4, &result));
	ck_assert_uint_eq(result, 12);
}
END_TEST

/* From an implementation of our own in Python that gives SipHash-2-4's published vector. */
START_TEST(the_hash_is_siphash_1_3)
{
	struct centro_bytes id = ctr_bytes_str("request-0123456789");

	ck_assert_uint_eq(ctr_hash_bytes((struct centro_bytes){0}, 0),
			  UINT64_C(0x1653806f2353e1d6));
	ck_assert_uint_eq(ctr_hash_bytes(ctr_bytes_str("a"), 0), UINT64_C(0x4b9baa120ffac4db));
	ck_assert_uint_eq(ctr_hash_bytes(ctr_bytes_str("12345678"), 0),
			  UINT64_C(0x9b1231a20f658943));
	ck_assert_uint_eq(ctr_hash_bytes(id, 0), UINT64_C(0xa61dbc8dc3b34437));
	ck_assert_uint_eq(ctr_hash_bytes(id, 7), UINT64_C(0x37c7dbf323d22daf));
}
END_TEST

/* The first number of splitmix64 from seeds 0 and 1. */
START_TEST(the_number_hash_is_splitmix64)
{
	ck_assert_uint_eq(ctr_hash_u64(0), UINT64_C(0xe220a8397b1dcdaf));
	ck_assert_uint_eq(ctr_hash_u64(1), UINT64_C(0x910a2dec89025cc1));
}
END_TEST

START_TEST(valid_utf8_is_accepted)
{
	ck_assert(IS_VALID(""));
	ck_assert(IS_VALID("plain text of more than eight bytes\x01\x7f"));
	ck_assert(IS_VALID("\xc2\x80 \xdf\xbf"));
	ck_assert(IS_VALID("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
	ck_assert(IS_VALID("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}
END_TEST

START_TEST(invalid_utf8_is_refused)
{
	ck_assert(!IS_VALID("a\0b"));
	ck_assert(!IS_VALID("12345678\0"));
	ck_assert(!IS_VALID("\x80"));
	ck_assert(!IS_VALID("\xbf"));
	ck_assert(!IS_VALID("\xc0\x80"));         /* overlong */
	ck_assert(!IS_VALID("\xc1\xbf"));         /* overlong */
	ck_assert(!IS_VALID("\xe0\x9f\xbf"));     /* overlong */
	ck_assert(!IS_VALID("\xf0\x8f\xbf\xbf")); /* overlong */
	ck_assert(!IS_VALID("\xed\xa0\x80"));     /* a surrogate */
	ck_assert(!IS_VALID("\xf4\x90\x80\x80")); /* past the end */
	ck_assert(!IS_VALID("\xf5\x80\x80\x80"));
	ck_assert(!IS_VALID("\xff"));
	ck_assert(!IS_VALID("\xc2"));
	ck_assert(!IS_VALID("\xe2\x82"));
	ck_assert(!IS_VALID("\xf0\x9f\x98"));
	ck_assert(!IS_VALID("\xc2\x41"));
	ck_assert(!IS_VALID("\xe2\x82\x41"));
	ck_assert(!IS_VALID("\xf0\x9f\x98\x41"));
}
END_TEST

/* A wrong byte is found at every offset from the eight-byte step. */
START_TEST(a_bad_byte_is_found_anywhere)
{
	static const unsigned char bad[] = {0x00, 0x80, 0xff};
	char text[32];

	for (size_t at = 0; at < sizeof(text); at++) {
		for (size_t i = 0; i < sizeof(bad); i++) {
			memset(text, 'a', sizeof(text));
			ck_assert(is_valid(text, sizeof(text)));
			text[at] = (char)bad[i];
			ck_assert(!is_valid(text, sizeof(text)));
		}
	}
}
END_TEST

START_TEST(the_next_character)
{
	ck_assert_uint_eq(ctr_utf8_next((struct centro_bytes){0}), 0);
	ck_assert_uint_eq(ctr_utf8_next(ctr_bytes("\0", 1)), 0);
	ck_assert_uint_eq(ctr_utf8_next(ctr_bytes_str("ab")), 1);
	ck_assert_uint_eq(ctr_utf8_next(ctr_bytes_str("€b")), 3);
	ck_assert_uint_eq(ctr_utf8_next(ctr_bytes_str("\xff")), 0);
}
END_TEST

START_TEST(a_cut_never_splits_a_character)
{
	const char *text = "a¢€😀";
	/* a: 0, ¢: 1-2, €: 3-5, 😀: 6-9 */
	static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};

	for (size_t size = 0; size < sizeof(cuts) / sizeof(cuts[0]); size++)
		ck_assert_uint_eq(ctr_utf8_cut(text, size), cuts[size]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/bytes");
	TCase *tcase = tcase_create("bytes");
	tcase_add_test(tcase, slices_compare_in_byte_order);
	tcase_add_test(tcase, overflow_writes_nothing);
	tcase_add_test(tcase, the_hash_is_siphash_1_3);
	tcase_add_test(tcase, the_number_hash_is_splitmix64);
	tcase_add_test(tcase, valid_utf8_is_accepted);
	tcase_add_test(tcase, invalid_utf8_is_refused);
	tcase_add_test(tcase, a_bad_byte_is_found_anywhere);
	tcase_add_test(tcase, the_next_character);
	tcase_add_test(tcase, a_cut_never_splits_a_character);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
