/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * What every verb of `centro` shares: where the server is, how to print, and the
 * exit codes. Data goes to stdout, all else to stderr.
 */

#include <stdbool.h>
#include <stdio.h>

#include <centro/client.h>

/* Exit codes beside a job's own; of several jobs the highest counts. */
enum {
	EXIT_CLI_USAGE = 2,
	EXIT_CLI_OTHER = 120,
	EXIT_CLI_TIMEOUT = 122,
	EXIT_CLI_CANCELLED = 123,
	EXIT_CLI_NODE_LOST = 124,
	EXIT_CLI_UNREACHABLE = 125,
};

/* A line on a terminal's stderr that changes: what else is written there takes its place. */
struct live_line {
	bool is_shown;
	bool is_midline; /* output has begun a line, which must not be written over */
};

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_YAML, OUTPUT_NAME };

#define SERVERS_MAX 16

struct cli {
	const char *verb; /* NULL: none yet */
	const char *servers[SERVERS_MAX];
	size_t server_count;
	const char *server_origin; /* where the addresses came from, for error texts */
	char *server_text;         /* what `servers` may point into; owned */
	enum output output;
	bool quiet;
	bool is_colored;              /* stdout */
	struct live_line *live_line;  /* NULL: none */
	struct centro_client *client; /* NULL until the first call */
};

/* `pointer`, or the end of the program: there is no memory. */
void *need(void *pointer);

/*
 * "centro VERB: …" to stderr, fit for a terminal; lines behind the first are indented.
 * Returns `code`.
 */
int cli_error(const struct cli *cli, int code, const char *format, ...) CENTRO_PRINTF(3, 4);
/* The same with "Try: centro help VERB". Returns EXIT_CLI_USAGE. */
int cli_usage_error(const struct cli *cli, const char *format, ...) CENTRO_PRINTF(2, 3);
/* Remarks, which are no error: nothing when -q is given. */
void cli_note(const struct cli *cli, const char *format, ...) CENTRO_PRINTF(2, 3);

/* Make room for something else. NULL: nothing is shown. */
void live_line_clear(struct live_line *line);

/* The nearest of `count` names to `word`; NULL: none is near. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif
