/* SPDX-License-Identifier: MIT */
/*
 * What a full cycle (submit, grant, claim, end) costs through engine, core and
 * codec on the memory store, and how many puts it takes; then the same while it is
 * recorded, and how many bytes that makes. One JSON line a figure.
 *
 * usage: bench_engine_cycle [CYCLES [FILE]]
 *
 * FILE takes the recording, for centro sim --replay.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <centro/store_impl.h>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/codec.h"
#include "engine/internal.h"

#define CYCLES_DEFAULT 200000
#define CORES          1000

/* A step that cannot fail here. */
#define MUST(call)                       \
	do {                             \
		if ((call) != CENTRO_OK) \
			abort();         \
	} while (0)

static struct ctr_engine *engine;
static centro_node_id node;
static const struct centro_time start = {{1}, {1}};
static struct centro_attempt_ref granted[4096];
static size_t granted_count;
static uint64_t put_count;
static uint64_t recorded_bytes;
static FILE *recording; /* NULL: the bytes are only counted */

static uint64_t now_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * CTR_NS_PER_SEC + (uint64_t)at.tv_nsec;
}

static void note_grant(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	if (event->type == CENTRO_EVENT_INSTANCE_ASSIGNED)
		granted[granted_count++] = event->attempt;
}

static void count_puts(void)
{
	const struct centro_batch *batch = engine->flight.batch;
	for (size_t i = 0; i < centro_batch_count(batch); i++)
		put_count += centro_batch_get(batch, i).type == CENTRO_OP_PUT;
}

static struct ctr_result execute(const struct ctr_command *command)
{
	struct ctr_result result;
	MUST(ctr_engine_execute(engine, start, command, &result));
	return result;
}

static void finish_granted(void)
{
	for (size_t i = 0; i < granted_count; i++) {
		bool may_start = false;
		struct ctr_command claim = {
			.type = CTR_COMMAND_CLAIM,
			.claim =
				{
					.node = node,
					.session = ctr_engine_get_term(engine),
					.attempts = &granted[i],
					.attempt_count = 1,
					.durable_event = ctr_engine_durable_event(engine),
					.ret_granted = &may_start,
				},
		};
		execute(&claim);
		struct ctr_command report = {
			.type = CTR_COMMAND_REPORT,
			.report =
				{
					.node = node,
					.session = ctr_engine_get_term(engine),
					.attempt = granted[i],
					.ended = true,
					.cause = CENTRO_CAUSE_EXITED,
				},
		};
		execute(&report);
	}
	granted_count = 0;
}

/* Batches of `width` jobs at a time; puts are counted in a run of their own. */
static void run(const struct ctr_job_spec *spec, size_t cycles, size_t width, bool count)
{
	struct ctr_command submit = {.type = CTR_COMMAND_SUBMIT, .submit.spec = spec};
	for (size_t done = 0; done < cycles; done += width) {
		for (size_t i = 0; i < width; i++)
			execute(&submit);
		MUST(ctr_engine_dispatch(engine, start));
		if (count)
			count_puts();
		finish_granted();
		MUST(ctr_engine_dispatch(engine, start));
		if (count)
			count_puts();
	}
}

static void measure(const struct ctr_job_spec *spec, const char *figure, size_t cycles,
		    size_t width)
{
	run(spec, cycles / 10, width, false);
	recorded_bytes = 0;
	uint64_t begin = now_ns();
	run(spec, cycles, width, false);
	uint64_t ns = (now_ns() - begin) / cycles;
	uint64_t bytes = recorded_bytes / cycles;
	put_count = 0;
	run(spec, cycles / 10, width, true);
	printf("{\"figure\":\"%s\",\"width\":%zu,\"ns\":%llu,\"puts\":%.2f,"
	       "\"recorded_bytes\":%llu}\n",
	       figure, width, (unsigned long long)ns, (double)put_count / (double)(cycles / 10),
	       (unsigned long long)bytes);
}

static bool take_bytes(struct ctr_journal_sink *sink, struct centro_bytes bytes)
{
	recorded_bytes += bytes.size;
	return !recording || fwrite(bytes.data, 1, bytes.size, recording) == bytes.size;
}

static void open_engine(bool recorded)
{
	static struct ctr_journal_sink sink = {take_bytes};
	const struct ctr_engine_options options = {
		.events_max = 10000,
		.journal = recorded ? &sink : NULL,
	};
	static struct ctr_subscriber subscriber = {.durable = note_grant};
	struct centro_store *store;
	MUST(centro_store_open("memory:", NULL, &store, NULL));
	MUST(ctr_engine_new(&options, store, start, &engine, NULL));
	ctr_engine_subscribe(engine, &subscriber);
}

static void register_node(struct ctr_arena *arena)
{
	struct centro_node_options options = CENTRO_NODE_OPTIONS_INIT;
	options.name = "n1";
	options.cpu_milli = CORES * 1000;
	options.memory_mib = 1000000;
	struct ctr_node_spec spec;
	MUST(ctr_codec_node_spec_from_options(&options, arena, &spec, NULL));
	spec.session = ctr_engine_get_term(engine);
	struct ctr_command command = {.type = CTR_COMMAND_REGISTER, .register_node.spec = &spec};
	node = execute(&command).node;
}

static void make_spec(struct ctr_arena *arena, struct ctr_job_spec *ret_spec)
{
	const char *command[] = {"true"};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	task.command = command;
	task.command_count = 1;
	task.cpu_milli = 100;
	task.memory_mib = 1;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	job.tasks = &task;
	job.task_count = 1;
	MUST(ctr_codec_job_spec_from_options(&job, arena, ret_spec, NULL));
}

int main(int argc, char **argv)
{
	size_t cycles = argc > 1 ? strtoul(argv[1], NULL, 10) : CYCLES_DEFAULT;
	struct ctr_arena arena;
	struct ctr_job_spec spec;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	make_spec(&arena, &spec);
	recording = argc > 2 ? fopen(argv[2], "wxe") : NULL;
	for (int recorded = 0; recorded < 2; recorded++) {
		const char *figure = recorded ? "engine_cycle_recorded" : "engine_cycle";
		open_engine(recorded);
		register_node(&arena);
		measure(&spec, figure, cycles, 1);
		measure(&spec, figure, cycles, 32);
		measure(&spec, figure, cycles, 256);
		ctr_engine_free(engine);
	}
	ctr_arena_fini(&arena);
	return recording ? fclose(recording) : 0;
}
