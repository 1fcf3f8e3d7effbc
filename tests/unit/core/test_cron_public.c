/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/cron_public.c. */
#include <centro/cron.h>

#include "base/bytes.h"
#include "base/time.h"
#include "support/suite.h"
#include "zone_file.h"

#define NOVEMBER_24 UINT64_C(1795478400) /* 2026-11-24T00:00:00Z */

static const struct centro_instant now = {NOVEMBER_24 * CTR_NS_PER_SEC};

START_TEST(in_a_zone_and_in_utc)
{
	struct centro_instant next;
	struct ctr_buf file = zone_file_read("Europe/Berlin");
	ck_assert_int_eq(centro_cron_next("30 6 * * *", ctr_bytes(NULL, 0), now, now, &next, NULL),
			 CENTRO_OK);
	ck_assert_uint_eq(next.ns, now.ns + 23400 * CTR_NS_PER_SEC);
	ck_assert_int_eq(
		centro_cron_next("30 6 * * *", ctr_buf_bytes(&file), now, now, &next, NULL),
		CENTRO_OK);
	ck_assert_uint_eq(next.ns, now.ns + 19800 * CTR_NS_PER_SEC);
	ck_assert_int_eq(
		centro_cron_next("@every 90s", ctr_buf_bytes(&file), now, now, &next, NULL),
		CENTRO_OK);
	ck_assert_uint_eq(next.ns, now.ns + 90 * CTR_NS_PER_SEC);
	ctr_buf_fini(&file);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	struct centro_instant next = {7};
	struct centro_error_text text;
	struct centro_bytes zone = ctr_bytes("TZif", 4);
	ck_assert_int_eq(centro_cron_next("61 * * * *", zone, now, now, &next, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "minute: 61 is above 59");
	ck_assert_int_eq(centro_cron_next("1 * * * *", zone, now, now, &next, &text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(text.text, "the zone file makes no sense: it ends within a header");
	ck_assert_int_eq(centro_cron_next("0 0 30 2 *", ctr_bytes(NULL, 0), now, now, &next, &text),
			 CENTRO_ERR_NOT_FOUND);
	ck_assert_str_eq(text.text, "there is no such time, or none before the year 2554");
	ck_assert_uint_eq(next.ns, 7);
}
END_TEST

START_TEST(offsets)
{
	int32_t offset = 7;
	struct ctr_buf file = zone_file_read("Europe/Berlin");
	struct centro_instant summer = {now.ns - UINT64_C(120) * 86400 * CTR_NS_PER_SEC};
	ck_assert_int_eq(centro_zone_offset(ctr_bytes("", 0), now, &offset, NULL), CENTRO_OK);
	ck_assert_int_eq(offset, 0);
	ck_assert_int_eq(centro_zone_offset(ctr_buf_bytes(&file), now, &offset, NULL), CENTRO_OK);
	ck_assert_int_eq(offset, 3600);
	ck_assert_int_eq(centro_zone_offset(ctr_buf_bytes(&file), summer, &offset, NULL),
			 CENTRO_OK);
	ck_assert_int_eq(offset, 7200);
	ck_assert_int_eq(centro_zone_offset(ctr_bytes("x", 1), now, &offset, NULL),
			 CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(centro_zone_offset(ctr_buf_bytes(&file),
					    (struct centro_instant){UINT64_MAX}, &offset, NULL),
			 CENTRO_OK);
	ctr_buf_fini(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cron_public");
	TCase *tcase = tcase_create("cron_public");

	tcase_add_test(tcase, in_a_zone_and_in_utc);
	tcase_add_test(tcase, what_is_wrong_is_said);
	tcase_add_test(tcase, offsets);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
