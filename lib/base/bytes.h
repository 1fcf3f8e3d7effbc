/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_BYTES_H
#define CTR_BASE_BYTES_H

/* Slices of memory, and arithmetic that says when it overflows. */

#include <string.h>

#include <centro/types.h>

static inline struct centro_bytes ctr_bytes(const void *data, size_t size)
{
	return (struct centro_bytes){.data = (const uint8_t *)data, .size = size};
}

/* Without the terminator. NULL is empty. */
static inline struct centro_bytes ctr_bytes_str(const char *text)
{
	return ctr_bytes(text, text ? strlen(text) : 0);
}

static inline bool ctr_bytes_equal(struct centro_bytes a, struct centro_bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* <0, 0, >0 in byte order; a prefix comes first. */
static inline int ctr_bytes_compare(struct centro_bytes a, struct centro_bytes b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
	if (order != 0)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

static inline bool ctr_bytes_starts_with(struct centro_bytes bytes, struct centro_bytes prefix)
{
	return bytes.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

/* All return false on overflow, and then write nothing. */
static inline bool ctr_add_size(size_t a, size_t b, size_t *ret)
{
	size_t result;
	if (__builtin_add_overflow(a, b, &result))
		return false;
	*ret = result;
	return true;
}
static inline bool ctr_mul_size(size_t a, size_t b, size_t *ret)
{
	size_t result;
	if (__builtin_mul_overflow(a, b, &result))
		return false;
	*ret = result;
	return true;
}

/* Little-endian, `size` <= 8. */
static inline uint64_t ctr_load_le(const uint8_t *data, size_t size)
{
	uint64_t word = 0;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)data[i] << (8 * i);
	return word;
}

/*
 * SipHash-1-3: nobody who does not know `seed` can choose keys that collide.
 * The same on every machine.
 */
uint64_t ctr_hash_bytes(struct centro_bytes bytes, uint64_t seed);
/* A good mix of one number (splitmix64's finaliser). */
uint64_t ctr_hash_u64(uint64_t value);

/* Valid UTF-8 (RFC 3629: no surrogates, nothing overlong) without U+0000. */
bool ctr_utf8_is_valid(struct centro_bytes text);
/* The size of the character that `text` starts with; 0: empty, U+0000 or not UTF-8. */
size_t ctr_utf8_next(struct centro_bytes text);
/* The most of the first `size` bytes of valid text that does not end within a character. */
size_t ctr_utf8_cut(const char *text, size_t size);

#endif
