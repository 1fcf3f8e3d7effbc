/* SPDX-License-Identifier: MIT */
/* outcome.c - what a job's end means as an exit code, and in a sentence. */
#include "outcome.h"

#include <string.h>

#include "print.h"

bool outcome_is_final(const cJSON *job)
{
	const char *state = json_text(job, "state");
	return strcmp(state, "pending") != 0 && strcmp(state, "running") != 0;
}

int outcome_exit_code(const cJSON *job)
{
	const char *state = json_text(job, "state");
	int code = json_int(job, "exit_code");
	if (strcmp(state, "succeeded") == 0)
		return 0;
	if (strcmp(state, "cancelled") == 0)
		return EXIT_CLI_CANCELLED;
	if (strcmp(state, "timeout") == 0)
		return EXIT_CLI_TIMEOUT;
	return code > 0 && code < 256 ? code : EXIT_CLI_OTHER;
}

void outcome_explain(const struct cli *cli, const cJSON *job)
{
	const char *state = json_text(job, "state");
	const char *id = json_text(job, "id");
	const cJSON *instance;
	if (strcmp(state, "cancelled") == 0) {
		const char *reason = json_text(job, "cancel_reason");
		cli_error(cli, 0, "job %s was cancelled by %s%s%s", id,
			  json_text(job, "cancelled_by"), reason[0] ? ": " : "", reason);
	} else if (strcmp(state, "timeout") == 0) {
		cli_error(cli, 0, "job %s passed its time limit and was killed", id);
	}
	cJSON_ArrayForEach(instance, json_member(job, "instances"))
	{
		const char *message = json_text(instance, "message");
		if (message[0] && strcmp(json_text(instance, "cause"), "cancel") != 0) {
			fprintf(stderr, "centro %s: job %s: ", cli->verb, id);
			print_escaped(stderr, message);
			fputc('\n', stderr);
			return;
		}
	}
}
