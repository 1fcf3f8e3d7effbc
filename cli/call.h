/* SPDX-License-Identifier: MIT */
#ifndef CLI_CALL_H
#define CLI_CALL_H

/* Calls to the server, in JSON. Exit codes are 0, or the code and it has been said. */

#include "json.h"

/* Open cli->client, unless it is. */
int cli_connect(struct cli *cli);
/* Say what is wrong; the exit code that a call's error stands for. */
int cli_call_failed(const struct cli *cli, int status, const char *text);

/* The rest of `options` is the caller's. Takes `request` over. */
int cli_call_start(struct cli *cli, const char *method, cJSON *request,
		   struct centro_call_options *options, struct centro_call **ret_call);
/*
 * Let things happen for at most `limit_ms` (-1: until something does), or until
 * `interrupt_fd` (-1: none) is readable: then true.
 */
bool cli_turn(struct cli *cli, int limit_ms, int interrupt_fd);

/*
 * A unary call, to its end. Every call of the command line may be sent twice: a
 * submit carries a request id. Takes `request` over; *ret_answer is the caller's.
 */
int cli_call(struct cli *cli, const char *method, cJSON *request, cJSON **ret_answer);

/*
 * Everything that a List method gives in the array `member`, page by page: `each`
 * takes the item over; what it returns, if not 0, ends it. `limit` 0: all.
 */
int cli_list(struct cli *cli, const char *method, cJSON *request, const char *member,
	     uint64_t limit, int (*each)(void *arg, cJSON *item), void *arg);

/* On CLOCK_MONOTONIC. */
uint64_t cli_steady_ns(void);

#endif
