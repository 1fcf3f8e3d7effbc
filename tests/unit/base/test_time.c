/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/time.h. */
#include "base/time.h"

#include "support/suite.h"

static struct centro_instant at(uint64_t ns)
{
	return (struct centro_instant){ns};
}

START_TEST(sums_saturate)
{
	ck_assert_uint_eq(ctr_span_ms(2).ns, 2000000);
	ck_assert_uint_eq(ctr_span_ms(UINT64_MAX / 2).ns, UINT64_MAX);
	ck_assert_uint_eq(ctr_after(at(1), (struct centro_span){2}).ns, 3);
	ck_assert_uint_eq(ctr_after(at(2), (struct centro_span){UINT64_MAX - 1}).ns, UINT64_MAX);
	ck_assert_uint_eq(ctr_after(CTR_NEVER, (struct centro_span){5}).ns, CTR_NEVER.ns);
}
END_TEST

START_TEST(differences_do_not_wrap)
{
	ck_assert_uint_eq(ctr_between(at(3), at(10)).ns, 7);
	ck_assert_uint_eq(ctr_between(at(10), at(3)).ns, 0);
	ck_assert_uint_eq(ctr_between(at(3), at(3)).ns, 0);
}
END_TEST

START_TEST(deadlines)
{
	ck_assert(ctr_reached(at(3), at(3)));
	ck_assert(ctr_reached(at(3), at(4)));
	ck_assert(!ctr_reached(at(3), at(2)));
	ck_assert_uint_eq(ctr_earlier(at(3), at(2)).ns, 2);
	ck_assert_uint_eq(ctr_earlier(at(2), at(3)).ns, 2);
	ck_assert_uint_eq(ctr_earlier(at(2), CTR_NEVER).ns, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/time");
	TCase *tcase = tcase_create("time");
	tcase_add_test(tcase, sums_saturate);
	tcase_add_test(tcase, differences_do_not_wrap);
	tcase_add_test(tcase, deadlines);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
