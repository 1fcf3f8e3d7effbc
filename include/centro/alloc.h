/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_ALLOC_H
#define CENTRO_ALLOC_H

/**
 * @file
 * An allocator of your own. It covers Centro's code, nghttp2 and protobuf-c;
 * LMDB, libuv, libcurl and OpenSSL go on using the C library's.
 *
 * Threads: called from whichever thread calls into the object that was made
 * with it, and from a storage backend's own commit thread.
 */

#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_allocator {
	size_t size; /**< sizeof(struct centro_allocator) */
	void *arg;   /**< passed to both */

	/**
	 * Required. As realloc(): `pointer` may be NULL; `bytes` is never 0.
	 * NULL means that there is no memory and `pointer` is unchanged.
	 */
	void *(*resize)(void *arg, void *pointer, size_t bytes);

	/** Required. `pointer` may be NULL. */
	void (*free)(void *arg, void *pointer);
};

#ifdef __cplusplus
}
#endif
#endif
