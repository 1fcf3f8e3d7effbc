/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_call.c: calls of every shape, through both sides. */
#include "pump.h"
#include "support/suite.h"

START_TEST(a_unary_call)
{
	struct pump pump;
	ck_assert(pump_open(&pump, &(struct pump_options){.seed = 1}));
	struct pump_call *call = pump_unary(&pump, "/t/Echo", "hello");
	pump_expect(call, "H M(hello) C(OK:)");
	pump_expect(pump_served(&pump), "M(hello) E C(OK:)");
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.client), 0);
	ck_assert_uint_eq(ctr_grpc_conn_calls(pump.server), 0);
	pump_close(&pump);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_call");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_unary_call);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
