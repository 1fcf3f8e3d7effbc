/* SPDX-License-Identifier: MIT */
/*
 * trace.c - what is kept of a run: a hash of everything, a timeline for people, and
 * the first promise that was broken.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim/cluster/world.h"

#define LINE_SIZE 1024

static uint64_t mixed(uint64_t hash, uint64_t value)
{
	return ctr_hash_u64(hash ^ value) + value;
}

void ctr_sim_trace(struct ctr_sim_world *world, uint64_t what, uint64_t a, uint64_t b)
{
	uint64_t hash = world->result->trace_hash;
	hash = mixed(hash, world->now);
	hash = mixed(hash, what);
	hash = mixed(hash, a);
	world->result->trace_hash = mixed(hash, b);
}

static void tell(struct ctr_sim_world *world, const char *text)
{
	char line[LINE_SIZE + 32];
	uint64_t us = world->now / CTR_NS_PER_US;
	snprintf(line, sizeof(line), "%5llu.%06llu  %s", (unsigned long long)(us / 1000000),
		 (unsigned long long)(us % 1000000), text);
	world->options.line(world->options.arg, line);
}

void ctr_sim_say(struct ctr_sim_world *world, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list arguments;
	if (!world->options.line)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(world, text);
}

void ctr_sim_break(struct ctr_sim_world *world, const char *promise, const char *format, ...)
{
	struct ctr_sim_result *result = world->result;
	va_list arguments;
	if (result->promise[0])
		return;
	snprintf(result->promise, sizeof(result->promise), "%s", promise);
	va_start(arguments, format);
	vsnprintf(result->text.text, sizeof(result->text.text), format, arguments);
	va_end(arguments);
	world->is_over = true;
	ctr_sim_say(world, "BROKEN %s: %s", promise, result->text.text);
}

static void write_log(void *arg, enum centro_log_level level, const char *message)
{
	struct ctr_sim_process *process = arg;
	ctr_sim_say(process->world, "%s: %s %s", process->name, centro_log_level_name(level),
		    message);
}

struct centro_log ctr_sim_log(struct ctr_sim_process *process)
{
	return (struct centro_log){
		.size = sizeof(struct centro_log),
		.arg = process,
		.level = CENTRO_LOG_DEBUG,
		.write = write_log,
	};
}
