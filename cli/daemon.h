/* SPDX-License-Identifier: MIT */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

/* What centrod and centro-agent share: flags, and a config file beneath them. */

#include "config.h"

#define DAEMON_EXIT_USAGE 2
/* Not an exit status: go on. */
#define DAEMON_GO_ON (-1)

/* Options that every daemon has; its own begin at DAEMON_OWN. */
enum { DAEMON_CONFIG = 256, DAEMON_VERSION, DAEMON_HELP, DAEMON_OWN };
#define DAEMON_OPTIONS_MAX 512

#define DAEMON_OPTIONS                                          \
	{"config", required_argument, NULL, DAEMON_CONFIG},     \
		{"version", no_argument, NULL, DAEMON_VERSION}, \
		{"help", no_argument, NULL, DAEMON_HELP},       \
	{                                                       \
		0                                               \
	}

struct daemon {
	const char *program;
	const char *usage;
	const struct option *options; /* ends with DAEMON_OPTIONS */
	/*
	 * One setting. Its value, NULL for a flag without one, may be kept and cut up:
	 * it lives as long as the process.
	 */
	int (*set)(void *arg, int option, char *value, struct centro_error_text *text);
	void *arg;

	/* daemon_read_settings()'s own. */
	struct daemon_value *values;
	const char *config;
	bool is_reading_file;
	bool given[DAEMON_OPTIONS_MAX]; /* by a flag, which wins over the file */
};

/* DAEMON_GO_ON, or the exit status when all has been said. */
int daemon_read_settings(struct daemon *daemon, int argc, char **argv);
/* "PROGRAM: what: detail" and where the help is; `detail` may be NULL. DAEMON_EXIT_USAGE. */
int daemon_usage_error(const struct daemon *daemon, const char *what, const char *detail);
/* "\"value\": what would be right". CENTRO_ERR_INVALID. */
int daemon_wrong(struct centro_error_text *text, const char *value, const char *right);

#endif
