/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/json_decode.c: what is read, what is refused, and how it is named. */
#include "codec/codec.h"

#include <stdio.h>

#include "codec/json_check.h"
#include "every.pb-c.h"
#include "helper.h"
#include "support/failing_allocator.h"

static const ProtobufCMessageDescriptor *const spec_type = &centro__v1__job_spec__descriptor;

/* What `json` is once it has been read, as JSON again. */
static void check_read(const ProtobufCMessageDescriptor *type, const char *json,
		       const char *expected)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_msg(helper_read_json(&helper, type, json) == CENTRO_OK, "%s: %s", json,
		      helper.text.text);
	ck_assert_str_eq(helper_json(&helper, helper.message), expected);
	helper_fini(&helper);
}

static void check_refused(const ProtobufCMessageDescriptor *type, const char *json,
			  const char *text)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(helper_read_json(&helper, type, json), CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, text);
	ck_assert_ptr_null(helper.message);
	helper_fini(&helper);
}

START_TEST(a_job_file)
{
	check_read(
		spec_type,
		"{\n"
		"  \"name\": \"train\",\n"
		"  \"tasks\": [{\"command\": [\"sh\", \"-c\", \"echo \\u00e4\"],\n"
		"    \"env\": {\"B\": \"2\", \"A\": \"1\"}, \"time_limit\": \"1h30m\",\n"
		"    \"on_disconnect\": \"keep\", \"resources\": {\"named\": {\"gpu\": 2}}}],\n"
		"  \"priority\": -5\n"
		"}\n",
		"{\"name\":\"train\",\"priority\":-5,\"tasks\":[{\"command\":[\"sh\",\"-c\",\"echo "
		"ä\"],\"env\":{\"A\":\"1\",\"B\":\"2\"},\"resources\":{\"named\":{\"gpu\":2}},"
		"\"time_limit\":\"5400s\",\"on_disconnect\":\"keep\"}]}");
}
END_TEST

START_TEST(both_spellings_of_a_name)
{
	check_read(spec_type, "{\"tasks\":[{\"workingDir\":\"/a\",\"timeLimit\":\"1s\"}]}",
		   "{\"tasks\":[{\"working_dir\":\"/a\",\"time_limit\":\"1s\"}]}");
	check_read(spec_type, "{\"tasks\":[{\"working_dir\":\"/a\"}]}",
		   "{\"tasks\":[{\"working_dir\":\"/a\"}]}");
	check_refused(spec_type, "{\"tasks\":[{\"WorkingDir\":\"/a\"}]}",
		      "tasks[0].WorkingDir: no such field; did you mean \"working_dir\"?");
	check_refused(spec_type, "{\"tasks\":[{\"workingDir\":\"/a\",\"working_dir\":\"/b\"}]}",
		      "tasks[0].working_dir: stands there twice");
}
END_TEST

START_TEST(every_kind_of_field)
{
	static const char json[] =
		"{\"a_int32\":-1,\"a_int64\":\"-9223372036854775808\",\"a_uint32\":4294967295,"
		"\"a_uint64\":\"18446744073709551615\",\"a_sint32\":-2147483648,\"a_sint64\":\"-"
		"1\","
		"\"a_fixed32\":7,\"a_fixed64\":\"9007199254740993\",\"a_sfixed32\":-7,"
		"\"a_sfixed64\":\"-9007199254740993\",\"a_bool\":true,\"a_string\":"
		"\"\\\"\\\\\\n\\u0001\","
		"\"a_bytes\":\"AP8=\",\"a_colour\":\"deep_blue\",\"a_leaf\":{\"words\":[\"\",\"x\"]"
		"},"
		"\"int32s\":[0,1],\"bools\":[false,true],\"many_bytes\":[\"\",\"Zg==\"],"
		"\"colours\":[\"none\",\"negative\"],\"leaves\":[{},{\"number\":1}],\"loose\":[5],"
		"\"one_number\":\"0\",\"last\":1,\"far\":2}";
	check_read(&test__every__descriptor, json, json);
	check_read(&test__every__descriptor,
		   "{\"a_int64\":5,\"a_uint64\":\"6\",\"a_bytes\":\"_-8\",\"a_colour\":7,"
		   "\"a_int32\":\"3\"}",
		   "{\"a_int32\":3,\"a_int64\":\"5\",\"a_uint64\":\"6\",\"a_bytes\":\"/+8=\","
		   "\"a_colour\":\"deep_blue\"}");
}
END_TEST

START_TEST(null_is_a_field_left_out)
{
	check_read(&test__every__descriptor,
		   "{\"a_int32\":null,\"a_leaf\":null,\"strings\":null,\"one_leaf\":null,"
		   "\"one_bool\":false}",
		   "{\"one_bool\":false}");
	check_read(spec_type, "{\"labels\":null}", "{}");
	check_refused(spec_type, "{\"tasks\":[null]}", "tasks[0]: must be an object, not null");
	check_refused(spec_type, "{\"labels\":{\"a\":null}}",
		      "labels.a: must be a string, not null");
	check_refused(spec_type, "null", "must be an object, not null");
}
END_TEST

START_TEST(unknown_names_are_refused_with_a_guess)
{
	check_refused(spec_type, "{\"tasks\":[{\"comand\":[]}]}",
		      "tasks[0].comand: no such field; did you mean \"command\"?");
	check_refused(spec_type, "{\"image\":\"x\"}", "image: no such field");
	check_refused(spec_type, "{\"a\\nb\":1}", "a\\x0ab: no such field");
	check_refused(spec_type, "{\"tasks\":[{},{\"on_disconnect\":\"kept\"}]}",
		      "tasks[1].on_disconnect: \"kept\" is no value of it; did you mean \"keep\"?");
	check_refused(spec_type, "{\"tasks\":[{\"on_disconnect\":\"whatever\"}]}",
		      "tasks[0].on_disconnect: \"whatever\" is no value of it");
	check_refused(spec_type, "{\"tasks\":[{\"on_disconnect\":9}]}",
		      "tasks[0].on_disconnect: 9 is no value of it");
	check_refused(spec_type,
		      "{\"nmae\":\"x\",\"tasks\":[{\"comand\":[],\"count\":-1},{\"lease\":1}],"
		      "\"priority\":\"high\"}",
		      "nmae: no such field; did you mean \"name\"?\n"
		      "tasks[0].comand: no such field; did you mean \"command\"?\n"
		      "tasks[0].count: must be a whole number from 0 to 4294967295\n"
		      "tasks[1].lease: must be a string, not a number\n"
		      "priority: must be a whole number from -2147483648 to 2147483647");
}
END_TEST

START_TEST(kinds_are_checked)
{
	check_refused(spec_type, "[]", "must be an object, not an array");
	check_refused(spec_type, "{\"name\":5}", "name: must be a string, not a number");
	check_refused(
		spec_type, "{\"priority\":true}",
		"priority: must be a whole number from -2147483648 to 2147483647, not true or "
		"false");
	check_refused(spec_type, "{\"priority\":0.5}",
		      "priority: must be a whole number from -2147483648 to 2147483647");
	check_refused(spec_type, "{\"tasks\":{}}", "tasks: must be an array, not an object");
	check_refused(spec_type, "{\"tasks\":[\"sh\"]}",
		      "tasks[0]: must be an object, not a string");
	check_refused(spec_type, "{\"labels\":[]}", "labels: must be an object, not an array");
	check_refused(spec_type, "{\"tasks\":[{\"command\":[\"a\",1]}]}",
		      "tasks[0].command[1]: must be a string, not a number");
	check_refused(spec_type, "{\"tasks\":[{\"resources\":{\"named\":{\"gpu\":-1}}}]}",
		      "tasks[0].resources.named.gpu: must be a whole number from 0 to 4294967295");
	check_refused(spec_type, "{\"tasks\":[{\"time_limit\":90}]}",
		      "tasks[0].time_limit: must be a string, not a number");
	check_refused(spec_type, "{\"tasks\":[{\"time_limit\":\"90\"}]}",
		      "tasks[0].time_limit: \"90\" is not a duration like \"90s\", \"1.5s\" or "
		      "\"1h30m\"");
	check_refused(spec_type, "{\"tasks\":[{\"on_disconnect\":[]}]}",
		      "tasks[0].on_disconnect: must be a word, not an array");
	check_refused(&test__every__descriptor, "{\"a_bool\":\"true\"}",
		      "a_bool: must be true or false, not a string");
	check_refused(&test__every__descriptor, "{\"a_bytes\":\"!\"}", "a_bytes: not base64");
	check_refused(&test__every__descriptor, "{\"a_bytes\":1}",
		      "a_bytes: must be a string of base64, not a number");
}
END_TEST

START_TEST(nothing_stands_there_twice)
{
	check_refused(spec_type, "{\"name\":\"a\",\"queue\":\"q\",\"name\":\"a\"}",
		      "name: stands there twice");
	check_refused(spec_type, "{\"name\":\"a\",\"n\\u0061me\":\"b\"}",
		      "name: stands there twice");
	check_refused(spec_type, "{\"labels\":{\"a\":\"1\",\"b\":\"2\",\"\\u0061\":\"3\"}}",
		      "labels: a key stands in it twice");
	check_refused(&test__every__descriptor, "{\"one_bool\":true,\"one_number\":1}",
		      "one_number: there is \"one_bool\" already, and only one of them can be");
}
END_TEST

START_TEST(what_is_not_json_is_refused_before)
{
	check_refused(spec_type, "{\"name\":\"a\"}}",
		      "line 1, column 13: something stands behind the end of the JSON value");
	check_refused(spec_type, "{\"name\":\"\\u0000\"}",
		      "line 1, column 16: \\u0000 is not allowed in text");
	check_refused(
		&centro__v1__job_get_request__descriptor, "{\"id\":9007199254740993}",
		"line 1, column 7: JSON readers lose digits of a number this long: write it in "
		"quotes");
}
END_TEST

START_TEST(messages_nest_less_deep_than_json)
{
	char json[1000] = "";
	for (int i = 0; i < CTR_MESSAGE_DEPTH_MAX - 1; i++)
		strcat(json, "{\"inner\":");
	strcat(json, "{}");
	for (int i = 0; i < CTR_MESSAGE_DEPTH_MAX - 1; i++)
		strcat(json, "}");
	check_read(&test__nest__descriptor, json, json);

	struct helper helper;
	char deeper[1000];
	helper_init(&helper);
	snprintf(deeper, sizeof(deeper), "{\"inner\":%s}", json);
	ck_assert_int_eq(helper_read_json(&helper, &test__nest__descriptor, deeper),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(helper.text.text, "messages are nested too deep"));
	helper_fini(&helper);
}
END_TEST

START_TEST(the_cap_bounds_cjson_too)
{
	enum { COUNT = 100000 };
	struct ctr_arena arena;
	struct centro_error_text text;
	ProtobufCMessage *message;
	char *json = malloc(2 * COUNT + 32);
	size_t size = (size_t)sprintf(json, "{\"loose\":[0");
	for (size_t i = 0; i < COUNT; i++)
		size += (size_t)sprintf(json + size, ",0");
	size += (size_t)sprintf(json + size, "]}");

	ctr_arena_init(&arena, NULL, ctr_message_arena_bytes(size));
	ck_assert_int_eq(ctr_json_decode(&test__every__descriptor, ctr_bytes(json, size), &arena,
					 &message, &text),
			 CENTRO_ERR_LIMIT);
	ck_assert_uint_eq(arena.used_bytes, 0);
	ctr_arena_fini(&arena);
	ctr_arena_init(&arena, NULL, (COUNT + 2) * CTR_JSON_VALUE_BYTES + size);
	ck_assert_int_eq(ctr_json_decode(&test__every__descriptor, ctr_bytes(json, size), &arena,
					 &message, &text),
			 CENTRO_ERR_LIMIT);
	ctr_arena_fini(&arena);
	ctr_arena_init(&arena, NULL, (COUNT + 3) * CTR_JSON_VALUE_BYTES + size);
	ck_assert_int_eq(ctr_json_decode(&test__every__descriptor, ctr_bytes(json, size), &arena,
					 &message, &text),
			 CENTRO_OK);
	ctr_arena_fini(&arena);
	free(json);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	/* Arena blocks are large, so each kind of allocation comes with little left of one. */
	static const char *const jsons[] = {
		"{\"a_string\":\"x\"}",  "{\"a_bytes\":\"Zm9v\"}", "{\"a_leaf\":{}}",
		"{\"strings\":[\"a\"]}", "{\"one_string\":\"x\"}",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(jsons); i++) {
		for (size_t cap = 0; cap < 2000; cap += 16) {
			struct ctr_arena arena;
			struct centro_error_text text = {""};
			ProtobufCMessage *message = NULL;
			struct centro_bytes json = ctr_bytes_str(jsons[i]);
			ctr_arena_init(&arena, NULL, cap);
			int status = ctr_json_decode(&test__every__descriptor, json, &arena,
						     &message, &text);
			ck_assert(status == CENTRO_OK || status == CENTRO_ERR_LIMIT);
			ck_assert((status == CENTRO_OK) == (message != NULL));
			ctr_arena_fini(&arena);
		}
		struct failing_allocator failing;
		size_t fail_at = 0;
		do {
			struct ctr_arena arena;
			ProtobufCMessage *message;
			failing_allocator_init(&failing, ++fail_at);
			ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);
			int status =
				ctr_json_decode(&test__every__descriptor, ctr_bytes_str(jsons[i]),
						&arena, &message, NULL);
			ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
			ctr_arena_fini(&arena);
			ck_assert_uint_eq(failing.live, 0);
		} while (failing.failed);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_decode");
	TCase *tcase = tcase_create("json_decode");
	tcase_add_test(tcase, a_job_file);
	tcase_add_test(tcase, both_spellings_of_a_name);
	tcase_add_test(tcase, every_kind_of_field);
	tcase_add_test(tcase, null_is_a_field_left_out);
	tcase_add_test(tcase, unknown_names_are_refused_with_a_guess);
	tcase_add_test(tcase, kinds_are_checked);
	tcase_add_test(tcase, nothing_stands_there_twice);
	tcase_add_test(tcase, what_is_not_json_is_refused_before);
	tcase_add_test(tcase, messages_nest_less_deep_than_json);
	tcase_add_test(tcase, the_cap_bounds_cjson_too);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
