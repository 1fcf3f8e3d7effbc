/* SPDX-License-Identifier: MIT */
/*
 * yaml_json.c - libyaml's events, written down as JSON as they come.
 *
 * A stack of levels says where the writer stands; a mapping remembers its keys
 * until its end, to find those given twice. Nothing is built in memory but the text.
 */
#include "yaml_json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include <centro/error.h>

#include "cli.h"

struct key {
	char *name;
	yaml_mark_t mark;
};

struct level {
	bool is_mapping;
	bool has_key; /* a mapping whose value comes next */
	size_t items;
	struct key *keys;
	size_t key_count;
};

struct writer {
	const char *name;
	const char *bytes; /* all that is read */
	size_t size;
	struct centro_error_text *text;
	yaml_parser_t parser;
	yaml_event_t event;
	struct job_file *file;
	FILE *json; /* of the present document; NULL: between two */
	char *json_text;
	size_t json_size;
	struct level levels[JOB_FILE_DEPTH_MAX];
	size_t depth;
};

/* ---- errors ---- */

static bool fail_at(struct writer *writer, yaml_mark_t mark, const char *format, ...)
	CENTRO_PRINTF(3, 4);

static bool fail_at(struct writer *writer, yaml_mark_t mark, const char *format, ...)
{
	size_t size = sizeof(writer->text->text);
	int used = snprintf(writer->text->text, size, "%.200s:%zu:%zu: ", writer->name,
			    mark.line + 1, mark.column + 1);
	va_list arguments;
	va_start(arguments, format);
	if (used > 0 && (size_t)used < size)
		vsnprintf(writer->text->text + used, size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

#define fail(writer, ...) fail_at(writer, (writer)->event.start_mark, __VA_ARGS__)

/* ---- JSON ---- */

static void write_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(file, "\\u%04x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

/* What stands between the last value and the next one. */
static void write_separator(struct writer *writer)
{
	if (writer->depth == 0)
		return;
	struct level *level = &writer->levels[writer->depth - 1];
	if (level->is_mapping && level->has_key) {
		fputc(':', writer->json);
		level->has_key = false;
		return;
	}
	if (level->items++ > 0)
		fputc(',', writer->json);
}

static bool expects_key(const struct writer *writer)
{
	if (writer->depth == 0)
		return false;
	const struct level *level = &writer->levels[writer->depth - 1];
	return level->is_mapping && !level->has_key;
}

/* ---- scalars ---- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static void write_plain(FILE *file, const char *text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	if (is_one_of(text, nulls))
		fputs("null", file);
	else if (is_one_of(text, trues))
		fputs("true", file);
	else if (is_one_of(text, falses))
		fputs("false", file);
	else
		write_string(file, text);
}

static void add_key(struct writer *writer, const char *name)
{
	struct level *level = &writer->levels[writer->depth - 1];
	/* Room is doubled at each power of two. */
	if ((level->key_count & (level->key_count - 1)) == 0) {
		size_t room = level->key_count ? level->key_count * 2 : 1;
		level->keys = need(realloc(level->keys, room * sizeof(*level->keys)));
	}
	level->keys[level->key_count++] =
		(struct key){need(strdup(name)), writer->event.start_mark};
	level->has_key = true;
}

static bool take_scalar(struct writer *writer)
{
	const char *value = (const char *)writer->event.data.scalar.value;
	bool is_key = expects_key(writer);

	if (writer->event.data.scalar.anchor || writer->event.data.scalar.tag)
		return fail(writer, "anchors and tags are not allowed in a job file");
	if (strlen(value) != writer->event.data.scalar.length)
		return fail(writer, "a NUL character is not allowed in a job file");
	if (writer->depth == 0)
		return fail(writer, "a job is a mapping, like \"name: nightly\"");
	write_separator(writer);
	if (is_key)
		add_key(writer, value);
	if (is_key || writer->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		write_string(writer->json, value);
	else
		write_plain(writer->json, value);
	return true;
}

/* ---- mappings and sequences ---- */

static bool take_start(struct writer *writer, bool is_mapping, bool is_marked)
{
	if (is_marked)
		return fail(writer, "anchors and tags are not allowed in a job file");
	if (expects_key(writer))
		return fail(writer, "a key must be a text");
	if (writer->depth == JOB_FILE_DEPTH_MAX)
		return fail(writer, "nested deeper than %d levels", JOB_FILE_DEPTH_MAX);
	if (writer->depth == 0 && !is_mapping)
		return fail(writer, "a job is a mapping; several jobs are several documents, "
				    "with \"---\" between them");
	write_separator(writer);
	fputc(is_mapping ? '{' : '[', writer->json);
	writer->levels[writer->depth++] = (struct level){.is_mapping = is_mapping};
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	return order ? order
		     : (left->mark.index > right->mark.index) -
			       (left->mark.index < right->mark.index);
}

static bool check_keys(struct writer *writer, const struct level *level)
{
	if (level->key_count > 1)
		qsort(level->keys, level->key_count, sizeof(*level->keys), compare_keys);
	for (size_t i = 1; i < level->key_count; i++) {
		if (strcmp(level->keys[i - 1].name, level->keys[i].name) == 0)
			return fail_at(writer, level->keys[i].mark,
				       "\"%.100s\" stands here for the second time",
				       level->keys[i].name);
	}
	return true;
}

static void free_level(struct level *level)
{
	for (size_t i = 0; i < level->key_count; i++)
		free(level->keys[i].name);
	free(level->keys);
	*level = (struct level){0};
}

static bool take_end(struct writer *writer)
{
	struct level *level = &writer->levels[writer->depth - 1];
	bool is_right = check_keys(writer, level);
	fputc(level->is_mapping ? '}' : ']', writer->json);
	free_level(level);
	writer->depth--;
	return is_right;
}

/* ---- documents ---- */

static bool begin_document(struct writer *writer)
{
	if (writer->file->count == JOB_FILE_DOCUMENTS_MAX)
		return fail(writer, "more than %d jobs", JOB_FILE_DOCUMENTS_MAX);
	writer->json = need(open_memstream(&writer->json_text, &writer->json_size));
	return true;
}

static void close_json(struct writer *writer)
{
	if (writer->json && fclose(writer->json) != 0)
		need(NULL);
	writer->json = NULL;
}

static bool end_document(struct writer *writer)
{
	struct job_file *file = writer->file;
	close_json(writer);
	file->jobs = need(realloc(file->jobs, (file->count + 1) * sizeof(*file->jobs)));
	file->jobs[file->count++] = writer->json_text;
	writer->json_text = NULL;
	return true;
}

static bool take_event(struct writer *writer)
{
	const yaml_event_t *event = &writer->event;
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(writer);
	case YAML_DOCUMENT_END_EVENT:
		return end_document(writer);
	case YAML_SCALAR_EVENT:
		return take_scalar(writer);
	case YAML_MAPPING_START_EVENT:
		return take_start(writer, true,
				  event->data.mapping_start.anchor ||
					  event->data.mapping_start.tag);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(writer, false,
				  event->data.sequence_start.anchor ||
					  event->data.sequence_start.tag);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return take_end(writer);
	case YAML_ALIAS_EVENT:
		return fail(writer, "aliases are not allowed in a job file");
	default:
		return true;
	}
}

/*
 * Where the parser found something wrong. Of bytes that are no text it says only how many
 * stand before them.
 */
static yaml_mark_t problem_mark(const struct writer *writer)
{
	const yaml_parser_t *parser = &writer->parser;
	if (parser->error != YAML_READER_ERROR || parser->encoding != YAML_UTF8_ENCODING)
		return parser->problem_mark;
	yaml_mark_t mark = {0};
	for (size_t i = 0; i < parser->problem_offset && i < writer->size; i++) {
		bool is_continued = (writer->bytes[i] & 0xc0) == 0x80;
		bool is_line_end = writer->bytes[i] == '\n';
		mark.column = is_line_end ? 0 : mark.column + !is_continued;
		mark.line += is_line_end;
	}
	return mark;
}

static bool take_all(struct writer *writer)
{
	bool is_right = true, is_end = false;
	while (is_right && !is_end) {
		if (!yaml_parser_parse(&writer->parser, &writer->event)) {
			const char *problem = writer->parser.problem;
			return fail_at(writer, problem_mark(writer), "%s",
				       problem ? problem : "not YAML");
		}
		is_end = writer->event.type == YAML_STREAM_END_EVENT;
		is_right = take_event(writer);
		yaml_event_delete(&writer->event);
	}
	return is_right;
}

int yaml_to_json(const char *bytes, size_t size, const char *name, struct job_file *file,
		 struct centro_error_text *text)
{
	struct writer writer = {
		.name = name,
		.bytes = bytes,
		.size = size,
		.text = text,
		.file = file,
	};
	if (!yaml_parser_initialize(&writer.parser))
		need(NULL);
	yaml_parser_set_input_string(&writer.parser, (const unsigned char *)bytes, size);
	bool is_right = take_all(&writer);
	close_json(&writer);
	free(writer.json_text);
	for (size_t i = 0; i < writer.depth; i++)
		free_level(&writer.levels[i]);
	yaml_parser_delete(&writer.parser);
	return is_right ? CENTRO_OK : CENTRO_ERR_INVALID;
}
