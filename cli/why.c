/* SPDX-License-Identifier: MIT */
/* why.c - says why a job waits. */
#include "why.h"

#include <string.h>
#include <unistd.h>

#define DELAY_NS  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

void why_init(struct why *why, struct cli *cli, uint64_t job)
{
	*why = (struct why){.cli = cli, .job = job};
	if (isatty(STDERR_FILENO))
		why->due_ns = cli_steady_ns() + DELAY_NS;
}

static void on_message(void *arg, struct centro_bytes message)
{
	struct why *why = arg;
	cJSON *job = json_parse(message);
	const char *reason = json_text(job, "pending_reason");
	if (reason[0])
		cli_note(why->cli, "job %llu waits: %s", (unsigned long long)why->job, reason);
	cJSON_Delete(job);
}

void why_pump(struct why *why, const cJSON *last)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	if (why->due_ns == 0 || cli_steady_ns() < why->due_ns)
		return;
	why->due_ns = 0;
	if (strcmp(json_text(last, "state"), "pending") != 0)
		return;
	/* The record that a watch gives is as old as its last change. */
	cJSON *request = json_object();
	json_set_u64(request, "id", why->job);
	options.message = on_message;
	options.arg = why;
	cli_call_start(why->cli, "JobService/Get", request, &options, NULL);
}

int why_wait_ms(const struct why *why)
{
	uint64_t now_ns = cli_steady_ns();
	if (why->due_ns == 0)
		return -1;
	return why->due_ns <= now_ns ? 0 : (int)((why->due_ns - now_ns) / NS_PER_MS) + 1;
}
