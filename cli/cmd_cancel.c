/* SPDX-License-Identifier: MIT */
/* cmd_cancel.c - cancel jobs. */
#include <getopt.h>

#include "call.h"
#include "cmd.h"
#include "select.h"

enum { REASON = 1, LABEL };

static const struct flag flags[] = {
	{ REASON, "reason", 0, "TEXT", "why, for the record" },
	{ LABEL, "label", 'l', "KEY=VALUE", "the jobs with this label that have not ended" },
	{ 0 },
};

static int cancel_one(struct cli *cli, uint64_t job, const char *reason)
{
	cJSON *request = cJSON_CreateObject(), *answer;
	json_add_u64(request, "id", job);
	cJSON_AddStringToObject(request, "reason", reason);
	int code = cli_call(cli, "JobService/Cancel", request, true, &answer);
	if (code) {
		fprintf(stderr, "centro cancel: job %llu was not cancelled\n",
			(unsigned long long)job);
		return code;
	}
	printf("%llu\n", (unsigned long long)job);
	cJSON_Delete(answer);
	return 0;
}

static int cmd_cancel(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct selection selection = { 0 };
	const char *value, *reason = "";
	int id, code = 0;
	bool has_label = false;
	args_begin(&args, cli, argc, argv);
	while ((id = args_next(&args, &value)) > 0 && code == 0) {
		if (id == REASON) {
			reason = value;
		} else {
			code = select_label(cli, value, &selection);
			has_label = true;
		}
	}
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && optind == argc && !has_label)
		code = cli_usage_error(cli, "which jobs?");
	for (int i = optind; i < argc && code == 0; i++)
		code = select_word(cli, argv[i], &selection);
	for (size_t i = 0; i < selection.count && code != EXIT_CLI_UNREACHABLE; i++) {
		int one = cancel_one(cli, selection.items[i].id, reason);
		code = one > code ? one : code;
	}
	selection_free(&selection);
	return code;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.arguments = "[flags] JOB...",
	.summary = "Cancel jobs: what waits never starts, what runs gets TERM, then KILL.",
	.details = "JOB: a number, a name, @last, or a range like 10-20.\n",
	.flags = { flags },
	.run = cmd_cancel,
};
