/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/map.c and map_index.h. */
#include "base/map.h"

#include <signal.h>

#include "base/map_index.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* The value of key k is &values[k], so that a value tells its key. */
#define KEYS 1000
static char values[KEYS];

static void insert(struct ctr_map *map, uint64_t key)
{
	ck_assert_int_eq(ctr_map_reserve(map, 1), CENTRO_OK);
	ctr_map_insert(map, key, &values[key]);
}

START_TEST(an_empty_map_finds_nothing)
{
	struct ctr_map map;
	size_t cursor = 0;
	ctr_map_init(&map, NULL);
	ck_assert_ptr_null(ctr_map_find(&map, 1));
	ck_assert_ptr_null(ctr_map_remove(&map, 1));
	ck_assert_ptr_null(ctr_map_next(&map, &cursor));
	ck_assert_int_eq(ctr_map_reserve(&map, 0), CENTRO_OK);
	ctr_map_fini(&map);
}
END_TEST

START_TEST(any_number_is_a_key)
{
	static const uint64_t keys[] = {0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	ck_assert_int_eq(ctr_map_reserve(&map, 5), CENTRO_OK);
	for (size_t i = 0; i < 5; i++)
		ctr_map_insert(&map, keys[i], &values[i]);
	for (size_t i = 0; i < 5; i++)
		ck_assert_ptr_eq(ctr_map_find(&map, keys[i]), &values[i]);
	ck_assert_ptr_null(ctr_map_find(&map, 2));
	ctr_map_fini(&map);
}
END_TEST

START_TEST(iteration_follows_insertion)
{
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	for (uint64_t i = 0; i < KEYS; i++)
		insert(&map, i * 7 % KEYS);
	for (uint64_t i = 0; i < KEYS; i += 2)
		ck_assert_ptr_nonnull(ctr_map_remove(&map, i * 7 % KEYS));

	/* Also after the holes were moved out. */
	for (int pass = 0; pass < 2; pass++) {
		uint64_t expected = 1;
		ctr_map_for_each (char, value, &map) {
			ck_assert_ptr_eq(value, &values[expected * 7 % KEYS]);
			expected += 2;
		}
		ck_assert_uint_eq(expected, KEYS + 1);
		ck_assert_int_eq(ctr_map_reserve(&map, KEYS), CENTRO_OK);
	}
	ck_assert_uint_eq(map.used, map.count);
	ctr_map_fini(&map);
}
END_TEST

START_TEST(a_break_ends_the_iteration)
{
	struct ctr_map map;
	int visited = 0;
	ctr_map_init(&map, NULL);
	for (uint64_t i = 0; i < 10; i++)
		insert(&map, i);
	ctr_map_for_each (char, value, &map) {
		if (++visited == 3)
			break;
	}
	ck_assert_int_eq(visited, 3);
	ctr_map_fini(&map);
}
END_TEST

START_TEST(an_iteration_sees_changes)
{
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	ck_assert_int_eq(ctr_map_reserve(&map, 20), CENTRO_OK);
	for (uint64_t i = 0; i < 10; i++)
		ctr_map_insert(&map, i, &values[i]);

	/* Each even entry removes itself and the next, and the first adds one. */
	size_t visited = 0;
	ctr_map_for_each (char, value, &map) {
		uint64_t key = (uint64_t)(value - values);
		if (visited == 0)
			ctr_map_insert(&map, 100, &values[100]);
		visited++;
		ctr_map_remove(&map, key);
		ctr_map_remove(&map, key + 1);
	}
	ck_assert_uint_eq(visited, 6);
	ck_assert_uint_eq(map.count, 0);
	ctr_map_fini(&map);
}
END_TEST

START_TEST(random_changes_agree_with_an_array)
{
	struct ctr_map map;
	struct ctr_prng prng;
	bool present[KEYS] = {false};
	size_t count = 0;
	ctr_map_init(&map, NULL);
	ctr_prng_init(&prng, 1);

	for (int step = 0; step < 20000; step++) {
		uint64_t key = ctr_prng_below(&prng, KEYS);
		ck_assert_ptr_eq(ctr_map_find(&map, key), present[key] ? &values[key] : NULL);
		if (present[key]) {
			ck_assert_ptr_eq(ctr_map_remove(&map, key), &values[key]);
			ck_assert_ptr_null(ctr_map_remove(&map, key));
			count--;
		} else {
			insert(&map, key);
			count++;
		}
		present[key] = !present[key];
		ck_assert_uint_eq(map.count, count);
	}
	ctr_map_fini(&map);
}
END_TEST

/* A queue that stays short keeps its table small, however much passes through. */
START_TEST(holes_are_used_again)
{
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	for (uint64_t i = 0; i < 20000; i++) {
		ck_assert_int_eq(ctr_map_reserve(&map, 1), CENTRO_OK);
		ctr_map_insert(&map, i, values);
		if (i >= 10)
			ck_assert_ptr_nonnull(ctr_map_remove(&map, i - 10));
	}
	ck_assert_uint_eq(map.count, 10);
	ck_assert_uint_le(map.slots_capacity, 32);
	ctr_map_fini(&map);
}
END_TEST

START_TEST(reserved_room_needs_no_memory)
{
	struct failing_allocator failing;
	struct ctr_map map;
	failing_allocator_init(&failing, 3);
	ctr_map_init(&map, &failing.allocator);
	ck_assert_int_eq(ctr_map_reserve(&map, KEYS), CENTRO_OK);
	for (uint64_t i = 0; i < KEYS; i++)
		ctr_map_insert(&map, i, &values[i]);
	ck_assert_uint_eq(failing.calls, 2);
	ctr_map_fini(&map);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

/* Fill a map; stop at a refused reserve. What was in it must still be there. */
static void fill(const struct centro_allocator *allocator)
{
	struct ctr_map map;
	uint64_t count = 0;
	ctr_map_init(&map, allocator);
	while (count < KEYS && ctr_map_reserve(&map, 1) == CENTRO_OK) {
		ctr_map_insert(&map, count, &values[count]);
		count++;
	}
	for (uint64_t i = 0; i < KEYS; i++)
		ck_assert_ptr_eq(ctr_map_find(&map, i), i < count ? &values[i] : NULL);
	ctr_map_fini(&map);
}

START_TEST(a_failed_reserve_changes_nothing)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		fill(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 4);
}
END_TEST

START_TEST(there_is_a_limit)
{
	struct ctr_map map;
	size_t slots;
	ctr_map_init(&map, NULL);
	ck_assert_int_eq(ctr_map_reserve(&map, CTR_MAP_SLOTS_MAX + 1), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_map_reserve(&map, SIZE_MAX), CENTRO_ERR_NOMEM);
	ctr_map_fini(&map);

	const size_t max = CTR_MAP_SLOTS_MAX;
	ck_assert(!ctr_map_slots_wanted(max, max, 1, &slots));
	ck_assert(!ctr_map_slots_wanted(max - 1, max, 1, &slots));
	ck_assert(ctr_map_slots_wanted(max / 2, max, 1, &slots));
	ck_assert_uint_eq(slots, max);
	ck_assert(ctr_map_slots_wanted(max / 2, max / 2, 1, &slots));
	ck_assert_uint_eq(slots, max);
}
END_TEST

START_TEST(inserting_without_room_is_a_mistake)
{
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	ctr_map_insert(&map, 1, values);
}
END_TEST

START_TEST(inserting_twice_is_a_mistake)
{
	struct ctr_map map;
	ctr_map_init(&map, NULL);
	insert(&map, 1);
	insert(&map, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/map");
	TCase *tcase = tcase_create("map");
	tcase_add_test(tcase, an_empty_map_finds_nothing);
	tcase_add_test(tcase, any_number_is_a_key);
	tcase_add_test(tcase, iteration_follows_insertion);
	tcase_add_test(tcase, a_break_ends_the_iteration);
	tcase_add_test(tcase, an_iteration_sees_changes);
	tcase_add_test(tcase, random_changes_agree_with_an_array);
	tcase_add_test(tcase, holes_are_used_again);
	tcase_add_test(tcase, reserved_room_needs_no_memory);
	tcase_add_test(tcase, a_failed_reserve_changes_nothing);
	tcase_add_test(tcase, there_is_a_limit);
	tcase_add_test_raise_signal(tcase, inserting_without_room_is_a_mistake, SIGABRT);
	tcase_add_test_raise_signal(tcase, inserting_twice_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
