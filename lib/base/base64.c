/* SPDX-License-Identifier: MIT */
/*
 * base64.c - bytes as text.
 */
#include "base/base64.h"

#include "base/bytes.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes into four characters; what is missing counts as 0 and is padded. */
static void encode_group(const uint8_t *data, size_t size, uint8_t out[4])
{
	uint32_t bits = (uint32_t)data[0] << 16;
	if (size > 1)
		bits |= (uint32_t)data[1] << 8;
	if (size > 2)
		bits |= data[2];

	out[0] = (uint8_t)alphabet[bits >> 18];
	out[1] = (uint8_t)alphabet[bits >> 12 & 63];
	out[2] = size > 1 ? (uint8_t)alphabet[bits >> 6 & 63] : '=';
	out[3] = size > 2 ? (uint8_t)alphabet[bits & 63] : '=';
}

int ctr_base64_append(struct ctr_buf *buf, struct centro_bytes bytes, bool padded)
{
	size_t missing = (3 - bytes.size % 3) % 3;
	size_t groups = bytes.size / 3 + (missing > 0);
	size_t size;
	if (!ctr_mul_size(groups, 4, &size))
		size = SIZE_MAX;
	uint8_t *out = ctr_buf_extend(buf, size);
	if (!out)
		return buf->error;
	for (size_t at = 0; at < bytes.size; at += 3, out += 4) {
		size_t left = bytes.size - at;
		encode_group(bytes.data + at, left < 3 ? left : 3, out);
	}
	if (!padded)
		ctr_buf_truncate(buf, buf->size - missing);
	return CENTRO_OK;
}

/* What a character stands for; -1: nothing. */
static int digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* Without its padding; false: there is too much of it. */
static bool trim_padding(struct centro_bytes *text)
{
	size_t padding = 0;
	while (padding < text->size && text->data[text->size - 1 - padding] == '=')
		padding++;
	if (padding > 0 && (padding > 2 || text->size % 4 != 0))
		return false;
	text->size -= padding;
	return text->size % 4 != 1;
}

int ctr_base64_decode(struct centro_bytes text, uint8_t *out, size_t *ret_size)
{
	if (!trim_padding(&text))
		return CENTRO_ERR_INVALID;
	uint32_t bits = 0;
	unsigned bit_count = 0;
	size_t used = 0;
	for (size_t i = 0; i < text.size; i++) {
		int value = digit_value(text.data[i]);
		if (value < 0)
			return CENTRO_ERR_INVALID;
		bits = bits << 6 | (uint32_t)value;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			out[used++] = (uint8_t)(bits >> bit_count);
		}
	}
	if ((bits & ((1u << bit_count) - 1)) != 0)
		return CENTRO_ERR_INVALID;
	*ret_size = used;
	return CENTRO_OK;
}
