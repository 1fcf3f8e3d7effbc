/* SPDX-License-Identifier: MIT */
/* Job files: JSON as it stands, YAML as JSON, and where exactly what is wrong. */
#include "job_file.h"

#include <stdlib.h>
#include <string.h>

#include <centro/error.h>

#include "support/suite.h"

static int read_text(const char *text, size_t size, struct job_file *file,
		     struct centro_error_text *why)
{
	FILE *stream =
		size > 0 ? fmemopen((void *)(uintptr_t)text, size, "r") : fopen("/dev/null", "r");
	why->text[0] = '\0';
	int status = job_file_read(stream, "job.yaml", file, why);
	fclose(stream);
	return status;
}

/* One document, and its JSON. */
static void gives(const char *yaml, const char *json)
{
	struct job_file file;
	struct centro_error_text why;
	int status = read_text(yaml, strlen(yaml), &file, &why);
	ck_assert_msg(status == CENTRO_OK, "%s", why.text);
	ck_assert_uint_eq(file.count, 1);
	ck_assert_str_eq(file.jobs[0], json);
	job_file_free(&file);
}

static void refuses(const char *yaml, const char *text)
{
	struct job_file file;
	struct centro_error_text why;
	ck_assert_int_eq(read_text(yaml, strlen(yaml), &file, &why), CENTRO_ERR_INVALID);
	ck_assert_str_eq(why.text, text);
}

START_TEST(a_job_as_people_write_it)
{
	gives("name: nightly\n"
	      "priority: 10\n"
	      "tasks:\n"
	      "  - name: build\n"
	      "    command: [sh, -c, 'make -j4 && echo \"done\"']\n"
	      "    env: {VERSION: 1.10, DEBUG: \"true\"}\n"
	      "    time_limit: 1h30m # a comment\n",
	      "{\"name\":\"nightly\",\"priority\":\"10\",\"tasks\":[{\"name\":\"build\","
	      "\"command\":[\"sh\",\"-c\",\"make -j4 && echo \\\"done\\\"\"],"
	      "\"env\":{\"VERSION\":\"1.10\",\"DEBUG\":\"true\"},\"time_limit\":\"1h30m\"}]}");
}
END_TEST

START_TEST(scalars_by_the_core_schema)
{
	gives("a: null\nb: ~\nc:\nd: Null\n", "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}");
	gives("a: true\nb: False\nc: 'true'\nd: \"null\"\n",
	      "{\"a\":true,\"b\":false,\"c\":\"true\",\"d\":\"null\"}");
	/* What YAML 1.1 took for something else is text. */
	gives("a: yes\nb: no\nc: 2026-01-31\nd: 12:30:45\ne: y\n",
	      "{\"a\":\"yes\",\"b\":\"no\",\"c\":\"2026-01-31\",\"d\":\"12:30:45\",\"e\":\"y\"}");
	/* A number keeps the spelling that it has. */
	gives("a: 007\nb: 1e3\nc: 18446744073709551615\nd: -0\n",
	      "{\"a\":\"007\",\"b\":\"1e3\",\"c\":\"18446744073709551615\",\"d\":\"-0\"}");
	gives("a: |\n  line\n  two\nb: >\n  folded\n  text\n",
	      "{\"a\":\"line\\u000atwo\\u000a\",\"b\":\"folded text\\u000a\"}");
	gives("a: \"tab\\t bell\\a del\\x7f \\\\ e\\u00e9\"\n",
	      "{\"a\":\"tab\\u0009 bell\\u0007 del\\u007f \\\\ eé\"}");
	gives("true: 1\n? b\n: 2\n", "{\"true\":\"1\",\"b\":\"2\"}");
	gives("{}", "{}");
	gives("a: []\nb: {}\n", "{\"a\":[],\"b\":{}}");
}
END_TEST

START_TEST(json_is_handed_on_as_it_stands)
{
	gives("{ \"id\" : 9007199254740993,\t\"name\": \"a\\/b \\ud83d\\ude00\" }\n",
	      "{ \"id\" : 9007199254740993,\t\"name\": \"a\\/b \\ud83d\\ude00\" }\n");
	/* Flow style is not JSON. */
	gives("{name: x, command: [a, 1]}", "{\"name\":\"x\",\"command\":[\"a\",\"1\"]}");
}
END_TEST

START_TEST(several_documents_are_several_jobs)
{
	const char *yaml = "name: a\n---\nname: b\n---\n{\"name\": \"c\"}\n";
	struct job_file file;
	struct centro_error_text why;
	ck_assert_int_eq(read_text(yaml, strlen(yaml), &file, &why), CENTRO_OK);
	ck_assert_uint_eq(file.count, 3);
	ck_assert_str_eq(file.jobs[0], "{\"name\":\"a\"}");
	ck_assert_str_eq(file.jobs[2], "{\"name\":\"c\"}");
	job_file_free(&file);
}
END_TEST

START_TEST(what_is_refused_and_where)
{
	refuses("a: &x 1\nb: *x\n", "job.yaml:1:4: anchors and tags are not allowed in a job file");
	refuses("a: &x [1]\n", "job.yaml:1:4: anchors and tags are not allowed in a job file");
	refuses("a: !!str 1\n", "job.yaml:1:4: anchors and tags are not allowed in a job file");
	refuses("a: !!map {}\n", "job.yaml:1:4: anchors and tags are not allowed in a job file");
	refuses("a: *x\n", "job.yaml:1:4: aliases are not allowed in a job file");
	refuses("a: 1\nb: 2\na: 3\n", "job.yaml:3:1: \"a\" stands here for the second time");
	refuses("t:\n  - x: 1\n    y: 2\n    x: 3\n",
		"job.yaml:4:5: \"x\" stands here for the second time");
	refuses("? [a]\n: 1\n", "job.yaml:1:3: a key must be a text");
	refuses("just text\n", "job.yaml:1:1: a job is a mapping, like \"name: nightly\"");
	refuses("- a\n", "job.yaml:1:1: a job is a mapping; several jobs are several documents, "
			 "with \"---\" between them");
	refuses("a: [1\n", "job.yaml:2:1: did not find expected ',' or ']'");
	refuses("a: \"\\0\"\n", "job.yaml:1:4: a NUL character is not allowed in a job file");
	refuses("a: 1\nb: [\xff]\n", "job.yaml:2:5: invalid leading UTF-8 octet");
	refuses("a: 1\n\nb: \xc3\xa9 \x01\n", "job.yaml:3:6: control characters are not allowed");
	refuses("", "job.yaml: there is no job in it");
	refuses("# nothing\n", "job.yaml: there is no job in it");
	refuses("---\n", "job.yaml:2:1: a job is a mapping, like \"name: nightly\"");
}
END_TEST

START_TEST(a_wrong_document_costs_nothing_of_the_others)
{
	refuses("name: a\n---\nname: [\n", "job.yaml:4:1: did not find expected node content");
}
END_TEST

START_TEST(limits)
{
	char deep[4 * JOB_FILE_DEPTH_MAX] = "a: ";
	for (int i = 0; i < JOB_FILE_DEPTH_MAX - 1; i++)
		deep[3 + i] = '[';
	for (int i = 0; i < JOB_FILE_DEPTH_MAX - 1; i++)
		deep[3 + JOB_FILE_DEPTH_MAX - 1 + i] = ']';
	struct job_file file;
	struct centro_error_text why;
	ck_assert_int_eq(read_text(deep, strlen(deep), &file, &why), CENTRO_OK);
	job_file_free(&file);
	memmove(deep + 4, deep + 3, strlen(deep) - 2);
	deep[3] = '[';
	refuses(deep, "job.yaml:1:35: nested deeper than 32 levels");

	size_t size = JOB_FILE_BYTES_MAX + 1;
	char *big = malloc(size + 1);
	memset(big, ' ', size);
	memcpy(big, "a: 1", 4);
	big[size] = '\0';
	refuses(big, "job.yaml: has more than 4 MiB");
	big[JOB_FILE_BYTES_MAX] = '\0';
	gives(big, "{\"a\":\"1\"}");
	ck_assert_int_eq(read_text("a: \0b", 5, &file, &why), CENTRO_ERR_INVALID);
	ck_assert_str_eq(why.text, "job.yaml: has a NUL byte in it");

	big[0] = '\0';
	char *end = big;
	for (int i = 0; i <= JOB_FILE_DOCUMENTS_MAX; i++)
		end += sprintf(end, "---\na: 1\n");
	refuses(big, "job.yaml:2001:1: more than 1000 jobs");
	end[-9] = '\0';
	ck_assert_int_eq(read_text(big, strlen(big), &file, &why), CENTRO_OK);
	ck_assert_uint_eq(file.count, JOB_FILE_DOCUMENTS_MAX);
	job_file_free(&file);
	free(big);
}
END_TEST

START_TEST(many_keys_are_compared_in_time)
{
	size_t count = 200000;
	char *yaml = malloc(count * 16), *end = yaml;
	for (size_t i = 0; i < count; i++)
		end += sprintf(end, "k%zu: 1\n", i);
	sprintf(end, "k7: 1\n");
	refuses(yaml, "job.yaml:200001:1: \"k7\" stands here for the second time");
	free(yaml);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/job_file");
	TCase *tcase = tcase_create("job_file");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_job_as_people_write_it);
	tcase_add_test(tcase, scalars_by_the_core_schema);
	tcase_add_test(tcase, json_is_handed_on_as_it_stands);
	tcase_add_test(tcase, several_documents_are_several_jobs);
	tcase_add_test(tcase, what_is_refused_and_where);
	tcase_add_test(tcase, a_wrong_document_costs_nothing_of_the_others);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, many_keys_are_compared_in_time);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
