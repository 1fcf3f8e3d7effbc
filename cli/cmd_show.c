/* SPDX-License-Identifier: MIT */
/* cmd_show.c - all that is known about a job. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "outcome.h"
#include "output.h"
#include "selection.h"
#include "show.h"

static int get(struct cli *cli, uint64_t id, cJSON **ret_job)
{
	cJSON *request = json_object();
	json_set_u64(request, "id", id);
	return cli_call(cli, "JobService/Get", request, ret_job);
}

static int show_one(struct cli *cli, const struct selected *selected, size_t position, cJSON *jobs)
{
	cJSON *job;
	int code = get(cli, selected->id, &job);
	if (code)
		return code;
	if (output_is_table(cli)) {
		if (position > 0)
			putchar('\n');
		show_job(cli, job, &selected->selector);
	}
	json_append(jobs, job);
	return 0;
}

static int cmd_show(struct cli *cli, const struct args *args)
{
	struct selection selection = {0};
	cJSON *jobs = json_array();
	int code =
		args->word_count ? 0 : cli_usage_error(cli, "which job? A number, a name or @last");
	if (code == 0)
		code = selection_add_words(cli, &selection, args->words, args->word_count);
	for (size_t i = 0; i < selection.count && code == 0; i++)
		code = show_one(cli, &selection.items[i], i, jobs);
	if (jobs->child && !output_is_table(cli))
		output_print(cli, jobs, true, output_id);
	cJSON_Delete(jobs);
	selection_free(&selection);
	return code;
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "[flags] JOB...",
	.summary = "Show all that is known about a job: where it is, or why it waits.",
	.details = "JOB: 1234, 1234.task.7 (one instance), a name, @last, or a range like 10-20.\n",
	.run = cmd_show,
};
