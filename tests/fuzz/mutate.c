/* SPDX-License-Identifier: MIT */
/*
 * mutate.c - small damage to an input.
 *
 * Every mutation leaves an input of at most the buffer's size_max bytes, and
 * is a function of the input, the other one and the generator alone.
 */
#include "mutate.h"

#include "base/assert.h"
#include "base/bytes.h"

#define CHANGES_MAX 6
/* Of a block that is lost, doubled or moved; now and then one is larger. */
#define BLOCK_SIZE_MAX 64

struct mutation {
	struct ctr_buf *input;
	struct centro_bytes other;
	size_t size_max;
	struct ctr_prng *prng;
};

static size_t below(struct mutation *mutation, size_t bound)
{
	return (size_t)ctr_prng_below(mutation->prng, bound);
}

/* Early bytes decide more. `size` > 0. */
static size_t position(struct mutation *mutation, size_t size)
{
	return below(mutation, 1 + below(mutation, size));
}

static size_t block_size(struct mutation *mutation, size_t size_max)
{
	size_t most = below(mutation, 8) == 0 ? size_max : BLOCK_SIZE_MAX;
	if (most > size_max)
		most = size_max;
	return most > 0 ? 1 + below(mutation, most) : 0;
}

/* Room for `size` bytes at `at`, not set; false: there is none. */
static bool open_gap(struct mutation *mutation, size_t at, size_t size)
{
	struct ctr_buf *input = mutation->input;
	size_t behind = input->size - at;
	if (size > mutation->size_max - input->size || !ctr_buf_extend(input, size))
		return false;
	memmove(input->data + at + size, input->data + at, behind);
	return true;
}

static void flip_bit(struct mutation *mutation)
{
	size_t at = position(mutation, mutation->input->size);
	mutation->input->data[at] ^= (uint8_t)(1 << below(mutation, 8));
}

static void set_byte(struct mutation *mutation)
{
	size_t at = position(mutation, mutation->input->size);
	mutation->input->data[at] = (uint8_t)ctr_prng_next(mutation->prng);
}

static void add_to_byte(struct mutation *mutation)
{
	size_t at = position(mutation, mutation->input->size);
	mutation->input->data[at] += (uint8_t)(below(mutation, 2) == 0 ? 1 : -1);
}

/* A number at the edge of what some type holds, of 1 to 8 bytes, in either order. */
static void set_number(struct mutation *mutation)
{
	size_t size = (size_t)1 << below(mutation, 4);
	if (size > mutation->input->size)
		size = 1;
	size_t at = position(mutation, mutation->input->size - size + 1);
	uint64_t value = UINT64_C(1) << below(mutation, 8 * size);
	value += below(mutation, 3) - 1;
	if (below(mutation, 4) == 0)
		value = UINT64_MAX - value;
	bool is_big_endian = below(mutation, 2) == 0;
	for (size_t i = 0; i < size; i++) {
		size_t shift = 8 * (is_big_endian ? size - 1 - i : i);
		mutation->input->data[at + i] = (uint8_t)(value >> shift);
	}
}

/* A varint of ten bytes, as protobuf writes what is large or negative. */
static void insert_varint(struct mutation *mutation)
{
	static const uint8_t largest[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
	size_t at = position(mutation, mutation->input->size);
	if (open_gap(mutation, at, sizeof(largest)))
		memcpy(mutation->input->data + at, largest, sizeof(largest));
}

static void insert_random(struct mutation *mutation)
{
	size_t size = 1 + below(mutation, 8);
	size_t at = position(mutation, mutation->input->size);
	if (!open_gap(mutation, at, size))
		return;
	for (size_t i = 0; i < size; i++)
		mutation->input->data[at + i] = (uint8_t)ctr_prng_next(mutation->prng);
}

static void drop_block(struct mutation *mutation)
{
	struct ctr_buf *input = mutation->input;
	size_t at = position(mutation, input->size);
	size_t size = block_size(mutation, input->size - at);
	memmove(input->data + at, input->data + at + size, input->size - at - size);
	ctr_buf_truncate(input, input->size - size);
}

static void double_block(struct mutation *mutation)
{
	size_t at = position(mutation, mutation->input->size);
	size_t size = block_size(mutation, mutation->input->size - at);
	if (open_gap(mutation, at, size))
		memcpy(mutation->input->data + at, mutation->input->data + at + size, size);
}

static void copy_block(struct mutation *mutation)
{
	size_t from = position(mutation, mutation->input->size);
	size_t to = position(mutation, mutation->input->size);
	size_t last = from > to ? from : to;
	size_t size = block_size(mutation, mutation->input->size - last);
	memmove(mutation->input->data + to, mutation->input->data + from, size);
}

static void insert_other(struct mutation *mutation)
{
	if (mutation->other.size == 0)
		return;
	size_t from = position(mutation, mutation->other.size);
	size_t size = block_size(mutation, mutation->other.size - from);
	size_t at = position(mutation, mutation->input->size);
	if (open_gap(mutation, at, size))
		memcpy(mutation->input->data + at, mutation->other.data + from, size);
}

/* The beginning of one, the end of the other. */
static void splice_other(struct mutation *mutation)
{
	struct ctr_buf *input = mutation->input;
	if (mutation->other.size == 0)
		return;
	size_t from = below(mutation, mutation->other.size);
	size_t size = mutation->other.size - from;
	size_t keep = 1 + below(mutation, input->size);
	if (size > mutation->size_max - keep)
		size = mutation->size_max - keep;
	ctr_buf_truncate(input, keep);
	ctr_buf_append(input, mutation->other.data + from, size);
}

static void cut(struct mutation *mutation)
{
	ctr_buf_truncate(mutation->input, 1 + below(mutation, mutation->input->size));
}

void fuzz_mutate(struct ctr_buf *input, struct centro_bytes other, size_t size_max,
		 struct ctr_prng *prng)
{
	/* As often as they stand here. */
	static void (*const mutations[])(struct mutation * mutation) = {
		flip_bit,     flip_bit,   set_byte,      set_byte,      add_to_byte,
		set_number,   set_number, insert_varint, insert_random, drop_block,
		double_block, copy_block, insert_other,  splice_other,  cut,
	};
	struct mutation mutation = {input, other, size_max, prng};
	size_t changes = 1 + below(&mutation, CHANGES_MAX);
	while (changes-- > 0 && input->size > 0)
		mutations[below(&mutation, CTR_ARRAY_SIZE(mutations))](&mutation);
	if (input->size == 0)
		ctr_buf_append_char(input, (char)ctr_prng_next(prng));
}
