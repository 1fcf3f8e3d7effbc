/* SPDX-License-Identifier: MIT */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

/* Tables, times for people, and JSON and YAML. */

#include "cli.h"

#define TABLE_COLUMNS_MAX 16

/* Rows are kept until the end, since widths are not known before. */
struct table {
	size_t columns, rows, capacity;
	const char *titles[TABLE_COLUMNS_MAX];
	bool color; /* show states in colour */
	char **cells; /* rows × columns, owned */
};

void table_init(struct table *table, const struct cli *cli, const char *const *titles,
		size_t columns);
/* Control characters are shown as \xNN; empty is "-". */
void table_cell(struct table *table, const char *format, ...) CENTRO_PRINTF(2, 3);
/* Print it and free it. */
void table_print(struct table *table);

/* "3m12s" from then until now. `buffer` is returned. */
const char *print_age(uint64_t since_ns, uint64_t until_ns, char *buffer, size_t size);
/* "2026-01-31 09:30:00 UTC", "-" for 0. */
const char *print_time(uint64_t ns, char *buffer, size_t size);
uint64_t print_now_ns(void);

/* One message, or an array of them, as --output says. */
void print_json(const struct cli *cli, const cJSON *value);
/* What of `text` would move a terminal's cursor, as \xNN. */
void print_escaped(FILE *file, const char *text);

#endif
