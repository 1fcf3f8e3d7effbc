/* SPDX-License-Identifier: MIT */
/* sim_load.c - the workload of `centro sim`, from files or from descriptions. */
#include "sim.h"

#include <errno.h>
#include <string.h>

#define PIECE_SIZE 65536

static int fail(const struct cli *cli, const struct centro_error_text *text)
{
	return cli_error(cli, EXIT_CLI_OTHER, "%s", text->text);
}

static int feed_file(const struct cli *cli, struct centro_workload *workload, FILE *file,
		     const char *path)
{
	struct centro_error_text text;
	uint8_t piece[PIECE_SIZE];
	size_t size;
	while ((size = fread(piece, 1, sizeof(piece), file)) > 0) {
		const struct centro_bytes bytes = {.data = piece, .size = size};
		if (centro_workload_feed(workload, bytes, &text) != CENTRO_OK)
			return fail(cli, &text);
	}
	if (ferror(file))
		return cli_error(cli, EXIT_CLI_OTHER, "%s: cannot be read: %s", path,
				 strerror(errno));
	return centro_workload_end(workload, &text) == CENTRO_OK ? 0 : fail(cli, &text);
}

/* "-" is the standard input. */
static int load_file(const struct cli *cli, struct centro_workload *workload,
		     enum centro_workload_format format, const char *path)
{
	struct centro_error_text text;
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (!file)
		return cli_error(cli, EXIT_CLI_OTHER, "%s: %s", path, strerror(errno));
	int code = 0;
	if (centro_workload_begin(workload, format, is_stdin ? "stdin" : path, &text) != CENTRO_OK)
		code = fail(cli, &text);
	if (code == 0)
		code = feed_file(cli, workload, file, path);
	if (!is_stdin)
		fclose(file);
	return code;
}

static int load_mixes(const struct cli *cli, struct centro_workload *workload,
		      const struct sim_request *request)
{
	struct centro_error_text text;
	for (size_t i = 0; i < request->mix_count; i++) {
		int status =
			centro_workload_add_mix(workload, request->mixes[i], request->seed, &text);
		if (status == CENTRO_ERR_INVALID)
			return cli_usage_error(cli, "--synthetic: %s", text.text);
		if (status != CENTRO_OK)
			return fail(cli, &text);
	}
	return 0;
}

static int load(const struct cli *cli, const struct sim_request *request, struct sim_report *report)
{
	if (request->swf) {
		report->source = request->swf;
		return load_file(cli, report->workload, CENTRO_WORKLOAD_SWF, request->swf);
	}
	if (!request->openb_nodes) {
		report->source = request->mix_count == 1 ? request->mixes[0] : "several mixes";
		return load_mixes(cli, report->workload, request);
	}
	report->source = request->openb_pods;
	int code =
		load_file(cli, report->workload, CENTRO_WORKLOAD_OPENB_NODES, request->openb_nodes);
	return code ? code
		    : load_file(cli, report->workload, CENTRO_WORKLOAD_OPENB_PODS,
				request->openb_pods);
}

static void note_left_out(const struct cli *cli, const struct centro_workload_info *info)
{
	if (info->malformed > 0)
		cli_note(cli, "skipped %llu malformed lines; the first: %s",
			 (unsigned long long)info->malformed, info->malformed_first);
	if (info->never_ran > 0)
		cli_note(cli, "left out %llu jobs without a run time or a size: they never ran",
			 (unsigned long long)info->never_ran);
	if (info->partial > 0)
		cli_note(cli,
			 "left out %llu lines of parts of jobs, which have a line of their sum",
			 (unsigned long long)info->partial);
	if (info->assumed > 0)
		cli_note(cli,
			 "%llu pods were never scheduled there; here they run as long as they "
			 "stayed",
			 (unsigned long long)info->assumed);
}

int sim_load(const struct cli *cli, const struct sim_request *request, struct sim_report *report)
{
	struct centro_error_text text;
	struct centro_workload_options options = CENTRO_WORKLOAD_OPTIONS_INIT;
	options.skip_malformed = request->skip_malformed;
	options.queue_by = request->queue_by;
	if (centro_workload_new(&options, &report->workload, &text) != CENTRO_OK)
		return fail(cli, &text);
	int code = load(cli, request, report);
	if (code)
		return code;
	report->info.size = sizeof(report->info);
	centro_workload_get_info(report->workload, &report->info);
	note_left_out(cli, &report->info);
	if (report->info.jobs == 0)
		return cli_error(cli, EXIT_CLI_OTHER, "%s: there is no job in it to simulate",
				 report->source);
	return 0;
}
