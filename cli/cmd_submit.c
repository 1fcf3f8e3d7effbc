/* SPDX-License-Identifier: MIT */
/* cmd_submit.c - submit a command, or the jobs of a file, and print their numbers. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "job_flags.h"
#include "job_file.h"

enum { WAIT = 1 };

static const struct flag flags[] = {
	{ WAIT, "wait", 'w', NULL, "wait for the end, and exit with the highest code" },
	{ 0 },
};

struct submitted {
	uint64_t *ids;
	size_t count;
};

static void print_submitted(const struct cli *cli, const struct submitted *submitted)
{
	for (size_t i = 0; i < submitted->count; i++) {
		if (cli->output == OUTPUT_JSON || cli->output == OUTPUT_JSONL)
			printf("{\"id\":\"%llu\"}\n", (unsigned long long)submitted->ids[i]);
		else
			printf("%llu\n", (unsigned long long)submitted->ids[i]);
	}
	fflush(stdout);
}

/* Answers of a SubmitMany: ids of those accepted; an error for each other. */
static int take_results(struct cli *cli, const char *name, const cJSON *answer,
			struct submitted *submitted)
{
	const cJSON *result;
	int code = 0;
	size_t position = 0;
	cJSON_ArrayForEach(result, json_member(answer, "results"))
	{
		const cJSON *job = json_member(result, "job");
		position++;
		if (job)
			submitted->ids[submitted->count++] = json_u64(job, "id");
		else
			code = cli_error(cli, EXIT_CLI_OTHER, "%s, job %zu: %s", name, position,
					 json_text(result, "message"));
	}
	return code;
}

static int submit_documents(struct cli *cli, const char *name, cJSON *documents,
			    const char *request_id, struct submitted *submitted)
{
	cJSON *request = cJSON_CreateObject(), *answer, *document;
	cJSON *requests = cJSON_AddArrayToObject(request, "requests");
	size_t count = 0;
	while ((document = cJSON_DetachItemFromArray(documents, 0))) {
		char id[256], random[33];
		cJSON *one = cJSON_CreateObject();
		cli_random_id(random);
		snprintf(id, sizeof(id), count ? "%s#%zu" : "%s", request_id ? request_id : random,
			 count);
		cJSON_AddItemToObject(one, "job", document);
		cJSON_AddStringToObject(one, "request_id", id);
		cJSON_AddItemToArray(requests, one);
		count++;
	}
	submitted->ids = calloc(count + 1, sizeof(*submitted->ids));
	if (!submitted->ids)
		abort();
	int code = cli_call(cli, "JobService/SubmitMany", request, true, &answer);
	if (code)
		return code;
	code = take_results(cli, name, answer, submitted);
	cJSON_Delete(answer);
	return code;
}

static int submit_file(struct cli *cli, const char *path, const char *request_id,
		       struct submitted *submitted)
{
	struct centro_error_text text = { "" };
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (!file)
		return cli_error(cli, EXIT_CLI_OTHER, "%s: %s", path, strerror(errno));
	cJSON *documents = job_file_read(file, name, &text);
	if (!is_stdin)
		fclose(file);
	if (!documents)
		return cli_error(cli, EXIT_CLI_USAGE, "%s", text.text);
	int code = submit_documents(cli, name, documents, request_id, submitted);
	cJSON_Delete(documents);
	return code;
}

static int submit_command(struct cli *cli, struct job_spec *spec, struct submitted *submitted)
{
	submitted->ids = calloc(1, sizeof(*submitted->ids));
	if (!submitted->ids)
		abort();
	int code = run_submit(cli, spec, &submitted->ids[0]);
	submitted->count = code == 0;
	return code;
}

static int submit(struct cli *cli, struct job_spec *spec, const struct args *args,
		  struct submitted *submitted)
{
	int left = args->argc - optind;
	if (left == 0)
		return cli_usage_error(cli, "what is to be submitted? A FILE, - or -- COMMAND");
	if (args_rest_is_command(args)) {
		job_spec_set_command(spec, left, args->argv + optind);
		return submit_command(cli, spec, submitted);
	}
	if (left > 1)
		return cli_usage_error(cli, "one file at a time; a command comes behind --");
	if (spec->is_described)
		return cli_usage_error(cli, "flags that describe a job go with -- COMMAND; "
					    "a file says it all itself");
	return submit_file(cli, args->argv[optind], spec->request_id, submitted);
}

static int cmd_submit(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct job_spec spec;
	struct submitted submitted = { 0 };
	const char *value;
	int id, code = 0;
	bool wait = false;
	args_begin(&args, cli, argc, argv);
	job_spec_init(&spec);
	while ((id = args_next(&args, &value)) > 0 && code == 0) {
		if (id == WAIT)
			wait = true;
		else
			code = job_spec_set(cli, &spec, id, value);
	}
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0)
		code = submit(cli, &spec, &args, &submitted);
	print_submitted(cli, &submitted);
	if (wait && submitted.count > 0) {
		int waited = wait_for_jobs(cli, submitted.ids, submitted.count, UINT64_MAX);
		code = waited > code ? waited : code;
	}
	free(submitted.ids);
	job_spec_free(&spec);
	return code;
}

const struct verb verb_submit = {
	.name = "submit",
	.arguments = "[flags] FILE | - | -- COMMAND [ARG]...",
	.summary = "Submit jobs and print their numbers.",
	.details = "FILE is YAML or JSON; several documents in it are several jobs:\n"
		   "\n"
		   "  name: nightly\n"
		   "  tasks:\n"
		   "    - name: build\n"
		   "      command: [make, -j4]\n"
		   "      resources: {cpu_milli: 4000, memory_mib: 2048}\n"
		   "      time_limit: 3600s\n",
	.flags = { flags, job_flags },
	.run = cmd_submit,
};
