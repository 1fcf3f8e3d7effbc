/* SPDX-License-Identifier: MIT */
/* cmd_logs.c - the output of one instance of a job. */
#include <getopt.h>
#include <time.h>

#include <centro/text.h>

#include "call.h"
#include "cmd.h"
#include "reader.h"
#include "select.h"

#define TURN_NS 250000000ULL

enum { FOLLOW = 1, OUT, ERR, TAIL };

static const struct flag flags[] = {
	{ FOLLOW, "follow", 'f', NULL, "go on until the job has ended" },
	{ OUT, "stdout", 0, NULL, "only what it wrote to its standard output" },
	{ ERR, "stderr", 0, NULL, "only what it wrote to its standard error" },
	{ TAIL, "tail", 0, "SIZE", "only the last so many bytes" },
	{ 0 },
};

static int read_logs(struct log_reader *reader)
{
	int code = cli_connect(reader->cli);
	while (code == 0 && !reader->is_done) {
		log_reader_pump(reader);
		int status = centro_client_wait(reader->cli->client,
						(struct centro_span){ TURN_NS }, -1);
		if (status == CENTRO_OK && !reader->is_done)
			nanosleep(&(struct timespec){ .tv_nsec = TURN_NS }, NULL);
	}
	return code ? code : reader->code;
}

static int set_flag(struct cli *cli, struct log_reader *reader, int id, const char *value)
{
	switch (id) {
	case FOLLOW:
		reader->follow = true;
		return 0;
	case OUT:
		reader->stream = "out";
		return 0;
	case ERR:
		reader->stream = "err";
		return 0;
	default:
		if (centro_size_parse(value, &reader->tail_bytes) == CENTRO_OK)
			return 0;
		return cli_usage_error(cli, "--tail: \"%s\"; write a size like 64KiB", value);
	}
}

static int cmd_logs(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct selection selection = { 0 };
	struct log_reader reader = { .cli = cli, .stream = "both" };
	const char *value;
	int id, code = 0;
	args_begin(&args, cli, argc, argv);
	while ((id = args_next(&args, &value)) > 0 && code == 0)
		code = set_flag(cli, &reader, id, value);
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && argc - optind != 1)
		code = cli_usage_error(cli, "of which job? One, such as 1234 or 1234.task.7");
	if (code == 0)
		code = select_word(cli, argv[optind], &selection);
	if (code == 0 && selection.count != 1)
		code = cli_usage_error(cli, "%s means %zu jobs; one at a time", argv[optind],
				       selection.count);
	if (code == 0) {
		reader.job = selection.items[0].id;
		reader.task = selection.items[0].task;
		reader.index = selection.items[0].index;
		reader.attempt = selection.items[0].attempt;
		code = read_logs(&reader);
	}
	selection_free(&selection);
	return code;
}

const struct verb verb_logs = {
	.name = "logs",
	.arguments = "[flags] JOB",
	.summary = "Print what a job wrote, to the streams that it wrote it to.",
	.details = "JOB: 1234, 1234.task.7, 1234.task.7/2 (its second attempt), a name, or @last.\n",
	.flags = { flags },
	.run = cmd_logs,
};
