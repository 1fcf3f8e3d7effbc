/* SPDX-License-Identifier: MIT */
/*
 * log.c - one line to the embedder's sink.
 *
 * A line is formatted on the stack: logging allocates nothing, so it also works
 * when there is no memory. What does not fit is cut, at a whole character.
 *
 * Layer: base, part of the public library.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"

const char *centro_log_level_name(enum centro_log_level level)
{
	switch (level) {
	case CENTRO_LOG_ERROR:
		return "error";
	case CENTRO_LOG_WARN:
		return "warn";
	case CENTRO_LOG_INFO:
		return "info";
	case CENTRO_LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

void ctr_log(const struct centro_log *log, enum centro_log_level level, const char *format, ...)
{
	if (!log || !log->write || level > log->level)
		return;

	char line[CTR_LOG_LINE_SIZE];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	CTR_ASSERT(length >= 0);

	if ((size_t)length >= sizeof(line))
		line[ctr_utf8_cut(line, sizeof(line) - 1)] = '\0';
	log->write(log->arg, level, line);
}
