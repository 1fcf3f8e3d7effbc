/* SPDX-License-Identifier: MIT */
/* cli.c - what the program says on stderr, and the nearest word to a wrong one. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define SAID_SIZE 8192

void *need(void *pointer)
{
	if (pointer)
		return pointer;
	fputs("centro: out of memory\n", stderr);
	exit(EXIT_CLI_OTHER);
}

void live_line_clear(struct live_line *line)
{
	if (!line || !line->is_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	line->is_shown = false;
}

/* Each line but the first is indented: no text can pass for another remark. */
static void write_lines(FILE *file, char *text)
{
	char *next = text;
	for (bool is_first = true; next; is_first = false) {
		char *line = strsep(&next, "\n");
		fputs(is_first ? "" : "  ", file);
		text_write_escaped(file, line);
		fputc('\n', file);
	}
}

/* In one write, so that lines of several programs on one terminal stay whole. */
static void CENTRO_PRINTF(2, 0) say(const struct cli *cli, const char *format, va_list arguments)
{
	char text[SAID_SIZE];
	char *shown = NULL;
	size_t size;
	vsnprintf(text, sizeof(text), format, arguments);
	FILE *file = need(open_memstream(&shown, &size));
	fprintf(file, "centro%s%s: ", cli->verb ? " " : "", cli->verb ? cli->verb : "");
	write_lines(file, text);
	if (fclose(file) != 0)
		need(NULL);
	live_line_clear(cli->live_line);
	fputs(need(shown), stderr);
	free(shown);
}

int cli_error(const struct cli *cli, int code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(cli, format, arguments);
	va_end(arguments);
	return code;
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(cli, format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try: centro help%s%s\n", cli->verb ? " " : "", cli->verb ? cli->verb : "");
	return EXIT_CLI_USAGE;
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list arguments;
	if (cli->quiet)
		return;
	va_start(arguments, format);
	say(cli, format, arguments);
	va_end(arguments);
}

/* Edits between two short words, where two letters that changed places count as one. */
static size_t distance(const char *a, const char *b)
{
	enum { SIZE_MAX_ = 32 };
	size_t rows[3][SIZE_MAX_ + 1];
	size_t a_size = strlen(a), b_size = strlen(b);
	if (a_size > SIZE_MAX_ || b_size > SIZE_MAX_)
		return SIZE_MAX_;
	for (size_t i = 0; i <= a_size; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			if (i == 0) {
				row[j] = j;
				continue;
			}
			size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
			size_t step = (above[j] < row[j - 1] ? above[j] : row[j - 1]) + 1;
			row[j] = change < step ? change : step;
			bool is_swap =
				i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (is_swap && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[a_size % 3][b_size];
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t limit = strlen(word) > 3 ? 3 : 2;
	for (size_t i = 0; i < count; i++) {
		size_t edits = distance(word, names[i]);
		if (edits >= limit)
			continue;
		best = names[i];
		limit = edits;
	}
	return best;
}
