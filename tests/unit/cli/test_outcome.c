/* SPDX-License-Identifier: MIT */
/* What a job's end means. */
#include "outcome.h"

#include "capture.h"
#include "support/suite.h"

static cJSON *parse(const char *text)
{
	cJSON *json = json_parse((struct centro_bytes){(const uint8_t *)text, strlen(text)});
	ck_assert_ptr_nonnull(json);
	return json;
}

static void exits(const char *json, int code)
{
	cJSON *job = parse(json);
	ck_assert(outcome_is_final(job));
	ck_assert_int_eq(outcome_exit_code(job), code);
	cJSON_Delete(job);
}

START_TEST(codes)
{
	exits("{\"state\":\"succeeded\"}", 0);
	exits("{\"state\":\"failed\",\"exit_code\":7}", 7);
	exits("{\"state\":\"failed\",\"exit_code\":143}", 143);
	exits("{\"state\":\"failed\",\"exit_code\":255}", 255);
	exits("{\"state\":\"failed\",\"exit_code\":300}", 120);
	exits("{\"state\":\"failed\",\"instances\":[{\"cause\":\"start_failed\"}]}", 120);
	exits("{\"state\":\"failed\",\"instances\":[{\"cause\":\"exited\"},{\"cause\":\"node_"
	      "lost\"}]}",
	      124);
	exits("{\"state\":\"failed\",\"instances\":[{\"cause\":\"lease_expired\"}]}", 124);
	exits("{\"state\":\"cancelled\",\"exit_code\":143}", 123);
	exits("{\"state\":\"timeout\",\"exit_code\":137}", 122);
}
END_TEST

START_TEST(what_goes_on_is_not_final)
{
	cJSON *job = parse("{\"state\":\"running\"}");
	ck_assert(!outcome_is_final(job));
	cJSON_Delete(job);
	job = parse("{\"state\":\"pending\"}");
	ck_assert(!outcome_is_final(job));
	cJSON_Delete(job);
	/* A state of a newer server. */
	job = parse("{\"state\":\"suspended\"}");
	ck_assert(!outcome_is_final(job));
	cJSON_Delete(job);
	ck_assert(!outcome_is_final(NULL));
}
END_TEST

static void explains(const char *json, const char *text)
{
	struct cli cli = {.verb = "run"};
	struct capture capture;
	cJSON *job = parse(json);
	capture_begin(&capture, stderr);
	outcome_explain(&cli, job);
	ck_assert_str_eq(capture_end(&capture), text);
	cJSON_Delete(job);
}

START_TEST(sentences)
{
	explains("{\"id\":\"4\",\"state\":\"succeeded\"}", "");
	explains("{\"id\":\"4\",\"state\":\"failed\",\"exit_code\":3,\"instances\":[{}]}", "");
	explains("{\"id\":\"4\",\"state\":\"failed\",\"instances\":[{},{\"message\":\"no "
		 "\\u001bsuch\"},"
		 "{\"message\":\"other\"}]}",
		 "centro run: job 4: no \\x1bsuch\n");
	explains("{\"id\":\"4\",\"state\":\"cancelled\",\"cancelled_by\":\"ann\",\"cancel_reason\":"
		 "\"x\"}",
		 "centro run: job 4 was cancelled by ann: x\n");
	explains("{\"id\":\"4\",\"state\":\"cancelled\"}",
		 "centro run: job 4 was cancelled by somebody\n");
	explains("{\"id\":\"4\",\"state\":\"timeout\"}",
		 "centro run: job 4 passed its time limit and was killed\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/outcome");
	TCase *tcase = tcase_create("outcome");
	tcase_add_test(tcase, codes);
	tcase_add_test(tcase, what_goes_on_is_not_final);
	tcase_add_test(tcase, sentences);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
