/* SPDX-License-Identifier: MIT */
/*
 * bytes.c - hashes of bytes and numbers, and UTF-8.
 *
 * The byte hash is SipHash-1-3 (Aumasson and Bernstein 2012), since clients
 * choose the keys that it spreads: without the seed nobody can make them
 * collide. It reads bytes in one order on every machine.
 *
 * Layer: base.
 */
#include "base/bytes.h"

#define ROTATE(value, bits) (((value) << (bits)) | ((value) >> (64 - (bits))))

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *sip)
{
	sip->v0 += sip->v1;
	sip->v1 = ROTATE(sip->v1, 13) ^ sip->v0;
	sip->v0 = ROTATE(sip->v0, 32);
	sip->v2 += sip->v3;
	sip->v3 = ROTATE(sip->v3, 16) ^ sip->v2;
	sip->v0 += sip->v3;
	sip->v3 = ROTATE(sip->v3, 21) ^ sip->v0;
	sip->v2 += sip->v1;
	sip->v1 = ROTATE(sip->v1, 17) ^ sip->v2;
	sip->v2 = ROTATE(sip->v2, 32);
}

static inline void sip_word(struct sip *sip, uint64_t word)
{
	sip->v3 ^= word;
	sip_round(sip);
	sip->v0 ^= word;
}

uint64_t ctr_hash_bytes(struct centro_bytes bytes, uint64_t seed)
{
	/* The key's second half only has to differ from the first. */
	uint64_t k0 = seed, k1 = ctr_hash_u64(seed);
	struct sip sip = {
		.v0 = k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};

	size_t whole = bytes.size - bytes.size % 8;
	for (size_t at = 0; at < whole; at += 8)
		sip_word(&sip, ctr_load_le(bytes.data + at, 8));

	uint64_t last = (uint64_t)(bytes.size & 0xff) << 56;
	if (whole < bytes.size)
		last |= ctr_load_le(bytes.data + whole, bytes.size - whole);
	sip_word(&sip, last);

	sip.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

uint64_t ctr_hash_u64(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

/* Whether eight bytes are all in 0x01 to 0x7f. */
static bool is_plain_word(const uint8_t *data)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = UINT64_C(0x8080808080808080);
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	/* Without a high bit anywhere, only a zero byte borrows one. */
	return ((word | (word - ones)) & highs) == 0;
}

/* The length of the sequence that `data` starts with, or 0: not a valid one. */
static size_t sequence_size(const uint8_t *data, size_t size)
{
	uint8_t lead = data[0];
	uint8_t second_min = 0x80, second_max = 0xbf;
	size_t length;

	if (lead >= 0x01 && lead <= 0x7f)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		length = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		length = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		length = 4;
	else
		return 0;
	if (size < length)
		return 0;

	if (lead == 0xe0)
		second_min = 0xa0; /* below: overlong */
	else if (lead == 0xed)
		second_max = 0x9f; /* above: surrogates */
	else if (lead == 0xf0)
		second_min = 0x90; /* below: overlong */
	else if (lead == 0xf4)
		second_max = 0x8f; /* above: past U+10FFFF */
	if (data[1] < second_min || data[1] > second_max)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

size_t ctr_utf8_next(struct centro_bytes text)
{
	return text.size == 0 ? 0 : sequence_size(text.data, text.size);
}

bool ctr_utf8_is_valid(struct centro_bytes text)
{
	size_t at = 0;
	while (at < text.size) {
		if (text.size - at >= 8 && is_plain_word(text.data + at)) {
			at += 8;
			continue;
		}
		size_t length = sequence_size(text.data + at, text.size - at);
		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

size_t ctr_utf8_cut(const char *text, size_t size)
{
	/* A sequence has at most three bytes behind its first. */
	for (size_t back = 1; back <= 4 && back <= size; back++) {
		uint8_t byte = (uint8_t)text[size - back];
		if ((byte & 0xc0) == 0x80)
			continue;
		size_t length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		return length > back ? size - back : size;
	}
	return size;
}
