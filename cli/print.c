/* SPDX-License-Identifier: MIT */
/* print.c - tables, times for people, and JSON and YAML. */
#include "print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void table_init(struct table *table, const struct cli *cli, const char *const *titles,
		size_t columns)
{
	*table = (struct table){ .columns = columns, .color = cli->color };
	memcpy(table->titles, titles, columns * sizeof(*titles));
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static char *escaped(const char *text)
{
	char *copy = malloc(strlen(text) * 4 + 2), *out = copy;
	if (!copy)
		abort();
	for (; *text; text++) {
		if (is_control((unsigned char)*text))
			out += snprintf(out, 5, "\\x%02x", (unsigned char)*text);
		else
			*out++ = *text;
	}
	if (out == copy)
		*out++ = '-';
	*out = '\0';
	return copy;
}

void table_cell(struct table *table, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (table->rows == table->capacity) {
		table->capacity = table->capacity ? table->capacity * 2 : 256;
		table->cells = realloc(table->cells, table->capacity * sizeof(*table->cells));
		if (!table->cells)
			abort();
	}
	table->cells[table->rows++] = escaped(text);
}

/* Characters, not bytes; wide ones count as one. */
static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* What turns the colour on for a state; "" for one without. */
static const char *color_of(const char *state)
{
	static const struct {
		const char *state, *escape;
	} colors[] = {
		{ "succeeded", "\033[32m" }, { "ready", "\033[32m" },  { "running", "\033[36m" },
		{ "assigned", "\033[36m" },  { "failed", "\033[31m" }, { "timeout", "\033[31m" },
		{ "down", "\033[31m" },      { "cancelled", "\033[33m" },
	};
	for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
		if (strcmp(state, colors[i].state) == 0)
			return colors[i].escape;
	}
	return "";
}

static void print_cell(const struct table *table, size_t column, const char *cell)
{
	bool is_state = table->color && strcmp(table->titles[column], "STATE") == 0;
	const char *escape = is_state ? color_of(cell) : "";
	printf("%s%s%s", escape, cell, escape[0] ? "\033[0m" : "");
}

static void print_row(const struct table *table, const char *const *cells, const size_t *widths)
{
	for (size_t c = 0; c < table->columns; c++) {
		bool is_last = c + 1 == table->columns;
		print_cell(table, c, cells[c]);
		for (size_t w = width_of(cells[c]); !is_last && w < widths[c] + 2; w++)
			putchar(' ');
	}
	putchar('\n');
}

void table_print(struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX];
	for (size_t c = 0; c < table->columns; c++)
		widths[c] = width_of(table->titles[c]);
	for (size_t i = 0; i < table->rows; i++) {
		size_t width = width_of(table->cells[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	print_row(table, table->titles, widths);
	for (size_t i = 0; i + table->columns <= table->rows; i += table->columns)
		print_row(table, (const char *const *)&table->cells[i], widths);
	for (size_t i = 0; i < table->rows; i++)
		free(table->cells[i]);
	free(table->cells);
}

uint64_t print_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

const char *print_age(uint64_t since_ns, uint64_t until_ns, char *buffer, size_t size)
{
	if (since_ns == 0 || until_ns < since_ns) {
		snprintf(buffer, size, "%s", since_ns ? "0s" : "-");
		return buffer;
	}
	unsigned long long s = (until_ns - since_ns) / 1000000000;
	if (s < 10)
		snprintf(buffer, size, "%.1fs", (double)(until_ns - since_ns) / 1e9);
	else if (s < 60)
		snprintf(buffer, size, "%llus", s);
	else if (s < 3600)
		snprintf(buffer, size, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buffer, size, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		snprintf(buffer, size, "%llud%lluh", s / 86400, s / 3600 % 24);
	return buffer;
}

const char *print_time(uint64_t ns, char *buffer, size_t size)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm utc;
	if (ns == 0 || !gmtime_r(&seconds, &utc))
		snprintf(buffer, size, "-");
	else
		snprintf(buffer, size, "%04d-%02d-%02d %02d:%02d:%02d UTC", utc.tm_year + 1900,
			 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
	return buffer;
}

void print_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (is_control((unsigned char)*text) && *text != '\n' && *text != '\t')
			fprintf(file, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, file);
	}
}

/* ---- YAML: block style, with scalars as JSON writes them, which YAML reads ---- */

static void print_scalar(const cJSON *value)
{
	char *text = cJSON_PrintUnformatted(value);
	puts(text ? text : "null");
	free(text);
}

static bool is_block(const cJSON *value)
{
	return (cJSON_IsObject(value) || cJSON_IsArray(value)) && value->child;
}

static void print_yaml(const cJSON *value, int indent, bool after_dash)
{
	const cJSON *child;
	bool first = after_dash;
	cJSON_ArrayForEach(child, value)
	{
		printf("%*s", first ? 0 : indent, "");
		first = false;
		if (cJSON_IsArray(value)) {
			printf("- ");
			if (is_block(child))
				print_yaml(child, indent + 2, true);
			else
				print_scalar(child);
			continue;
		}
		printf("%s:", child->string);
		if (is_block(child)) {
			putchar('\n');
			print_yaml(child, indent + 2, false);
		} else {
			putchar(' ');
			print_scalar(child);
		}
	}
}

void print_json(const struct cli *cli, const cJSON *value)
{
	if (cli->output == OUTPUT_YAML) {
		if (is_block(value))
			print_yaml(value, 0, false);
		else
			print_scalar(value);
		return;
	}
	if (cli->output == OUTPUT_JSONL && cJSON_IsArray(value)) {
		const cJSON *item;
		cJSON_ArrayForEach(item, value)
			print_scalar(item);
		return;
	}
	char *text = cli->output == OUTPUT_JSONL ? cJSON_PrintUnformatted(value) : cJSON_Print(value);
	puts(text ? text : "null");
	free(text);
}
