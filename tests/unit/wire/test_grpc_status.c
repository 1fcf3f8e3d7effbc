/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_status.c. */
#include <centro/error.h>

#include "base/assert.h"
#include "support/suite.h"
#include "wire/grpc.h"

static const int all_errors[] = {CENTRO_OK,
#define X(name, value, short_name, help) CENTRO_ERR_##name,
				 CENTRO_ERROR_MAP(X)
#undef X
};

START_TEST(names)
{
	ck_assert_str_eq(ctr_grpc_status_name(0), "OK");
	ck_assert_str_eq(ctr_grpc_status_name(4), "DEADLINE_EXCEEDED");
	ck_assert_str_eq(ctr_grpc_status_name(16), "UNAUTHENTICATED");
	ck_assert_str_eq(ctr_grpc_status_name(17), "UNKNOWN");
	ck_assert_str_eq(ctr_grpc_status_name(UINT32_MAX), "UNKNOWN");
	ck_assert_int_eq(CTR_GRPC_UNIMPLEMENTED, 12);
}
END_TEST

START_TEST(every_error_has_a_status)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(all_errors); i++) {
		enum ctr_grpc_status status = ctr_grpc_status_from_error(all_errors[i]);
		ck_assert_int_ne(status, CTR_GRPC_UNKNOWN);
		ck_assert((status == CTR_GRPC_OK) == (all_errors[i] == CENTRO_OK));
	}
	ck_assert_int_eq(ctr_grpc_status_from_error(-1), CTR_GRPC_UNKNOWN);
}
END_TEST

START_TEST(what_is_retryable_stays_so)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(all_errors); i++) {
		int back = ctr_grpc_status_to_error(ctr_grpc_status_from_error(all_errors[i]));
		if (centro_error_is_retryable(all_errors[i]))
			ck_assert_msg(centro_error_is_retryable(back), "%s",
				      centro_error_name(all_errors[i]));
	}
}
END_TEST

START_TEST(the_way_back_is_one_of_the_errors_that_lead_there)
{
	for (uint32_t status = 0; status < CTR_GRPC_STATUS_COUNT; status++) {
		int error = ctr_grpc_status_to_error(status);
		ck_assert_str_ne(centro_error_name(error), "unknown");
		if (status != CTR_GRPC_UNKNOWN)
			ck_assert_uint_eq(ctr_grpc_status_from_error(error), status);
	}
	ck_assert_int_eq(ctr_grpc_status_to_error(99), CENTRO_ERR_INTERNAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_status");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, every_error_has_a_status);
	tcase_add_test(tcase, what_is_retryable_stays_so);
	tcase_add_test(tcase, the_way_back_is_one_of_the_errors_that_lead_there);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
