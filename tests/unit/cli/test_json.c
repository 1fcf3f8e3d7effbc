/* SPDX-License-Identifier: MIT */
/* Reading answers, building requests, and writing JSON and YAML. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static cJSON *parse(const char *text)
{
	cJSON *json = json_parse((struct centro_bytes){(const uint8_t *)text, strlen(text)});
	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

START_TEST(reading)
{
	cJSON *job =
		parse("{\"id\":\"18446744073709551615\",\"n\":7,\"neg\":-3,\"t\":\"x\",\"e\":\"\","
		      "\"time\":\"1970-01-01T00:00:01.5Z\",\"o\":{\"a\":1}}");
	ck_assert_uint_eq(json_u64(job, "id"), UINT64_MAX);
	ck_assert_uint_eq(json_u64(job, "n"), 7);
	ck_assert_uint_eq(json_u64(job, "neg"), 0);
	ck_assert_uint_eq(json_u64(job, "o"), 0);
	ck_assert_int_eq(json_int(job, "neg"), -3);
	ck_assert_int_eq(json_int(job, "missing"), 0);
	ck_assert_str_eq(json_text(job, "t"), "x");
	ck_assert_str_eq(json_text(job, "n"), "");
	ck_assert_str_eq(json_text(NULL, "t"), "");
	ck_assert_str_eq(json_text_or(job, "e", "default"), "default");
	ck_assert_uint_eq(json_time_ns(job, "time"), 1500000000);
	ck_assert_uint_eq(json_time_ns(job, "t"), 0);
	ck_assert_int_eq(json_int(json_get(job, "o"), "a"), 1);
	cJSON_Delete(job);
	ck_assert_ptr_null(json_parse((struct centro_bytes){(const uint8_t *)"{", 1}));
}
END_TEST

static void writes(void (*write)(FILE *file, const cJSON *value), const cJSON *value,
		   const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	write(file, value);
	fclose(file);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(building)
{
	cJSON *request = json_object();
	json_set_text(request, "a", "x");
	json_set_text(request, "a", "y");
	json_set_u64(request, "id", UINT64_MAX);
	json_set_int(request, "n", 4294967295);
	json_set_bool(request, "b", true);
	json_append_text(json_member_array(request, "list"), "1");
	json_append_text(json_member_array(request, "list"), "2");
	json_set_text(json_member_object(request, "map"), "k", "v");
	json_set_text(json_member_object(request, "map"), "l", "w");
	writes(json_write, request,
	       "{\"a\":\"y\",\"id\":\"18446744073709551615\",\"n\":4294967295,\"b\":true,"
	       "\"list\":[\"1\",\"2\"],\"map\":{\"k\":\"v\",\"l\":\"w\"}}");
	cJSON_Delete(request);
}
END_TEST

START_TEST(pretty)
{
	cJSON *json = parse("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
	writes(json_write_pretty, json,
	       "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}\n");
	cJSON_Delete(json);
	json = parse("[]");
	writes(json_write_pretty, json, "[]\n");
	writes(json_write, json, "[]");
	cJSON_Delete(json);
}
END_TEST

START_TEST(what_acts_on_a_terminal_is_escaped)
{
	cJSON *json = parse("{\"k\\u007f\":\"\\u001b[31m \\u009b é \\\" \\\\\"}");
	writes(json_write, json, "{\"k\\u007f\":\"\\u001b[31m \\u009b é \\\" \\\\\"}");
	cJSON_Delete(json);
}
END_TEST

START_TEST(yaml)
{
	cJSON *json =
		parse("[{\"id\":\"7\",\"spec\":{\"name\":\"a: b\",\"tasks\":[{\"command\":"
		      "[\"sh\",\"-c\",\"\"]}],\"env\":{\"A B\":\"yes\"}},\"m\":3,\"none\":[]},"
		      "\"x\",[1,2]]");
	writes(json_write_yaml, json,
	       "- id: \"7\"\n"
	       "  spec:\n"
	       "    name: \"a: b\"\n"
	       "    tasks:\n"
	       "      - command:\n"
	       "          - sh\n"
	       "          - \"-c\"\n"
	       "          - \"\"\n"
	       "    env:\n"
	       "      \"A B\": \"yes\"\n"
	       "  m: 3\n"
	       "  none: []\n"
	       "- x\n"
	       "- - 1\n"
	       "  - 2\n");
	cJSON_Delete(json);
	json = parse("{\"a\":\"True\",\"b\":\"NULL\",\"c\":\"nullable\",\"d\":\"_x/y.z-1\"}");
	writes(json_write_yaml, json, "a: \"True\"\nb: \"NULL\"\nc: nullable\nd: _x/y.z-1\n");
	cJSON_Delete(json);
	json = parse("[]");
	writes(json_write_yaml, json, "[]\n");
	cJSON_Delete(json);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/json");
	TCase *tcase = tcase_create("json");
	tcase_add_test(tcase, reading);
	tcase_add_test(tcase, building);
	tcase_add_test(tcase, pretty);
	tcase_add_test(tcase, what_acts_on_a_terminal_is_escaped);
	tcase_add_test(tcase, yaml);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
