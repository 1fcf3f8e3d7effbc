/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/base64.c. */
#include "base/base64.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"

/* RFC 4648, section 10. */
static const struct {
	const char *plain, *text;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static void check_decoded(const char *text, const char *plain)
{
	uint8_t out[64];
	size_t size;
	ck_assert_uint_le(ctr_base64_decoded_max(strlen(text)), sizeof(out));
	ck_assert_int_eq(ctr_base64_decode(ctr_bytes_str(text), out, &size), CENTRO_OK);
	ck_assert_uint_eq(size, strlen(plain));
	ck_assert_mem_eq(out, plain, size);
}

START_TEST(the_vectors_of_the_rfc)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(vectors); i++) {
		struct centro_bytes plain = ctr_bytes_str(vectors[i].plain);
		size_t unpadded = strcspn(vectors[i].text, "=");
		ctr_buf_clear(&buf);
		ck_assert_int_eq(ctr_base64_append(&buf, plain, true), CENTRO_OK);
		ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(vectors[i].text)));
		ctr_buf_clear(&buf);
		ck_assert_int_eq(ctr_base64_append(&buf, plain, false), CENTRO_OK);
		ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf),
					  ctr_bytes(vectors[i].text, unpadded)));
		check_decoded(vectors[i].text, vectors[i].plain);
	}
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(both_alphabets_with_and_without_padding)
{
	check_decoded("+/+/", "\xfb\xff\xbf");
	check_decoded("-_-_", "\xfb\xff\xbf");
	check_decoded("Zm8", "fo");
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const char *const wrong[] = {
		"A",     "Zm9vA",  "Zg=",   "Zg===",  "=",    "====", "Zm9v=",
		"Zm 9v", "Zm9v\n", "Zm9v!", "Zg==Zg", "Zh==", "Zm9=", "\xc3\xa4z",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++) {
		uint8_t out[16];
		size_t size = 77;
		ck_assert_int_eq(ctr_base64_decode(ctr_bytes_str(wrong[i]), out, &size),
				 CENTRO_ERR_INVALID);
		ck_assert_uint_eq(size, 77);
	}
}
END_TEST

START_TEST(a_full_buffer_is_said)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 7);
	ck_assert_int_eq(ctr_base64_append(&buf, ctr_bytes_str("fooba"), true), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/base64");
	TCase *tcase = tcase_create("base64");
	tcase_add_test(tcase, the_vectors_of_the_rfc);
	tcase_add_test(tcase, both_alphabets_with_and_without_padding);
	tcase_add_test(tcase, anything_else_is_refused);
	tcase_add_test(tcase, a_full_buffer_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
