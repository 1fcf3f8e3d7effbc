/* SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/* Columns that are as wide as their widest cell. */

#include <stddef.h>

#include "cli.h"

enum tint { TINT_NONE, TINT_GOOD, TINT_BAD, TINT_BUSY, TINT_QUIET };

#define TABLE_COLUMNS_MAX 16

struct table {
	size_t columns;
	const char *const *titles; /* borrowed */
	struct cell {
		char *text;
		enum tint tint;
	} * cells; /* row by row */
	size_t count, capacity;
};

void table_init(struct table *table, const char *const *titles, size_t columns);
/* The next cell. Escaped for a terminal; empty is shown as "-". */
void table_add(struct table *table, enum tint tint, const char *format, ...) CENTRO_PRINTF(3, 4);
/* Also when it has no rows, so that a person sees what the columns would be. */
void table_print(const struct table *table, const struct cli *cli);
void table_free(struct table *table);

/* Of a state's word. */
enum tint tint_of_state(const char *state);
/* What begins it on stdout; "" when there is no colour, and then TINT_END is not due. */
const char *tint_code(const struct cli *cli, enum tint tint);
#define TINT_END "\033[0m"

#endif
