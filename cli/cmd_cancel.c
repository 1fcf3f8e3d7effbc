/* SPDX-License-Identifier: MIT */
/* cmd_cancel.c - cancel jobs. */
#include "call.h"
#include "cmd.h"
#include "output.h"
#include "selection.h"

enum { REASON = 1, LABEL };

static const struct flag flags[] = {
	{REASON, "reason", 0, "TEXT", "why, for the record"},
	{LABEL, "label", 'l', "KEY=VALUE", "the jobs with this label that have not ended"},
	{0},
};

static int cancel(struct cli *cli, uint64_t id, const char *reason, cJSON *ret_jobs)
{
	cJSON *request = json_object(), *answer;
	json_set_u64(request, "id", id);
	json_set_text(request, "reason", reason);
	int code = cli_call(cli, "JobService/Cancel", request, &answer);
	if (code) {
		cli_error(cli, 0, "job %llu was not cancelled", (unsigned long long)id);
		return code;
	}
	json_append(ret_jobs, cJSON_DetachItemFromObjectCaseSensitive(answer, "job"));
	cJSON_Delete(answer);
	return 0;
}

/* All that can be, even when one cannot. */
static int cancel_all(struct cli *cli, const struct selection *selection, const char *reason,
		      cJSON *ret_jobs)
{
	int code = 0;
	for (size_t i = 0; i < selection->count && code != EXIT_CLI_UNREACHABLE; i++) {
		int one = cancel(cli, selection->items[i].id, reason, ret_jobs);
		code = one > code ? one : code;
	}
	return code;
}

static int cmd_cancel(struct cli *cli, const struct args *args)
{
	struct selection selection = {0};
	const char *reason = "";
	bool has_label = false;
	cJSON *jobs = json_array();
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++) {
		const struct arg *arg = &args->flags[i];
		has_label = has_label || arg->id == LABEL;
		if (arg->id == LABEL)
			code = selection_add_label(cli, &selection, arg->value);
		else
			reason = arg->value;
	}
	if (code == 0 && args->word_count == 0 && !has_label)
		code = cli_usage_error(cli, "which jobs? Numbers, names, @last or -l KEY=VALUE");
	if (code == 0)
		code = selection_add_words(cli, &selection, args->words, args->word_count);
	if (code == 0)
		code = selection_refuse_instances(cli, &selection, "cancelled");
	if (code == 0)
		code = cancel_all(cli, &selection, reason, jobs);
	const cJSON *job;
	if (!output_is_table(cli) && (jobs->child || code == 0))
		output_print(cli, jobs, false, output_id);
	else
		cJSON_ArrayForEach(job, jobs) puts(output_id(job));
	cJSON_Delete(jobs);
	selection_free(&selection);
	return code;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.arguments = "[flags] JOB...",
	.summary = "Cancel jobs: what waits never starts, what runs gets TERM, then KILL.",
	.details =
		"JOB: a number, a name, @last, or a range like 10-20. Prints the numbers of those\n"
		"that are being cancelled.\n",
	.flags = {flags},
	.run = cmd_cancel,
};
