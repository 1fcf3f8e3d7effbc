/* SPDX-License-Identifier: MIT */
/* Tests of cli/progress.c: what is counted, and what is said. The line itself:
 * tests/system/test_submit.py. */
#include "progress.h"

#include <string.h>

#include "support/suite.h"

#define SECOND UINT64_C(1000000000)

static void says(struct progress_tally tally, uint64_t done_since, uint64_t elapsed_ns,
		 const char *expected)
{
	char text[160];
	ck_assert_str_eq(progress_text(&tally, done_since, elapsed_ns, text, sizeof(text)),
			 expected);
}

START_TEST(what_is_left_follows_from_the_rate)
{
	says((struct progress_tally){100, 0, 0, 0}, 0, 5 * SECOND, "0 of 100 done, 0 running");
	says((struct progress_tally){100, 25, 8, 2}, 25, 60 * SECOND,
	     "25 of 100 done, 8 running, 2 failed, about 3m00s left");
	/* Those that were done before we came say nothing of the rate. */
	says((struct progress_tally){100, 75, 8, 0}, 5, 10 * SECOND,
	     "75 of 100 done, 8 running, about 50s left");
	says((struct progress_tally){100, 75, 8, 0}, 0, 10 * SECOND, "75 of 100 done, 8 running");
	says((struct progress_tally){2, 2, 0, 0}, 2, SECOND, "2 of 2 done, 0 running");
}
END_TEST

START_TEST(instances_are_counted_by_state)
{
	static const char text[] =
		"{\"instance_count\":9,\"instances\":[{\"state\":\"succeeded\"},{\"state\":"
		"\"failed\"},"
		"{\"state\":\"timeout\"},{\"state\":\"cancelled\"},{\"state\":\"running\"},"
		"{\"state\":\"assigned\"},{\"state\":\"pending\"}]}";
	struct progress_tally tally = {0};
	cJSON *job = json_parse((struct centro_bytes){(const uint8_t *)text, strlen(text)});
	progress_count(&tally, job);
	ck_assert_uint_eq(tally.total, 9);
	ck_assert_uint_eq(tally.done, 4);
	ck_assert_uint_eq(tally.running, 1);
	ck_assert_uint_eq(tally.failed, 2);
	progress_count(&tally, NULL);
	ck_assert_uint_eq(tally.total, 10);
	cJSON_Delete(job);
}
END_TEST

START_TEST(nothing_is_shown_without_a_terminal)
{
	struct cli cli = {.quiet = true};
	struct progress progress;
	progress_init(&progress, &cli);
	ck_assert_ptr_eq(cli.live_line, &progress.line);
	ck_assert(!progress_is_due(&progress));
	ck_assert_int_eq(progress_wait_ms(&progress), -1);
	live_line_clear(NULL);
	progress_fini(&progress);
	ck_assert_ptr_null(cli.live_line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");
	tcase_add_test(tcase, what_is_left_follows_from_the_rate);
	tcase_add_test(tcase, instances_are_counted_by_state);
	tcase_add_test(tcase, nothing_is_shown_without_a_terminal);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
