/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/ring.c. */
#include "wire/ring.h"

#include <string.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* The bytes of a sequence that does not repeat soon. */
static uint8_t byte_at(size_t n)
{
	return (uint8_t)(n * 31 + n / 251);
}

static void append_next(struct ctr_ring *ring, size_t *written, size_t size)
{
	uint8_t bytes[512];
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at((*written)++);
	ck_assert_int_eq(ctr_ring_reserve(ring, size), CENTRO_OK);
	ctr_ring_append(ring, ctr_bytes(bytes, size));
}

static void check_next(struct ctr_ring *ring, size_t *read, size_t size)
{
	struct centro_bytes parts[2];
	ctr_ring_peek(ring, size, parts);
	ck_assert_uint_eq(parts[0].size + parts[1].size, size);
	bool is_right = true;
	for (size_t part = 0; part < 2; part++) {
		for (size_t i = 0; i < parts[part].size; i++)
			is_right &= parts[part].data[i] == byte_at((*read)++);
	}
	ck_assert(is_right);
	ctr_ring_consume(ring, size);
}

START_TEST(what_goes_in_comes_out_in_order)
{
	struct ctr_ring ring;
	struct ctr_prng prng;
	size_t written = 0, read = 0;
	ctr_ring_init(&ring, NULL);
	ctr_prng_init(&prng, 3);
	for (size_t i = 0; i < 5000; i++) {
		append_next(&ring, &written, ctr_prng_below(&prng, 300));
		check_next(&ring, &read, ctr_prng_below(&prng, ring.size + 1));
	}
	check_next(&ring, &read, ring.size);
	ck_assert_uint_eq(written, read);
	ck_assert_uint_eq(ring.head, 0);
	ctr_ring_fini(&ring);
}
END_TEST

START_TEST(growing_unwraps)
{
	struct ctr_ring ring;
	size_t written = 0, read = 0;
	ctr_ring_init(&ring, NULL);
	append_next(&ring, &written, 250);
	check_next(&ring, &read, 200);
	append_next(&ring, &written, 200); /* over the end */
	append_next(&ring, &written, 500);
	struct centro_bytes parts[2];
	ctr_ring_peek(&ring, ring.size, parts);
	ck_assert_uint_eq(parts[1].size, 0);
	check_next(&ring, &read, 750);
	ctr_ring_fini(&ring);
}
END_TEST

START_TEST(clearing_gives_much_back_and_keeps_little)
{
	struct ctr_ring ring;
	size_t written = 0;
	ctr_ring_init(&ring, NULL);
	append_next(&ring, &written, 100);
	ctr_ring_clear(&ring, 1024);
	ck_assert_uint_eq(ring.size, 0);
	ck_assert_uint_gt(ring.capacity, 0);
	ck_assert_int_eq(ctr_ring_reserve(&ring, 5000), CENTRO_OK);
	ctr_ring_clear(&ring, 1024);
	ck_assert_uint_eq(ring.capacity, 0);
	ctr_ring_fini(&ring);
}
END_TEST

START_TEST(without_memory_it_stays_as_it_was)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, /* fail_at= */ 2);
	struct ctr_ring ring;
	size_t written = 0, read = 0;
	ctr_ring_init(&ring, &failing.allocator);
	append_next(&ring, &written, 100);
	ck_assert_int_eq(ctr_ring_reserve(&ring, 1000), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_ring_reserve(&ring, SIZE_MAX), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_ring_reserve(&ring, SIZE_MAX / 2 + 1), CENTRO_ERR_NOMEM);
	check_next(&ring, &read, 100);
	ctr_ring_fini(&ring);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/ring");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, what_goes_in_comes_out_in_order);
	tcase_add_test(tcase, growing_unwraps);
	tcase_add_test(tcase, clearing_gives_much_back_and_keeps_little);
	tcase_add_test(tcase, without_memory_it_stays_as_it_was);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
