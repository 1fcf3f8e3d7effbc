/* SPDX-License-Identifier: MIT */
/* Small parts of what follows a job: base64, and when to try again. */
#include <stdlib.h>
#include <string.h>

#include "log_stream.h"
#include "support/suite.h"

static void decodes(const char *text, const char *bytes, size_t size)
{
	char *copy = strdup(text);
	size_t decoded = base64_decode(copy);
	ck_assert_uint_eq(decoded, size);
	ck_assert_mem_eq(copy, bytes, size);
	free(copy);
}

START_TEST(base64)
{
	decodes("", "", 0);
	decodes("aGVsbG8=", "hello", 5);
	decodes("aGVsbG8gdw==", "hello w", 7);
	decodes("aGVsbG8h", "hello!", 6);
	decodes("AP+/+w==", "\0\xff\xbf\xfb", 4);
	decodes("aGVs\nbG8=", "hel", 3);
	decodes("aGVsbG8", "hello", 5);
}
END_TEST

#define SECOND UINT64_C(1000000000)

START_TEST(retries_end)
{
	struct retry retry = {0};
	uint64_t now = 1000 * SECOND;
	ck_assert(retry_is_due(&retry, now));
	ck_assert_int_eq(retry_wait_ms(&retry, now), 0);
	ck_assert(retry_plan(&retry, now));
	ck_assert(!retry_is_due(&retry, now));
	ck_assert_int_eq(retry_wait_ms(&retry, now), 100);
	ck_assert(retry_is_due(&retry, now + SECOND));
	ck_assert(retry_plan(&retry, now + RETRY_LIMIT_NS - SECOND));
	ck_assert(!retry_plan(&retry, now + RETRY_LIMIT_NS));
	retry_reset(&retry);
	ck_assert(retry_plan(&retry, now + 2 * RETRY_LIMIT_NS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/stream");
	TCase *tcase = tcase_create("stream");
	tcase_add_test(tcase, base64);
	tcase_add_test(tcase, retries_end);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
