/* SPDX-License-Identifier: MIT */
/*
 * check_abort.c - Check's macros where no runner of Check is: a failure is printed,
 * and ends the process as any other crash does. Takes the place of Check's library.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void _mark_point(const char *file, int line)
{
}

void _ck_assert_failed(const char *file, int line, const char *expression, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "%s:%d: %s", file, line, expression);
	if (format) {
		fputs(": ", stderr);
		vfprintf(stderr, format, arguments);
	}
	fputc('\n', stderr);
	va_end(arguments);
	abort();
}
