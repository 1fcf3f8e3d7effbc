/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_read.c. */
#include "store/file_lmdb.h"

#include "base/assert.h"
#include "lmdb_fixture.h"
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

/* All rows, from `key`, as "key=value "; gives the status of the last step. */
static int read_all(const char *key, bool reverse, char *text, size_t size)
{
	struct ctr_lmdb_reader *reader;
	struct ctr_lmdb_row row;
	size_t used = 0;
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &reader), CENTRO_OK);
	int status = ctr_lmdb_seek(reader, ctr_bytes_str(key), reverse, &row);
	while (status == CENTRO_OK && used + row.key.size + row.value.size + 2 < size) {
		memcpy(text + used, row.key.data, row.key.size);
		used += row.key.size;
		text[used++] = '=';
		memcpy(text + used, row.value.data, row.value.size);
		used += row.value.size;
		text[used++] = ' ';
		status = ctr_lmdb_step(reader, reverse, &row);
	}
	text[used] = '\0';
	ctr_lmdb_reader_close(f.db, reader);
	return status;
}

START_TEST(own_rows_are_left_out)
{
	static const struct {
		const char *key;
		bool reverse;
		const char *text;
	} rows[] = {
		{"", false, " =1 !store=2 !store0=3 a=4 "},
		{"", true, "a=4 !store0=3 !store=2  =1 "},
		{"!store/", false, "!store0=3 a=4 "},
		{"!store/term", false, "!store0=3 a=4 "},
		{"!store/term", true, "!store=2  =1 "},
		{"!store/zzz", true, "!store=2  =1 "},
		{"a", true, "!store0=3 !store=2  =1 "},
		{"b", false, ""},
		{"b", true, "a=4 !store0=3 !store=2  =1 "},
		{" ", true, ""},
	};
	lmdb_fixture_plant(&f, " ", "1", 1);
	lmdb_fixture_plant(&f, "!store", "2", 1);
	lmdb_fixture_plant(&f, "!store0", "3", 1);
	lmdb_fixture_plant(&f, "a", "4", 1);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(rows); i++) {
		char text[100];
		ck_assert_int_eq(read_all(rows[i].key, rows[i].reverse, text, sizeof(text)),
				 CENTRO_ERR_NOT_FOUND);
		ck_assert_str_eq(text, rows[i].text);
	}
}
END_TEST

START_TEST(an_empty_store_shows_nothing)
{
	char text[100];
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ck_assert_int_eq(read_all("", false, text, sizeof(text)), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(read_all("", true, text, sizeof(text)), CENTRO_ERR_NOT_FOUND);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(a_value_over_the_limit_is_corrupt)
{
	static uint8_t value[CENTRO_STORE_VALUE_SIZE_MAX + 1];
	char text[100];
	lmdb_fixture_plant(&f, "a", "1", 1);
	lmdb_fixture_plant(&f, "b", value, sizeof(value));
	lmdb_fixture_plant(&f, "c", "3", 1);
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ck_assert_int_eq(read_all("", false, text, sizeof(text)), CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(text, "a=1 ");
	ck_assert_int_eq(read_all("", true, text, sizeof(text)), CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(text, "c=3 ");
}
END_TEST

START_TEST(a_reader_stays_at_its_revision)
{
	struct ctr_lmdb_reader *old, *fresh;
	struct ctr_lmdb_row row;
	uint64_t term;
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	ctr_lmdb_raise_term(f.db, "test", &term, &f.result);
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &old), CENTRO_OK);
	ck_assert_int_eq(lmdb_fixture_fill(&f, 10, 100), CENTRO_OK);
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &fresh), CENTRO_OK);
	ck_assert_int_eq(ctr_lmdb_seek(old, ctr_bytes(NULL, 0), false, &row), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(ctr_lmdb_seek(fresh, ctr_bytes(NULL, 0), false, &row), CENTRO_OK);
	/* One is kept for the next; what that sees is new. */
	ctr_lmdb_reader_close(f.db, old);
	ctr_lmdb_reader_close(f.db, fresh);
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &fresh), CENTRO_OK);
	ck_assert_int_eq(ctr_lmdb_seek(fresh, ctr_bytes(NULL, 0), false, &row), CENTRO_OK);
	ctr_lmdb_reader_close(f.db, fresh);
}
END_TEST

START_TEST(as_many_readers_as_scans_fit)
{
	struct ctr_lmdb_reader *readers[CENTRO_STORE_SCANS_MAX];
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CENTRO_STORE_SCANS_MAX; i++)
			ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &readers[i]), CENTRO_OK);
		for (int i = 0; i < CENTRO_STORE_SCANS_MAX; i++)
			ctr_lmdb_reader_close(f.db, readers[i]);
	}
}
END_TEST

START_TEST(without_memory_there_is_no_reader)
{
	struct failing_allocator failing;
	struct ctr_lmdb_reader *reader;
	failing_allocator_init(&failing, 0);
	f.options.allocator = &failing.allocator;
	ck_assert_int_eq(lmdb_fixture_open(&f), CENTRO_OK);
	failing.fail_at = failing.calls + 1;
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &reader), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_lmdb_reader_open(f.db, &reader), CENTRO_OK);
	ctr_lmdb_reader_close(f.db, reader);
	lmdb_fixture_close(&f);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_read");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, own_rows_are_left_out);
	tcase_add_test(tcase, an_empty_store_shows_nothing);
	tcase_add_test(tcase, a_value_over_the_limit_is_corrupt);
	tcase_add_test(tcase, a_reader_stays_at_its_revision);
	tcase_add_test(tcase, as_many_readers_as_scans_fit);
	tcase_add_test(tcase, without_memory_there_is_no_reader);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
