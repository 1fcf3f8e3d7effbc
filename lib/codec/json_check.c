/* SPDX-License-Identifier: MIT */
/*
 * json_check.c - the strict door in front of cJSON.
 *
 * A value at a time, without recursion: `open` holds the kinds of the objects and
 * arrays around the present place.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/json_check.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define EXACT_MAX (UINT64_C(1) << 53) /* up to here every integer is a double */

struct checker {
	const uint8_t *start, *at, *end;
	char open[CTR_JSON_DEPTH_MAX]; /* '{' or '[' */
	size_t depth;
	size_t value_count;
	const char *fault;
};

static bool fail(struct checker *checker, const char *fault)
{
	CTR_ASSERT(fault);
	checker->fault = fault;
	return false;
}

/* The next character, or '\0' at the end, which is no character of JSON. */
static char peek(const struct checker *checker)
{
	return checker->at < checker->end ? (char)*checker->at : '\0';
}

static bool take(struct checker *checker, char c)
{
	if (peek(checker) != c || checker->at == checker->end)
		return false;
	checker->at++;
	return true;
}

static void skip_space(struct checker *checker)
{
	while (checker->at < checker->end && (*checker->at == ' ' || *checker->at == '\t' ||
					      *checker->at == '\n' || *checker->at == '\r'))
		checker->at++;
}

/* ---- strings ---- */

static bool take_hex4(struct checker *checker, uint32_t *ret_unit)
{
	uint32_t unit = 0;
	for (int i = 0; i < 4; i++) {
		char c = peek(checker);
		uint32_t digit;
		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			digit = (uint32_t)(c - 'A' + 10);
		else
			return fail(checker, "\\u needs four hexadecimal digits");
		unit = unit << 4 | digit;
		checker->at++;
	}
	*ret_unit = unit;
	return true;
}

/* Behind "\u". */
static bool take_unicode_escape(struct checker *checker)
{
	uint32_t unit, low;
	if (!take_hex4(checker, &unit))
		return false;
	if (unit == 0)
		return fail(checker, "\\u0000 is not allowed in text");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return fail(checker, "the second half of a surrogate pair without the first");
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	if (!take(checker, '\\') || !take(checker, 'u'))
		return fail(checker, "half a surrogate pair");
	if (!take_hex4(checker, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return fail(checker, "half a surrogate pair");
	return true;
}

/* Behind '\\'. */
static bool take_escape(struct checker *checker)
{
	if (take(checker, 'u'))
		return take_unicode_escape(checker);
	char c = peek(checker);
	if (c == '\0' || !strchr("\"\\/bfnrt", c))
		return fail(checker, "no such escape in a string");
	checker->at++;
	return true;
}

/* Behind the opening quote. */
static bool take_string(struct checker *checker)
{
	while (checker->at < checker->end) {
		uint8_t c = *checker->at;
		if (c == '"') {
			checker->at++;
			return true;
		}
		if (c == '\\') {
			checker->at++;
			if (!take_escape(checker))
				return false;
			continue;
		}
		if (c < 0x20)
			return fail(checker,
				    "a control character in a string: write it as an escape");
		size_t left = (size_t)(checker->end - checker->at);
		size_t length = c < 0x80 ? 1 : ctr_utf8_next(ctr_bytes(checker->at, left));
		if (length == 0)
			return fail(checker, "not UTF-8");
		checker->at += length;
	}
	return fail(checker, "a string without its closing quote");
}

/* ---- numbers and words ---- */

static bool take_digits(struct checker *checker)
{
	if (peek(checker) < '0' || peek(checker) > '9')
		return fail(checker, "a digit is missing in a number");
	while (peek(checker) >= '0' && peek(checker) <= '9')
		checker->at++;
	return true;
}

static bool is_exact(const uint8_t *digits, const uint8_t *end)
{
	uint64_t value;
	return ctr_parse_u64(ctr_bytes(digits, (size_t)(end - digits)), &value) &&
	       value <= EXACT_MAX;
}

static bool take_number(struct checker *checker)
{
	const uint8_t *start = checker->at;
	bool is_integer = true;

	take(checker, '-');
	const uint8_t *digits = checker->at;
	if (!take(checker, '0') && !take_digits(checker))
		return false;
	if (*digits == '0' && peek(checker) >= '0' && peek(checker) <= '9')
		return fail(checker, "a number with a leading 0");
	const uint8_t *digits_end = checker->at;
	if (take(checker, '.')) {
		is_integer = false;
		if (!take_digits(checker))
			return false;
	}
	if (take(checker, 'e') || take(checker, 'E')) {
		is_integer = false;
		if (!take(checker, '+'))
			take(checker, '-');
		if (!take_digits(checker))
			return false;
	}

	size_t size = (size_t)(checker->at - start);
	bool is_fine =
		size <= CTR_JSON_NUMBER_SIZE_MAX && (!is_integer || is_exact(digits, digits_end));
	if (!is_fine) {
		checker->at = start;
		return fail(checker, "JSON readers lose digits of a number this long: write it in "
				     "quotes");
	}
	return true;
}

static bool take_word(struct checker *checker)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(words); i++) {
		struct centro_bytes word = ctr_bytes_str(words[i]);
		struct centro_bytes left =
			ctr_bytes(checker->at, (size_t)(checker->end - checker->at));
		if (ctr_bytes_starts_with(left, word)) {
			checker->at += word.size;
			return true;
		}
	}
	if (checker->at == checker->end)
		return fail(checker, "the text ends where a value should be");
	return fail(checker, "not a JSON value");
}

/* ---- structure ---- */

/* A key and its colon. */
static bool take_key(struct checker *checker)
{
	skip_space(checker);
	if (!take(checker, '"'))
		return fail(checker, "a key in quotes is missing");
	if (!take_string(checker))
		return false;
	skip_space(checker);
	if (!take(checker, ':'))
		return fail(checker, "a colon is missing behind the key");
	return true;
}

/* Behind '{' or '['. An empty one is closed at once. */
static bool enter(struct checker *checker, char kind, bool *ret_is_value_next)
{
	if (checker->depth == CTR_JSON_DEPTH_MAX)
		return fail(checker, "nested too deep");
	checker->open[checker->depth++] = kind;
	skip_space(checker);
	if (take(checker, kind == '{' ? '}' : ']')) {
		checker->depth--;
		*ret_is_value_next = false;
		return true;
	}
	*ret_is_value_next = true;
	return kind == '[' || take_key(checker);
}

/* Any value, or the start of one that holds others. */
static bool take_value(struct checker *checker, bool *ret_is_value_next)
{
	*ret_is_value_next = false;
	checker->value_count++;
	skip_space(checker);

	char c = peek(checker);
	if (take(checker, '{') || take(checker, '['))
		return enter(checker, c, ret_is_value_next);
	if (take(checker, '"'))
		return take_string(checker);
	if (c == '-' || (c >= '0' && c <= '9'))
		return take_number(checker);
	return take_word(checker);
}

/* Behind a value: closes what ends here, up to a comma or the end of it all. */
static bool take_ends(struct checker *checker, bool *ret_is_value_next)
{
	*ret_is_value_next = false;
	while (checker->depth > 0) {
		char kind = checker->open[checker->depth - 1];
		skip_space(checker);
		if (take(checker, ',')) {
			*ret_is_value_next = true;
			return kind == '[' || take_key(checker);
		}
		if (!take(checker, kind == '{' ? '}' : ']'))
			return fail(checker, kind == '{' ? "a comma or } is missing"
							 : "a comma or ] is missing");
		checker->depth--;
	}
	return true;
}

static bool check(struct checker *checker)
{
	bool is_value_next = true;
	while (is_value_next) {
		if (!take_value(checker, &is_value_next))
			return false;
		if (!is_value_next && !take_ends(checker, &is_value_next))
			return false;
	}
	skip_space(checker);
	if (checker->at < checker->end)
		return fail(checker, "something stands behind the end of the JSON value");
	return true;
}

static int report(const struct checker *checker, struct centro_error_text *text)
{
	size_t line = 1, column = 1;
	for (const uint8_t *at = checker->start; at < checker->at; at++) {
		column++;
		if (*at == '\n') {
			line++;
			column = 1;
		}
	}
	return ctr_error(text, CENTRO_ERR_INVALID, "line %zu, column %zu: %s", line, column,
			 checker->fault);
}

int ctr_json_check(struct centro_bytes json, size_t *ret_value_count,
		   struct centro_error_text *text)
{
	if (json.size == 0)
		return ctr_error(text, CENTRO_ERR_INVALID, "there is no JSON: the text is empty");
	struct checker checker = {
		.start = json.data,
		.at = json.data,
		.end = json.data + json.size,
	};
	if (!check(&checker))
		return report(&checker, text);
	CTR_ASSERT(checker.depth == 0);
	*ret_value_count = checker.value_count;
	return CENTRO_OK;
}
