/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_ENV_H
#define CLI_JOB_ENV_H

/* What of this process's environment the commands of jobs get: a short list of names. */

#include <stddef.h>

#define JOB_ENV_MAX 16

struct job_env {
	const char *items[JOB_ENV_MAX]; /* "NAME=value", in the environment's own memory */
	size_t count;
};

/* Nothing else is handed on: no CENTRO_*, no token. PATH has a default. */
void job_env_collect(struct job_env *env);

#endif
