/* SPDX-License-Identifier: MIT */
/*
 * str.c - parsing and printing of small things.
 *
 * Nothing here looks at the locale: digits and letters are ASCII's.
 *
 * Layer: base.
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool ctr_parse_u64(struct centro_bytes text, uint64_t *ret_value)
{
	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return false;

	uint64_t value = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (!is_digit(text.data[i]))
			return false;
		uint64_t digit = (uint64_t)(text.data[i] - '0');
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool ctr_parse_i64(struct centro_bytes text, int64_t *ret_value)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	if (negative)
		text = ctr_bytes(text.data + 1, text.size - 1);

	uint64_t magnitude;
	if (!ctr_parse_u64(text, &magnitude))
		return false;
	if (!negative) {
		if (magnitude > INT64_MAX)
			return false;
		*ret_value = (int64_t)magnitude;
		return true;
	}
	/* "-0" would be a second spelling of 0. The least number has no positive twin. */
	if (magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1)
		return false;
	*ret_value = -(int64_t)(magnitude - 1) - 1;
	return true;
}

bool ctr_is_name(struct centro_bytes text)
{
	if (text.size == 0 || text.size > CTR_NAME_SIZE_MAX)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		bool is_letter = c >= 'a' && c <= 'z';
		bool is_other = is_digit(c) || c == '_' || c == '-';
		if (!is_letter && !(i > 0 && is_other))
			return false;
	}
	return true;
}

/* C0, DEL, and C1, which terminals obey as well (two bytes in UTF-8). */
static bool is_control(const uint8_t *data, size_t length)
{
	if (length == 1)
		return data[0] < 0x20 || data[0] == 0x7f;
	return length == 2 && data[0] == 0xc2 && data[1] < 0xa0;
}

static int append_hex(struct ctr_buf *buf, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < size; i++) {
		char escaped[4] = {'\\', 'x', digits[data[i] >> 4], digits[data[i] & 0xf]};
		ctr_buf_append(buf, escaped, sizeof(escaped));
	}
	return buf->error;
}

int ctr_escape(struct ctr_buf *buf, struct centro_bytes text, size_t size_max)
{
	size_t at = 0;
	while (at < text.size && buf->error == CENTRO_OK) {
		const uint8_t *data = text.data + at;
		size_t length = ctr_utf8_next(ctr_bytes(data, text.size - at));
		bool fits = length > 0 && !is_control(data, length);
		if (length == 0)
			length = 1;
		if (length > size_max - at)
			return ctr_buf_append_str(buf, "…");
		if (fits)
			ctr_buf_append(buf, data, length);
		else
			append_hex(buf, data, length);
		at += length;
	}
	return buf->error;
}

int ctr_error(struct centro_error_text *text, int error, const char *format, ...)
{
	CTR_ASSERT(error <= 0);

	if (!text)
		return error;
	va_list args;
	va_start(args, format);
	int length = vsnprintf(text->text, sizeof(text->text), format, args);
	va_end(args);
	CTR_ASSERT(length >= 0);
	if ((size_t)length >= sizeof(text->text))
		text->text[ctr_utf8_cut(text->text, sizeof(text->text) - 1)] = '\0';
	return error;
}
