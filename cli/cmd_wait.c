/* SPDX-License-Identifier: MIT */
/* cmd_wait.c - wait for jobs to end; the highest exit code counts. */
#include <stdlib.h>

#include <centro/text.h>

#include "cmd.h"
#include "job_watch.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "selection.h"

/* More watches at once gain nothing; the others wait their turn. */
#define WATCHES_MAX 64
#define NS_PER_MS   UINT64_C(1000000)

enum { TIMEOUT = 1, LABEL };

static const struct flag flags[] = {
	{TIMEOUT, "timeout", 0, "TIME", "give up after so long, with exit code 122"},
	{LABEL, "label", 'l', "KEY=VALUE", "the jobs with this label that have not ended"},
	{0},
};

struct wait {
	struct cli *cli;
	const uint64_t *jobs;
	size_t count, next; /* `next`: the first that is not watched yet */
	struct job_watch watches[WATCHES_MAX];
	size_t open;  /* of these */
	cJSON *ended; /* the last records, for --output; NULL: not wanted */
	struct progress progress;
	struct progress_tally tally; /* of those that have been let go */
	int code;
};

static void take_ended(struct wait *wait, struct job_watch *watch)
{
	int code = watch->code ? watch->code : outcome_exit_code(watch->last);
	wait->code = code > wait->code ? code : wait->code;
	progress_count(&wait->tally, watch->last);
	if (wait->ended && watch->last)
		json_append(wait->ended, cJSON_Duplicate(watch->last, true));
	job_watch_close(watch);
}

static int turn_ms(const struct wait *wait, uint64_t deadline_ns)
{
	int limit_ms = -1;
	if (deadline_ns) {
		uint64_t now_ns = cli_steady_ns();
		uint64_t left_ms =
			deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS + 1 : 0;
		limit_ms = left_ms < 1000 ? (int)left_ms : 1000;
	}
	for (size_t i = 0; i < wait->open; i++) {
		int ms = job_watch_wait_ms(&wait->watches[i]);
		limit_ms = ms >= 0 && (limit_ms < 0 || ms < limit_ms) ? ms : limit_ms;
	}
	int ms = progress_wait_ms(&wait->progress);
	return ms >= 0 && (limit_ms < 0 || ms < limit_ms) ? ms : limit_ms;
}

static void show_progress(struct wait *wait)
{
	struct progress_tally tally = wait->tally;
	if (!progress_is_due(&wait->progress))
		return;
	for (size_t i = 0; i < wait->open; i++)
		progress_count(&tally, wait->watches[i].last);
	tally.total += wait->count - wait->next;
	progress_show(&wait->progress, &tally);
}

/* Fill the watches up, then let the ended ones go. A watch must not move while it is open. */
static void turn(struct wait *wait, uint64_t deadline_ns)
{
	while (wait->open < WATCHES_MAX && wait->next < wait->count) {
		struct job_watch *watch = &wait->watches[wait->open++];
		job_watch_init(watch, wait->cli, wait->jobs[wait->next++]);
		watch->is_silent = wait->open > 1; /* one says it for all */
	}
	for (size_t i = 0; i < wait->open; i++)
		job_watch_pump(&wait->watches[i]);
	cli_turn(wait->cli, turn_ms(wait, deadline_ns), -1);
}

/* True: all have ended. */
static bool reap(struct wait *wait)
{
	size_t over = 0;
	for (size_t i = 0; i < wait->open; i++)
		over += wait->watches[i].is_over;
	if (over < wait->open)
		return false;
	for (size_t i = 0; i < wait->open; i++)
		take_ended(wait, &wait->watches[i]);
	wait->open = 0;
	return wait->next == wait->count || wait->code == EXIT_CLI_UNREACHABLE;
}

static int wait_for_all(struct wait *wait, uint64_t timeout_ns)
{
	uint64_t deadline_ns = timeout_ns ? cli_steady_ns() + timeout_ns : 0;
	wait->code = cli_connect(wait->cli);
	bool is_over = wait->code != 0 || wait->count == 0;
	progress_init(&wait->progress, wait->cli);
	while (!is_over) {
		turn(wait, deadline_ns);
		show_progress(wait);
		is_over = reap(wait);
		if (!is_over && deadline_ns && cli_steady_ns() >= deadline_ns)
			break;
	}
	progress_fini(&wait->progress);
	if (is_over)
		return wait->code;
	size_t left = wait->count - wait->next;
	for (size_t i = 0; i < wait->open; i++) {
		left += !wait->watches[i].is_over;
		job_watch_close(&wait->watches[i]);
	}
	return cli_error(wait->cli, EXIT_CLI_TIMEOUT, "%zu of %zu jobs have not ended", left,
			 wait->count);
}

int wait_for_jobs(struct cli *cli, const uint64_t *jobs, size_t count, uint64_t timeout_ns)
{
	struct wait wait = {.cli = cli, .jobs = jobs, .count = count};
	return wait_for_all(&wait, timeout_ns);
}

static int wait_for_selection(struct cli *cli, const struct selection *selection,
			      uint64_t timeout_ns)
{
	uint64_t *jobs = need(calloc(selection->count + 1, sizeof(*jobs)));
	struct wait wait = {.cli = cli, .jobs = jobs, .count = selection->count};
	for (size_t i = 0; i < selection->count; i++)
		jobs[i] = selection->items[i].id;
	if (!output_is_table(cli) && !cli->quiet)
		wait.ended = json_array();
	int code = wait_for_all(&wait, timeout_ns);
	if (wait.ended)
		output_print(cli, wait.ended, true, output_id);
	cJSON_Delete(wait.ended);
	free(jobs);
	return code;
}

static int cmd_wait(struct cli *cli, const struct args *args)
{
	struct selection selection = {0};
	struct centro_span timeout = {0};
	bool has_label = false;
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++) {
		const struct arg *arg = &args->flags[i];
		has_label = has_label || arg->id == LABEL;
		if (arg->id == LABEL)
			code = selection_add_label(cli, &selection, arg->value);
		else if (centro_span_parse(arg->value, &timeout) != CENTRO_OK || timeout.ns == 0)
			code = cli_usage_error(
				cli, "--timeout: \"%s\"; write a time like 90s or 10m", arg->value);
	}
	if (code == 0 && args->word_count == 0 && !has_label)
		code = cli_usage_error(cli,
				       "for which jobs? Numbers, names, @last or -l KEY=VALUE");
	if (code == 0)
		code = selection_add_words(cli, &selection, args->words, args->word_count);
	if (code == 0)
		code = wait_for_selection(cli, &selection, timeout.ns);
	selection_free(&selection);
	return code;
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "[flags] JOB...",
	.summary = "Wait for jobs to end. Exits with the highest of their codes.",
	.details = "JOB: a number, a name, @last, or a range like 10-20.\n",
	.flags = {flags},
	.run = cmd_wait,
};
