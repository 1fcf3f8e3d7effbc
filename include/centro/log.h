/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_LOG_H
#define CENTRO_LOG_H

/**
 * @file
 * Where the library's log lines go. The library never writes to a stream of
 * its own accord: without a sink it is silent.
 */

#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum centro_log_level {
	CENTRO_LOG_ERROR,
	CENTRO_LOG_WARN,
	CENTRO_LOG_INFO,
	CENTRO_LOG_DEBUG,
};

struct centro_log {
	size_t size; /**< sizeof(struct centro_log) */
	void *arg;
	enum centro_log_level level; /**< nothing above this level is formatted */

	/**
	 * `message` is one line of valid UTF-8 without the end of line, borrowed
	 * for the call. Fields that came from outside are escaped in it.
	 */
	void (*write)(void *arg, enum centro_log_level level, const char *message);
};

/** "error", "warn", "info", "debug". A static string. */
CENTRO_API const char *centro_log_level_name(enum centro_log_level level);

#ifdef __cplusplus
}
#endif
#endif
