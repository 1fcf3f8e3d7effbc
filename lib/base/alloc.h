/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_ALLOC_H
#define CTR_BASE_ALLOC_H

/*
 * Memory, from the allocator that the embedder gave or from libc's. The only
 * place in lib/ that calls malloc, realloc and free.
 */

#include <centro/alloc.h>
#include <centro/error.h>

/* The C library's, for allocator == NULL. Never NULL itself. */
const struct centro_allocator *ctr_allocator_or_default(const struct centro_allocator *allocator);

/* NULL: no memory. `bytes` > 0. Uninitialised. */
void *ctr_alloc(const struct centro_allocator *allocator, size_t bytes);
/* The same, zeroed. */
void *ctr_alloc_zero(const struct centro_allocator *allocator, size_t bytes);
/* `count` elements of `bytes` each, zeroed; NULL also when the product overflows. */
void *ctr_alloc_array(const struct centro_allocator *allocator, size_t count, size_t bytes);
/* As realloc; NULL leaves `pointer` as it was, also when the product overflows. */
void *ctr_resize_array(const struct centro_allocator *allocator, void *pointer, size_t count,
		       size_t bytes);
/* NULL is allowed. */
void ctr_free(const struct centro_allocator *allocator, void *pointer);

/* A terminated copy. NULL: no memory. */
char *ctr_strdup(const struct centro_allocator *allocator, struct centro_bytes text);

#endif
