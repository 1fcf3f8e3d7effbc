/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/base64.c. */
#include "codec/base64.h"

#include "helper.h"

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

static int decode(struct helper *helper, const char *text, struct centro_bytes *ret_bytes)
{
	return ctr_base64_decode(ctr_bytes_str(text), &helper->arena, ret_bytes);
}

START_TEST(the_vectors_of_the_rfc)
{
	struct helper helper;
	helper_init(&helper);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(vectors); i++) {
		struct centro_bytes bytes;
		ctr_buf_clear(&helper.buf);
		ck_assert_int_eq(ctr_base64_append(&helper.buf, ctr_bytes_str(vectors[i].plain)),
				 CENTRO_OK);
		ck_assert_bytes_eq(ctr_buf_bytes(&helper.buf), ctr_bytes_str(vectors[i].text));
		ck_assert_int_eq(decode(&helper, vectors[i].text, &bytes), CENTRO_OK);
		ck_assert_bytes_eq(bytes, ctr_bytes_str(vectors[i].plain));
	}
	helper_fini(&helper);
}
END_TEST

START_TEST(both_alphabets_with_and_without_padding)
{
	struct helper helper;
	struct centro_bytes bytes;
	helper_init(&helper);
	ck_assert_int_eq(decode(&helper, "+/+/", &bytes), CENTRO_OK);
	ck_assert_bytes_eq(bytes, BYTES("\xfb\xff\xbf"));
	ck_assert_int_eq(decode(&helper, "-_-_", &bytes), CENTRO_OK);
	ck_assert_bytes_eq(bytes, BYTES("\xfb\xff\xbf"));
	ck_assert_int_eq(decode(&helper, "Zm8", &bytes), CENTRO_OK);
	ck_assert_bytes_eq(bytes, BYTES("fo"));
	helper_fini(&helper);
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const char *const wrong[] = {
		"A",     "Zm9vA",  "Zg=",   "Zg===",  "=",    "====", "Zm9v=",
		"Zm 9v", "Zm9v\n", "Zm9v!", "Zg==Zg", "Zh==", "Zm9=", "\xc3\xa4z",
	};
	struct helper helper;
	helper_init(&helper);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++) {
		struct centro_bytes bytes = {NULL, 77};
		ck_assert_int_eq(decode(&helper, wrong[i], &bytes), CENTRO_ERR_INVALID);
		ck_assert_uint_eq(bytes.size, 77);
	}
	helper_fini(&helper);
}
END_TEST

START_TEST(limits_are_kept)
{
	struct ctr_arena arena;
	struct ctr_buf buf;
	struct centro_bytes bytes;

	ctr_arena_init(&arena, NULL, 16);
	ck_assert_int_eq(
		ctr_base64_decode(ctr_bytes_str("Zm9vYmFyZm9vYmFyZm9vYmFy"), &arena, &bytes),
		CENTRO_ERR_NOMEM);
	ctr_arena_fini(&arena);
	ctr_buf_init(&buf, NULL, 7);
	ck_assert_int_eq(ctr_base64_append(&buf, ctr_bytes_str("fooba")), CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/base64");
	TCase *tcase = tcase_create("base64");
	tcase_add_test(tcase, the_vectors_of_the_rfc);
	tcase_add_test(tcase, both_alphabets_with_and_without_padding);
	tcase_add_test(tcase, anything_else_is_refused);
	tcase_add_test(tcase, limits_are_kept);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
