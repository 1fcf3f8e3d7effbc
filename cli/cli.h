/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * What every verb of `centro` shares: where the server is, how to print, and the
 * exit codes. Data goes to stdout, all else to stderr.
 */

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>
#include <centro/client.h>

/* Exit codes beside a job's own; of several jobs the highest counts. */
enum {
	EXIT_CLI_OTHER = 120,
	EXIT_CLI_UNSCHEDULABLE = 121,
	EXIT_CLI_TIMEOUT = 122,
	EXIT_CLI_CANCELLED = 123,
	EXIT_CLI_NODE_LOST = 124,
	EXIT_CLI_UNREACHABLE = 125,
	EXIT_CLI_USAGE = 2,
};

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_YAML, OUTPUT_NAME };

#define SERVERS_MAX 16

struct cli {
	const char *verb;
	const char *servers[SERVERS_MAX];
	size_t server_count;
	char *server_memory; /* what the pointers above may point into */
	const char *server_origin; /* where the address came from, for error texts */
	enum output output;
	bool quiet;
	bool color;
	struct centro_client *client; /* opened by the first call */
};

/* "centro VERB: …" to stderr. Returns `code`. */
int cli_error(const struct cli *cli, int code, const char *format, ...) CENTRO_PRINTF(3, 4);
/* The same with "Try: centro help VERB", and EXIT_CLI_USAGE. */
int cli_usage_error(const struct cli *cli, const char *format, ...) CENTRO_PRINTF(2, 3);

/* In any locale. */
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A string member, "" when it is missing. Borrowed. */
const char *json_text(const cJSON *object, const char *name);
/* A number, or a 64-bit one written as a string; 0 when it is missing. */
uint64_t json_u64(const cJSON *object, const char *name);
int json_int(const cJSON *object, const char *name);
const cJSON *json_member(const cJSON *object, const char *name);
/* Nanoseconds since 1970 of a timestamp member; 0 when it is missing. */
uint64_t json_time_ns(const cJSON *object, const char *name);
/* A 64-bit number, as the schema's JSON has it. */
void json_add_u64(cJSON *object, const char *name, uint64_t value);

#endif
