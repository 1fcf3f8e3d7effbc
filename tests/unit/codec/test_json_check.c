/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/json_check.c. */
#include "codec/json_check.h"

#include <cjson/cJSON.h>

#include <stdio.h>

#include "helper.h"

static int check(struct centro_bytes json, size_t *ret_count, struct centro_error_text *text)
{
	/* A copy of exactly that size, so that ASan sees each byte beyond. */
	char *exact = malloc(json.size > 0 ? json.size : 1);
	memcpy(exact, json.data, json.size);
	int status = ctr_json_check(ctr_bytes(exact, json.size), ret_count, text);
	free(exact);
	return status;
}

START_TEST(json_passes_and_cjson_can_read_it)
{
	static const struct {
		const char *json;
		size_t values;
	} right[] = {
		{"{}", 1},
		{" [ ] \n", 1},
		{"null", 1},
		{"true", 1},
		{"\t-0.5e+10\r\n", 1},
		{"0", 1},
		{"-0", 1},
		{"1E5", 1},
		{"9007199254740992", 1},
		{"-9007199254740992", 1},
		{"1e999", 1},
		{"\"\"", 1},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\"", 1},
		{"\"\x7f ä 漢 😀\"", 1},
		{"{\"a\":[1,{\"b\":null},\"c\"],\"d\":false}", 7},
		{"[[],[[]],{}]", 5},
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(right); i++) {
		struct centro_bytes json = ctr_bytes_str(right[i].json);
		struct centro_error_text text = {""};
		size_t count = 0;
		ck_assert_msg(check(json, &count, &text) == CENTRO_OK, "%s: %s", right[i].json,
			      text.text);
		ck_assert_uint_eq(count, right[i].values);
		cJSON *tree = cJSON_ParseWithLengthOpts(right[i].json, json.size, NULL, 0);
		ck_assert_msg(tree != NULL, "%s", right[i].json);
		cJSON_Delete(tree);
	}
}
END_TEST

static void check_refused(struct centro_bytes json, const char *expected)
{
	struct centro_error_text text = {""};
	size_t count = 77;
	ck_assert_int_eq(check(json, &count, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, expected);
	ck_assert_uint_eq(count, 77);
}
#define REFUSED(literal, expected) check_refused(BYTES(literal), expected)

START_TEST(structure_is_strict)
{
	REFUSED("", "there is no JSON: the text is empty");
	REFUSED("  \n ", "line 2, column 2: the text ends where a value should be");
	REFUSED("{} x", "line 1, column 4: something stands behind the end of the JSON value");
	REFUSED("{}{}", "line 1, column 3: something stands behind the end of the JSON value");
	REFUSED("{}\0", "line 1, column 3: something stands behind the end of the JSON value");
	REFUSED("[1 2]", "line 1, column 4: a comma or ] is missing");
	REFUSED("[1", "line 1, column 3: a comma or ] is missing");
	REFUSED("[1,]", "line 1, column 4: not a JSON value");
	REFUSED("[,1]", "line 1, column 2: not a JSON value");
	REFUSED("{\"a\":1,}", "line 1, column 8: a key in quotes is missing");
	REFUSED("{\n\"a\" 1}", "line 2, column 5: a colon is missing behind the key");
	REFUSED("{\"a\":1 \"b\":2}", "line 1, column 8: a comma or } is missing");
	REFUSED("{a:1}", "line 1, column 2: a key in quotes is missing");
	REFUSED("[1}", "line 1, column 3: a comma or ] is missing");
	REFUSED("{\"a\":1]", "line 1, column 7: a comma or } is missing");
	REFUSED("nul", "line 1, column 1: not a JSON value");
	REFUSED("True", "line 1, column 1: not a JSON value");
	REFUSED("NaN", "line 1, column 1: not a JSON value");
	REFUSED("\xef\xbb\xbf{}", "line 1, column 1: not a JSON value");
	REFUSED("// hi\n{}", "line 1, column 1: not a JSON value");
}
END_TEST

START_TEST(text_is_strict)
{
	REFUSED("\"a", "line 1, column 3: a string without its closing quote");
	REFUSED("\"a\nb\"",
		"line 1, column 3: a control character in a string: write it as an escape");
	REFUSED("\"\0\"",
		"line 1, column 2: a control character in a string: write it as an escape");
	REFUSED("\"\\x41\"", "line 1, column 3: no such escape in a string");
	REFUSED("\"\\", "line 1, column 3: no such escape in a string");
	REFUSED("\"\\\0\"", "line 1, column 3: no such escape in a string");
	REFUSED("\"\xff\"", "line 1, column 2: not UTF-8");
	REFUSED("\"\xc3", "line 1, column 2: not UTF-8");
	REFUSED("\"\xed\xa0\x80\"", "line 1, column 2: not UTF-8");
	REFUSED("\"\\u12g4\"", "line 1, column 6: \\u needs four hexadecimal digits");
	REFUSED("\"\\u12", "line 1, column 6: \\u needs four hexadecimal digits");
	REFUSED("\"\\u0000\"", "line 1, column 8: \\u0000 is not allowed in text");
	REFUSED("\"\\uDE00\"",
		"line 1, column 8: the second half of a surrogate pair without the first");
	REFUSED("\"\\uD83D\"", "line 1, column 8: half a surrogate pair");
	REFUSED("\"\\uD83D\\n\"", "line 1, column 9: half a surrogate pair");
	REFUSED("\"\\uD83D\\u0041\"", "line 1, column 14: half a surrogate pair");
	REFUSED("{\"\xff\":1}", "line 1, column 3: not UTF-8");
}
END_TEST

START_TEST(numbers_are_strict)
{
	static const char loss[] =
		"JSON readers lose digits of a number this long: write it in quotes";
	char expected[128];

	REFUSED("01", "line 1, column 2: a number with a leading 0");
	REFUSED("-", "line 1, column 2: a digit is missing in a number");
	REFUSED("+1", "line 1, column 1: not a JSON value");
	REFUSED(".5", "line 1, column 1: not a JSON value");
	REFUSED("1.", "line 1, column 3: a digit is missing in a number");
	REFUSED("1e", "line 1, column 3: a digit is missing in a number");
	REFUSED("1e+", "line 1, column 4: a digit is missing in a number");
	REFUSED("0x10", "line 1, column 2: something stands behind the end of the JSON value");
	snprintf(expected, sizeof(expected), "line 1, column 2: %s", loss);
	REFUSED("[9007199254740993]", expected);
	REFUSED("[-9007199254740993]", expected);
	REFUSED("[18446744073709551616]", expected);
	REFUSED("[0.00000000000000000000000000000000000000001]", expected);
}
END_TEST

static struct centro_bytes nested(char *buffer, size_t depth, const char *open, const char *close)
{
	size_t size = 0;
	for (size_t i = 0; i < depth; i++)
		size += (size_t)sprintf(buffer + size, "%s", open);
	for (size_t i = 0; i < depth; i++)
		size += (size_t)sprintf(buffer + size, "%s", close);
	return ctr_bytes(buffer, size);
}

START_TEST(depth_has_a_limit)
{
	char buffer[2000];
	struct centro_error_text text;
	size_t count;

	ck_assert_int_eq(check(nested(buffer, CTR_JSON_DEPTH_MAX, "[", "]"), &count, &text),
			 CENTRO_OK);
	check_refused(nested(buffer, CTR_JSON_DEPTH_MAX + 1, "[", "]"),
		      "line 1, column 66: nested too deep");
	check_refused(nested(buffer, CTR_JSON_DEPTH_MAX + 1, "{\"a\":", "}"),
		      "line 1, column 322: nested too deep");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_check");
	TCase *tcase = tcase_create("json_check");
	tcase_add_test(tcase, json_passes_and_cjson_can_read_it);
	tcase_add_test(tcase, structure_is_strict);
	tcase_add_test(tcase, text_is_strict);
	tcase_add_test(tcase, numbers_are_strict);
	tcase_add_test(tcase, depth_has_a_limit);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
