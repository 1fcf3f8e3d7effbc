/* SPDX-License-Identifier: MIT */
/* cmd_run.c - submit a command, show its output as it comes, exit with its code. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "cmd.h"
#include "job_flags.h"
#include "outcome.h"
#include "print.h"
#include "reader.h"
#include "signals.h"

#define READERS_MAX   256
#define TURN_NS       250000000 /* between tries to open a lost stream anew */
#define SAY_WHY_AFTER 4         /* turns in which it only waits */

struct run {
	struct cli *cli;
	uint64_t job;
	struct job_watch watch;
	struct log_reader *readers;
	uint32_t reader_count;
	int signal_fd;
	int interrupts;
	unsigned turns;
	bool is_why_said;
};

int run_submit(struct cli *cli, struct job_spec *spec, uint64_t *ret_job)
{
	char random[33];
	cJSON *request = cJSON_CreateObject(), *answer;
	cli_random_id(random);
	cJSON_AddItemToObject(request, "job", cJSON_Duplicate(spec->job, true));
	cJSON_AddStringToObject(request, "request_id", spec->request_id ? spec->request_id : random);
	int code = cli_call(cli, "JobService/Submit", request, true, &answer);
	if (code)
		return code;
	*ret_job = json_u64(answer, "id");
	cJSON_Delete(answer);
	return 0;
}

static bool all_read(const struct run *run)
{
	for (uint32_t i = 0; i < run->reader_count; i++) {
		if (!run->readers[i].is_done)
			return false;
	}
	return true;
}

/* The first one cancels, the second leaves the job alone. True: leave. */
static bool take_interrupts(struct run *run)
{
	run->interrupts += signals_take(run->signal_fd);
	if (run->interrupts == 0 || run->interrupts > 1)
		return run->interrupts > 1;
	cli_error(run->cli, 0, "cancelling job %llu; once more to leave it alone",
		  (unsigned long long)run->job);
	cJSON *request = cJSON_CreateObject(), *answer;
	json_add_u64(request, "id", run->job);
	cJSON_AddStringToObject(request, "reason", "interrupted");
	if (cli_call(run->cli, "JobService/Cancel", request, true, &answer) == 0)
		cJSON_Delete(answer);
	return false;
}

/* To somebody who looks at a terminal and sees nothing happen. */
static void say_why(struct run *run)
{
	const char *why = json_text(run->watch.last, "pending_reason");
	if (run->is_why_said || !why[0] || !isatty(STDERR_FILENO) || run->turns < SAY_WHY_AFTER)
		return;
	run->is_why_said = true;
	fprintf(stderr, "centro run: job %llu waits: ", (unsigned long long)run->job);
	print_escaped(stderr, why);
	fputc('\n', stderr);
}

static int follow(struct run *run)
{
	while (!run->watch.is_done || !all_read(run)) {
		job_watch_pump(&run->watch);
		for (uint32_t i = 0; i < run->reader_count; i++)
			log_reader_pump(&run->readers[i]);
		int status = centro_client_wait(run->cli->client, (struct centro_span){ TURN_NS },
						run->signal_fd);
		run->turns += status == CENTRO_ERR_DEADLINE;
		if (status == CENTRO_OK && !run->watch.is_done) {
			/* Every stream broke at once: do not ask in a tight loop. */
			nanosleep(&(struct timespec){ .tv_nsec = TURN_NS }, NULL);
		}
		if (status == CENTRO_ERR_CANCELLED && take_interrupts(run)) {
			printf("%llu\n", (unsigned long long)run->job);
			return EXIT_CLI_CANCELLED;
		}
		if (run->watch.is_done && run->watch.code)
			return run->watch.code;
		say_why(run);
	}
	outcome_explain(run->cli, run->watch.last);
	return outcome_exit_code(run->watch.last);
}

static int start_readers(struct run *run, const struct job_spec *spec)
{
	int count = json_int(spec->task, "count");
	run->reader_count = count > 1 ? (uint32_t)count : 1;
	if (run->reader_count > READERS_MAX)
		return cli_usage_error(run->cli, "--count: at most %d with run; use submit",
				       READERS_MAX);
	run->readers = calloc(run->reader_count, sizeof(*run->readers));
	for (uint32_t i = 0; run->readers && i < run->reader_count; i++)
		run->readers[i] = (struct log_reader){ .cli = run->cli, .index = i,
						       .stream = "both", .follow = true };
	return run->readers ? 0 : cli_error(run->cli, EXIT_CLI_OTHER, "out of memory");
}

static int run_job(struct run *run, struct job_spec *spec)
{
	int code = start_readers(run, spec);
	if (!code)
		code = run_submit(run->cli, spec, &run->job);
	if (code)
		return code;
	run->signal_fd = signals_open();
	run->watch = (struct job_watch){ .cli = run->cli, .job = run->job };
	for (uint32_t i = 0; i < run->reader_count; i++)
		run->readers[i].job = run->job;
	code = follow(run);
	close(run->signal_fd);
	return code;
}

static int cmd_run(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct job_spec spec;
	const char *value;
	int id, code = 0;
	args_begin(&args, cli, argc, argv);
	job_spec_init(&spec);
	while ((id = args_next(&args, &value)) > 0 && code == 0)
		code = job_spec_set(cli, &spec, id, value);
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && optind == argc)
		code = cli_usage_error(cli, "what is to be run? Write: centro run -- COMMAND");
	if (code == 0) {
		struct run run = { .cli = cli };
		job_spec_set_command(&spec, argc - optind, argv + optind);
		code = run_job(&run, &spec);
		job_watch_free(&run.watch);
		free(run.readers);
	}
	job_spec_free(&spec);
	return code;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "[flags] -- COMMAND [ARG]...",
	.summary = "Run a command in the cluster: show its output, exit with its code.",
	.details = "Exits with the command's own code, or 128 and the number of its signal; 122: it\n"
		   "passed its time limit, 123: it was cancelled, 125: no server, 120: other.\n"
		   "Ctrl-C cancels the job, a second one leaves it alone and prints its number.\n"
		   "\n"
		   "  centro run -- ./train.sh\n"
		   "  centro run --cpu 4 --memory 8GiB --time-limit 2h -- make -j4\n",
	.flags = { job_flags },
	.stops_at_command = true,
	.run = cmd_run,
};
