/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

/* What a job's end means as an exit code, and in a sentence. */

#include "cli.h"

bool outcome_is_final(const cJSON *job);
/* Of a job that has ended: the job's own exit code, or one of enum EXIT_CLI_*. */
int outcome_exit_code(const cJSON *job);
/* What a person should know of the end that the exit code does not say; to stderr. */
void outcome_explain(const struct cli *cli, const cJSON *job);

#endif
