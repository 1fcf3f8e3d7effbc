/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_FLAGS_H
#define CLI_JOB_FLAGS_H

/* The flags that describe a job of one task, shared by `run` and `submit`. */

#include "args.h"
#include "json.h"

extern const struct flag job_flags[];

/* Ids below this are the verb's own. */
#define JOB_FLAG_FIRST 100

struct job_flags {
	cJSON *job;             /* a JobSpec of one task; owned */
	cJSON *task;            /* of it */
	const char *request_id; /* NULL: none was given */
	bool is_described;      /* a flag has said something about the job */
};

void job_flags_init(struct job_flags *flags);
void job_flags_free(struct job_flags *flags);
/* Take one of `job_flags`. 0, or the exit code: it has been said. */
int job_flags_set(const struct cli *cli, struct job_flags *flags, const struct arg *arg);
void job_flags_set_command(struct job_flags *flags, char **command, size_t count);
/* A JobSubmitRequest, which may be sent twice: it has a request id in any case. */
cJSON *job_flags_request(struct job_flags *flags);

#define RANDOM_ID_SIZE 33
/* A request id that nobody else has. */
void random_id(char id[RANDOM_ID_SIZE]);

#endif
