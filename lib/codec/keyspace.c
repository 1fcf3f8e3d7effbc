/* SPDX-License-Identifier: MIT */
/*
 * keyspace.c - the names of records, and what a name says.
 *
 * Numbers have 20 digits, which hold any 64-bit number, so that keys sort as the
 * numbers do. One table serves both ways: what this file would not write, it does
 * not read.
 *
 * Layer: codec.
 */
#include "codec/keyspace.h"

#include "base/assert.h"
#include "base/str.h"

#define NUMBER_DIGITS 20
/* A literal with its length. */
#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

/* Where each type of key has a number or a name between two fixed parts. */
static const struct form {
	struct centro_bytes before, after;
	bool has_number, has_name;
} forms[] = {
	[CTR_KEY_EVENT] = {TEXT("event/"), TEXT(""), .has_number = true},
	[CTR_KEY_HISTORY] = {TEXT("history/"), TEXT(""), .has_number = true},
	[CTR_KEY_JOB_SPEC] = {TEXT("job/"), TEXT("/spec"), .has_number = true},
	[CTR_KEY_JOB_STATE] = {TEXT("job/"), TEXT("/state"), .has_number = true},
	[CTR_KEY_NODE] = {TEXT("node/"), TEXT(""), .has_number = true},
	[CTR_KEY_QUEUE] = {TEXT("queue/"), TEXT(""), .has_name = true},
	[CTR_KEY_IDS] = {TEXT("meta/ids"), TEXT("")},
	[CTR_KEY_FORMAT] = {TEXT("meta/format"), TEXT("")},
	[CTR_KEY_GONE] = {TEXT("gone/"), TEXT(""), .has_number = true},
};

static void append(struct ctr_key *key, struct centro_bytes part)
{
	CTR_ASSERT(part.size < CTR_KEY_SIZE_MAX - key->size);
	if (part.size > 0)
		memcpy(key->text + key->size, part.data, part.size);
	key->size += part.size;
	key->text[key->size] = '\0';
}

static void append_number(struct ctr_key *key, uint64_t number)
{
	char digits[NUMBER_DIGITS];
	for (size_t i = NUMBER_DIGITS; i > 0; i--) {
		digits[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	append(key, ctr_bytes(digits, sizeof(digits)));
}

static struct ctr_key make(enum ctr_key_type type, uint64_t number, struct centro_bytes name)
{
	const struct form *form = &forms[type];
	struct ctr_key key = {.size = 0};

	CTR_ASSERT(form->before.size > 0);
	append(&key, form->before);
	if (form->has_number)
		append_number(&key, number);
	if (form->has_name)
		append(&key, name);
	append(&key, form->after);
	return key;
}

static struct ctr_key make_numbered(enum ctr_key_type type, uint64_t number)
{
	CTR_ASSERT(forms[type].has_number);
	return make(type, number, ctr_bytes(NULL, 0));
}

struct ctr_key ctr_key_event(uint64_t number)
{
	return make_numbered(CTR_KEY_EVENT, number);
}

struct ctr_key ctr_key_history(uint64_t job)
{
	return make_numbered(CTR_KEY_HISTORY, job);
}

struct ctr_key ctr_key_gone(uint64_t job)
{
	return make_numbered(CTR_KEY_GONE, job);
}

struct ctr_key ctr_key_job_spec(uint64_t job)
{
	return make_numbered(CTR_KEY_JOB_SPEC, job);
}

struct ctr_key ctr_key_job_state(uint64_t job)
{
	return make_numbered(CTR_KEY_JOB_STATE, job);
}

struct ctr_key ctr_key_node(uint64_t node)
{
	return make_numbered(CTR_KEY_NODE, node);
}

struct ctr_key ctr_key_queue(struct centro_bytes name)
{
	CTR_ASSERT(ctr_is_name(name));
	return make(CTR_KEY_QUEUE, 0, name);
}

struct ctr_key ctr_key_ids(void)
{
	return make(CTR_KEY_IDS, 0, ctr_bytes(NULL, 0));
}

struct ctr_key ctr_key_format(void)
{
	return make(CTR_KEY_FORMAT, 0, ctr_bytes(NULL, 0));
}

/* ------------------------------------------------------------------ */

/* Exactly 20 digits, not above 2^64-1. */
static bool parse_number(struct centro_bytes digits, uint64_t *ret_number)
{
	if (digits.size != NUMBER_DIGITS)
		return false;
	uint64_t number = 0;
	for (size_t i = 0; i < NUMBER_DIGITS; i++) {
		uint8_t c = digits.data[i];
		if (c < '0' || c > '9' || __builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number, (uint64_t)(c - '0'), &number))
			return false;
	}
	*ret_number = number;
	return true;
}

static bool has_form(struct centro_bytes key, const struct form *form, uint64_t *ret_number,
		     struct centro_bytes *ret_name)
{
	struct centro_bytes before = form->before, after = form->after;

	if (key.size < before.size + after.size || !ctr_bytes_starts_with(key, before))
		return false;
	struct centro_bytes end = ctr_bytes(key.data + key.size - after.size, after.size);
	if (!ctr_bytes_equal(end, after))
		return false;
	struct centro_bytes middle =
		ctr_bytes(key.data + before.size, key.size - before.size - after.size);
	if (form->has_number)
		return parse_number(middle, ret_number);
	if (form->has_name) {
		*ret_name = middle;
		return ctr_is_name(middle);
	}
	return middle.size == 0;
}

enum ctr_key_type ctr_key_parse(struct centro_bytes key, uint64_t *ret_number,
				struct centro_bytes *ret_name)
{
	for (size_t type = CTR_KEY_UNKNOWN + 1; type < CTR_ARRAY_SIZE(forms); type++) {
		uint64_t number = 0;
		struct centro_bytes name = {NULL, 0};
		if (has_form(key, &forms[type], &number, &name)) {
			*ret_number = number;
			*ret_name = name;
			return (enum ctr_key_type)type;
		}
	}
	return CTR_KEY_UNKNOWN;
}
