/* SPDX-License-Identifier: MIT */
/*
 * problems.c - what is wrong, a line each.
 *
 * Invariant: `text` holds the first `shown` problems whole, each with its end of line
 * but the last; what did not fit, or came too late, is counted.
 *
 * Layer: base.
 */
#include "base/problems.h"

#include <centro/error.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"

#define MORE_SIZE_MAX 32 /* "\nand 18446744073709551615 more" */

void ctr_problems_init(struct ctr_problems *problems)
{
	problems->count = problems->shown = problems->size = 0;
	problems->text[0] = '\0';
}

void ctr_problems_add(struct ctr_problems *problems, const char *format, ...)
{
	bool is_next = problems->shown == problems->count;
	size_t at = problems->size + (problems->shown > 0);
	CTR_ASSERT(problems->shown <= problems->count);

	problems->count++;
	/* The first one that is left out ends the list: what is shown has no gaps. */
	if (!is_next || problems->shown == CTR_PROBLEMS_MAX || at >= sizeof(problems->text))
		return;
	va_list args;
	va_start(args, format);
	int length = vsnprintf(problems->text + at, sizeof(problems->text) - at, format, args);
	va_end(args);
	CTR_ASSERT(length >= 0);
	if ((size_t)length >= sizeof(problems->text) - at) {
		problems->text[problems->size] = '\0';
		return;
	}
	if (problems->shown > 0)
		problems->text[problems->size] = '\n';
	problems->size = at + (size_t)length;
	problems->shown++;
}

/* The size of the first lines that fit into `room`, and how many these are. */
static size_t take_lines(const struct ctr_problems *problems, size_t room, size_t *ret_count)
{
	size_t size = 0;
	*ret_count = 0;
	while (*ret_count < problems->shown) {
		size_t from = size + (size > 0);
		size_t end = from + strcspn(problems->text + from, "\n");
		if (end >= room)
			break;
		size = end;
		++*ret_count;
	}
	return size;
}

const char *ctr_problems_tell(const struct ctr_problems *problems, char *buffer, size_t size)
{
	size_t told;
	CTR_ASSERT(size > 2 * MORE_SIZE_MAX - 1);

	size_t used = take_lines(problems, size, &told);
	if (told < problems->count)
		used = take_lines(problems, size - MORE_SIZE_MAX, &told);
	/* One that is larger than all the room. */
	if (told == 0 && problems->shown > 0) {
		used = ctr_utf8_cut(problems->text, size - MORE_SIZE_MAX);
		told = 1;
	}
	memcpy(buffer, problems->text, used);
	buffer[used] = '\0';
	if (told < problems->count)
		snprintf(buffer + used, size - used, "%sand %zu more", used > 0 ? "\n" : "",
			 problems->count - told);
	return buffer;
}

int ctr_problems_status(const struct ctr_problems *problems, struct centro_error_text *text)
{
	if (problems->count == 0)
		return CENTRO_OK;
	if (text)
		ctr_problems_tell(problems, text->text, sizeof(text->text));
	return CENTRO_ERR_INVALID;
}
