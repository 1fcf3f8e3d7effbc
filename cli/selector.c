/* SPDX-License-Identifier: MIT */
/* selector.c - the words that name jobs. */
#include "selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMS "write 1234, 1234.task, 1234.task.7 or 1234.task.7/2"

static bool take_number(const char **text, uint64_t max, uint64_t *ret_value)
{
	char *end;
	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	unsigned long long value = strtoull(*text, &end, 10);
	if (errno || value > max)
		return false;
	*text = end;
	*ret_value = value;
	return true;
}

static bool take_u32(const char **text, uint32_t *ret_value)
{
	uint64_t value;
	if (!take_number(text, UINT32_MAX, &value))
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

static bool take_task(const char **text, struct selector *selector)
{
	size_t size = strcspn(*text, "./");
	if (size == 0 || size >= sizeof(selector->task))
		return false;
	memcpy(selector->task, *text, size);
	selector->task[size] = '\0';
	*text += size;
	return true;
}

/* What follows the id: [.task[.index]][/attempt]. */
static bool take_instance(const char *text, struct selector *selector)
{
	if (*text == '.') {
		text++;
		if (!take_task(&text, selector))
			return false;
	}
	if (*text == '.') {
		text++;
		selector->has_index = true;
		if (!take_u32(&text, &selector->index))
			return false;
	}
	if (*text == '/') {
		text++;
		if (!take_u32(&text, &selector->attempt) || selector->attempt == 0)
			return false;
	}
	return *text == '\0';
}

static const char *parse_number(const char *word, struct selector *selector)
{
	if (!take_number(&word, UINT64_MAX - 1, &selector->id))
		return "not the number of a job";
	if (*word != '-') {
		bool is_right = selector->id > 0 && take_instance(word, selector);
		return is_right ? NULL : FORMS;
	}
	word++;
	selector->kind = SELECT_RANGE;
	if (!take_number(&word, UINT64_MAX - 1, &selector->id_last) || *word ||
	    selector->id_last < selector->id)
		return "write a range like 10-20";
	return NULL;
}

const char *selector_parse(const char *word, struct selector *ret_selector)
{
	static const char digits[] = "0123456789";
	size_t digit_count = strspn(word, digits);
	*ret_selector = (struct selector){.kind = SELECT_ID};
	if (digit_count > 0 && strchr(".-/", word[digit_count]))
		return parse_number(word, ret_selector);
	if (!word[0])
		return "an empty word names no job";
	if (word[0] == '@' && strcmp(word, "@last") != 0)
		return "only @last begins with @";
	ret_selector->kind = word[0] == '@' ? SELECT_LAST : SELECT_NAME;
	ret_selector->name = word;
	return NULL;
}

bool selector_takes(const struct selector *selector, const char *task, uint32_t index)
{
	if (selector->task[0] && strcmp(selector->task, task) != 0)
		return false;
	return !selector->has_index || selector->index == index;
}
