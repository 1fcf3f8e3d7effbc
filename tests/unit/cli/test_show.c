/* SPDX-License-Identifier: MIT */
/* A record for people, and in each format. */
#include "show.h"

#include "capture.h"
#include "output.h"
#include "support/suite.h"

static struct cli cli;
static struct capture out;

static cJSON *parse(const char *text)
{
	cJSON *json = json_parse((struct centro_bytes){(const uint8_t *)text, strlen(text)});
	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

static const char *shown(const char *json, const char *word)
{
	struct selector selector;
	cJSON *job = parse(json);
	ck_assert_ptr_null(selector_parse(word, &selector));
	capture_begin(&out, stdout);
	show_job(&cli, job, &selector);
	cJSON_Delete(job);
	return capture_end(&out);
}

START_TEST(a_job_that_waits)
{
	ck_assert_str_eq(
		shown("{\"id\":\"7\",\"state\":\"pending\",\"owner\":\"ann\",\"instance_count\":1,"
		      "\"pending_reason\":\"no node has 64 cores\",\"submit_time\":"
		      "\"2026-01-31T09:30:00Z\",\"spec\":{\"name\":\"big\\u001b\",\"labels\":{"
		      "\"a\":\"1\","
		      "\"b\":\"2\"},\"tasks\":[{\"command\":[\"sh\",\"-c\",\"x y\"],\"count\":3,"
		      "\"time_limit\":\"60s\",\"resources\":{\"cpu_milli\":64000,\"memory_mib\":"
		      "2048,"
		      "\"named\":{\"gpu\":1}}}]}}",
		      "7"),
		"job          7\n"
		"name         big\\x1b\n"
		"state        pending\n"
		"waits for    no node has 64 cores\n"
		"queue        default\n"
		"owner        ann\n"
		"label        a=1\n"
		"             b=2\n"
		"submitted    2026-01-31 09:30:00 UTC\n"
		"task         main, 3 instances, 64 cores, 2 GiB, gpu=1, time limit 60s\n"
		"             sh -c 'x y'\n"
		"\n"
		"Wait for it: centro wait 7   Take it back: centro cancel 7\n");
}
END_TEST

static const char ended[] =
	"{\"id\":\"7\",\"state\":\"failed\",\"exit_code\":3,\"spec\":{\"tasks\":[{\"name\":\"a\","
	"\"command\":[\"x\"],\"count\":2},{\"name\":\"b\",\"command\":[\"y\"]}]},\"instances\":["
	"{\"state\":\"succeeded\",\"attempt\":1,\"node\":\"n1\",\"cause\":\"exited\","
	"\"start_time\":\"2026-01-31T09:30:00Z\",\"end_time\":\"2026-01-31T09:30:05Z\"},"
	"{\"index\":1,\"state\":\"failed\",\"attempt\":2,\"node\":\"n2\",\"cause\":\"exited\","
	"\"exit_code\":3,\"start_time\":\"2026-01-31T09:30:00Z\",\"end_time\":"
	"\"2026-01-31T09:31:05Z\"},{\"task\":1,\"state\":\"cancelled\"}]}";

START_TEST(a_job_that_has_ended)
{
	const char *text = shown(ended, "7");
	ck_assert_ptr_nonnull(strstr(text, "state        failed, exit code 3\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\nINSTANCE  STATE      ATTEMPT  NODE  TIME   EXIT  CAUSE   MESSAGE\n"
			     "7.a.0     succeeded  1        n1    5.0s   0     exited  -\n"
			     "7.a.1     failed     2        n2    1m05s  3     exited  -\n"
			     "7.b.0     cancelled  0        -     -      -     -       -\n"
			     "\nIts output: centro logs 7\n"));
}
END_TEST

START_TEST(one_instance_of_it)
{
	const char *text = shown(ended, "7.a.1");
	ck_assert_ptr_nonnull(strstr(text, "7.a.1 "));
	ck_assert_ptr_null(strstr(text, "7.a.0 "));
	ck_assert_ptr_null(strstr(text, "7.b.0 "));
	text = shown(ended, "7.a");
	ck_assert_ptr_nonnull(strstr(text, "7.a.0 "));
	ck_assert_ptr_null(strstr(text, "7.b.0 "));
}
END_TEST

static const char *printed(enum output output, bool quiet, const char *json, bool as_one)
{
	cJSON *messages = parse(json);
	cli = (struct cli){.output = output, .quiet = quiet};
	capture_begin(&out, stdout);
	output_print(&cli, messages, as_one, output_id);
	cJSON_Delete(messages);
	return capture_end(&out);
}

START_TEST(every_format)
{
	static const char two[] = "[{\"id\":\"1\"},{\"id\":\"2\"}]", one[] = "[{\"id\":\"1\"}]";
	ck_assert_str_eq(printed(OUTPUT_JSONL, false, two, true),
			 "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
	ck_assert_str_eq(printed(OUTPUT_NAME, false, two, true), "1\n2\n");
	ck_assert_str_eq(printed(OUTPUT_JSON, true, two, true), "1\n2\n");
	ck_assert_str_eq(printed(OUTPUT_JSON, false, one, true), "{\n  \"id\": \"1\"\n}\n");
	ck_assert_str_eq(printed(OUTPUT_JSON, false, one, false),
			 "[\n  {\n    \"id\": \"1\"\n  }\n]\n");
	ck_assert_str_eq(printed(OUTPUT_JSON, false, "[]", true), "[]\n");
	ck_assert_str_eq(printed(OUTPUT_JSONL, false, "[]", true), "");
	ck_assert_str_eq(printed(OUTPUT_YAML, false, two, true), "- id: \"1\"\n- id: \"2\"\n");
	ck_assert_str_eq(printed(OUTPUT_YAML, false, one, true), "id: \"1\"\n");
	cli = (struct cli){.output = OUTPUT_WIDE};
	ck_assert(output_is_table(&cli));
	cli.quiet = true;
	ck_assert(!output_is_table(&cli));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/show");
	TCase *tcase = tcase_create("show");
	tcase_add_test(tcase, a_job_that_waits);
	tcase_add_test(tcase, a_job_that_has_ended);
	tcase_add_test(tcase, one_instance_of_it);
	tcase_add_test(tcase, every_format);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
