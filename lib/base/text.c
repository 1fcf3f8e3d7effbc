/* SPDX-License-Identifier: MIT */
/*
 * text.c - durations, sizes and cores as people write them.
 *
 * All of it is exact integer arithmetic. A number is a whole part and a fraction
 * n/10^k; times its unit it must come out whole, or the text is refused rather
 * than rounded.
 *
 * Layer: base, part of the public library.
 */
#include <centro/text.h>

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"

/* 10^19 is the largest power of ten below 2^64. */
#define FRACTION_DIGITS_MAX 19

struct decimal {
	uint64_t whole;
	uint64_t fraction; /* of `scale` */
	uint64_t scale;    /* a power of ten */
};

static bool append_digit(uint64_t *value, char c)
{
	return !__builtin_mul_overflow(*value, UINT64_C(10), value) &&
	       !__builtin_add_overflow(*value, (uint64_t)(c - '0'), value);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12" or "12.5", without a sign. Moves *text behind it. */
static bool take_decimal(const char **text, struct decimal *ret_decimal)
{
	const char *at = *text;
	struct decimal decimal = {.scale = 1};

	if (!is_digit(*at))
		return false;
	for (; is_digit(*at); at++) {
		if (!append_digit(&decimal.whole, *at))
			return false;
	}
	if (*at == '.') {
		const char *first = ++at;
		for (; is_digit(*at); at++) {
			if (at - first >= FRACTION_DIGITS_MAX)
				return false;
			append_digit(&decimal.fraction, *at);
			decimal.scale *= 10;
		}
		if (at == first)
			return false;
	}
	*text = at;
	*ret_decimal = decimal;
	return true;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b > 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* False: not a whole number, or 2^64 and more. */
static bool times_unit(struct decimal decimal, uint64_t unit, uint64_t *ret_value)
{
	CTR_ASSERT(unit > 0);

	/*
	 * fraction * unit / scale. With the common factors out, the rest of the
	 * scale must divide the fraction alone, and the product is below `unit`.
	 */
	uint64_t common = greatest_common_divisor(unit, decimal.scale);
	uint64_t divisor = decimal.scale / common;
	if (decimal.fraction % divisor != 0)
		return false;
	uint64_t part = decimal.fraction / divisor * (unit / common);

	uint64_t value;
	if (__builtin_mul_overflow(decimal.whole, unit, &value) ||
	    __builtin_add_overflow(value, part, &value))
		return false;
	*ret_value = value;
	return true;
}

/* ------------------------------------------------------------------ */

struct unit {
	const char *name;
	uint64_t value;
};

/* Largest first. */
static const struct unit span_units[] = {
	{"d", 86400 * CTR_NS_PER_SEC},
	{"h", 3600 * CTR_NS_PER_SEC},
	{"m", 60 * CTR_NS_PER_SEC},
	{"s", CTR_NS_PER_SEC},
	{"ms", CTR_NS_PER_MS},
	{"us", CTR_NS_PER_US},
	{"ns", 1},
};

/* The unit that *text names, at position `from` or behind it in the list. */
static bool take_span_unit(const char **text, size_t from, size_t *ret_position)
{
	size_t length = strspn(*text, "dhmnsu");
	for (size_t i = from; i < CTR_ARRAY_SIZE(span_units); i++) {
		const char *name = span_units[i].name;
		if (strlen(name) == length && memcmp(name, *text, length) == 0) {
			*text += length;
			*ret_position = i;
			return true;
		}
	}
	return false;
}

int centro_span_parse(const char *text, struct centro_span *ret_span)
{
	if (!text || !ret_span || *text == '\0')
		return CENTRO_ERR_INVALID;
	if (strcmp(text, "0") == 0) {
		ret_span->ns = 0;
		return CENTRO_OK;
	}

	uint64_t total = 0;
	size_t unit_from = 0;
	while (*text != '\0') {
		struct decimal decimal;
		size_t unit;
		uint64_t ns;
		if (!take_decimal(&text, &decimal) || !take_span_unit(&text, unit_from, &unit) ||
		    !times_unit(decimal, span_units[unit].value, &ns) ||
		    __builtin_add_overflow(total, ns, &total))
			return CENTRO_ERR_INVALID;
		unit_from = unit + 1;
	}
	ret_span->ns = total;
	return CENTRO_OK;
}

/* "1.5s": `ns` in a unit of at most a second, as a decimal. */
static int print_fraction(char *buffer, size_t size, uint64_t ns, const struct unit *unit)
{
	char digits[16] = "";
	uint64_t rest = ns % unit->value;
	size_t count = 0;

	/* Units from a second down are powers of ten. */
	for (uint64_t scale = unit->value / 10; rest > 0; scale /= 10) {
		digits[count++] = (char)('0' + rest / scale);
		rest %= scale;
	}
	digits[count] = '\0';
	return snprintf(buffer, size, "%llu%s%s%s", (unsigned long long)(ns / unit->value),
			count > 0 ? "." : "", digits, unit->name);
}

const char *centro_span_format(struct centro_span span, char *buffer, size_t size)
{
	/* The longest is "213503d23h34m33.709551615s". */
	char text[64] = "0s";
	size_t length = 0;
	uint64_t rest = span.ns;

	for (size_t i = 0; i < CTR_ARRAY_SIZE(span_units) && rest > 0; i++) {
		const struct unit *unit = &span_units[i];
		uint64_t count = rest / unit->value;
		if (count == 0)
			continue;
		int printed;
		if (unit->value <= CTR_NS_PER_SEC) {
			printed = print_fraction(text + length, sizeof(text) - length, rest, unit);
			rest = 0;
		} else {
			printed = snprintf(text + length, sizeof(text) - length, "%llu%s",
					   (unsigned long long)count, unit->name);
			rest %= unit->value;
		}
		length += (size_t)printed;
	}
	CTR_ASSERT(length < sizeof(text));
	if (buffer && size > 0)
		snprintf(buffer, size, "%s", text);
	return buffer;
}

/* ------------------------------------------------------------------ */

static const char size_letters[] = "KMGTPE";

/* "", "B", "K", "KiB", "KB" and so on; the factor, or 0: none of them. */
static uint64_t size_unit(const char *name)
{
	if (strcmp(name, "") == 0 || strcmp(name, "B") == 0)
		return 1;

	/* The kilo of SI is a small letter. */
	char letter = *name == 'k' ? 'K' : *name;
	const char *found = strchr(size_letters, letter);
	if (!found)
		return 0;
	const char *rest = name + 1;
	bool is_binary = strcmp(rest, "") == 0 || strcmp(rest, "iB") == 0;
	if (!is_binary && strcmp(rest, "B") != 0)
		return 0;

	uint64_t value = 1;
	for (const char *at = size_letters; at <= found; at++)
		value *= is_binary ? 1024 : 1000;
	return value;
}

int centro_size_parse(const char *text, uint64_t *ret_bytes)
{
	if (!text || !ret_bytes)
		return CENTRO_ERR_INVALID;

	struct decimal decimal;
	if (!take_decimal(&text, &decimal))
		return CENTRO_ERR_INVALID;
	/* As centro_size_format() prints it. */
	if (text[0] == ' ' && text[1] != '\0')
		text++;
	uint64_t unit = size_unit(text);
	uint64_t bytes;
	if (unit == 0 || !times_unit(decimal, unit, &bytes))
		return CENTRO_ERR_INVALID;
	*ret_bytes = bytes;
	return CENTRO_OK;
}

const char *centro_size_format(uint64_t bytes, char *buffer, size_t size)
{
	if (!buffer || size == 0)
		return buffer;

	uint64_t unit = 1;
	size_t power = 0;
	while (bytes / unit >= 1024) {
		unit *= 1024;
		power++;
	}
	/* Round to tenths. The largest unit is 2^60, so nothing overflows. */
	uint64_t whole = bytes / unit;
	uint64_t tenths = (bytes % unit * 10 + unit / 2) / unit;
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}
	if (whole == 1024) {
		whole = 1;
		power++;
	}
	CTR_ASSERT(power < sizeof(size_letters));

	char name[4] = "B";
	if (power > 0)
		snprintf(name, sizeof(name), "%ciB", size_letters[power - 1]);
	if (tenths > 0)
		snprintf(buffer, size, "%llu.%llu %s", (unsigned long long)whole,
			 (unsigned long long)tenths, name);
	else
		snprintf(buffer, size, "%llu %s", (unsigned long long)whole, name);
	return buffer;
}

/* ------------------------------------------------------------------ */

int centro_cpu_parse(const char *text, uint32_t *ret_cpu_milli)
{
	if (!text || !ret_cpu_milli)
		return CENTRO_ERR_INVALID;

	struct decimal decimal;
	if (!take_decimal(&text, &decimal))
		return CENTRO_ERR_INVALID;
	bool is_milli = strcmp(text, "m") == 0;
	if (!is_milli && *text != '\0')
		return CENTRO_ERR_INVALID;
	uint64_t milli;
	if (!times_unit(decimal, is_milli ? 1 : 1000, &milli) || milli > UINT32_MAX)
		return CENTRO_ERR_INVALID;
	*ret_cpu_milli = (uint32_t)milli;
	return CENTRO_OK;
}
