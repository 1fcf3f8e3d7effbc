/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_FLAGS_H
#define CLI_JOB_FLAGS_H

/* The flags that describe a job of one task, shared by `run` and `submit`. */

#include "args.h"

extern const struct flag job_flags[];

/* Ids below this are the verb's own, or letters. */
#define JOB_FLAG_FIRST 300

struct job_spec {
	cJSON *job;  /* a JobSpec */
	cJSON *task; /* of it */
	const char *request_id; /* NULL: none was given */
	bool is_described; /* a flag has said something of the job */
};

void job_spec_init(struct job_spec *spec);
void job_spec_free(struct job_spec *spec);
/* One of job_flags. 0, or the exit code. */
int job_spec_set(struct cli *cli, struct job_spec *spec, int id, const char *value);
/* The command line of the task. */
void job_spec_set_command(struct job_spec *spec, int argc, char **argv);

#endif
