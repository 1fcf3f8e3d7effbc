/* SPDX-License-Identifier: MIT */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

/*
 * Which jobs a word means: 1234, 1234.task.7/2, a name (the newest job of that
 * name), @last (the newest job), 10-20; or the label flag, "key=value".
 */

#include "cli.h"

struct selected {
	uint64_t id;
	char task[64];    /* "": not said */
	uint32_t index;   /* 0 when not said */
	uint32_t attempt; /* 0: the last */
};

struct selection {
	struct selected *items;
	size_t count;
};

#define SELECTION_MAX 100000

/* Adds what `word` means. 0, or the exit code: it has been said. */
int select_word(struct cli *cli, const char *word, struct selection *selection);
/* Adds the jobs that have this label and have not ended. */
int select_label(struct cli *cli, const char *label, struct selection *selection);
/* "key=value" into an object of labels. 0, or the exit code. */
int select_parse_label(struct cli *cli, const char *label, cJSON *labels);
void selection_free(struct selection *selection);

#endif
