/* SPDX-License-Identifier: MIT */
#ifndef CLI_SELECTION_H
#define CLI_SELECTION_H

/* The jobs that a command line names, some of which only the server knows. */

#include "json.h"
#include "selector.h"

#define SELECTION_MAX 100000

struct selected {
	uint64_t id;
	struct selector selector; /* what it was named by; its task, index and attempt count */
};

struct selection {
	struct selected *items;
	size_t count, capacity;
};

/* Add what each word means. 0, or the exit code: it has been said. */
int selection_add_words(struct cli *cli, struct selection *selection, const char *const *words,
			size_t count);
/* Add the jobs that have this label, "key=value", and have not ended. */
int selection_add_label(struct cli *cli, struct selection *selection, const char *label);
void selection_free(struct selection *selection);

/* "key=value" into an object; `flag` is for the error. 0, or the exit code. */
int selection_parse_pair(const struct cli *cli, const char *flag, const char *pair,
			 cJSON *ret_object);
/* Ask a List method for jobs in any state. */
void selection_any_state(cJSON *request);
/* For a verb that takes whole jobs. 0, or it has been said that a job is `done` as a whole. */
int selection_refuse_instances(const struct cli *cli, const struct selection *selection,
			       const char *done);

#endif
