/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/open.c. */
#include "store/internal.h"

#include <string.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

static int open_it(const char *uri, const struct centro_store_options *options,
		   struct centro_error_text *text)
{
	struct centro_store *store = NULL;
	int status = centro_store_open(uri, options, &store, text);
	ck_assert((status == CENTRO_OK) == (store != NULL));
	centro_store_free(store);
	return status;
}

START_TEST(the_scheme_says_which_backend)
{
	struct centro_store *store;
	ck_assert_int_eq(centro_store_open("memory:", NULL, &store, NULL), CENTRO_OK);
	ck_assert_str_eq(centro_store_name(store), "memory");
	centro_store_free(store);
	centro_store_free(NULL);
}
END_TEST

START_TEST(a_uri_that_names_no_store_is_refused)
{
	static const struct {
		const char *uri, *says;
	} rows[] = {
		{"", "names no store"},
		{"memory", "names no store"},
		{"/var/lib/centro", "use memory: or file:PATH"},
		{"Memory:", "names no store"},
		{"etcd://host:2379", "names no store"},
		{"memory:x", "did you mean file:x"},
		{"file:", "lacks a path"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct centro_error_text text = {""};
		ck_assert_int_eq(open_it(rows[i].uri, NULL, &text), CENTRO_ERR_INVALID);
		ck_assert_msg(strstr(text.text, rows[i].says) != NULL, "%s", text.text);
		ck_assert_int_eq(open_it(rows[i].uri, NULL, NULL), CENTRO_ERR_INVALID);
	}
	struct centro_store *store;
	ck_assert_int_eq(centro_store_open(NULL, NULL, &store, NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_store_open("memory:", NULL, NULL, NULL), CENTRO_ERR_INVALID);
}
END_TEST

START_TEST(options_are_checked)
{
	struct {
		struct centro_store_options known;
		uint64_t more;
	} newer = {.known = CENTRO_STORE_OPTIONS_INIT};
	struct centro_error_text text;

	newer.known.size = sizeof(newer);
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_OK);
	newer.more = 1;
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_ERR_ABI);
	newer.known.size = sizeof(newer.known) - 1;
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_ERR_ABI);
	newer.known.size = SIZE_MAX;
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_ERR_ABI);

	newer.known.size = sizeof(newer.known);
	newer.known.bytes_max = CENTRO_STORE_BYTES_MIN - 1;
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "too small"));
	newer.known.bytes_max = CENTRO_STORE_BYTES_MIN;
	ck_assert_int_eq(open_it("memory:", &newer.known, &text), CENTRO_OK);
}
END_TEST

START_TEST(a_shorter_struct_is_filled_with_zeros)
{
	struct {
		size_t size;
		uint64_t first, second;
	} to = {1, 2, 3}, from = {16, 5, 7};
	ck_assert_int_eq(ctr_store_copy_struct(&to, sizeof(to), 16, &from, 16), CENTRO_OK);
	ck_assert_uint_eq(to.first, 5);
	ck_assert_uint_eq(to.second, 0);
	ck_assert_int_eq(ctr_store_copy_struct(&to, sizeof(to), 16, &from, 15), CENTRO_ERR_ABI);
	ck_assert_int_eq(ctr_store_copy_struct(&to, sizeof(to), 16, &from, 4097), CENTRO_ERR_ABI);
	ck_assert_int_eq(ctr_store_copy_struct(&to, 16, 16, &from, 24), CENTRO_ERR_ABI);
	from.second = 0;
	ck_assert_int_eq(ctr_store_copy_struct(&to, 16, 16, &from, 24), CENTRO_OK);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
		options.allocator = &failing.allocator;
		int status = open_it("memory:", &options, NULL);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_eq(fail_at, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/open");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, the_scheme_says_which_backend);
	tcase_add_test(tcase, a_uri_that_names_no_store_is_refused);
	tcase_add_test(tcase, options_are_checked);
	tcase_add_test(tcase, a_shorter_struct_is_filled_with_zeros);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
