/* SPDX-License-Identifier: MIT */
/* job_env.c - the few names that commands inherit. */
#include "job_env.h"

#include <string.h>
#include <unistd.h>

static const char path_default[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void job_env_collect(struct job_env *env)
{
	static const char *const names[] = { "PATH", "LANG",  "LC_ALL", "HOME",
					     "USER", "LOGNAME", "SHELL",  "TZ" };
	env->count = 0;
	env->items[env->count++] = path_default;
	for (char **item = environ; *item; item++) {
		size_t size = strcspn(*item, "=");
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (strlen(names[i]) != size || memcmp(*item, names[i], size) != 0)
				continue;
			if (i == 0)
				env->items[0] = *item;
			else if (env->count < JOB_ENV_MAX)
				env->items[env->count++] = *item;
		}
	}
}
