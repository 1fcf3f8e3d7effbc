/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_INTERNAL_H
#define CTR_STORE_INTERNAL_H

/* What the files of this folder, and the simulator, share beside the contract. */

#include <centro/store_impl.h>

/*
 * Copy an option struct of `from_size` bytes, which it says of itself, into
 * `to`, the struct as this library knows it. What the caller does not know is
 * zero; what this library does not know must be zero.
 *
 * CENTRO_ERR_ABI otherwise, or if the struct is smaller than `size_min`, its
 * size in the first release.
 */
int ctr_store_copy_struct(void *to, size_t to_size, size_t size_min, const void *from,
			  size_t from_size);

/*
 * Let go of a store as kill -9 would: forget what is under way without calling
 * anybody, and destroy it. For backends in memory only.
 */
void ctr_store_abandon(struct centro_store *store);

#endif
