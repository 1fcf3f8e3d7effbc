/* SPDX-License-Identifier: MIT */
/* outcome.c - what a job's end means. */
#include "outcome.h"

#include <string.h>

#include <centro/job.h>

const char *job_task_name(const cJSON *job, int64_t position)
{
	const cJSON *tasks = json_get(json_get(job, "spec"), "tasks");
	return json_text_or(cJSON_GetArrayItem(tasks, (int)position), "name", "main");
}

static int state_of(const cJSON *job)
{
	const char *word = json_text(job, "state");
	for (int state = 1; state < CENTRO_JOB_STATE_COUNT; state++) {
		if (strcmp(word, centro_job_state_name(state)) == 0)
			return state;
	}
	return 0;
}

bool outcome_is_final(const cJSON *job)
{
	return centro_job_state_is_final(state_of(job));
}

static bool is_lost(const cJSON *instance)
{
	const char *cause = json_text(instance, "cause");
	return strcmp(cause, centro_cause_name(CENTRO_CAUSE_NODE_LOST)) == 0 ||
	       strcmp(cause, centro_cause_name(CENTRO_CAUSE_LEASE_EXPIRED)) == 0;
}

/* A job can fail without any command having given a code. */
static int code_of_failure(const cJSON *job)
{
	const cJSON *instance;
	int64_t code = json_int(job, "exit_code");
	if (code > 0)
		return code < 256 ? (int)code : EXIT_CLI_OTHER;
	cJSON_ArrayForEach(instance, json_get(job, "instances"))
	{
		if (is_lost(instance))
			return EXIT_CLI_NODE_LOST;
	}
	return EXIT_CLI_OTHER;
}

int outcome_exit_code(const cJSON *job)
{
	switch (state_of(job)) {
	case CENTRO_JOB_SUCCEEDED:
		return 0;
	case CENTRO_JOB_CANCELLED:
		return EXIT_CLI_CANCELLED;
	case CENTRO_JOB_TIMEOUT:
		return EXIT_CLI_TIMEOUT;
	default:
		return code_of_failure(job);
	}
}

static void explain_instances(const struct cli *cli, const cJSON *job)
{
	const cJSON *instance;
	cJSON_ArrayForEach(instance, json_get(job, "instances"))
	{
		const char *message = json_text(instance, "message");
		if (!message[0])
			continue;
		cli_error(cli, 0, "job %s: %s", json_text(job, "id"), message);
		return; /* the others most likely say the same */
	}
}

void outcome_explain(const struct cli *cli, const cJSON *job)
{
	const char *id = json_text(job, "id");
	const char *reason = json_text(job, "cancel_reason");
	const char *who = json_text_or(job, "cancelled_by", "somebody");
	int state = state_of(job);

	if (state == CENTRO_JOB_CANCELLED)
		cli_error(cli, 0, "job %s was cancelled by %s%s%s", id, who, reason[0] ? ": " : "",
			  reason);
	else if (state == CENTRO_JOB_TIMEOUT)
		cli_error(cli, 0, "job %s passed its time limit and was killed", id);
	else if (state == CENTRO_JOB_FAILED)
		explain_instances(cli, job);
}
