/* SPDX-License-Identifier: MIT */
/* cmd_retry.c - run jobs again that have ended, as new jobs. */
#include <stdlib.h>
#include <string.h>

#include <centro/job.h>

#include "call.h"
#include "cmd.h"
#include "job_flags.h"
#include "output.h"
#include "selection.h"

enum { FAILED = 1 };

static const struct flag flags[] = {
	{FAILED, "failed", 0, NULL, "leave out those that succeeded"},
	{0},
};

static int retry(struct cli *cli, uint64_t id, cJSON *ret_answers)
{
	char random[RANDOM_ID_SIZE];
	cJSON *request = json_object(), *answer;
	random_id(random);
	json_set_u64(request, "retry_of", id);
	json_set_text(request, "request_id", random);
	int code = cli_call(cli, "JobService/Submit", request, &answer);
	if (code == 0)
		json_append(ret_answers, answer);
	return code;
}

static int has_succeeded(struct cli *cli, uint64_t id, bool *ret_has_succeeded)
{
	cJSON *request = json_object(), *job;
	json_set_u64(request, "id", id);
	int code = cli_call(cli, "JobService/Get", request, &job);
	if (code)
		return code;
	const char *succeeded = centro_job_state_name(CENTRO_JOB_SUCCEEDED);
	*ret_has_succeeded = strcmp(json_text(job, "state"), succeeded) == 0;
	cJSON_Delete(job);
	return 0;
}

/* All that can be, even when one cannot. */
static int retry_all(struct cli *cli, const struct selection *selection, bool only_failed,
		     cJSON *ret_answers)
{
	int code = 0;
	for (size_t i = 0; i < selection->count && code != EXIT_CLI_UNREACHABLE; i++) {
		uint64_t id = selection->items[i].id;
		bool is_left_out = false;
		int one = only_failed ? has_succeeded(cli, id, &is_left_out) : 0;
		if (one == 0 && !is_left_out)
			one = retry(cli, id, ret_answers);
		code = one > code ? one : code;
	}
	return code;
}

static int cmd_retry(struct cli *cli, const struct args *args)
{
	struct selection selection = {0};
	cJSON *answers = json_array();
	const cJSON *answer;
	int code = 0;
	if (args->word_count == 0)
		code = cli_usage_error(cli, "which jobs? Numbers, names or @last");
	if (code == 0)
		code = selection_add_words(cli, &selection, args->words, args->word_count);
	if (code == 0)
		code = selection_refuse_instances(cli, &selection, "retried");
	if (code == 0)
		code = retry_all(cli, &selection, args->flag_count > 0, answers);
	if (!output_is_table(cli) && (answers->child || code == 0))
		output_print(cli, answers, true, output_id);
	else
		cJSON_ArrayForEach(answer, answers) puts(output_id(answer));
	cJSON_Delete(answers);
	selection_free(&selection);
	return code;
}

const struct verb verb_retry = {
	.name = "retry",
	.arguments = "[flags] JOB...",
	.summary = "Run jobs again that have ended, as new jobs, and print their numbers.",
	.details =
		"JOB: a number, a name, @last, or a range like 10-20. What has ended stays as it\n"
		"is; the new job is the same, and says what it is a retry of.\n",
	.flags = {flags},
	.run = cmd_retry,
};
