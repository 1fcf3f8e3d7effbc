/* SPDX-License-Identifier: MIT */
/*
 * path.c - errors that name the field they are about.
 *
 * Layer: codec.
 */
#include "codec/path.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"

/* Deeper than any message or JSON text may nest. */
#define STEPS_MAX 80

/* Both append as much as there is room for; the text stays terminated. */
static void append(struct centro_error_text *text, const char *format, ...) CENTRO_PRINTF(2, 3);
static void append_args(struct centro_error_text *text, const char *format, va_list args)
	CENTRO_PRINTF(2, 0);

static void append_args(struct centro_error_text *text, const char *format, va_list args)
{
	size_t size = strlen(text->text);
	size_t room = sizeof(text->text) - size;
	int length = vsnprintf(text->text + size, room, format, args);

	CTR_ASSERT(length >= 0);
	if ((size_t)length >= room)
		text->text[ctr_utf8_cut(text->text, sizeof(text->text) - 1)] = '\0';
}

static void append(struct centro_error_text *text, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	append_args(text, format, args);
	va_end(args);
}

const char *ctr_quote(struct ctr_quote *quote, struct centro_bytes text)
{
	/* As large as its limit, so it never grows. */
	struct ctr_buf buf = {
		.data = (uint8_t *)quote->text,
		.capacity = sizeof(quote->text) - 1,
		.size_max = sizeof(quote->text) - 1,
	};
	int status = ctr_escape(&buf, text, CTR_QUOTE_SIZE_MAX);
	CTR_ASSERT(status == CENTRO_OK);
	quote->text[buf.size] = '\0';
	return quote->text;
}

static void append_path(struct centro_error_text *text, const struct ctr_path *path)
{
	const struct ctr_path *steps[STEPS_MAX];
	size_t count = 0;

	for (const struct ctr_path *step = path; step; step = step->up) {
		CTR_ASSERT(count < STEPS_MAX);
		steps[count++] = step;
	}
	for (size_t i = count; i > 0; i--) {
		const struct ctr_path *step = steps[i - 1];
		struct ctr_quote name;
		append(text, "%s%s", i < count ? "." : "",
		       ctr_quote(&name, ctr_bytes_str(step->name)));
		if (step->index != CTR_PATH_NO_INDEX)
			append(text, "[%zu]", step->index);
	}
	if (count > 0)
		append(text, ": ");
}

int ctr_path_error(const struct ctr_path *path, struct centro_error_text *text, int error,
		   const char *format, ...)
{
	CTR_ASSERT(error < 0);

	if (!text)
		return error;
	/* An argument may be the old text. */
	struct centro_error_text made = {""};
	append_path(&made, path);
	va_list args;
	va_start(args, format);
	append_args(&made, format, args);
	va_end(args);
	*text = made;
	return error;
}

int ctr_arena_error(const struct ctr_arena *arena, size_t bytes, struct centro_error_text *text)
{
	CTR_ASSERT(arena->used_bytes <= arena->bytes_max);

	/* The arena rounds up, so what is left may be short by less than one unit. */
	size_t left = arena->bytes_max - arena->used_bytes;
	if (left < sizeof(max_align_t) || bytes > left - sizeof(max_align_t))
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "the message needs more than the %zu bytes of memory allowed for "
				 "one of its size",
				 arena->bytes_max);
	return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
}
