/* SPDX-License-Identifier: MIT */
/* cmd_wait.c - wait for jobs to end; the highest exit code counts. */
#include <getopt.h>
#include <stdlib.h>
#include <time.h>

#include <centro/text.h>

#include "call.h"
#include "cmd.h"
#include "outcome.h"
#include "reader.h"
#include "select.h"

#define WATCHED_AT_ONCE 64
#define TURN_NS         250000000ULL

enum { TIMEOUT = 1, LABEL };

static const struct flag flags[] = {
	{ TIMEOUT, "timeout", 0, "TIME", "give up after this long, with exit code 122" },
	{ LABEL, "label", 'l', "KEY=VALUE", "the jobs with this label that have not ended" },
	{ 0 },
};

static uint64_t steady_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Watch some of the jobs until each has ended. */
static int wait_for_some(struct cli *cli, const uint64_t *jobs, size_t count, uint64_t deadline_ns)
{
	struct job_watch watches[WATCHED_AT_ONCE];
	int highest = 0;
	size_t open = count;
	for (size_t i = 0; i < count; i++)
		watches[i] = (struct job_watch){ .cli = cli, .job = jobs[i] };
	while (open > 0 && steady_ns() < deadline_ns) {
		for (size_t i = 0; i < count; i++)
			job_watch_pump(&watches[i]);
		if (centro_client_wait(cli->client, (struct centro_span){ TURN_NS }, -1) == CENTRO_OK)
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		for (size_t i = 0; i < count; i++) {
			struct job_watch *watch = &watches[i];
			if (!watch->is_done || watch->is_reaped)
				continue;
			int code = watch->code ? watch->code : outcome_exit_code(watch->last);
			highest = code > highest ? code : highest;
			watch->is_reaped = true;
			open--;
		}
	}
	bool is_late = open > 0;
	for (size_t i = 0; i < count; i++)
		job_watch_free(&watches[i]);
	if (is_late) {
		/* The watches are on this stack: end their calls before they go. */
		centro_client_free(cli->client);
		cli->client = NULL;
		return cli_error(cli, EXIT_CLI_TIMEOUT, "%zu of them have not ended yet", open);
	}
	return highest;
}

int wait_for_jobs(struct cli *cli, const uint64_t *jobs, size_t count, uint64_t timeout_ns)
{
	uint64_t now = steady_ns(), deadline = timeout_ns > UINT64_MAX - now ? UINT64_MAX
									     : now + timeout_ns;
	int highest = cli_connect(cli);
	for (size_t i = 0; i < count && highest != EXIT_CLI_UNREACHABLE; i += WATCHED_AT_ONCE) {
		size_t some = count - i < WATCHED_AT_ONCE ? count - i : WATCHED_AT_ONCE;
		int code = wait_for_some(cli, jobs + i, some, deadline);
		highest = code > highest ? code : highest;
		if (!cli->client)
			break;
	}
	return highest;
}

static int set_flag(struct cli *cli, int id, const char *value, struct centro_span *timeout,
		    struct selection *selection)
{
	if (id == LABEL)
		return select_label(cli, value, selection);
	if (centro_span_parse(value, timeout) == CENTRO_OK)
		return 0;
	return cli_usage_error(cli, "--timeout: \"%s\"; write a time like 90s or 10m", value);
}

static int cmd_wait(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct selection selection = { 0 };
	struct centro_span timeout = { UINT64_MAX };
	const char *value;
	int id, code = 0;
	bool has_label = false;
	args_begin(&args, cli, argc, argv);
	while ((id = args_next(&args, &value)) > 0 && code == 0) {
		code = set_flag(cli, id, value, &timeout, &selection);
		has_label = has_label || id == LABEL;
	}
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && optind == argc && !has_label)
		code = cli_usage_error(cli, "which jobs?");
	for (int i = optind; i < argc && code == 0; i++)
		code = select_word(cli, argv[i], &selection);
	if (code == 0 && selection.count > 0) {
		uint64_t *jobs = calloc(selection.count, sizeof(*jobs));
		for (size_t i = 0; jobs && i < selection.count; i++)
			jobs[i] = selection.items[i].id;
		code = jobs ? wait_for_jobs(cli, jobs, selection.count, timeout.ns)
			    : cli_error(cli, EXIT_CLI_OTHER, "out of memory");
		free(jobs);
	}
	selection_free(&selection);
	return code;
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "[flags] JOB...",
	.summary = "Wait for jobs to end. Exits with the highest of their exit codes.",
	.details = "JOB: a number, a name, @last, or a range like 10-20.\n",
	.flags = { flags },
	.run = cmd_wait,
};
