/* SPDX-License-Identifier: MIT */
/* job_watch.c - follows the record of one job. */
#include "job_watch.h"

#include "outcome.h"

void job_watch_init(struct job_watch *watch, struct cli *cli, uint64_t job)
{
	*watch = (struct job_watch){.cli = cli, .job = job};
}

static void on_message(void *arg, struct centro_bytes message)
{
	struct job_watch *watch = arg;
	cJSON *answer = json_parse(message);
	cJSON *job = cJSON_DetachItemFromObjectCaseSensitive(answer, "job");
	cJSON_Delete(answer);
	if (!job)
		return;
	cJSON_Delete(watch->last);
	watch->last = job;
	watch->is_new = true;
	watch->is_over = outcome_is_final(job);
	watch->over_ns = cli_steady_ns();
	if (watch->retry.away_since_ns && !watch->is_silent)
		cli_note(watch->cli, "the server is back");
	retry_reset(&watch->retry);
}

/* The stream broke, or a server that ends closed it: it may be opened again. */
static void reopen(struct job_watch *watch, int status, const char *text)
{
	bool is_first = watch->retry.away_since_ns == 0;
	if (!retry_plan(&watch->retry, cli_steady_ns())) {
		watch->code = cli_call_failed(watch->cli, status, text);
		watch->is_over = true;
		return;
	}
	if (is_first && !watch->is_silent)
		cli_note(watch->cli, "the server is away; job %llu goes on, and so does this",
			 (unsigned long long)watch->job);
}

static void on_done(void *arg, int status, const char *text)
{
	struct job_watch *watch = arg;
	watch->call = NULL;
	if (watch->is_over)
		return;
	bool is_broken = status == CENTRO_ERR_UNAVAILABLE && watch->last;
	if (is_broken || status == CENTRO_OK) {
		reopen(watch, status, text);
		return;
	}
	watch->code = cli_call_failed(watch->cli, status, text);
	watch->is_over = true;
}

void job_watch_pump(struct job_watch *watch)
{
	if (watch->call || watch->is_over || !retry_is_due(&watch->retry, cli_steady_ns()))
		return;
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	cJSON *request = json_object();
	json_set_u64(request, "id", watch->job);
	options.message = on_message;
	options.done = on_done;
	options.arg = watch;
	watch->code =
		cli_call_start(watch->cli, "JobService/Watch", request, &options, &watch->call);
	watch->is_over = watch->code != 0;
}

int job_watch_wait_ms(const struct job_watch *watch)
{
	if (watch->call || watch->is_over)
		return -1;
	return retry_wait_ms(&watch->retry, cli_steady_ns());
}

void job_watch_close(struct job_watch *watch)
{
	watch->is_over = true;
	if (watch->call)
		centro_call_cancel(watch->call);
	while (watch->call)
		cli_turn(watch->cli, -1, -1);
	cJSON_Delete(watch->last);
	watch->last = NULL;
}
