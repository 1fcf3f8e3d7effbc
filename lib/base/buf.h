/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_BUF_H
#define CTR_BASE_BUF_H

/*
 * A growable byte buffer with a limit.
 *
 * Appends return CENTRO_OK, CENTRO_ERR_NOMEM or CENTRO_ERR_LIMIT and on an
 * error add nothing. The error also sticks in `error`, so that a long run of
 * appends can be checked once at its end.
 */

#include "base/alloc.h"

struct ctr_buf {
	const struct centro_allocator *allocator;
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t size_max;
	int error; /* the first one; later appends return it and do nothing */
};

/* Takes no memory yet. size_max 0: no limit. */
void ctr_buf_init(struct ctr_buf *buf, const struct centro_allocator *allocator, size_t size_max);
void ctr_buf_fini(struct ctr_buf *buf);
/* Empty and without error; the memory is kept. */
void ctr_buf_clear(struct ctr_buf *buf);

/* Room for `more` bytes behind `size`, so that appending them cannot fail. */
int ctr_buf_reserve(struct ctr_buf *buf, size_t more);
int ctr_buf_append(struct ctr_buf *buf, const void *data, size_t size);
int ctr_buf_append_bytes(struct ctr_buf *buf, struct centro_bytes bytes);
int ctr_buf_append_str(struct ctr_buf *buf, const char *text);
int ctr_buf_append_char(struct ctr_buf *buf, char c);
int ctr_buf_append_u64(struct ctr_buf *buf, uint64_t value); /* decimal */
int ctr_buf_appendf(struct ctr_buf *buf, const char *format, ...) CENTRO_PRINTF(2, 3);
/* `size` uninitialised bytes at the end, or NULL. */
uint8_t *ctr_buf_extend(struct ctr_buf *buf, size_t size);

/* Drop the first `size` bytes (moves the rest). */
void ctr_buf_consume(struct ctr_buf *buf, size_t size);
void ctr_buf_truncate(struct ctr_buf *buf, size_t size);

/* Borrowed until the next change. */
struct centro_bytes ctr_buf_bytes(const struct ctr_buf *buf);

/* Terminate, hand the memory over and leave the buffer empty. NULL: no memory or buf->error. */
char *ctr_buf_take_str(struct ctr_buf *buf);

#endif
