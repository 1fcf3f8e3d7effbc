/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/memory_map.c. */
#include "store/memory_map.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct failing_allocator counting;
static struct ctr_memory_map map;

static void setup(void)
{
	failing_allocator_init(&counting, 0);
	ck_assert_int_eq(ctr_memory_map_init(&map, &counting.allocator), CENTRO_OK);
}

static void teardown(void)
{
	ctr_memory_map_fini(&map);
	ck_assert_uint_eq(counting.live, 0);
}

static void put(const char *key, const char *value, uint64_t revision)
{
	struct ctr_memory_row *row =
		ctr_memory_row_new(&map, ctr_bytes_str(key), ctr_bytes_str(value));
	ctr_memory_map_put(&map, row, revision);
}

static void add(struct ctr_buf *buf, const struct ctr_memory_row *row)
{
	ctr_buf_append_bytes(buf, ctr_memory_row_key(row));
	ctr_buf_append_char(buf, '=');
	ctr_buf_append_bytes(buf, ctr_memory_row_value(row));
	ctr_buf_append_char(buf, ' ');
}

/* Both ways, from the ends. */
static void assert_holds(uint64_t revision, const char *forward, const char *backward)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	const struct ctr_memory_row *row = ctr_memory_map_seek(&map, ctr_bytes(NULL, 0), revision);
	for (; row; row = ctr_memory_map_next(row, revision))
		add(&buf, row);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(forward)));
	ctr_buf_clear(&buf);
	row = ctr_memory_map_seek_before(&map, ctr_bytes(NULL, 0), revision);
	for (; row; row = ctr_memory_map_prev(&map, row, revision))
		add(&buf, row);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(backward)));
	ctr_buf_fini(&buf);
}

START_TEST(old_revisions_can_be_read)
{
	put("b", "1", 1);
	put("a", "1", 1);
	put("b", "2", 2);
	put("c", "2", 2);
	ctr_memory_map_delete(&map, ctr_bytes_str("a"), 3);
	ctr_memory_map_delete(&map, ctr_bytes_str("x"), 3);
	put("b", "4", 4);
	put("a", "4", 4);

	assert_holds(0, "", "");
	assert_holds(1, "a=1 b=1 ", "b=1 a=1 ");
	assert_holds(2, "a=1 b=2 c=2 ", "c=2 b=2 a=1 ");
	assert_holds(3, "b=2 c=2 ", "c=2 b=2 ");
	assert_holds(4, "a=4 b=4 c=2 ", "c=2 b=4 a=4 ");
}
END_TEST

START_TEST(seeking_finds_the_neighbour)
{
	put("b", "", 1);
	put("d", "", 1);
	ctr_memory_map_delete(&map, ctr_bytes_str("d"), 2);
	static const struct {
		const char *key;
		uint64_t revision;
		const char *at_or_after, *before;
	} rows[] = {
		{"a", 1, "b", NULL}, {"b", 1, "b", NULL}, {"c", 1, "d", "b"},
		{"e", 1, NULL, "d"}, {"c", 2, NULL, "b"}, {"e", 2, NULL, "b"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ctr_memory_row *after =
			ctr_memory_map_seek(&map, ctr_bytes_str(rows[i].key), rows[i].revision);
		const struct ctr_memory_row *before = ctr_memory_map_seek_before(
			&map, ctr_bytes_str(rows[i].key), rows[i].revision);
		ck_assert_int_eq(after != NULL, rows[i].at_or_after != NULL);
		ck_assert_int_eq(before != NULL, rows[i].before != NULL);
		ck_assert(!after || ctr_memory_row_key(after).data[0] == rows[i].at_or_after[0]);
		ck_assert(!before || ctr_memory_row_key(before).data[0] == rows[i].before[0]);
	}
}
END_TEST

START_TEST(within_one_revision_the_last_wins)
{
	put("a", "1", 5);
	put("a", "2", 5);
	ctr_memory_map_delete(&map, ctr_bytes_str("a"), 5);
	put("a", "3", 5);
	put("b", "1", 5);
	ctr_memory_map_delete(&map, ctr_bytes_str("b"), 5);
	assert_holds(5, "a=3 ", "a=3 ");
	ck_assert_ptr_null(ctr_memory_map_find(&map, ctr_bytes_str("b")));
	ck_assert_ptr_nonnull(ctr_memory_map_find(&map, ctr_bytes_str("a")));
	ctr_memory_map_sweep(&map, 5);
	assert_holds(5, "a=3 ", "a=3 ");
	ck_assert_uint_eq(counting.live, 2);
}
END_TEST

START_TEST(sweeping_frees_what_nobody_reads)
{
	put("a", "1", 1);
	put("b", "1", 1);
	put("a", "2", 2);
	put("a", "3", 3);
	ctr_memory_map_delete(&map, ctr_bytes_str("b"), 4);
	ck_assert_uint_eq(counting.live, 5);
	ctr_memory_map_sweep(&map, 1);
	ck_assert_uint_eq(counting.live, 5);
	ctr_memory_map_sweep(&map, 2);
	ck_assert_uint_eq(counting.live, 4);
	assert_holds(2, "a=2 b=1 ", "b=1 a=2 ");
	ctr_memory_map_sweep(&map, 4);
	ck_assert_uint_eq(counting.live, 2);
	assert_holds(4, "a=3 ", "a=3 ");
	ctr_memory_map_delete(&map, ctr_bytes_str("a"), 5);
	ctr_memory_map_sweep(&map, 5);
	ck_assert_uint_eq(counting.live, 1);
	ck_assert_uint_eq(map.bytes, 0);
	assert_holds(5, "", "");
}
END_TEST

/* In a scattered order (7919 is prime), with deletions between. */
START_TEST(many_rows_stay_in_order)
{
	enum { COUNT = 100000 };
	uint64_t bytes = map.bytes;
	for (unsigned int i = 0; i < COUNT; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%08u", i * 7919 % COUNT);
		put(key, "value", i + 1);
		if (i % 3 == 0) {
			ctr_memory_map_delete(&map, ctr_bytes_str(key), i + 1);
			ctr_memory_map_sweep(&map, i + 1);
		}
	}
	struct centro_bytes last = ctr_bytes(NULL, 0);
	size_t count = 0;
	const struct ctr_memory_row *row = ctr_memory_map_seek(&map, last, COUNT);
	for (; row; row = ctr_memory_map_next(row, COUNT)) {
		ck_assert(ctr_bytes_compare(last, ctr_memory_row_key(row)) < 0);
		last = ctr_memory_row_key(row);
		bytes += ctr_memory_row_bytes(row);
		count++;
	}
	ck_assert_uint_eq(count, COUNT - (COUNT + 2) / 3);
	ck_assert_uint_eq(bytes, map.bytes);
	ck_assert_uint_eq(counting.live, count + 1);
}
END_TEST

START_TEST(the_shape_is_the_same_each_time)
{
	struct ctr_memory_map other;
	ck_assert_int_eq(ctr_memory_map_init(&other, NULL), CENTRO_OK);
	int tall = 0;
	for (int i = 0; i < 1000; i++) {
		struct ctr_memory_row *a =
			ctr_memory_row_new(&map, ctr_bytes_str("k"), ctr_bytes_str(""));
		struct ctr_memory_row *b =
			ctr_memory_row_new(&other, ctr_bytes_str("k"), ctr_bytes_str(""));
		ck_assert_int_eq(a->level_count, b->level_count);
		tall += a->level_count > 1;
		ctr_memory_row_free(&map, a);
		ctr_memory_row_free(&other, b);
	}
	ck_assert_int_gt(tall, 200);
	ck_assert_int_lt(tall, 300);
	ctr_memory_map_fini(&other);
}
END_TEST

START_TEST(allocations_may_fail)
{
	struct failing_allocator failing;
	struct ctr_memory_map none;
	failing_allocator_init(&failing, 1);
	ck_assert_int_eq(ctr_memory_map_init(&none, &failing.allocator), CENTRO_ERR_NOMEM);
	ctr_memory_map_fini(&none);
	counting.fail_at = counting.calls + 1;
	ck_assert_ptr_null(ctr_memory_row_new(&map, ctr_bytes_str("k"), ctr_bytes_str("")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/memory_map");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, old_revisions_can_be_read);
	tcase_add_test(tcase, seeking_finds_the_neighbour);
	tcase_add_test(tcase, within_one_revision_the_last_wins);
	tcase_add_test(tcase, sweeping_frees_what_nobody_reads);
	tcase_add_test(tcase, many_rows_stay_in_order);
	tcase_add_test(tcase, the_shape_is_the_same_each_time);
	tcase_add_test(tcase, allocations_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
