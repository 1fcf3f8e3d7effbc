/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/recent.c. */
#include "engine/recent.h"

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static void add(struct ctr_recent *recent, uint64_t id, size_t size)
{
	uint8_t *data = malloc(size);
	memset(data, (int)(id % 251), size);
	ctr_recent_add(recent, id, ctr_bytes(data, size));
	free(data);
}

static bool has(const struct ctr_recent *recent, uint64_t id, size_t size)
{
	struct centro_bytes found = ctr_recent_find(recent, id);
	if (found.size == 0)
		return false;
	ck_assert_uint_eq(found.size, size);
	size_t same = 0;
	while (same < size && found.data[same] == id % 251)
		same++;
	ck_assert_uint_eq(same, size);
	return true;
}

START_TEST(the_oldest_make_room_by_number)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 0);
	struct ctr_recent recent;
	ck_assert_int_eq(ctr_recent_init(&recent, &failing.allocator, 3, 1 << 20), CENTRO_OK);
	for (uint64_t id = 1; id <= 3; id++)
		add(&recent, id, 100);
	ck_assert(has(&recent, 1, 100));
	add(&recent, 4, 100);
	ck_assert(!has(&recent, 1, 100));
	ck_assert(has(&recent, 2, 100) && has(&recent, 3, 100) && has(&recent, 4, 100));
	ck_assert_uint_eq(recent.count, 3);

	/* Jobs of one size flow through without taking memory, but for the index now and then. */
	for (uint64_t id = 5; id < 100; id++)
		add(&recent, id, 100);
	size_t calls = failing.calls;
	for (uint64_t id = 100; id < 200; id++)
		add(&recent, id, 90);
	ck_assert_uint_le(failing.calls - calls, 60);
	ctr_recent_fini(&recent);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(the_oldest_make_room_by_bytes)
{
	struct ctr_recent recent;
	ck_assert_int_eq(ctr_recent_init(&recent, ctr_allocator_or_default(NULL), 100, 8192),
			 CENTRO_OK);
	for (uint64_t id = 1; id <= 50; id++) {
		add(&recent, id, 1000);
		ck_assert(has(&recent, id, 1000));
		ck_assert_uint_le(recent.bytes, 8192);
	}
	ck_assert(!has(&recent, 42, 1000));
	ck_assert(has(&recent, 43, 1000));
	ctr_recent_fini(&recent);
}
END_TEST

START_TEST(what_is_too_large_is_left_out)
{
	struct ctr_recent recent;
	ck_assert_int_eq(ctr_recent_init(&recent, ctr_allocator_or_default(NULL), 10, 8000),
			 CENTRO_OK);
	add(&recent, 1, 1000);
	add(&recent, 2, 1001);
	ck_assert(has(&recent, 1, 1000));
	ck_assert(!has(&recent, 2, 1001));
	ctr_recent_fini(&recent);
}
END_TEST

START_TEST(clearing_forgets_everything)
{
	struct ctr_recent recent;
	ck_assert_int_eq(ctr_recent_init(&recent, ctr_allocator_or_default(NULL), 4, 8192),
			 CENTRO_OK);
	for (int round = 0; round < 3; round++) {
		for (uint64_t id = 1; id <= 6; id++)
			add(&recent, id, 300);
		ctr_recent_clear(&recent);
		ck_assert(!has(&recent, 6, 300));
		ck_assert_uint_eq(recent.count + recent.bytes, 0);
	}
	ctr_recent_fini(&recent);
}
END_TEST

START_TEST(sizes_may_change_from_job_to_job)
{
	struct ctr_recent recent;
	ck_assert_int_eq(ctr_recent_init(&recent, ctr_allocator_or_default(NULL), 7, 16384),
			 CENTRO_OK);
	uint64_t random = 1;
	size_t sizes[1000];
	for (uint64_t id = 1; id < 1000; id++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		sizes[id] = 1 + (random >> 33) % 2048;
		add(&recent, id, sizes[id]);
		ck_assert(has(&recent, id, sizes[id]));
		ck_assert(id == 1 || sizes[id] > 2000 || has(&recent, id - 1, sizes[id - 1]));
		ck_assert_uint_le(recent.bytes, 16384);
	}
	ctr_recent_fini(&recent);
}
END_TEST

static void fill(const struct centro_allocator *allocator)
{
	struct ctr_recent recent;
	if (ctr_recent_init(&recent, allocator, 4, 8192) == CENTRO_OK)
		for (uint64_t id = 1; id <= 20; id++)
			add(&recent, id, 100 * (1 + id % 9));
	ctr_recent_fini(&recent);
}

START_TEST(without_memory_a_job_is_left_out)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		fill(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/recent");
	TCase *tcase = tcase_create("recent");
	tcase_add_test(tcase, the_oldest_make_room_by_number);
	tcase_add_test(tcase, the_oldest_make_room_by_bytes);
	tcase_add_test(tcase, what_is_too_large_is_left_out);
	tcase_add_test(tcase, clearing_forgets_everything);
	tcase_add_test(tcase, sizes_may_change_from_job_to_job);
	tcase_add_test(tcase, without_memory_a_job_is_left_out);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
