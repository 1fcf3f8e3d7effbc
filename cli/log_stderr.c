/* SPDX-License-Identifier: MIT */
/* log_stderr.c - one line an entry to stderr: "2026-01-31T09:30:00.123Z info what key=value". */
#include "log_stderr.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void write_line(void *arg, enum centro_log_level level, const char *message)
{
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &utc))
		return;
	fprintf(stderr, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s\n", utc.tm_year + 1900,
		utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		now.tv_nsec / 1000000, centro_log_level_name(level), message);
}

bool log_level_parse(const char *name, enum centro_log_level *ret_level)
{
	for (int level = CENTRO_LOG_ERROR; level <= CENTRO_LOG_DEBUG; level++) {
		if (strcmp(name, centro_log_level_name((enum centro_log_level)level)) != 0)
			continue;
		*ret_level = (enum centro_log_level)level;
		return true;
	}
	return false;
}

struct centro_log log_stderr(enum centro_log_level level)
{
	return (struct centro_log){ .size = sizeof(struct centro_log), .level = level,
				    .write = write_line };
}
