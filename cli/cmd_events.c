/* SPDX-License-Identifier: MIT */
/* cmd_events.c - what has happened, and what happens. */
#include <string.h>

#include "cmd.h"
#include "event_stream.h"
#include "output.h"
#include "selection.h"
#include "signals.h"
#include "table.h"
#include "text.h"

enum { FOLLOW = 1, SINCE, TAIL, JOB, TYPE, NODE, QUEUE, OWNER };

static const struct flag flags[] = {
	{FOLLOW, "follow", 'f', NULL, "go on with what happens, until interrupted"},
	{SINCE, "since", 0, "NUMBER", "from this event on; else from the oldest that is kept"},
	{TAIL, "tail", 0, "N", "only of the last so many"},
	{JOB, "job", 0, "JOB", "only of this job; may be repeated"},
	{TYPE, "type", 0, "TYPE", "only of this type, such as job_ended; may be repeated"},
	{NODE, "node", 0, "NAME", "only of this node"},
	{QUEUE, "queue", 0, "QUEUE", "only of this queue"},
	{OWNER, "owner", 0, "OWNER", "only of this owner"},
	{0},
};

struct events {
	struct cli *cli;
	struct event_stream stream;
	uint64_t printed;
};

/* ---- a line for people ---- */

/* Lines come one by one: columns have a width of their own, and give way to long names. */
static void print_column(const char *text, int width)
{
	size_t used = text_width(text);
	text_write_escaped(stdout, text[0] ? text : "-");
	for (used = used ? used : 1; used < (size_t)width; used++)
		putchar(' ');
	fputs("  ", stdout);
}

static void print_titles(void)
{
	print_column("TIME", 23);
	print_column("NUMBER", 7);
	print_column("EVENT", 20);
	print_column("ABOUT", 16);
	print_column("NODE", 10);
	puts("WHY");
}

/* "7", "7.train.2/1", or the name of a queue. */
static const char *about(const cJSON *event, char *buffer, size_t size)
{
	const cJSON *ref = json_get(event, "attempt");
	const char *job = json_text(ref, "job"), *task = json_text(event, "task");
	if (!job[0])
		return json_text(event, "name");
	if (!task[0])
		return job;
	int used = snprintf(buffer, size, "%s.%s.%llu", job, task,
			    (unsigned long long)json_u64(ref, "index"));
	uint64_t attempt = json_u64(ref, "attempt");
	if (attempt && used > 0 && (size_t)used < size)
		snprintf(buffer + used, size - (size_t)used, "/%llu", (unsigned long long)attempt);
	return buffer;
}

/* What it came to, and why. */
static void print_why(const struct cli *cli, const cJSON *event)
{
	bool is_instance = json_text(event, "instance_state")[0] != '\0';
	const char *state = json_text(event, is_instance ? "instance_state" : "job_state");
	const char *cause = json_text(event, "cause");
	const char *code = tint_code(cli, tint_of_state(state));
	printf("%s%s%s", code, state[0] ? state : "-", code[0] ? TINT_END : "");
	if (strcmp(cause, "exited") == 0)
		printf(": exit code %lld", (long long)json_int(event, "exit_code"));
	else if (strcmp(cause, "signalled") == 0)
		printf(": signal %lld", (long long)json_int(event, "signal"));
	else if (cause[0] && strcmp(cause, "none") != 0)
		printf(": %s", cause);
	putchar('\n');
}

static void print_line(const struct cli *cli, const cJSON *event)
{
	char time[40], subject[128];
	print_column(text_time(json_time_ns(event, "time"), time, sizeof(time)), 23);
	print_column(json_text(event, "number"), 7);
	print_column(json_text(event, "type"), 20);
	print_column(about(event, subject, sizeof(subject)), 16);
	print_column(json_text(event, "node"), 10);
	print_why(cli, event);
}

/* ---- output ---- */

static void print_event(void *arg, const cJSON *event)
{
	struct events *events = arg;
	const struct cli *cli = events->cli;
	bool is_first = events->printed++ == 0;
	if (output_is_table(cli)) {
		if (is_first)
			print_titles();
		print_line(cli, event);
	} else if (cli->quiet || cli->output == OUTPUT_NAME) {
		puts(json_text(event, "number"));
	} else if (cli->output == OUTPUT_YAML) {
		cJSON *one = json_array();
		json_append(one, cJSON_Duplicate(event, true));
		json_write_yaml(stdout, one);
		cJSON_Delete(one);
	} else {
		if (cli->output == OUTPUT_JSON)
			fputs(is_first ? "[\n" : ",\n", stdout);
		json_write(stdout, event);
		if (cli->output == OUTPUT_JSONL)
			putchar('\n');
	}
}

/* The array ends with the events, also where an interrupt ends them. */
static void print_end(const struct events *events)
{
	const struct cli *cli = events->cli;
	if (!cli->quiet && cli->output == OUTPUT_JSON)
		puts(events->printed ? "\n]" : "[]");
	else if (!cli->quiet && cli->output == OUTPUT_YAML && !events->printed)
		puts("[]");
	else if (output_is_table(cli) && !events->printed)
		print_titles();
}

/* Nobody waits for a buffer to fill; and when nobody reads any more, there is no point. */
static void flush(void *arg)
{
	struct events *events = arg;
	if (fflush(stdout) != 0)
		events->stream.is_over = true;
}

/* ---- the verb ---- */

static int add_jobs(struct cli *cli, cJSON *request, const char *word)
{
	struct selection selection = {0};
	int code = cli_connect(cli);
	if (code == 0)
		code = selection_add_words(cli, &selection, &word, 1);
	for (size_t i = 0; code == 0 && i < selection.count; i++) {
		char id[24];
		snprintf(id, sizeof(id), "%llu", (unsigned long long)selection.items[i].id);
		json_append_text(json_member_array(request, "jobs"), id);
	}
	selection_free(&selection);
	return code;
}

static int set_number(struct cli *cli, cJSON *request, const char *name, const char *value)
{
	int64_t number;
	int code = args_parse_number(cli, name, value, 1, INT64_MAX, &number);
	if (code == 0)
		json_set_u64(request, name, (uint64_t)number);
	return code;
}

static int set_flag(struct events *events, const struct arg *arg)
{
	cJSON *request = events->stream.request;
	switch (arg->id) {
	case FOLLOW:
		events->stream.follows = true;
		return 0;
	case SINCE:
		return set_number(events->cli, request, "since", arg->value);
	case TAIL:
		return set_number(events->cli, request, "tail", arg->value);
	case JOB:
		return add_jobs(events->cli, request, arg->value);
	case TYPE:
		json_append_text(json_member_array(request, "types"), arg->value);
		return 0;
	default:
		json_set_text(request,
			      arg->id == NODE    ? "node"
			      : arg->id == QUEUE ? "queue"
						 : "owner",
			      arg->value);
		return 0;
	}
}

/* To the end of what there is, or of our patience: an interrupt is how this ends. */
static int print_events(struct events *events)
{
	int signal_fd = events->stream.follows ? signals_open_at_terminal() : -1;
	event_stream_pump(&events->stream);
	while (!events->stream.is_over) {
		if (cli_turn(events->cli, event_stream_wait_ms(&events->stream), signal_fd))
			break;
		event_stream_pump(&events->stream);
	}
	if (events->stream.code == 0)
		print_end(events);
	return events->stream.code;
}

static int cmd_events(struct cli *cli, const struct args *args)
{
	struct events events = {.cli = cli};
	int code = 0;
	events.stream = (struct event_stream){
		.cli = cli,
		.request = json_object(),
		.event = print_event,
		.pause = flush,
		.arg = &events,
	};
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(&events, &args->flags[i]);
	if (code == 0 && args->word_count > 0)
		code = cli_usage_error(
			cli, "\"%s\": events takes no argument; of one job: centro events --job %s",
			args->words[0], args->words[0]);
	if (code == 0)
		code = print_events(&events);
	event_stream_close(&events.stream);
	return code;
}

const struct verb verb_events = {
	.name = "events",
	.arguments = "[flags]",
	.summary = "Show what has happened in the cluster; with -f, what happens.",
	.details = "Events are numbered without a gap. A server that restarts is waited for, and\n"
		   "none is missed or shown twice. What each means: docs/events.md.\n",
	.flags = {flags},
	.run = cmd_events,
};
