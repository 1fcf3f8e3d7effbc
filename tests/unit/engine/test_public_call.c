/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_call.c: calls that wait take no memory in the long run. */
#include "public_fixture.h"

#include "engine/public.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct owner owner;
static struct failing_allocator counting;

static void setup(void)
{
	owner_init(&owner);
	failing_allocator_init(&counting, 0);
	owner.allocator = &counting.allocator;
	owner_open(&owner);
}

static void teardown(void)
{
	owner_fini(&owner);
	ck_assert_uint_eq(counting.live, 0);
}

static int cancel_nothing(void)
{
	return centro_engine_cancel(owner.engine, owner.now, 99, NULL, NULL, owner_done, &owner);
}

START_TEST(calls_are_used_again)
{
	ck_assert_int_eq(cancel_nothing(), CENTRO_OK);
	owner_settle(&owner);
	size_t calls = counting.calls;
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(cancel_nothing(), CENTRO_OK);
		owner_dispatch(&owner);
	}
	ck_assert_int_eq(owner.answers, 1001);
	ck_assert_uint_eq(counting.calls, calls);
}
END_TEST

START_TEST(a_burst_does_not_stay_in_memory)
{
	for (int i = 0; i < 3000; i++)
		ck_assert_int_eq(cancel_nothing(), CENTRO_OK);
	size_t live = counting.live;
	owner_settle(&owner);
	ck_assert_int_eq(owner.answers, 3000);
	ck_assert_uint_le(owner.engine->pool_count, 1024);
	ck_assert_uint_le(counting.live, live - 3000 + 1024 + 16);
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_calls)
{
	owner_register(&owner, "n1", 1);
	centro_job_id first = owner_submit(&owner, 1);
	ck_assert_int_eq(centro_engine_cancel(owner.engine, owner.now, first, NULL, NULL,
					      owner_done, &owner),
			 CENTRO_OK);
	ck_assert_int_eq(cancel_nothing(), CENTRO_OK);
	owner_settle(&owner);
	ck_assert_int_eq(owner.status, CENTRO_ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_call");
	TCase *tcase = tcase_create("public_call");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, calls_are_used_again);
	tcase_add_test(tcase, a_burst_does_not_stay_in_memory);
	tcase_add_test(tcase, answers_come_in_the_order_of_the_calls);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
