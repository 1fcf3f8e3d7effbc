/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* The verbs, each in the file of its name. */

#include "args.h"

struct job_spec;

extern const struct verb verb_cancel, verb_dev, verb_help, verb_logs, verb_node, verb_ps, verb_run,
	verb_show, verb_submit, verb_version, verb_wait;

/* Submit one job. 0 and its id, or the exit code. */
int run_submit(struct cli *cli, struct job_spec *spec, uint64_t *ret_job);
/* Wait for these jobs to end. The highest exit code; 122 when the time has passed. */
int wait_for_jobs(struct cli *cli, const uint64_t *jobs, size_t count, uint64_t timeout_ns);

#endif
