/* SPDX-License-Identifier: MIT */
/*
 * grpc_text.c - how values in gRPC's headers are spelled: time-outs,
 * percent-encoded messages.
 *
 * All of it reads what strangers send: everything that is not exactly right is
 * refused, or kept as it came where the specification says so.
 *
 * Layer: wire.
 */
#include "wire/grpc_meta.h"

#include "base/assert.h"
#include "base/bytes.h"

#define TIMEOUT_DIGITS_MAX 8
#define TIMEOUT_VALUE_MAX  UINT64_C(99999999)

struct timeout_unit {
	char letter;
	uint64_t ns;
};

/* Finest first. */
static const struct timeout_unit timeout_units[] = {
	{'n', 1},
	{'u', CTR_NS_PER_US},
	{'m', CTR_NS_PER_MS},
	{'S', CTR_NS_PER_SEC},
	{'M', 60 * CTR_NS_PER_SEC},
	{'H', 3600 * CTR_NS_PER_SEC},
};

bool ctr_grpc_timeout_parse(struct centro_bytes value, struct centro_span *ret_span)
{
	if (value.size < 2 || value.size > TIMEOUT_DIGITS_MAX + 1)
		return false;

	uint64_t number = 0;
	for (size_t i = 0; i + 1 < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(value.data[i] - '0');
	}
	for (size_t i = 0; i < CTR_ARRAY_SIZE(timeout_units); i++) {
		if ((uint8_t)timeout_units[i].letter != value.data[value.size - 1])
			continue;
		uint64_t ns;
		if (__builtin_mul_overflow(number, timeout_units[i].ns, &ns))
			ns = UINT64_MAX;
		ret_span->ns = ns;
		return true;
	}
	return false;
}

size_t ctr_grpc_timeout_format(struct centro_span span, char text[CTR_GRPC_TIMEOUT_CHARS])
{
	size_t unit = 0;
	uint64_t number = span.ns;
	while (number > TIMEOUT_VALUE_MAX && unit + 1 < CTR_ARRAY_SIZE(timeout_units)) {
		unit++;
		number = span.ns / timeout_units[unit].ns +
			 (span.ns % timeout_units[unit].ns > 0 ? 1 : 0);
	}
	/* 2^64 ns is about five million hours. */
	CTR_ASSERT(number <= TIMEOUT_VALUE_MAX);

	char digits[TIMEOUT_DIGITS_MAX];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	text[count] = timeout_units[unit].letter;
	text[count + 1] = '\0';
	return count + 1;
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e && c != '%';
}

size_t ctr_grpc_percent_size(uint8_t c)
{
	return is_plain(c) ? 1 : 3;
}

int ctr_grpc_percent_encode(struct ctr_buf *buf, struct centro_bytes text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (is_plain(c)) {
			ctr_buf_append_char(buf, (char)c);
			continue;
		}
		const char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
		ctr_buf_append(buf, escaped, sizeof(escaped));
	}
	return buf->error;
}

/* -1: not a hexadecimal digit. */
static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int ctr_grpc_percent_decode(struct ctr_buf *buf, struct centro_bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == '%' && text.size - i > 2) {
			int high = hex_value(text.data[i + 1]);
			int low = hex_value(text.data[i + 2]);
			if (high >= 0 && low >= 0) {
				c = (uint8_t)(high << 4 | low);
				i += 2;
			}
		}
		ctr_buf_append_char(buf, (char)c);
	}
	return buf->error;
}
