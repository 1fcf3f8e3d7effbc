/* SPDX-License-Identifier: MIT */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

/* Text for people: escaped, measured, quoted; times as ages. No I/O but to the file given. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The size of the character that `text`, which is not empty, begins with. Control:
 * it would act on a terminal instead of being shown (C0, DEL, C1), or is not UTF-8.
 */
size_t text_next(const char *text, bool *ret_is_control);
/* `text` with the bytes of such characters as \xNN. */
void text_write_escaped(FILE *file, const char *text);
/* The same on the heap. */
char *text_escaped(const char *text);
/* Columns of a terminal, roughly: characters, of which combining marks take none. */
size_t text_width(const char *text);
/* As a shell would take it back: quoted where it must be. On the heap. */
char *text_shell_quoted(const char *word);

/* "0.4s", "12s", "3m12s", "2h05m", "4d3h". Returns `buffer`. */
const char *text_age(uint64_t ns, char *buffer, size_t size);
/* Nanoseconds since 1970 of "2026-01-31T09:30:00.123Z"; 0: it is none. */
uint64_t text_parse_time(const char *text);
/* "2026-01-31 09:30:00 UTC". Returns `buffer`. */
const char *text_time(uint64_t ns, char *buffer, size_t size);
uint64_t text_now_ns(void);

#endif
