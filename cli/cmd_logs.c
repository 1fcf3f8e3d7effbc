/* SPDX-License-Identifier: MIT */
/* cmd_logs.c - print what a job wrote. */
#include <centro/text.h>

#include "cmd.h"
#include "follow.h"
#include "outcome.h"
#include "selection.h"

enum { FOLLOW = 1, OUT, ERR, TAIL };

static const struct flag flags[] = {
	{FOLLOW, "follow", 'f', NULL, "go on until it has ended"},
	{OUT, "stdout", 0, NULL, "only what it wrote to its standard output"},
	{ERR, "stderr", 0, NULL, "only what it wrote to its standard error"},
	{TAIL, "tail", 0, "SIZE", "only the last so many bytes of each"},
	{0},
};

struct logs {
	struct cli *cli;
	bool follows;
	const char *stream;
	uint64_t tail_bytes;
};

/* One attempt, as far as it got or to its end. False: nobody reads what is printed. */
static bool read_attempt(const struct logs *logs, uint64_t job, const struct selector *selector,
			 int *ret_code)
{
	struct log_stream stream = {
		.cli = logs->cli,
		.job = job,
		.task = selector->task,
		.index = selector->index,
		.attempt = selector->attempt,
		.stream = logs->stream,
		.follow = logs->follows,
		.tail_bytes = logs->tail_bytes,
	};
	log_stream_pump(&stream);
	while (!stream.is_over && !stream.is_pipe_broken) {
		cli_turn(logs->cli, log_stream_wait_ms(&stream), -1);
		log_stream_pump(&stream);
	}
	log_stream_close(&stream);
	*ret_code = stream.code > *ret_code ? stream.code : *ret_code;
	return !stream.is_pipe_broken;
}

/* The last attempt of each instance that was selected, one behind the other. */
static int read_job(const struct logs *logs, const struct selected *selected)
{
	const cJSON *instance;
	cJSON *request = json_object(), *job;
	size_t found = 0;
	json_set_u64(request, "id", selected->id);
	int code = cli_call(logs->cli, "JobService/Get", request, &job);
	if (code)
		return code;
	cJSON_ArrayForEach(instance, json_get(job, "instances"))
	{
		struct selector one = {.attempt = (uint32_t)json_u64(instance, "attempt"),
				       .index = (uint32_t)json_u64(instance, "index")};
		const char *task = job_task_name(job, json_int(instance, "task"));
		snprintf(one.task, sizeof(one.task), "%s", task);
		if (one.attempt == 0 || !selector_takes(&selected->selector, task, one.index))
			continue;
		found++;
		if (!read_attempt(logs, selected->id, &one, &code))
			break;
	}
	cJSON_Delete(job);
	if (found == 0)
		cli_note(logs->cli, "it has not started: there is no output");
	return code;
}

/* Every attempt of what was selected, to the end of the job. */
static int follow_job(const struct logs *logs, const struct selected *selected)
{
	struct follow follow;
	follow_init(&follow, logs->cli, selected->id);
	follow.stream = logs->stream;
	follow.tail_bytes = logs->tail_bytes;
	follow.only = selected->selector;
	follow_pump(&follow);
	while (!follow_is_over(&follow) && !follow_is_pipe_broken(&follow)) {
		cli_turn(logs->cli, follow_wait_ms(&follow), -1);
		follow_pump(&follow);
	}
	int code = follow.watch.code;
	for (size_t i = 0; i < follow.stream_count && code == 0; i++)
		code = follow.streams[i].log.code;
	follow_close(&follow);
	return code;
}

static int set_flag(struct logs *logs, const struct arg *arg)
{
	switch (arg->id) {
	case FOLLOW:
		logs->follows = true;
		return 0;
	case OUT:
		logs->stream = "out";
		return 0;
	case ERR:
		logs->stream = "err";
		return 0;
	default:
		if (centro_size_parse(arg->value, &logs->tail_bytes) == CENTRO_OK)
			return 0;
		return cli_usage_error(logs->cli, "--tail: \"%s\"; write a size like 64KiB",
				       arg->value);
	}
}

static int cmd_logs(struct cli *cli, const struct args *args)
{
	struct logs logs = {.cli = cli, .stream = "both"};
	struct selection selection = {0};
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(&logs, &args->flags[i]);
	if (code == 0 && args->word_count != 1)
		code = cli_usage_error(cli, "of which job? One, such as 1234 or 1234.task.7");
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0)
		code = selection_add_words(cli, &selection, args->words, 1);
	if (code == 0 && selection.count != 1)
		code = cli_usage_error(cli, "\"%s\" means %zu jobs; one at a time", args->words[0],
				       selection.count);
	if (code == 0 && logs.follows && selection.items[0].selector.attempt == 0)
		code = follow_job(&logs, &selection.items[0]);
	else if (code == 0 && selection.items[0].selector.attempt == 0)
		code = read_job(&logs, &selection.items[0]);
	else if (code == 0)
		read_attempt(&logs, selection.items[0].id, &selection.items[0].selector, &code);
	selection_free(&selection);
	return code;
}

const struct verb verb_logs = {
	.name = "logs",
	.arguments = "[flags] JOB",
	.summary = "Print what a job wrote, to the streams that it wrote it to.",
	.details = "JOB: 1234, 1234.task.7, 1234.task.7/2 (its second attempt), a name, or @last.\n"
		   "Of several instances, one behind the other; with -f, as it comes.\n",
	.flags = {flags},
	.run = cmd_logs,
};
