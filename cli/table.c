/* SPDX-License-Identifier: MIT */
/* table.c - tables for people. */
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define GAP 2

const char *tint_code(const struct cli *cli, enum tint tint)
{
	static const char *const codes[] = {
		[TINT_NONE] = "",         [TINT_GOOD] = "\033[32m",  [TINT_BAD] = "\033[31m",
		[TINT_BUSY] = "\033[36m", [TINT_QUIET] = "\033[33m",
	};
	return cli->is_colored ? codes[tint] : "";
}

void table_init(struct table *table, const char *const *titles, size_t columns)
{
	*table = (struct table){.titles = titles, .columns = columns};
}

void table_add(struct table *table, enum tint tint, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		need(NULL);
	va_end(arguments);
	if (table->count == table->capacity) {
		table->capacity = table->capacity ? table->capacity * 2 : 128;
		table->cells = need(realloc(table->cells, table->capacity * sizeof(*table->cells)));
	}
	char *shown = text[0] ? text_escaped(text) : need(strdup("-"));
	table->cells[table->count++] = (struct cell){shown, tint};
	free(text);
}

static void print_cell(const struct cli *cli, const char *text, enum tint tint, size_t width)
{
	const char *code = tint_code(cli, tint);
	printf("%s%s%s", code, text, code[0] ? TINT_END : "");
	for (size_t used = text_width(text); used < width; used++)
		putchar(' ');
}

void table_print(const struct table *table, const struct cli *cli)
{
	size_t widths[TABLE_COLUMNS_MAX];
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = text_width(table->titles[i]);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = text_width(table->cells[i].text);
		size_t *widest = &widths[i % table->columns];
		*widest = width > *widest ? width : *widest;
	}
	/* Nothing is behind the last column, so that lines end with their text. */
	for (size_t i = 0; i < table->columns; i++) {
		bool is_last = i + 1 == table->columns;
		print_cell(cli, table->titles[i], TINT_NONE, is_last ? 0 : widths[i] + GAP);
	}
	putchar('\n');
	for (size_t i = 0; i < table->count; i++) {
		bool is_last = (i + 1) % table->columns == 0;
		print_cell(cli, table->cells[i].text, table->cells[i].tint,
			   is_last ? 0 : widths[i % table->columns] + GAP);
		if (is_last)
			putchar('\n');
	}
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){0};
}

enum tint tint_of_state(const char *state)
{
	static const struct {
		const char *state;
		enum tint tint;
	} tints[] = {
		{"running", TINT_BUSY},   {"assigned", TINT_BUSY},  {"pending", TINT_QUIET},
		{"draining", TINT_QUIET}, {"succeeded", TINT_GOOD}, {"ready", TINT_GOOD},
		{"failed", TINT_BAD},     {"cancelled", TINT_BAD},  {"timeout", TINT_BAD},
		{"down", TINT_BAD},       {"denied", TINT_BAD},
	};
	for (size_t i = 0; i < sizeof(tints) / sizeof(tints[0]); i++) {
		if (strcmp(tints[i].state, state) == 0)
			return tints[i].tint;
	}
	return TINT_NONE;
}
