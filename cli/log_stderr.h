/* SPDX-License-Identifier: MIT */
#ifndef CLI_LOG_STDERR_H
#define CLI_LOG_STDERR_H

/* The log of a daemon: one line an entry to stderr, with the time in UTC. */

#include <centro/log.h>

/* False: no level of that name. */
bool log_level_parse(const char *name, enum centro_log_level *ret_level);
struct centro_log log_stderr(enum centro_log_level level);

#endif
