/* SPDX-License-Identifier: MIT */
/*
 * alloc.c - memory from the context's allocator.
 *
 * The only file in lib/ that names malloc's family. Sizes are checked before
 * they are multiplied, and 0 bytes are a caller's mistake: what an allocator
 * makes of them differs.
 *
 * Layer: base. One of the two files here that may call the system.
 */
#include "base/alloc.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"

static void *libc_resize(void *arg, void *pointer, size_t bytes)
{
	return realloc(pointer, bytes);
}

static void libc_free(void *arg, void *pointer)
{
	free(pointer);
}

static const struct centro_allocator libc_allocator = {
	.size = sizeof(struct centro_allocator),
	.resize = libc_resize,
	.free = libc_free,
};

const struct centro_allocator *ctr_allocator_or_default(const struct centro_allocator *allocator)
{
	return allocator ? allocator : &libc_allocator;
}

static void *resize(const struct centro_allocator *allocator, void *pointer, size_t bytes)
{
	CTR_ASSERT(bytes > 0);

	allocator = ctr_allocator_or_default(allocator);
	return allocator->resize(allocator->arg, pointer, bytes);
}

void *ctr_alloc(const struct centro_allocator *allocator, size_t bytes)
{
	return resize(allocator, /* pointer= */ NULL, bytes);
}

void *ctr_alloc_zero(const struct centro_allocator *allocator, size_t bytes)
{
	void *pointer = ctr_alloc(allocator, bytes);
	if (pointer)
		memset(pointer, 0, bytes);
	return pointer;
}

void *ctr_alloc_array(const struct centro_allocator *allocator, size_t count, size_t bytes)
{
	size_t total;
	if (!ctr_mul_size(count, bytes, &total))
		return NULL;
	return ctr_alloc_zero(allocator, total);
}

void *ctr_resize_array(const struct centro_allocator *allocator, void *pointer, size_t count,
		       size_t bytes)
{
	size_t total;
	if (!ctr_mul_size(count, bytes, &total))
		return NULL;
	return resize(allocator, pointer, total);
}

void ctr_free(const struct centro_allocator *allocator, void *pointer)
{
	if (!pointer)
		return;
	allocator = ctr_allocator_or_default(allocator);
	allocator->free(allocator->arg, pointer);
}

char *ctr_strdup(const struct centro_allocator *allocator, struct centro_bytes text)
{
	size_t bytes;
	if (!ctr_add_size(text.size, 1, &bytes))
		return NULL;

	char *copy = ctr_alloc(allocator, bytes);
	if (!copy)
		return NULL;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}
