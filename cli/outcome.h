/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

/* What a job's end means: as an exit code, and in sentences. */

#include "json.h"

/* Of the task at that position. */
const char *job_task_name(const cJSON *job, int64_t position);
bool outcome_is_final(const cJSON *job);
/* Of a job that has ended: its own code, or one of EXIT_CLI_*. */
int outcome_exit_code(const cJSON *job);
/* To stderr, what the exit code does not say: who cancelled it, what could not be started. */
void outcome_explain(const struct cli *cli, const cJSON *job);

#endif
