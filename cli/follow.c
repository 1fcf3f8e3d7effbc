/* SPDX-License-Identifier: MIT */
/*
 * follow.c - follows a job with its output.
 *
 * Attempts are read by their number, never "the last one": what a stream continues
 * after a lost connection is then what it began.
 */
#include "follow.h"

#include <stdlib.h>
#include <string.h>

#include "outcome.h"

/* After the job's end nothing keeps output back but a node that is lost. */
#define OUTPUT_LIMIT_NS UINT64_C(15000000000)
/* What still comes of an attempt that was granted again comes soon. */
#define SUPERSEDED_LIMIT_NS UINT64_C(5000000000)

void follow_init(struct follow *follow, struct cli *cli, uint64_t job)
{
	*follow = (struct follow){.cli = cli, .stream = "both"};
	job_watch_init(&follow->watch, cli, job);
	follow->streams = need(calloc(FOLLOW_STREAMS_MAX, sizeof(*follow->streams)));
}

static struct follow_stream *find_stream(struct follow *follow, uint64_t task, uint32_t index)
{
	for (size_t i = 0; i < follow->stream_count; i++) {
		struct follow_stream *stream = &follow->streams[i];
		if (stream->task == task && stream->log.index == index)
			return stream;
	}
	return NULL;
}

static void begin_attempt(struct follow *follow, struct follow_stream *stream, uint32_t index,
			  uint32_t attempt)
{
	bool is_first = stream->log.attempt == 0;
	stream->superseded_ns = 0;
	stream->log = (struct log_stream){
		.cli = follow->cli,
		.job = follow->watch.job,
		.task = stream->task_name,
		.index = index,
		.attempt = attempt,
		.stream = follow->stream,
		.follow = true,
		.tail_bytes = is_first ? follow->tail_bytes : 0,
	};
	if (!is_first)
		cli_note(follow->cli, "attempt %u of %llu.%s.%u begins", attempt,
			 (unsigned long long)follow->watch.job, stream->task_name, index);
}

static void add_stream(struct follow *follow, const cJSON *job, uint64_t task, uint32_t index,
		       uint32_t attempt)
{
	if (follow->stream_count == FOLLOW_STREAMS_MAX) {
		if (!follow->is_limit_said)
			cli_note(follow->cli, "only the output of %d instances is followed at once",
				 FOLLOW_STREAMS_MAX);
		follow->is_limit_said = true;
		return;
	}
	struct follow_stream *stream = &follow->streams[follow->stream_count++];
	stream->task = task;
	stream->task_name = need(strdup(job_task_name(job, (int64_t)task)));
	begin_attempt(follow, stream, index, attempt);
}

/* One instance of a new record: does it have an attempt that is to be read? */
static void look_at(struct follow *follow, const cJSON *job, const cJSON *instance)
{
	uint64_t task = json_u64(instance, "task");
	uint32_t index = (uint32_t)json_u64(instance, "index");
	uint32_t attempt = (uint32_t)json_u64(instance, "attempt");
	struct follow_stream *stream = find_stream(follow, task, index);

	if (attempt == 0)
		return;
	if (stream && stream->log.attempt < attempt && stream->log.is_over)
		begin_attempt(follow, stream, index, attempt);
	else if (stream && stream->log.attempt < attempt && stream->superseded_ns == 0)
		stream->superseded_ns = cli_steady_ns();
	else if (!stream && selector_takes(&follow->only, job_task_name(job, (int64_t)task), index))
		add_stream(follow, job, task, index, attempt);
}

static uint64_t later_ns(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Give up what comes no more of attempts that have a successor. */
static void close_superseded(const struct follow *follow)
{
	for (size_t i = 0; i < follow->stream_count; i++) {
		struct follow_stream *stream = &follow->streams[i];
		uint64_t since_ns = later_ns(stream->superseded_ns, stream->log.moved_ns);
		if (stream->superseded_ns > 0 && !stream->log.is_over &&
		    cli_steady_ns() - since_ns > SUPERSEDED_LIMIT_NS)
			log_stream_close(&stream->log);
	}
}

void follow_pump(struct follow *follow)
{
	const cJSON *job = follow->watch.last;
	const cJSON *instance;
	size_t over = 0;

	job_watch_pump(&follow->watch);
	close_superseded(follow);
	for (size_t i = 0; i < follow->stream_count; i++)
		over += follow->streams[i].log.is_over;
	if (follow->watch.is_new || over != follow->over_count) {
		cJSON_ArrayForEach(instance, json_get(job, "instances"))
			look_at(follow, job, instance);
	}
	follow->watch.is_new = false;
	follow->over_count = over;
	for (size_t i = 0; i < follow->stream_count; i++)
		log_stream_pump(&follow->streams[i].log);
}

static int shorter_ms(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

int follow_wait_ms(const struct follow *follow)
{
	int ms = job_watch_wait_ms(&follow->watch);
	bool is_limited = follow->watch.is_over;
	for (size_t i = 0; i < follow->stream_count; i++) {
		const struct follow_stream *stream = &follow->streams[i];
		ms = shorter_ms(ms, log_stream_wait_ms(&stream->log));
		is_limited = is_limited || (stream->superseded_ns > 0 && !stream->log.is_over);
	}
	/* Look whether output still comes. */
	return is_limited ? shorter_ms(ms, 1000) : ms;
}

/* The highest attempt that the last record has of it. */
static uint32_t last_attempt(const struct follow *follow, const struct follow_stream *stream)
{
	const cJSON *instance;
	cJSON_ArrayForEach(instance, json_get(follow->watch.last, "instances"))
	{
		if (json_u64(instance, "task") == stream->task &&
		    json_u64(instance, "index") == stream->log.index)
			return (uint32_t)json_u64(instance, "attempt");
	}
	return stream->log.attempt;
}

static bool is_read(const struct follow *follow, const struct follow_stream *stream)
{
	const struct log_stream *log = &stream->log;
	if (log->is_over)
		return log->code != 0 || log->attempt >= last_attempt(follow, stream);
	return cli_steady_ns() - later_ns(log->moved_ns, follow->watch.over_ns) > OUTPUT_LIMIT_NS;
}

bool follow_is_over(const struct follow *follow)
{
	/* A new record may bring a new attempt: the next pump will see. */
	if (!follow->watch.is_over || follow->watch.is_new)
		return false;
	if (follow->watch.code)
		return true;
	for (size_t i = 0; i < follow->stream_count; i++) {
		if (!is_read(follow, &follow->streams[i]))
			return false;
	}
	return true;
}

bool follow_is_pipe_broken(const struct follow *follow)
{
	for (size_t i = 0; i < follow->stream_count; i++) {
		if (follow->streams[i].log.is_pipe_broken)
			return true;
	}
	return false;
}

int follow_exit_code(const struct follow *follow)
{
	if (follow->watch.code)
		return follow->watch.code;
	return outcome_exit_code(follow->watch.last);
}

void follow_close(struct follow *follow)
{
	for (size_t i = 0; i < follow->stream_count; i++) {
		log_stream_close(&follow->streams[i].log);
		free(follow->streams[i].task_name);
	}
	job_watch_close(&follow->watch);
	free(follow->streams);
	follow->streams = NULL;
	follow->stream_count = 0;
}
