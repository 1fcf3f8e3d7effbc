/* SPDX-License-Identifier: MIT */
/*
 * panic.c - the end of a process whose state can no longer be trusted.
 *
 * It runs when anything may be broken, so it allocates nothing, takes no lock
 * and goes around stdio: one line on descriptor 2, then abort().
 *
 * Layer: base. One of the two files here that may call the system.
 */
#include "base/assert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE_MAX 512

struct line {
	char text[LINE_SIZE_MAX];
	size_t size;
};

static void line_append(struct line *line, const char *text)
{
	size_t size = strlen(text);
	size_t room = sizeof(line->text) - line->size;
	if (size > room)
		size = room;
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void line_append_number(struct line *line, unsigned int value)
{
	char digits[sizeof(value) * 3 + 1];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	line_append(line, at);
}

_Noreturn void ctr_panic(const char *file, int line_number, const char *what)
{
	struct line line = {.size = 0};

	line_append(&line, "centro: ");
	line_append(&line, file);
	line_append(&line, ":");
	line_append_number(&line, line_number > 0 ? (unsigned int)line_number : 0);
	line_append(&line, ": ");
	line_append(&line, what);
	if (line.size == sizeof(line.text))
		line.size--;
	line.text[line.size++] = '\n';

	/* There is nothing left to do about a failed write. */
	ssize_t written = write(STDERR_FILENO, line.text, line.size);
	(void)written;
	abort();
}
