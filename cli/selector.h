/* SPDX-License-Identifier: MIT */
#ifndef CLI_SELECTOR_H
#define CLI_SELECTOR_H

/*
 * The words that name jobs, read without asking anybody:
 *
 *	1234  1234.task  1234.task.7  1234.task.7/2  10-20  @last  a name
 */

#include <stdbool.h>
#include <stdint.h>

#define TASK_NAME_SIZE 64

enum selector_kind { SELECT_ID, SELECT_RANGE, SELECT_LAST, SELECT_NAME };

struct selector {
	enum selector_kind kind;
	uint64_t id;               /* SELECT_ID, and the first of SELECT_RANGE */
	uint64_t id_last;          /* SELECT_RANGE */
	char task[TASK_NAME_SIZE]; /* "": not said */
	bool has_index;
	uint32_t index;
	uint32_t attempt; /* 0: not said */
	const char *name; /* SELECT_NAME: the word; borrowed */
};

/* Whether the task and index that the selector names, if any, are these. */
bool selector_takes(const struct selector *selector, const char *task, uint32_t index);
/* NULL, or what is wrong with the word. */
const char *selector_parse(const char *word, struct selector *ret_selector);

#endif
