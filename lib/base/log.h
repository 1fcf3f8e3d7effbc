/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_LOG_H
#define CTR_BASE_LOG_H

/*
 * One line to the embedder's sink: "what happened key=value key=value". Values
 * from outside go through ctr_escape() first. `log` may be NULL: silent.
 */

#include <centro/log.h>

/* The terminator included. A longer line is cut, at a whole character. */
#define CTR_LOG_LINE_SIZE 2048

void ctr_log(const struct centro_log *log, enum centro_log_level level, const char *format, ...)
	CENTRO_PRINTF(3, 4);

#define ctr_log_error(log, ...) ctr_log(log, CENTRO_LOG_ERROR, __VA_ARGS__)
#define ctr_log_warn(log, ...)  ctr_log(log, CENTRO_LOG_WARN, __VA_ARGS__)
#define ctr_log_info(log, ...)  ctr_log(log, CENTRO_LOG_INFO, __VA_ARGS__)
#define ctr_log_debug(log, ...) ctr_log(log, CENTRO_LOG_DEBUG, __VA_ARGS__)

#endif
