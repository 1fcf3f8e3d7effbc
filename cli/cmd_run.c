/* SPDX-License-Identifier: MIT */
/* cmd_run.c - run a command in the cluster as if it were here. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "follow.h"
#include "job_flags.h"
#include "outcome.h"
#include "progress.h"
#include "signals.h"
#include "why.h"

#define EXIT_SIGPIPE (128 + SIGPIPE)

struct run {
	struct cli *cli;
	int signal_fd;
	unsigned interrupts;
	uint64_t job; /* 0: not known yet */
	bool is_submitted;
	int code; /* of the submit */
	bool is_cancelling;
	struct why why;
	struct follow follow;
	struct progress progress;
};

/* ---- submit ---- */

static void submit_message(void *arg, struct centro_bytes message)
{
	struct run *run = arg;
	cJSON *answer = json_parse(message);
	run->job = json_u64(answer, "id");
	cJSON_Delete(answer);
}

static void submit_done(void *arg, int status, const char *text)
{
	struct run *run = arg;
	run->is_submitted = true;
	if (status != CENTRO_OK)
		run->code = cli_call_failed(run->cli, status, text);
	else if (run->job == 0)
		run->code = cli_error(run->cli, EXIT_CLI_OTHER, "the server gave no number");
}

/* ---- interrupts ---- */

static void cancel_done(void *arg, int status, const char *text)
{
	const struct cli *cli = arg;
	/* It may have ended just before. */
	if (status != CENTRO_OK && status != CENTRO_ERR_STATE && status != CENTRO_ERR_CANCELLED)
		cli_call_failed(cli, status, text);
}

static void cancel(struct run *run, const char *reason)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	cJSON *request = json_object();
	run->is_cancelling = true;
	json_set_u64(request, "id", run->job);
	json_set_text(request, "reason", reason);
	options.is_idempotent = true;
	options.done = cancel_done;
	options.arg = run->cli;
	cli_call_start(run->cli, "JobService/Cancel", request, &options, NULL);
}

/* The first one cancels, once the job has a number. True: a second one, leave. */
static bool obey_interrupts(struct run *run)
{
	if (run->interrupts > 1)
		return true;
	if (run->interrupts == 1 && run->job && !run->is_cancelling) {
		cli_note(run->cli, "cancelling job %llu; once more leaves it alone",
			 (unsigned long long)run->job);
		cancel(run, "interrupted");
	}
	if (follow_is_pipe_broken(&run->follow) && !run->is_cancelling)
		cancel(run, "nobody reads its output");
	return false;
}

static int leave(const struct run *run)
{
	if (run->job)
		cli_error(run->cli, 0,
			  "left job %llu alone, while it is being cancelled: centro show %llu",
			  (unsigned long long)run->job, (unsigned long long)run->job);
	else
		cli_error(run->cli, 0, "the job may have been submitted: centro ps -a");
	return EXIT_CLI_CANCELLED;
}

/* ---- the verb ---- */

static int earlier_ms(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static int turn_limit_ms(const struct run *run)
{
	int other_ms = earlier_ms(why_wait_ms(&run->why), progress_wait_ms(&run->progress));
	return earlier_ms(follow_wait_ms(&run->follow), other_ms);
}

static void show_progress(struct run *run)
{
	struct progress_tally tally = {0};
	if (!progress_is_due(&run->progress))
		return;
	progress_count(&tally, run->follow.watch.last);
	progress_show(&run->progress, &tally);
}

static int follow_to_end(struct run *run)
{
	for (;;) {
		follow_pump(&run->follow);
		if (follow_is_over(&run->follow))
			break;
		if (cli_turn(run->cli, turn_limit_ms(run), run->signal_fd))
			run->interrupts += (unsigned)signals_take(run->signal_fd);
		if (obey_interrupts(run))
			return leave(run);
		why_pump(&run->why, run->follow.watch.last);
		show_progress(run);
	}
	live_line_clear(&run->progress.line);
	if (run->follow.watch.last)
		outcome_explain(run->cli, run->follow.watch.last);
	if (follow_is_pipe_broken(&run->follow))
		return EXIT_SIGPIPE;
	return follow_exit_code(&run->follow);
}

static int submit_and_follow(struct run *run, struct job_flags *flags)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.is_idempotent = true;
	options.message = submit_message;
	options.done = submit_done;
	options.arg = run;
	run->code = cli_call_start(run->cli, "JobService/Submit", job_flags_request(flags),
				   &options, NULL);
	while (run->code == 0 && !run->is_submitted) {
		if (cli_turn(run->cli, -1, run->signal_fd))
			run->interrupts += (unsigned)signals_take(run->signal_fd);
		if (run->interrupts > 1)
			return leave(run);
	}
	if (run->code)
		return run->code;
	follow_init(&run->follow, run->cli, run->job);
	why_init(&run->why, run->cli, run->job);
	progress_init(&run->progress, run->cli);
	int code = follow_to_end(run);
	progress_fini(&run->progress);
	follow_close(&run->follow);
	return code;
}

static int cmd_run(struct cli *cli, const struct args *args)
{
	struct job_flags flags;
	struct run run = {.cli = cli};
	int code = 0;
	job_flags_init(&flags);
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = job_flags_set(cli, &flags, &args->flags[i]);
	if (code == 0 && args->command_count == 0)
		code = cli_usage_error(cli, "what is to be run? Write: centro run -- COMMAND");
	job_flags_set_command(&flags, args->command, args->command_count);
	if (code == 0 && (run.signal_fd = signals_open_at_terminal()) < 0)
		code = cli_error(cli, EXIT_CLI_OTHER, "signalfd: %s", strerror(errno));
	if (code == 0) {
		code = submit_and_follow(&run, &flags);
		/* Calls may be open that know `run`: end them while it is there. */
		centro_client_free(cli->client);
		cli->client = NULL;
		close(run.signal_fd);
	}
	job_flags_free(&flags);
	return code;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "[flags] [--] COMMAND [ARG]...",
	.summary = "Run a command in the cluster: show its output, exit with its code.",
	.details =
		"Exits with the command's own code, or with 128 and the number of the signal that\n"
		"killed it; 122: it passed its time limit, 123: it was cancelled, 124: it was "
		"lost\n"
		"with its node, 125: no server could be reached, 120: anything else.\n"
		"Ctrl-C cancels the job; a second one leaves at once.\n"
		"\n"
		"  centro run -- ./train.sh\n"
		"  centro run --cpu 4 --memory 8GiB --time-limit 2h -- make -j4\n",
	.flags = {job_flags},
	.has_command = true,
	.run = cmd_run,
};
