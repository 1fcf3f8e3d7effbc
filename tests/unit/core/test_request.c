/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/request.c. */
#include "core/request.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct ctr_request request_of(const struct ctr_request_table *table, uint64_t number,
				     uint64_t expires)
{
	char id[32];
	snprintf(id, sizeof(id), "request-%llu", (unsigned long long)number);
	return (struct ctr_request){
		.key = ctr_request_key(table, ctr_bytes_str("owner"), ctr_bytes_str(id)),
		.spec_hash = number * 3,
		.job = number + 1,
		.expires = {expires},
	};
}

static void insert(struct ctr_request_table *table, uint64_t number, uint64_t expires, uint64_t now)
{
	struct ctr_request request = request_of(table, number, expires);
	ck_assert_int_eq(ctr_requests_reserve(table), CENTRO_OK);
	ctr_requests_insert(table, &request, (struct centro_instant){now});
}

static bool knows(const struct ctr_request_table *table, uint64_t number, uint64_t now)
{
	struct ctr_request request = request_of(table, number, 0);
	const struct ctr_request *found =
		ctr_requests_find(table, &request.key, (struct centro_instant){now});
	if (found)
		ck_assert_uint_eq(found->job, number + 1);
	return found;
}

START_TEST(owner_and_id_make_the_key)
{
	struct ctr_request_table table;
	ctr_requests_init(&table, NULL, 1, 10);
	const char *const pairs[][2] = {
		{"a", "bc"}, {"ab", "c"}, {"", "abc"}, {"a", "b"}, {"b", "a"},
	};

	for (size_t i = 0; i < 5; i++) {
		for (size_t j = 0; j < 5; j++) {
			struct ctr_request_key a = ctr_request_key(
				&table, ctr_bytes_str(pairs[i][0]), ctr_bytes_str(pairs[i][1]));
			struct ctr_request_key b = ctr_request_key(
				&table, ctr_bytes_str(pairs[j][0]), ctr_bytes_str(pairs[j][1]));
			ck_assert_int_eq(a.high == b.high, i == j);
			ck_assert_int_eq(a.low == b.low, i == j);
		}
	}
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(a_request_is_known_until_it_expires)
{
	struct ctr_request_table table;
	ctr_requests_init(&table, NULL, 1, 1000);
	ck_assert(!knows(&table, 1, 0));
	insert(&table, 1, /* expires= */ 100, /* now= */ 0);
	ck_assert(knows(&table, 1, 99));
	ck_assert(!knows(&table, 1, 100));
	ck_assert(!knows(&table, 2, 0));

	/* Expired, it can be made again, while the old entry may still be there. */
	insert(&table, 1, 300, 200);
	ck_assert(knows(&table, 1, 299));
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(the_oldest_make_room)
{
	struct ctr_request_table table;
	ctr_requests_init(&table, NULL, 1, 100);
	for (uint64_t i = 0; i < 1000; i++) {
		insert(&table, i, UINT64_MAX, 0);
		ck_assert_uint_le(table.count, 100);
	}
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_int_eq(knows(&table, i, 0), i >= 900);
	ck_assert_uint_eq(table.capacity, 128);
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(what_has_expired_is_given_back)
{
	struct ctr_request_table table;
	ctr_requests_init(&table, NULL, 1, 1000000);
	for (uint64_t i = 0; i < 10000; i++)
		insert(&table, i, /* expires= */ i + 50, /* now= */ i);
	ck_assert_uint_le(table.count, 60);
	ck_assert_uint_le(table.capacity, 64);
	ck_assert(knows(&table, 9999, 9999));
	ctr_requests_fini(&table);
}
END_TEST

/* Against a plain array: the index keeps its entries whatever goes in and out. */
START_TEST(random_lives)
{
	enum { KEYS = 3000 };
	static uint64_t expires[KEYS];
	struct ctr_request_table table;
	struct ctr_prng prng;
	uint64_t now = 1;
	ctr_requests_init(&table, NULL, 7, UINT32_MAX / 16);
	ctr_prng_init(&prng, 11);

	for (int i = 0; i < 50000; i++) {
		uint64_t number = ctr_prng_below(&prng, KEYS);
		now += ctr_prng_below(&prng, 3);
		bool known = expires[number] > now;
		ck_assert_int_eq(knows(&table, number, now), known);
		if (known)
			continue;
		expires[number] = now + 2000;
		insert(&table, number, expires[number], now);
	}
	ck_assert_uint_gt(table.count, 500);
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(loading_knows_wall_times)
{
	struct ctr_request_table table;
	const struct centro_instant now = {5000}, wall = {1000000};
	const struct centro_span ttl = {1000};
	ctr_requests_init(&table, NULL, 1, 100);
	struct ctr_request young = request_of(&table, 1, wall.ns - 400);
	struct ctr_request old = request_of(&table, 2, wall.ns - 1000);
	struct ctr_request future = request_of(&table, 3, wall.ns + 77);
	struct ctr_request timeless = request_of(&table, 4, 0);

	ck_assert_int_eq(ctr_requests_reserve(&table), CENTRO_OK);
	ctr_requests_load(&table, &young);
	ctr_requests_load(&table, &old);
	ctr_requests_load(&table, &future);
	ctr_requests_load(&table, &timeless);
	ctr_requests_load_end(&table, now, wall, ttl);
	ck_assert(knows(&table, 1, 5599));
	ck_assert(!knows(&table, 1, 5600));
	ck_assert(!knows(&table, 2, 5000));
	ck_assert(knows(&table, 3, 5999));
	ck_assert(!knows(&table, 3, 6000));
	ck_assert(!knows(&table, 4, 5000));
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(of_two_jobs_with_one_id_the_younger_is_loaded)
{
	struct ctr_request_table table;
	ctr_requests_init(&table, NULL, 1, 100);
	struct ctr_request request = request_of(&table, 1, 50);

	ck_assert_int_eq(ctr_requests_reserve(&table), CENTRO_OK);
	request.job = 10;
	ctr_requests_load(&table, &request);
	request.job = 20;
	ctr_requests_load(&table, &request);
	request.job = 15;
	ctr_requests_load(&table, &request);
	ck_assert_uint_eq(table.count, 1);
	ck_assert_uint_eq(ctr_requests_find(&table, &request.key, (struct centro_instant){0})->job,
			  20);
	ctr_requests_fini(&table);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct failing_allocator failing;

	for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
		struct ctr_request_table table;
		failing_allocator_init(&failing, fail_at);
		ctr_requests_init(&table, &failing.allocator, 1, 1000);
		for (uint64_t i = 0; i < 65; i++) {
			while (ctr_requests_reserve(&table) != CENTRO_OK)
				ck_assert_uint_eq(table.count, i);
			insert(&table, i, 10, 0);
		}
		for (uint64_t i = 0; i < 65; i++)
			ck_assert(knows(&table, i, 0));
		ck_assert(failing.failed);
		ctr_requests_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request");
	TCase *tcase = tcase_create("request");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, owner_and_id_make_the_key);
	tcase_add_test(tcase, a_request_is_known_until_it_expires);
	tcase_add_test(tcase, the_oldest_make_room);
	tcase_add_test(tcase, what_has_expired_is_given_back);
	tcase_add_test(tcase, random_lives);
	tcase_add_test(tcase, loading_knows_wall_times);
	tcase_add_test(tcase, of_two_jobs_with_one_id_the_younger_is_loaded);
	tcase_add_test(tcase, without_memory_nothing_changes);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
