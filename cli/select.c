/* SPDX-License-Identifier: MIT */
/* select.c - which jobs a word means. */
#include "select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

static int add(struct cli *cli, struct selection *selection, const struct selected *item)
{
	if (selection->count == SELECTION_MAX)
		return cli_error(cli, EXIT_CLI_OTHER, "more than %d jobs are meant", SELECTION_MAX);
	struct selected *items =
		realloc(selection->items, (selection->count + 1) * sizeof(*items));
	if (!items)
		abort();
	selection->items = items;
	items[selection->count++] = *item;
	return 0;
}

static bool take_number(const char **text, uint64_t max, uint64_t *ret_value)
{
	char *end;
	errno = 0;
	if (!is_digit(**text))
		return false;
	unsigned long long value = strtoull(*text, &end, 10);
	if (errno || value > max)
		return false;
	*text = end;
	*ret_value = value;
	return true;
}

/* What follows the id: [.task[.index]][/attempt]. */
static bool take_instance(const char *text, struct selected *item)
{
	uint64_t value;
	if (*text == '.') {
		size_t size = strcspn(++text, "./");
		if (size == 0 || size >= sizeof(item->task))
			return false;
		memcpy(item->task, text, size);
		item->task[size] = '\0';
		text += size;
		if (*text == '.') {
			text++;
			if (!take_number(&text, UINT32_MAX, &value))
				return false;
			item->index = (uint32_t)value;
		}
	}
	if (*text == '/') {
		text++;
		if (!take_number(&text, UINT32_MAX, &value))
			return false;
		item->attempt = (uint32_t)value;
	}
	return *text == '\0';
}

static int select_number(struct cli *cli, const char *word, struct selection *selection)
{
	struct selected item = { 0 };
	const char *rest = word;
	uint64_t last;
	if (!take_number(&rest, UINT64_MAX - 1, &item.id) || item.id == 0)
		return cli_usage_error(cli, "\"%s\": not the number of a job", word);
	if (*rest != '-') {
		if (!take_instance(rest, &item))
			return cli_usage_error(
				cli, "\"%s\": write 1234, 1234.task, 1234.task.7 or 1234.task.7/2",
				word);
		return add(cli, selection, &item);
	}
	rest++;
	if (!take_number(&rest, UINT64_MAX - 1, &last) || *rest || last < item.id)
		return cli_usage_error(cli, "\"%s\": write a range like 10-20", word);
	int code = 0;
	for (; code == 0 && item.id <= last; item.id++)
		code = add(cli, selection, &item);
	return code;
}

struct adding {
	struct cli *cli;
	struct selection *selection;
};

static int add_job(void *arg, const cJSON *job)
{
	struct adding *adding = arg;
	return add(adding->cli, adding->selection, &(struct selected){ .id = json_u64(job, "id") });
}

static cJSON *any_state(void)
{
	static const char *const states[] = { "pending", "running", "succeeded",
					      "failed",  "cancelled", "timeout" };
	cJSON *request = cJSON_CreateObject();
	cJSON_AddItemToObject(request, "states",
			      cJSON_CreateStringArray(states, sizeof(states) / sizeof(*states)));
	return request;
}

int select_word(struct cli *cli, const char *word, struct selection *selection)
{
	if (is_digit(word[0]))
		return select_number(cli, word, selection);
	struct adding adding = { cli, selection };
	size_t before = selection->count;
	cJSON *request = any_state();
	bool is_last = strcmp(word, "@last") == 0;
	if (!is_last)
		cJSON_AddStringToObject(request, "name", word);
	int code = cli_each_job(cli, request, 1, add_job, &adding);
	if (code || selection->count > before)
		return code;
	return cli_error(cli, EXIT_CLI_OTHER,
			 is_last ? "%s: there is no job yet" : "%s: there is no job of that name",
			 word);
}

int select_parse_label(struct cli *cli, const char *label, cJSON *labels)
{
	const char *equals = strchr(label, '=');
	char key[256];
	if (!equals || equals == label || (size_t)(equals - label) >= sizeof(key))
		return cli_usage_error(cli, "\"%s\": write a label as key=value", label);
	memcpy(key, label, (size_t)(equals - label));
	key[equals - label] = '\0';
	cJSON_DeleteItemFromObjectCaseSensitive(labels, key);
	cJSON_AddStringToObject(labels, key, equals + 1);
	return 0;
}

int select_label(struct cli *cli, const char *label, struct selection *selection)
{
	struct adding adding = { cli, selection };
	cJSON *request = cJSON_CreateObject();
	int code = select_parse_label(cli, label, cJSON_AddObjectToObject(request, "labels"));
	if (code) {
		cJSON_Delete(request);
		return code;
	}
	return cli_each_job(cli, request, SELECTION_MAX, add_job, &adding);
}

void selection_free(struct selection *selection)
{
	free(selection->items);
	*selection = (struct selection){ 0 };
}
