/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/bytes_map.c. */
#include "base/map.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define KEYS 500

/* A value holds its own key, as the map expects. */
struct value {
	char key[16];
	bool present;
};
static struct value values[KEYS];

static void make_values(void)
{
	for (int i = 0; i < KEYS; i++)
		snprintf(values[i].key, sizeof(values[i].key), "key-%d", i);
}

static struct centro_bytes key_of(size_t i)
{
	return ctr_bytes_str(values[i].key);
}

static void insert(struct ctr_bytes_map *map, size_t i)
{
	ck_assert_int_eq(ctr_bytes_map_reserve(map, 1), CENTRO_OK);
	ctr_bytes_map_insert(map, key_of(i), &values[i]);
}

START_TEST(an_empty_map_finds_nothing)
{
	struct ctr_bytes_map map;
	size_t cursor = 0;
	ctr_bytes_map_init(&map, NULL, 1);
	ck_assert_ptr_null(ctr_bytes_map_find(&map, ctr_bytes_str("a")));
	ck_assert_ptr_null(ctr_bytes_map_remove(&map, ctr_bytes_str("a")));
	ck_assert_ptr_null(ctr_bytes_map_next(&map, &cursor));
	ctr_bytes_map_fini(&map);
}
END_TEST

START_TEST(keys_are_bytes)
{
	struct ctr_bytes_map map;
	ctr_bytes_map_init(&map, NULL, 1);
	ck_assert_int_eq(ctr_bytes_map_reserve(&map, 3), CENTRO_OK);
	ctr_bytes_map_insert(&map, (struct centro_bytes){0}, &values[0]);
	ctr_bytes_map_insert(&map, ctr_bytes("a\0b", 3), &values[1]);
	ctr_bytes_map_insert(&map, ctr_bytes("a", 1), &values[2]);

	ck_assert_ptr_eq(ctr_bytes_map_find(&map, ctr_bytes_str("")), &values[0]);
	ck_assert_ptr_eq(ctr_bytes_map_find(&map, ctr_bytes("a\0b", 3)), &values[1]);
	ck_assert_ptr_eq(ctr_bytes_map_find(&map, ctr_bytes_str("a")), &values[2]);
	ck_assert_ptr_null(ctr_bytes_map_find(&map, ctr_bytes("a\0", 2)));

	/* The empty key is no hole, and a hole is not the empty key. */
	ck_assert_ptr_eq(ctr_bytes_map_remove(&map, ctr_bytes_str("")), &values[0]);
	ck_assert_ptr_null(ctr_bytes_map_remove(&map, ctr_bytes_str("")));
	ctr_bytes_map_insert(&map, ctr_bytes_str(""), &values[3]);
	ck_assert_ptr_eq(ctr_bytes_map_find(&map, ctr_bytes_str("")), &values[3]);
	ctr_bytes_map_fini(&map);
}
END_TEST

START_TEST(the_seed_does_not_change_the_order)
{
	for (uint64_t seed = 0; seed < 3; seed++) {
		struct ctr_bytes_map map;
		ctr_bytes_map_init(&map, NULL, seed);
		for (size_t i = 0; i < KEYS; i++)
			insert(&map, i);
		for (size_t i = 0; i < KEYS; i += 2)
			ck_assert_ptr_eq(ctr_bytes_map_remove(&map, key_of(i)), &values[i]);
		ck_assert_int_eq(ctr_bytes_map_reserve(&map, 2 * KEYS), CENTRO_OK);

		size_t cursor = 0;
		for (size_t i = 1; i < KEYS; i += 2)
			ck_assert_ptr_eq(ctr_bytes_map_next(&map, &cursor), &values[i]);
		ck_assert_ptr_null(ctr_bytes_map_next(&map, &cursor));
		ctr_bytes_map_fini(&map);
	}
}
END_TEST

/* A key lives only as long as its entry: a hole must not look at it. */
START_TEST(a_removed_key_is_forgotten)
{
	struct ctr_bytes_map map;
	ctr_bytes_map_init(&map, NULL, 1);
	for (int i = 0; i < 1000; i++) {
		char *key = strdup("the same every time");
		ck_assert_int_eq(ctr_bytes_map_reserve(&map, 1), CENTRO_OK);
		ctr_bytes_map_insert(&map, ctr_bytes_str(key), &values[0]);
		ck_assert_ptr_eq(ctr_bytes_map_remove(&map, ctr_bytes_str(key)), &values[0]);
		free(key);
		ck_assert_ptr_null(ctr_bytes_map_find(&map, ctr_bytes_str("the same every time")));
	}
	ck_assert_uint_le(map.slots_capacity, 16);
	ctr_bytes_map_fini(&map);
}
END_TEST

START_TEST(random_changes_agree_with_flags)
{
	struct ctr_bytes_map map;
	struct ctr_prng prng;
	ctr_bytes_map_init(&map, NULL, 42);
	ctr_prng_init(&prng, 1);

	for (int step = 0; step < 20000; step++) {
		size_t i = ctr_prng_below(&prng, KEYS);
		struct value *value = &values[i];
		ck_assert_ptr_eq(ctr_bytes_map_find(&map, key_of(i)),
				 value->present ? value : NULL);
		if (value->present)
			ck_assert_ptr_eq(ctr_bytes_map_remove(&map, key_of(i)), value);
		else
			insert(&map, i);
		value->present = !value->present;
	}
	ctr_bytes_map_fini(&map);
}
END_TEST

static void fill(const struct centro_allocator *allocator)
{
	struct ctr_bytes_map map;
	size_t count = 0;
	ctr_bytes_map_init(&map, allocator, 1);
	while (count < KEYS && ctr_bytes_map_reserve(&map, 1) == CENTRO_OK) {
		ctr_bytes_map_insert(&map, key_of(count), &values[count]);
		count++;
	}
	for (size_t i = 0; i < KEYS; i++)
		ck_assert_ptr_eq(ctr_bytes_map_find(&map, key_of(i)),
				 i < count ? &values[i] : NULL);
	ctr_bytes_map_fini(&map);
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

START_TEST(inserting_without_room_is_a_mistake)
{
	struct ctr_bytes_map map;
	ctr_bytes_map_init(&map, NULL, 1);
	ctr_bytes_map_insert(&map, ctr_bytes_str("a"), &values[0]);
}
END_TEST

START_TEST(inserting_twice_is_a_mistake)
{
	struct ctr_bytes_map map;
	ctr_bytes_map_init(&map, NULL, 1);
	insert(&map, 1);
	insert(&map, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/bytes_map");
	TCase *tcase = tcase_create("bytes_map");
	tcase_add_unchecked_fixture(tcase, make_values, NULL);
	tcase_add_test(tcase, an_empty_map_finds_nothing);
	tcase_add_test(tcase, keys_are_bytes);
	tcase_add_test(tcase, the_seed_does_not_change_the_order);
	tcase_add_test(tcase, a_removed_key_is_forgotten);
	tcase_add_test(tcase, random_changes_agree_with_flags);
	tcase_add_test(tcase, a_failed_reserve_changes_nothing);
	tcase_add_test_raise_signal(tcase, inserting_without_room_is_a_mistake, SIGABRT);
	tcase_add_test_raise_signal(tcase, inserting_twice_is_a_mistake, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
