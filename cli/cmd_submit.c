/* SPDX-License-Identifier: MIT */
/* cmd_submit.c - submit a command, or the jobs of a file, and print their numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "job_file.h"
#include "job_flags.h"
#include "output.h"

enum { WAIT = 1, DRY_RUN };

static const struct flag flags[] = {
	{WAIT, "wait", 'w', NULL, "wait for the end, and exit with the highest code"},
	{DRY_RUN, "dry-run", 0, NULL,
	 "check all that a submit checks, and change nothing: exit\nwith 0 if it would be "
	 "accepted, else with 2"},
	{0},
};

struct submit {
	struct cli *cli;
	const char *request_id; /* NULL: one of our own */
	bool waits, is_dry_run;
	cJSON *answers; /* of those that were taken */
};

/* Of a dry run, whatever the server has against it is the list that was asked for. */
static int refused_code(const struct submit *submit, int code)
{
	return submit->is_dry_run && code == EXIT_CLI_OTHER ? EXIT_CLI_USAGE : code;
}

static int submit_one(struct submit *submit, struct job_flags *job)
{
	cJSON *answer, *request = job_flags_request(job);
	if (submit->is_dry_run)
		json_set_bool(request, "dry_run", true);
	int code = cli_call(submit->cli, "JobService/Submit", request, &answer);
	if (code == 0)
		json_append(submit->answers, answer);
	return refused_code(submit, code);
}

/* ---- files ---- */

/* The jobs of one file share an id: it is sent again only as a whole. */
static cJSON *many_request(const struct submit *submit, const struct job_file *file)
{
	char random[RANDOM_ID_SIZE], id[300];
	cJSON *request = json_object();
	cJSON *requests = json_add_array(request, "requests");
	random_id(random);
	for (size_t i = 0; i < file->count; i++) {
		cJSON *one = json_object();
		snprintf(id, sizeof(id), file->count > 1 ? "%.250s/%zu" : "%.250s",
			 submit->request_id ? submit->request_id : random, i + 1);
		json_set(one, "job", cJSON_CreateRaw(file->jobs[i]));
		json_set_text(one, "request_id", id);
		if (submit->is_dry_run)
			json_set_bool(one, "dry_run", true);
		json_append(requests, one);
	}
	return request;
}

/* An answer for each job that was taken; an error for each other. */
static int take_results(const struct submit *submit, const char *name, cJSON *answer)
{
	cJSON *result;
	size_t position = 0;
	int code = 0;
	cJSON_ArrayForEach(result, json_get(answer, "results"))
	{
		cJSON *job = cJSON_DetachItemFromObjectCaseSensitive(result, "job");
		const char *message = json_text(result, "message");
		position++;
		if (job)
			json_append(submit->answers, job);
		else
			code = cli_error(submit->cli, EXIT_CLI_OTHER, "%s, job %zu:%s%s", name,
					 position, strchr(message, '\n') ? "\n" : " ", message);
	}
	return code;
}

static int submit_many(struct submit *submit, const char *name, const struct job_file *file)
{
	cJSON *answer;
	cJSON *request = many_request(submit, file);
	int code = cli_call(submit->cli, "JobService/SubmitMany", request, &answer);
	if (code == 0) {
		code = take_results(submit, name, answer);
		cJSON_Delete(answer);
	}
	return refused_code(submit, code);
}

static int submit_file(struct submit *submit, const char *path)
{
	struct centro_error_text text = {""};
	struct job_file jobs;
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (!file)
		return cli_error(submit->cli, EXIT_CLI_OTHER, "%s: %s", path, strerror(errno));
	int error = job_file_read(file, name, &jobs, &text);
	if (!is_stdin)
		fclose(file);
	if (error)
		return cli_error(submit->cli, EXIT_CLI_USAGE, "%s", text.text);
	int code = submit_many(submit, name, &jobs);
	job_file_free(&jobs);
	return code;
}

/* ---- the verb ---- */

static int submit_words(struct submit *submit, const struct args *args, struct job_flags *job)
{
	const struct cli *cli = submit->cli;
	if (submit->waits && submit->is_dry_run)
		return cli_usage_error(cli, "--wait: a --dry-run makes no job to wait for");
	if (args->command) {
		if (args->word_count > 0)
			return cli_usage_error(cli, "\"%s\": a file, or a command, but not both",
					       args->words[0]);
		if (args->command_count == 0)
			return cli_usage_error(cli, "there is no command behind --");
		job_flags_set_command(job, args->command, args->command_count);
		return submit_one(submit, job);
	}
	if (args->word_count != 1)
		return cli_usage_error(cli,
				       "what is to be submitted? One FILE, or -, or -- COMMAND");
	if (job->is_described)
		return cli_usage_error(cli, "flags that describe a job go with -- COMMAND; "
					    "a file says everything itself");
	submit->request_id = job->request_id;
	return submit_file(submit, args->words[0]);
}

static int wait_for_answers(struct cli *cli, const cJSON *answers)
{
	const cJSON *answer;
	size_t count = 0;
	uint64_t *ids = need(calloc((size_t)cJSON_GetArraySize(answers) + 1, sizeof(*ids)));
	cJSON_ArrayForEach(answer, answers) ids[count++] = json_u64(answer, "id");
	int code = wait_for_jobs(cli, ids, count, 0);
	free(ids);
	return code;
}

static void print_dry_run(const struct cli *cli, const cJSON *answers)
{
	int count = cJSON_GetArraySize(answers);
	if (!output_is_table(cli) && !cli->quiet && cli->output != OUTPUT_NAME)
		output_print(cli, answers, true, output_id);
	else if (!cli->quiet && count == 1)
		puts("the job would be accepted");
	else if (!cli->quiet)
		printf("%d jobs would be accepted\n", count);
}

static void print_answers(const struct submit *submit)
{
	const struct cli *cli = submit->cli;
	const cJSON *answer;
	if (submit->is_dry_run) {
		print_dry_run(cli, submit->answers);
		return;
	}
	if (!output_is_table(cli)) {
		output_print(cli, submit->answers, true, output_id);
		return;
	}
	cJSON_ArrayForEach(answer, submit->answers) puts(output_id(answer));
}

static int set_flag(struct submit *submit, struct job_flags *job, const struct arg *arg)
{
	switch (arg->id) {
	case WAIT:
		submit->waits = true;
		return 0;
	case DRY_RUN:
		submit->is_dry_run = true;
		return 0;
	default:
		return job_flags_set(submit->cli, job, arg);
	}
}

static int cmd_submit(struct cli *cli, const struct args *args)
{
	struct job_flags job;
	struct submit submit = {.cli = cli, .answers = json_array()};
	int code = 0;
	job_flags_init(&job);
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(&submit, &job, &args->flags[i]);
	if (code == 0)
		code = submit_words(&submit, args, &job);
	if (submit.answers->child)
		print_answers(&submit);
	if (submit.waits && submit.answers->child) {
		fflush(stdout); /* whoever reads it need not wait */
		int waited = wait_for_answers(cli, submit.answers);
		code = waited > code ? waited : code;
	}
	job_flags_free(&job);
	cJSON_Delete(submit.answers);
	return code;
}

const struct verb verb_submit = {
	.name = "submit",
	.arguments = "[flags] FILE | - | -- COMMAND [ARG]...",
	.summary = "Submit jobs, and print their numbers.",
	.details = "FILE is YAML or JSON; several documents in it are several jobs. For example:\n"
		   "\n"
		   "  name: nightly\n"
		   "  tasks:\n"
		   "    - name: build\n"
		   "      command: [make, -j4]\n"
		   "      resources: {cpu_milli: 4000, memory_mib: 2048}\n"
		   "      time_limit: 3600s\n",
	.flags = {flags, job_flags},
	.run = cmd_submit,
};
