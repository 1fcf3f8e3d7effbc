/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_format.c. */
#include "store/file_format.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "support/suite.h"

START_TEST(a_format_comes_back)
{
	struct ctr_file_format format = {.layout = 12, .oldest_reader = 3}, back;
	memset(format.writer, 'w', CTR_FILE_WRITER_SIZE_MAX);
	struct ctr_file_value value = ctr_file_format_print(&format);
	ck_assert_int_eq(ctr_file_format_parse(ctr_bytes(value.text, value.size), &back),
			 CENTRO_OK);
	ck_assert_uint_eq(back.layout, 12);
	ck_assert_uint_eq(back.oldest_reader, 3);
	ck_assert_str_eq(back.writer, format.writer);
}
END_TEST

START_TEST(a_format_is_text)
{
	struct ctr_file_format format = {.layout = 1, .oldest_reader = 1, .writer = "centro/0"};
	struct ctr_file_value value = ctr_file_format_print(&format);
	ck_assert(ctr_bytes_equal(ctr_bytes(value.text, value.size),
				  ctr_bytes_str("centro-store 1 1 centro/0")));
}
END_TEST

START_TEST(a_wrong_format_is_corrupt)
{
	static const char *const rows[] = {
		"",
		"centro-store",
		"centro-store ",
		"centro-store 1",
		"centro-stork 1 1 w",
		"centro-store x 1 w",
		"centro-store 1 0 w",
		"centro-store 1 2 w",
		"centro-store 01 1 w",
		"centro-store -1 1 w",
		"centro-store 99999999999999999999 1 w",
		"centro-store  1 1 w",
		"centro-store 1 1 w\n",
		"centro-store 1 1 \x1b[2J",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(rows); i++) {
		struct ctr_file_format format = {.layout = 77};
		ck_assert_msg(ctr_file_format_parse(ctr_bytes_str(rows[i]), &format) ==
				      CENTRO_ERR_CORRUPT,
			      "\"%s\"", rows[i]);
		ck_assert_uint_eq(format.layout, 77);
	}
	struct ctr_file_format format;
	char long_one[17 + CTR_FILE_WRITER_SIZE_MAX + 2] = "centro-store 1 1 ";
	memset(long_one + 17, 'w', CTR_FILE_WRITER_SIZE_MAX + 1);
	ck_assert_int_eq(ctr_file_format_parse(ctr_bytes_str(long_one), &format),
			 CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_file_format_parse(ctr_bytes(NULL, 0), &format), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_file_format_parse(ctr_bytes("centro-store 1 1 \0", 18), &format),
			 CENTRO_ERR_CORRUPT);
}
END_TEST

START_TEST(a_term_comes_back)
{
	static const uint64_t terms[] = {0, 1, 10, UINT64_MAX};
	char name[CENTRO_STORE_NAME_SIZE_MAX + 1] = "";
	memset(name, 'n', sizeof(name) - 1);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(terms); i++) {
		uint64_t back = 77;
		struct ctr_file_value value = ctr_file_term_print(terms[i], name);
		ck_assert_int_eq(ctr_file_term_parse(ctr_bytes(value.text, value.size), &back),
				 CENTRO_OK);
		ck_assert_uint_eq(back, terms[i]);
	}
}
END_TEST

START_TEST(a_wrong_term_is_corrupt)
{
	static const char *const rows[] = {
		"", " ", "x", "1x", " 1", "-1", "01", "1\n", "18446744073709551616 me"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(rows); i++) {
		uint64_t term = 77;
		ck_assert_int_eq(ctr_file_term_parse(ctr_bytes_str(rows[i]), &term),
				 CENTRO_ERR_CORRUPT);
		ck_assert_uint_eq(term, 77);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_format");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_format_comes_back);
	tcase_add_test(tcase, a_format_is_text);
	tcase_add_test(tcase, a_wrong_format_is_corrupt);
	tcase_add_test(tcase, a_term_comes_back);
	tcase_add_test(tcase, a_wrong_term_is_corrupt);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
