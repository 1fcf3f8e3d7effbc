/* SPDX-License-Identifier: MIT */
/*
 * buf.c - the growable byte buffer.
 *
 * Invariants: size <= capacity; size <= size_max unless that is 0; once `error`
 * is set nothing is appended until the buffer is cleared.
 *
 * Layer: base.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"

#define CAPACITY_FIRST 64

void ctr_buf_init(struct ctr_buf *buf, const struct centro_allocator *allocator, size_t size_max)
{
	*buf = (struct ctr_buf){
		.allocator = allocator,
		.size_max = size_max,
	};
}

void ctr_buf_fini(struct ctr_buf *buf)
{
	ctr_free(buf->allocator, buf->data);
	ctr_buf_init(buf, buf->allocator, buf->size_max);
}

void ctr_buf_clear(struct ctr_buf *buf)
{
	buf->size = 0;
	buf->error = CENTRO_OK;
}

/* Capacity of at least `wanted`, whatever the limit says. */
static bool grow(struct ctr_buf *buf, size_t wanted)
{
	if (wanted <= buf->capacity)
		return true;

	size_t capacity = buf->capacity > 0 ? buf->capacity : CAPACITY_FIRST;
	while (capacity < wanted) {
		if (!ctr_mul_size(capacity, 2, &capacity))
			capacity = wanted;
	}
	/* Doubling must not take much more than the limit allows to use. */
	if (buf->size_max > 0 && capacity > buf->size_max)
		capacity = wanted > buf->size_max ? wanted : buf->size_max;

	uint8_t *data = ctr_resize_array(buf->allocator, buf->data, capacity, 1);
	if (!data)
		return false;
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

static int fail(struct ctr_buf *buf, int error)
{
	CTR_ASSERT(buf->error == CENTRO_OK);
	buf->error = error;
	return error;
}

int ctr_buf_reserve(struct ctr_buf *buf, size_t more)
{
	CTR_ASSERT(buf->size <= buf->capacity);

	if (buf->error != CENTRO_OK)
		return buf->error;
	size_t wanted;
	if (!ctr_add_size(buf->size, more, &wanted))
		return fail(buf, CENTRO_ERR_LIMIT);
	if (buf->size_max > 0 && wanted > buf->size_max)
		return fail(buf, CENTRO_ERR_LIMIT);
	if (!grow(buf, wanted))
		return fail(buf, CENTRO_ERR_NOMEM);
	return CENTRO_OK;
}

int ctr_buf_append(struct ctr_buf *buf, const void *data, size_t size)
{
	int status = ctr_buf_reserve(buf, size);
	if (status != CENTRO_OK || size == 0)
		return status;
	memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	return CENTRO_OK;
}

int ctr_buf_append_bytes(struct ctr_buf *buf, struct centro_bytes bytes)
{
	return ctr_buf_append(buf, bytes.data, bytes.size);
}

int ctr_buf_append_str(struct ctr_buf *buf, const char *text)
{
	return ctr_buf_append(buf, text, strlen(text));
}

int ctr_buf_append_char(struct ctr_buf *buf, char c)
{
	return ctr_buf_append(buf, &c, 1);
}

int ctr_buf_append_u64(struct ctr_buf *buf, uint64_t value)
{
	char digits[20];
	char *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return ctr_buf_append(buf, at, (size_t)(digits + sizeof(digits) - at));
}

int ctr_buf_appendf(struct ctr_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);

	/* Most texts fit into what is there; only the others are printed twice. */
	size_t room = buf->capacity - buf->size;
	int length = vsnprintf(room > 0 ? (char *)buf->data + buf->size : NULL, room, format, args);
	CTR_ASSERT(length >= 0);

	/* vsnprintf() wants room for its terminator, which does not count. */
	size_t size = (size_t)length;
	int status = ctr_buf_reserve(buf, size);
	if (status == CENTRO_OK && size >= room) {
		if (grow(buf, buf->size + size + 1))
			vsnprintf((char *)buf->data + buf->size, size + 1, format, again);
		else
			status = fail(buf, CENTRO_ERR_NOMEM);
	}
	if (status == CENTRO_OK)
		buf->size += size;
	va_end(again);
	va_end(args);
	return status;
}

uint8_t *ctr_buf_extend(struct ctr_buf *buf, size_t size)
{
	if (ctr_buf_reserve(buf, size) != CENTRO_OK)
		return NULL;
	/* Even of nothing, the result says that it went well. */
	if (!buf->data && !grow(buf, 1)) {
		fail(buf, CENTRO_ERR_NOMEM);
		return NULL;
	}
	uint8_t *start = buf->data + buf->size;
	buf->size += size;
	return start;
}

void ctr_buf_consume(struct ctr_buf *buf, size_t size)
{
	CTR_ASSERT(size <= buf->size);

	if (size == 0)
		return;
	buf->size -= size;
	if (buf->size > 0)
		memmove(buf->data, buf->data + size, buf->size);
}

void ctr_buf_truncate(struct ctr_buf *buf, size_t size)
{
	CTR_ASSERT(size <= buf->size);
	buf->size = size;
}

struct centro_bytes ctr_buf_bytes(const struct ctr_buf *buf)
{
	return ctr_bytes(buf->data, buf->size);
}

char *ctr_buf_take_str(struct ctr_buf *buf)
{
	/* The terminator stands outside the limit. */
	if (buf->error != CENTRO_OK || !grow(buf, buf->size + 1))
		return NULL;

	char *text = (char *)buf->data;
	text[buf->size] = '\0';
	ctr_buf_init(buf, buf->allocator, buf->size_max);
	return text;
}
