/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_write.c; a disk that fails is in tests/contract. */
#include "store/file_lmdb.h"

#include <stdio.h>

#include "lmdb_fixture.h"
#include "store/file_format.h"

static struct lmdb_fixture f;
static struct centro_batch *batch;
static uint64_t term;

static int raise_term(const char *name)
{
	ctr_lmdb_raise_term(f.db, name, &term, &f.result);
	return f.result.status;
}

static int write_batch(uint64_t in_term)
{
	ctr_lmdb_write(f.db, in_term, batch, &f.result);
	centro_batch_clear(batch);
	return f.result.status;
}

static void setup(void)
{
	lmdb_fixture_init(&f);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	batch = centro_batch_new(NULL);
	term = 0;
}

static void teardown(void)
{
	centro_batch_free(batch);
	lmdb_fixture_fini(&f);
}

START_TEST(terms_are_counted_on_disk)
{
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(raise_term("me"), CENTRO_OK);
		ck_assert_uint_eq(term, i);
		lmdb_fixture_close(&f);
		ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	}
}
END_TEST

START_TEST(another_term_is_fenced)
{
	ck_assert_int_eq(raise_term("me"), CENTRO_OK);
	ck_assert_int_eq(raise_term("you"), CENTRO_OK);
	ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str("a"), ctr_bytes_str("1")),
			 CENTRO_OK);
	ck_assert_int_eq(write_batch(1), CENTRO_ERR_FENCED);
	ck_assert_int_eq(write_batch(3), CENTRO_ERR_FENCED);
	ck_assert_int_eq(write_batch(2), CENTRO_OK);
}
END_TEST

/* A damaged row of the store's own: nothing may be written any more. */
START_TEST(a_term_that_cannot_be_read_fails)
{
	lmdb_fixture_close(&f);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	lmdb_fixture_close(&f);
	char most[32];
	snprintf(most, sizeof(most), "%llu x", (unsigned long long)UINT64_MAX);
	lmdb_fixture_plant(&f, CTR_FILE_TERM_KEY, most, strlen(most));
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ck_assert_int_eq(raise_term("me"), CENTRO_ERR_IO);
	ck_assert_uint_eq(term, 0);
	ck_assert_ptr_nonnull(strstr(f.result.failure, "writing the term failed"));
}
END_TEST

static int fill_until_full(struct ctr_lmdb_result *last)
{
	static uint8_t value[3000];
	int count = 0;
	for (;; count++) {
		char key[16];
		snprintf(key, sizeof(key), "%06d", count);
		ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str(key),
						  ctr_bytes(value, sizeof(value))),
				 CENTRO_OK);
		if (write_batch(term) != CENTRO_OK)
			return count;
		*last = f.result;
	}
}

START_TEST(a_full_map_writes_nothing_and_goes_on)
{
	struct ctr_lmdb_result last;
	lmdb_fixture_close(&f);
	f.options.bytes_max = CENTRO_STORE_BYTES_MIN;
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ck_assert_int_eq(raise_term("me"), CENTRO_OK);
	int count = fill_until_full(&last);
	ck_assert_int_eq(f.result.status, CENTRO_ERR_FULL);
	ck_assert_int_gt(count, 200);
	ck_assert_uint_eq(last.bytes_max, CENTRO_STORE_BYTES_MIN);
	ck_assert_uint_gt(last.bytes, CENTRO_STORE_BYTES_MIN * 9 / 10);
	ck_assert_uint_le(last.bytes, CENTRO_STORE_BYTES_MIN);

	/* What is taken out can be filled again, if somebody left room to take it out. */
	lmdb_fixture_close(&f);
	f.options.bytes_max += 1 << 20;
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	for (int i = 0; i < count; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(centro_batch_require(batch, ctr_bytes_str(key), true), CENTRO_OK);
		ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str(key)), CENTRO_OK);
		centro_batch_end_group(batch);
	}
	char key[16];
	snprintf(key, sizeof(key), "%06d", count);
	ck_assert_int_eq(centro_batch_require(batch, ctr_bytes_str(key), false), CENTRO_OK);
	ck_assert_int_eq(write_batch(term), CENTRO_OK);
	ck_assert_uint_lt(f.result.bytes, 100000);
	int again = fill_until_full(&last);
	ck_assert_int_eq(f.result.status, CENTRO_ERR_FULL);
	ck_assert_int_gt(again, count);
}
END_TEST

/* More than a map holds at once: LMDB's own limit, not a disk's. */
START_TEST(a_batch_that_does_not_fit_is_refused_whole)
{
	ck_assert_int_eq(raise_term("me"), CENTRO_OK);
	ck_assert_int_eq(lmdb_fixture_fill(&f, 60, CENTRO_STORE_VALUE_SIZE_MAX), CENTRO_OK);
	ck_assert_int_eq(lmdb_fixture_fill(&f, 30, CENTRO_STORE_VALUE_SIZE_MAX), CENTRO_ERR_FULL);
	ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str("a"), ctr_bytes_str("1")),
			 CENTRO_OK);
	ck_assert_int_eq(write_batch(1), CENTRO_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_write");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, terms_are_counted_on_disk);
	tcase_add_test(tcase, another_term_is_fenced);
	tcase_add_test(tcase, a_term_that_cannot_be_read_fails);
	tcase_add_test(tcase, a_full_map_writes_nothing_and_goes_on);
	tcase_add_test(tcase, a_batch_that_does_not_fit_is_refused_whole);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
