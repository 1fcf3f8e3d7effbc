/* SPDX-License-Identifier: MIT */
/* job_file.c - YAML's events into cJSON's tree. */
#include "job_file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "cli.h"

struct reader {
	const char *name;
	struct centro_error_text *text;
	yaml_parser_t parser;
	yaml_event_t event;
	cJSON *documents;
	struct {
		cJSON *node;
		char *key; /* of a mapping, whose value comes next; NULL: a key comes */
	} levels[JOB_FILE_DEPTH_MAX];
	size_t depth;
	size_t read_bytes;
	FILE *file;
};

static bool fail(struct reader *reader, const char *format, ...) CENTRO_PRINTF(2, 3);

static bool fail(struct reader *reader, const char *format, ...)
{
	size_t size = sizeof(reader->text->text);
	int used = snprintf(reader->text->text, size, "%s:%zu:%zu: ", reader->name,
			    reader->event.start_mark.line + 1, reader->event.start_mark.column + 1);
	va_list arguments;
	va_start(arguments, format);
	if (used > 0 && (size_t)used < size)
		vsnprintf(reader->text->text + used, size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

/* The value belongs where the reader stands. Takes it over. */
static bool place(struct reader *reader, cJSON *value)
{
	if (!value)
		return fail(reader, "out of memory");
	if (reader->depth == 0) {
		cJSON_AddItemToArray(reader->documents, value);
		return true;
	}
	cJSON *parent = reader->levels[reader->depth - 1].node;
	if (cJSON_IsArray(parent)) {
		cJSON_AddItemToArray(parent, value);
		return true;
	}
	char *key = reader->levels[reader->depth - 1].key;
	cJSON_AddItemToObject(parent, key, value);
	free(key);
	reader->levels[reader->depth - 1].key = NULL;
	return true;
}

static bool expects_key(const struct reader *reader)
{
	return reader->depth > 0 && cJSON_IsObject(reader->levels[reader->depth - 1].node) &&
	       !reader->levels[reader->depth - 1].key;
}

/* [-]digits[.digits][e[+-]digits] */
static bool is_number(const char *text)
{
	text += *text == '-';
	if (!is_digit(*text))
		return false;
	while (is_digit(*text))
		text++;
	if (*text == '.' && is_digit(text[1]))
		for (text++; is_digit(*text); text++)
			;
	if ((*text == 'e' || *text == 'E') && text[1]) {
		text++;
		text += *text == '-' || *text == '+';
		while (is_digit(*text))
			text++;
	}
	return *text == '\0';
}

/* A number keeps its spelling: no digit of a 64-bit one is lost. */
static cJSON *plain_scalar(const char *text)
{
	if (strcmp(text, "") == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
		return cJSON_CreateNull();
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return cJSON_CreateBool(text[0] == 't');
	return is_number(text) ? cJSON_CreateRaw(text) : cJSON_CreateString(text);
}

static bool take_scalar(struct reader *reader)
{
	const char *value = (const char *)reader->event.data.scalar.value;
	bool is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (strlen(value) != reader->event.data.scalar.length)
		return fail(reader, "a NUL byte in a text");
	if (reader->event.data.scalar.anchor || reader->event.data.scalar.tag)
		return fail(reader, "anchors and tags are not allowed in job files");
	if (!expects_key(reader))
		return place(reader, is_plain ? plain_scalar(value) : cJSON_CreateString(value));
	if (cJSON_GetObjectItemCaseSensitive(reader->levels[reader->depth - 1].node, value))
		return fail(reader, "\"%s\" stands here twice", value);
	reader->levels[reader->depth - 1].key = strdup(value);
	return reader->levels[reader->depth - 1].key || fail(reader, "out of memory");
}

static bool take_start(struct reader *reader, cJSON *node, bool is_marked)
{
	if (is_marked || reader->depth == JOB_FILE_DEPTH_MAX || expects_key(reader)) {
		cJSON_Delete(node);
		return fail(reader, is_marked ? "anchors and tags are not allowed in job files"
				    : expects_key(reader) ? "a key must be a text"
							  : "nested too deeply");
	}
	if (!place(reader, node))
		return false;
	reader->levels[reader->depth].node = node;
	reader->levels[reader->depth++].key = NULL;
	return true;
}

static bool take_event(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return cJSON_GetArraySize(reader->documents) < JOB_FILE_DOCUMENTS_MAX ||
		       fail(reader, "more than %d documents", JOB_FILE_DOCUMENTS_MAX);
	case YAML_ALIAS_EVENT:
		return fail(reader, "aliases are not allowed in job files");
	case YAML_SCALAR_EVENT:
		return take_scalar(reader);
	case YAML_MAPPING_START_EVENT:
		return take_start(reader, cJSON_CreateObject(),
				  event->data.mapping_start.anchor || event->data.mapping_start.tag);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(reader, cJSON_CreateArray(),
				  event->data.sequence_start.anchor ||
					  event->data.sequence_start.tag);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		reader->depth--;
		return true;
	default:
		return true;
	}
}

static int read_input(void *arg, unsigned char *buffer, size_t size, size_t *ret_size)
{
	struct reader *reader = arg;
	*ret_size = fread(buffer, 1, size, reader->file);
	reader->read_bytes += *ret_size;
	return reader->read_bytes <= JOB_FILE_BYTES_MAX && !ferror(reader->file);
}

static bool read_all(struct reader *reader)
{
	bool ok = true, at_end = false;
	while (ok && !at_end) {
		if (!yaml_parser_parse(&reader->parser, &reader->event)) {
			reader->event.start_mark = reader->parser.problem_mark;
			if (reader->read_bytes > JOB_FILE_BYTES_MAX)
				return fail(reader, "more than %d bytes", JOB_FILE_BYTES_MAX);
			return fail(reader, "%s",
				    reader->parser.problem ? reader->parser.problem : "not YAML");
		}
		at_end = reader->event.type == YAML_STREAM_END_EVENT;
		ok = take_event(reader);
		yaml_event_delete(&reader->event);
	}
	return ok;
}

cJSON *job_file_read(FILE *file, const char *name, struct centro_error_text *text)
{
	struct reader reader = { .name = name, .text = text, .file = file,
				 .documents = cJSON_CreateArray() };
	bool ok = reader.documents && yaml_parser_initialize(&reader.parser);
	if (ok) {
		yaml_parser_set_input(&reader.parser, read_input, &reader);
		ok = read_all(&reader);
		yaml_parser_delete(&reader.parser);
	}
	for (size_t i = 0; i < JOB_FILE_DEPTH_MAX; i++)
		free(reader.levels[i].key);
	if (ok && cJSON_GetArraySize(reader.documents) == 0)
		ok = fail(&reader, "there is nothing in it");
	if (ok)
		return reader.documents;
	cJSON_Delete(reader.documents);
	return NULL;
}
