/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_lmdb.c. */
#include "store/file_lmdb.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lmdb_fixture.h"
#include "store/file_format.h"
#include "support/failing_allocator.h"

static struct lmdb_fixture f;

static void setup(void)
{
	lmdb_fixture_init(&f);
}

static void teardown(void)
{
	lmdb_fixture_fini(&f);
}

static void lead(void)
{
	uint64_t term;
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ctr_lmdb_raise_term(f.db, "test", &term, &f.result);
	ck_assert_int_eq(f.result.status, CENTRO_OK);
	ck_assert_uint_eq(term, 1);
}

static void plant_format(const char *text)
{
	lmdb_fixture_plant(&f, CTR_FILE_FORMAT_KEY, text, strlen(text));
}

START_TEST(a_new_store_opens)
{
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ctr_lmdb_get_usage(f.db, &f.result);
	ck_assert_uint_gt(f.result.bytes, 0);
	ck_assert_uint_eq(f.result.bytes_max, f.options.bytes_max);
}
END_TEST

START_TEST(making_one_clears_what_was_left)
{
	int fd = openat(f.dir_fd, CTR_FILE_NEW_NAME, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "half a store", 12), 12);
	close(fd);
	ck_assert_int_eq(ctr_lmdb_create(&f.options, &f.text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_publish(f.dir_fd, f.dir.path, &f.text), CENTRO_OK);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
}
END_TEST

START_TEST(a_newer_layout_that_can_be_read_is_read)
{
	plant_format("centro-store 2 1 centro/9.0.0");
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
}
END_TEST

START_TEST(a_newer_layout_that_cannot_is_refused)
{
	plant_format("centro-store 7 2 centro/9.0.0");
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_VERSION);
	ck_assert_ptr_nonnull(strstr(f.text.text, "written by centro/9.0.0 in layout 7"));
	ck_assert_ptr_nonnull(strstr(f.text.text, "needs a version that knows layout 2"));
	ck_assert_ptr_nonnull(strstr(f.text.text, f.dir.path));
}
END_TEST

START_TEST(another_database_is_no_store)
{
	lmdb_fixture_plant(&f, CTR_FILE_FORMAT_KEY, NULL, 0);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(f.text.text, "format row"));
	plant_format("something else");
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
	plant_format("centro-store 1 1 x");
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	lmdb_fixture_close(&f);
	lmdb_fixture_plant(&f, CTR_FILE_TERM_KEY, "x", 1);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
	lmdb_fixture_plant(&f, CTR_FILE_TERM_KEY, NULL, 0);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
}
END_TEST

START_TEST(a_file_of_something_else_is_refused_and_kept)
{
	char text[10000];
	memset(text, 'x', sizeof(text));
	int fd = openat(f.dir_fd, CTR_FILE_DATA_NAME, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(f.text.text, "damaged or no store"));
	ck_assert_int_eq(lmdb_fixture_length(&f), sizeof(text));
}
END_TEST

START_TEST(a_file_cut_short_is_refused)
{
	lead();
	ck_assert_int_eq(lmdb_fixture_fill(&f, 1000, 300), CENTRO_OK);
	lmdb_fixture_close(&f);
	off_t length = lmdb_fixture_length(&f);
	/* From the back, page by page at first, down to less than LMDB's heads. */
	static const off_t cut[] = {1, 4096, 3 * 4096, 50 * 4096};
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		lmdb_fixture_truncate(&f, length - cut[i]);
		ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
		ck_assert_int_eq(lmdb_fixture_length(&f), length - cut[i]);
	}
	static const off_t left[] = {3 * 4096, 2 * 4096, 4096, 100, 1};
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		lmdb_fixture_truncate(&f, left[i]);
		ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_ERR_CORRUPT);
	}
}
END_TEST

/* Put `count` rows of `size` bytes, and take all but `left` of them out again. */
static void churn(int count, size_t size, int left)
{
	static uint8_t value[CENTRO_STORE_VALUE_SIZE_MAX];
	struct centro_batch *batch = centro_batch_new(NULL);
	char key[16];
	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(
			centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes(value, size)),
			CENTRO_OK);
		centro_batch_end_group(batch);
	}
	for (int i = count - 1; i >= left; i--) {
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str(key)), CENTRO_OK);
		centro_batch_end_group(batch);
	}
	ctr_lmdb_write(f.db, 1, batch, &f.result);
	ck_assert_int_eq(f.result.status, CENTRO_OK);
	centro_batch_free(batch);
}

/*
 * Pages that are used and freed in one transaction are never written, so the file
 * may end before the last page that LMDB has counted: not damage, and common.
 */
START_TEST(a_file_that_lmdb_left_short_is_not)
{
	static const struct {
		int count;
		size_t size;
		int left;
	} batches[] = {{200, 1500, 60}, {50, 4000, 10}, {190, 1700, 65}, {250, 4500, 0}};
	int short_count = 0;
	lead();
	for (size_t i = 0; i < 20; i++) {
		churn(batches[i % 4].count, batches[i % 4].size, batches[i % 4].left);
		lmdb_fixture_close(&f);
		off_t before = lmdb_fixture_length(&f);
		ck_assert_msg(lmdb_fixture_open(&f) == CENTRO_OK, "%s", f.text.text);
		/* Made as long as it says, where it was not. */
		short_count += lmdb_fixture_length(&f) > before;
	}
	ck_assert_int_gt(short_count, 0);
	ck_assert_int_eq(lmdb_fixture_fill(&f, 500, 300), CENTRO_OK);
}
END_TEST

START_TEST(without_memory_it_does_not_open)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		f.options.allocator = &failing.allocator;
		int status = ctr_lmdb_create(&f.options, &f.text);
		if (status == CENTRO_OK)
			status = lmdb_fixture_open(&f);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		lmdb_fixture_close(&f);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	unlinkat(f.dir_fd, CTR_FILE_NEW_NAME, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_lmdb");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_new_store_opens);
	tcase_add_test(tcase, making_one_clears_what_was_left);
	tcase_add_test(tcase, a_newer_layout_that_can_be_read_is_read);
	tcase_add_test(tcase, a_newer_layout_that_cannot_is_refused);
	tcase_add_test(tcase, another_database_is_no_store);
	tcase_add_test(tcase, a_file_of_something_else_is_refused_and_kept);
	tcase_add_test(tcase, a_file_cut_short_is_refused);
	tcase_add_test(tcase, a_file_that_lmdb_left_short_is_not);
	tcase_add_test(tcase, without_memory_it_does_not_open);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
