/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_FUZZ_H
#define CTR_TESTS_FUZZ_FUZZ_H

/*
 * What the fuzz targets share. A target is one function in a file of its own, built
 * once with driver.c and, with -Dfuzz=true, with libFuzzer instead. It checks with
 * Check's macros, as the fixtures of the unit tests do that it uses; check_abort.c
 * makes each failure an abort.
 *
 * An input is read from its front: what it lacks is 0, so that every input means
 * something, and a cut one nearly the same.
 */

#include <check.h>

#include "base/bytes.h"

/* Always 0. Keeps nothing from one call to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger inputs are cut by the driver, and not made by libFuzzer. */
#define FUZZ_INPUT_SIZE_MAX 65536

/* What is left of an input. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* Little-endian, of so many bytes. */
static inline uint64_t fuzz_uint(struct fuzz_input *input, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes && input->size > 0; i++) {
		value |= (uint64_t)*input->data++ << (8 * i);
		input->size--;
	}
	return value;
}

static inline uint8_t fuzz_u8(struct fuzz_input *input)
{
	return (uint8_t)fuzz_uint(input, 1);
}

static inline uint16_t fuzz_u16(struct fuzz_input *input)
{
	return (uint16_t)fuzz_uint(input, 2);
}

/* One byte, brought below `bound`, which is at most 256. */
static inline size_t fuzz_below(struct fuzz_input *input, size_t bound)
{
	return fuzz_u8(input) % bound;
}

/* At most `size` bytes, borrowed. */
static inline struct centro_bytes fuzz_take(struct fuzz_input *input, size_t size)
{
	struct centro_bytes taken = ctr_bytes(input->data, size < input->size ? size : input->size);
	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

#endif
