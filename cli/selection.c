/* SPDX-License-Identifier: MIT */
/* selection.c - the jobs that a command line names. */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include <centro/job.h>

#include "call.h"

#define KEY_SIZE 256

struct adding {
	struct cli *cli;
	struct selection *selection;
	const struct selector *selector;
};

static int add(struct adding *adding, uint64_t id)
{
	struct selection *selection = adding->selection;
	if (selection->count == SELECTION_MAX)
		return cli_error(adding->cli, EXIT_CLI_OTHER, "more than %d jobs are meant",
				 SELECTION_MAX);
	if (selection->count == selection->capacity) {
		selection->capacity = selection->capacity ? selection->capacity * 2 : 16;
		selection->items = need(
			realloc(selection->items, selection->capacity * sizeof(*selection->items)));
	}
	selection->items[selection->count++] = (struct selected){id, *adding->selector};
	return 0;
}

static int add_job(void *arg, cJSON *job)
{
	int code = add(arg, json_u64(job, "id"));
	cJSON_Delete(job);
	return code;
}

void selection_any_state(cJSON *request)
{
	cJSON *states = json_member_array(request, "states");
	for (int state = 1; state < CENTRO_JOB_STATE_COUNT; state++)
		json_append_text(states, centro_job_state_name(state));
}

static int add_listed(struct adding *adding)
{
	const struct selector *selector = adding->selector;
	cJSON *request = json_object();
	selection_any_state(request);
	if (selector->kind == SELECT_NAME)
		json_set_text(request, "name", selector->name);
	if (selector->kind == SELECT_RANGE) {
		json_set_u64(request, "id_min", selector->id);
		json_set_u64(request, "id_max", selector->id_last);
	}
	uint64_t limit = selector->kind == SELECT_RANGE ? 0 : 1;
	return cli_list(adding->cli, "JobService/List", request, "jobs", limit, add_job, adding);
}

static int add_word(struct cli *cli, struct selection *selection, const char *word)
{
	static const char *const missing[] = {
		[SELECT_RANGE] = "there is no job in this range",
		[SELECT_LAST] = "there is no job yet",
		[SELECT_NAME] = "there is no job of that name",
	};
	struct selector selector;
	struct adding adding = {cli, selection, &selector};
	size_t before = selection->count;
	const char *wrong = selector_parse(word, &selector);
	if (wrong)
		return cli_usage_error(cli, "\"%s\": %s", word, wrong);
	if (selector.kind == SELECT_ID)
		return add(&adding, selector.id);
	int code = add_listed(&adding);
	if (code || selection->count > before)
		return code;
	return cli_error(cli, EXIT_CLI_OTHER, "\"%s\": %s", word, missing[selector.kind]);
}

int selection_add_words(struct cli *cli, struct selection *selection, const char *const *words,
			size_t count)
{
	int code = 0;
	for (size_t i = 0; i < count && code == 0; i++)
		code = add_word(cli, selection, words[i]);
	return code;
}

int selection_add_label(struct cli *cli, struct selection *selection, const char *label)
{
	struct selector any = {.kind = SELECT_ID};
	struct adding adding = {cli, selection, &any};
	cJSON *request = json_object();
	int code = selection_parse_pair(cli, "label", label, json_add_object(request, "labels"));
	if (code) {
		cJSON_Delete(request);
		return code;
	}
	return cli_list(cli, "JobService/List", request, "jobs", 0, add_job, &adding);
}

void selection_free(struct selection *selection)
{
	free(selection->items);
	*selection = (struct selection){0};
}

int selection_parse_pair(const struct cli *cli, const char *flag, const char *pair,
			 cJSON *ret_object)
{
	const char *equals = strchr(pair, '=');
	size_t size = equals ? (size_t)(equals - pair) : 0;
	char key[KEY_SIZE];
	if (size == 0 || size >= sizeof(key))
		return cli_usage_error(cli, "--%s: \"%s\"; write it like key=value", flag, pair);
	memcpy(key, pair, size);
	key[size] = '\0';
	json_set_text(ret_object, key, equals + 1);
	return 0;
}

int selection_refuse_instances(const struct cli *cli, const struct selection *selection,
			       const char *done)
{
	for (size_t i = 0; i < selection->count; i++) {
		if (selection->items[i].selector.task[0])
			return cli_usage_error(cli, "a job is %s as a whole: centro %s %llu", done,
					       cli->verb,
					       (unsigned long long)selection->items[i].id);
	}
	return 0;
}
