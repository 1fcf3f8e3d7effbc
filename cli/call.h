/* SPDX-License-Identifier: MIT */
#ifndef CLI_CALL_H
#define CLI_CALL_H

/* Calls to the server, in JSON. */

#include "cli.h"

/* Open cli->client if it is not open. 0, or the exit code: it has been said. */
int cli_connect(struct cli *cli);
/* The exit code that a call's error stands for; says what is wrong. */
int cli_call_failed(const struct cli *cli, int status, const char *text);

/*
 * A unary call. Takes `request` over. 0 and *ret_answer, the caller's; or the exit
 * code, and it has been said.
 */
int cli_call(struct cli *cli, const char *method, cJSON *request, bool is_idempotent,
	     cJSON **ret_answer);

/* Each job that a list request gives, page by page; nonzero from `each` ends it. */
int cli_each_job(struct cli *cli, cJSON *request, uint64_t limit,
		 int (*each)(void *arg, const cJSON *job), void *arg);

/* A random request id: the same submit sent twice makes one job. */
void cli_random_id(char id[33]);

#endif
