/* SPDX-License-Identifier: MIT */
/* cmd_logs.c - print what a job wrote. */
#include <centro/text.h>

#include "cmd.h"
#include "follow.h"
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

/* One attempt, as far as it got or to its end. */
static int read_attempt(const struct logs *logs, const struct selected *selected)
{
	struct log_stream stream = {
		.cli = logs->cli,
		.job = selected->id,
		.task = selected->selector.task,
		.index = selected->selector.index,
		.attempt = selected->selector.attempt,
		.stream = logs->stream,
		.follow = logs->follows,
		.tail_bytes = logs->tail_bytes,
	};
	while (!stream.is_over && !stream.is_pipe_broken) {
		log_stream_pump(&stream);
		if (stream.call)
			cli_turn(logs->cli, -1, -1);
		else if (!stream.is_over)
			cli_turn(logs->cli, log_stream_wait_ms(&stream), -1);
	}
	log_stream_close(&stream);
	return stream.code;
}

/* Every attempt of what was selected, to the end of the job. */
static int follow_job(const struct logs *logs, const struct selected *selected)
{
	const struct selector *selector = &selected->selector;
	struct follow follow;
	follow_init(&follow, logs->cli, selected->id);
	follow.stream = logs->stream;
	follow.tail_bytes = logs->tail_bytes;
	follow.only_task = selector->task[0] ? selector->task : NULL;
	follow.has_only_index = selector->has_index;
	follow.only_index = selector->index;
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
	else if (code == 0)
		code = read_attempt(&logs, &selection.items[0]);
	selection_free(&selection);
	return code;
}

const struct verb verb_logs = {
	.name = "logs",
	.arguments = "[flags] JOB",
	.summary = "Print what a job wrote, to the streams that it wrote it to.",
	.details = "JOB: 1234, 1234.task.7, 1234.task.7/2 (its second attempt), a name, or @last.\n"
		   "With -f and without an instance, the output of all of them.\n",
	.flags = {flags},
	.run = cmd_logs,
};
