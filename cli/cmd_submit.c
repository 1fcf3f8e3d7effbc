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

enum { WAIT = 1 };

static const struct flag flags[] = {
	{WAIT, "wait", 'w', NULL, "wait for the end, and exit with the highest code"},
	{0},
};

static int submit_one(struct cli *cli, struct job_flags *job, cJSON *ret_answers)
{
	cJSON *answer;
	int code = cli_call(cli, "JobService/Submit", job_flags_request(job), &answer);
	if (code == 0)
		json_append(ret_answers, answer);
	return code;
}

/* ---- files ---- */

/* The jobs of one file share an id: it is sent again only as a whole. */
static cJSON *many_request(const struct job_file *file, const char *request_id)
{
	char random[RANDOM_ID_SIZE], id[300];
	cJSON *request = json_object();
	cJSON *requests = json_add_array(request, "requests");
	random_id(random);
	for (size_t i = 0; i < file->count; i++) {
		cJSON *one = json_object();
		snprintf(id, sizeof(id), file->count > 1 ? "%.250s/%zu" : "%.250s",
			 request_id ? request_id : random, i + 1);
		json_set(one, "job", cJSON_CreateRaw(file->jobs[i]));
		json_set_text(one, "request_id", id);
		json_append(requests, one);
	}
	return request;
}

/* An answer for each job that was taken; an error for each other. */
static int take_results(const struct cli *cli, const char *name, cJSON *answer, cJSON *ret_answers)
{
	cJSON *result;
	size_t position = 0;
	int code = 0;
	cJSON_ArrayForEach(result, json_get(answer, "results"))
	{
		cJSON *job = cJSON_DetachItemFromObjectCaseSensitive(result, "job");
		position++;
		if (job)
			json_append(ret_answers, job);
		else
			code = cli_error(cli, EXIT_CLI_OTHER, "%s, job %zu: %s", name, position,
					 json_text(result, "message"));
	}
	return code;
}

static int submit_many(struct cli *cli, const char *name, const struct job_file *file,
		       const char *request_id, cJSON *ret_answers)
{
	cJSON *answer;
	int code = cli_call(cli, "JobService/SubmitMany", many_request(file, request_id), &answer);
	if (code)
		return code;
	code = take_results(cli, name, answer, ret_answers);
	cJSON_Delete(answer);
	return code;
}

static int submit_file(struct cli *cli, const char *path, const char *request_id,
		       cJSON *ret_answers)
{
	struct centro_error_text text = {""};
	struct job_file jobs;
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (!file)
		return cli_error(cli, EXIT_CLI_OTHER, "%s: %s", path, strerror(errno));
	int error = job_file_read(file, name, &jobs, &text);
	if (!is_stdin)
		fclose(file);
	if (error)
		return cli_error(cli, EXIT_CLI_USAGE, "%s", text.text);
	int code = submit_many(cli, name, &jobs, request_id, ret_answers);
	job_file_free(&jobs);
	return code;
}

/* ---- the verb ---- */

static int submit(struct cli *cli, const struct args *args, struct job_flags *job,
		  cJSON *ret_answers)
{
	if (args->command) {
		if (args->word_count > 0)
			return cli_usage_error(cli, "\"%s\": a file, or a command, but not both",
					       args->words[0]);
		if (args->command_count == 0)
			return cli_usage_error(cli, "there is no command behind --");
		job_flags_set_command(job, args->command, args->command_count);
		return submit_one(cli, job, ret_answers);
	}
	if (args->word_count != 1)
		return cli_usage_error(cli,
				       "what is to be submitted? One FILE, or -, or -- COMMAND");
	if (job->is_described)
		return cli_usage_error(cli, "flags that describe a job go with -- COMMAND; "
					    "a file says everything itself");
	return submit_file(cli, args->words[0], job->request_id, ret_answers);
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

static void print_answers(const struct cli *cli, const cJSON *answers)
{
	const cJSON *answer;
	if (!output_is_table(cli)) {
		output_print(cli, answers, true, output_id);
		return;
	}
	cJSON_ArrayForEach(answer, answers) puts(output_id(answer));
}

static int cmd_submit(struct cli *cli, const struct args *args)
{
	struct job_flags job;
	cJSON *answers = json_array();
	bool waits = false;
	int code = 0;
	job_flags_init(&job);
	for (size_t i = 0; i < args->flag_count && code == 0; i++) {
		if (args->flags[i].id == WAIT)
			waits = true;
		else
			code = job_flags_set(cli, &job, &args->flags[i]);
	}
	if (code == 0)
		code = submit(cli, args, &job, answers);
	if (answers->child)
		print_answers(cli, answers);
	if (waits && answers->child) {
		fflush(stdout); /* whoever reads it need not wait */
		int waited = wait_for_answers(cli, answers);
		code = waited > code ? waited : code;
	}
	job_flags_free(&job);
	cJSON_Delete(answers);
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
