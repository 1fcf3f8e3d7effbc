/* SPDX-License-Identifier: MIT */
/* config.c - a flat YAML file of flags, by libyaml's events. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define SETTINGS_MAX 10000

struct reader {
	const char *path;
	const struct option *options;
	config_setting_fn *setting;
	void *arg;
	struct centro_error_text *text;
	yaml_parser_t parser;
	yaml_event_t event;
	const struct option *option; /* whose value comes next; NULL: a name comes */
	bool in_mapping, in_list;
};

static int fail(struct reader *reader, const char *format, ...) CENTRO_PRINTF(2, 3);

static int fail(struct reader *reader, const char *format, ...)
{
	size_t size = sizeof(reader->text->text);
	int used = snprintf(reader->text->text, size, "%s:%zu: ", reader->path,
			    reader->event.start_mark.line + 1);
	va_list arguments;
	va_start(arguments, format);
	if (used > 0 && (size_t)used < size)
		vsnprintf(reader->text->text + used, size - (size_t)used, format, arguments);
	va_end(arguments);
	return CENTRO_ERR_INVALID;
}

static const struct option *find_option(const struct option *options, const char *name)
{
	for (; options->name; options++) {
		if (strcmp(options->name, name) == 0)
			return options;
	}
	return NULL;
}

static int take_value(struct reader *reader, const char *value)
{
	const struct option *option = reader->option;
	struct centro_error_text inner = { "" };
	if (option->has_arg == no_argument) {
		if (strcmp(value, "false") == 0)
			return CENTRO_OK;
		if (strcmp(value, "true") != 0)
			return fail(reader, "%s: \"%s\"; say true or false", option->name, value);
		value = NULL;
	}
	int error = reader->setting(reader->arg, option->val, value, &inner);
	return error ? fail(reader, "%s: %s", option->name, inner.text) : CENTRO_OK;
}

static int take_scalar(struct reader *reader)
{
	const char *value = (const char *)reader->event.data.scalar.value;
	if (strlen(value) != reader->event.data.scalar.length)
		return fail(reader, "a value with a NUL byte in it");
	if (reader->event.data.scalar.anchor || reader->event.data.scalar.tag)
		return fail(reader, "anchors and tags are not used here");
	if (!reader->in_mapping)
		return fail(reader, "expected \"name: value\" lines");
	if (!reader->option) {
		reader->option = find_option(reader->options, value);
		return reader->option ? CENTRO_OK
				      : fail(reader, "no such setting: \"%s\"; see --help", value);
	}
	int error = take_value(reader, value);
	if (!reader->in_list)
		reader->option = NULL;
	return error;
}

static int take_event(struct reader *reader)
{
	switch (reader->event.type) {
	case YAML_MAPPING_START_EVENT:
		if (reader->in_mapping)
			return fail(reader, "%s: takes a value, not a mapping",
				    reader->option ? reader->option->name : "a name");
		reader->in_mapping = true;
		return CENTRO_OK;
	case YAML_SEQUENCE_START_EVENT:
		if (!reader->option || reader->in_list)
			return fail(reader, "a list can only be the value of a setting");
		reader->in_list = true;
		return CENTRO_OK;
	case YAML_SEQUENCE_END_EVENT:
		reader->in_list = false;
		reader->option = NULL;
		return CENTRO_OK;
	case YAML_SCALAR_EVENT:
		return take_scalar(reader);
	case YAML_ALIAS_EVENT:
		return fail(reader, "aliases are not used here");
	default:
		return CENTRO_OK;
	}
}

static int read_events(struct reader *reader)
{
	for (int count = 0; count < SETTINGS_MAX; count++) {
		if (!yaml_parser_parse(&reader->parser, &reader->event)) {
			reader->event.start_mark = reader->parser.problem_mark;
			return fail(reader, "%s",
				    reader->parser.problem ? reader->parser.problem : "not YAML");
		}
		bool at_end = reader->event.type == YAML_STREAM_END_EVENT;
		int error = take_event(reader);
		yaml_event_delete(&reader->event);
		if (error || at_end)
			return error;
	}
	return fail(reader, "more than %d settings", SETTINGS_MAX);
}

int config_read(const char *path, const struct option *options, config_setting_fn *setting,
		void *arg, struct centro_error_text *text)
{
	struct reader reader = { .path = path, .options = options, .setting = setting,
				 .arg = arg, .text = text };
	FILE *file = fopen(path, "re");
	if (!file) {
		snprintf(text->text, sizeof(text->text), "%s: %s", path, strerror(errno));
		return CENTRO_ERR_IO;
	}
	int error = CENTRO_ERR_NOMEM;
	if (yaml_parser_initialize(&reader.parser)) {
		yaml_parser_set_input_file(&reader.parser, file);
		error = read_events(&reader);
		yaml_parser_delete(&reader.parser);
	}
	fclose(file);
	return error;
}
