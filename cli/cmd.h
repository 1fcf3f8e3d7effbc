/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* The verbs, each in the file of its name. */

#include "args.h"

extern const struct verb verb_cancel, verb_dev, verb_events, verb_help, verb_logs, verb_node,
	verb_ps, verb_retry, verb_run, verb_schedule, verb_show, verb_sim, verb_submit,
	verb_version, verb_wait;

/* In the order of the help; ends with NULL. */
extern const struct verb *const verbs[];
/* NULL: there is none; it has been said. */
const struct verb *verb_find(const struct cli *cli, const char *name);

/* Wait for jobs to end. The highest exit code; EXIT_CLI_TIMEOUT after `timeout_ns`, 0: none. */
int wait_for_jobs(struct cli *cli, const uint64_t *jobs, size_t count, uint64_t timeout_ns);

#endif
