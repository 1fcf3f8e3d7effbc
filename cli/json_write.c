/* SPDX-License-Identifier: MIT */
/*
 * json_write.c - JSON and YAML on stdout.
 *
 * cJSON escapes what JSON says must be escaped. DEL and the C1 controls need not
 * be, but would act on a terminal, so they are, too.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define INDENT 2

static void write_scalar(FILE *file, const cJSON *value)
{
	char *text = need(cJSON_PrintUnformatted(value));
	for (const char *c = text; *c;) {
		bool is_control;
		size_t size = text_next(c, &is_control);
		/* DEL is its own number; C1 is the second of two bytes. */
		if (is_control)
			fprintf(file, "\\u%04x", (unsigned char)c[size - 1]);
		else
			fwrite(c, 1, size, file);
		c += size;
	}
	free(text);
}

static void write_name(FILE *file, const char *name)
{
	cJSON *text = need(cJSON_CreateString(name));
	write_scalar(file, text);
	cJSON_Delete(text);
}

static void new_line(FILE *file, int indent)
{
	fprintf(file, "\n%*s", indent, "");
}

/* `indent` < 0: on one line. */
static void write_value(FILE *file, const cJSON *value, int indent)
{
	bool is_object = cJSON_IsObject(value);
	bool is_pretty = indent >= 0;
	const cJSON *child;

	if (!is_object && !cJSON_IsArray(value)) {
		write_scalar(file, value);
		return;
	}
	fputc(is_object ? '{' : '[', file);
	cJSON_ArrayForEach(child, value)
	{
		if (child != value->child)
			fputc(',', file);
		if (is_pretty)
			new_line(file, indent + INDENT);
		if (is_object) {
			write_name(file, child->string);
			fputs(is_pretty ? ": " : ":", file);
		}
		write_value(file, child, is_pretty ? indent + INDENT : indent);
	}
	if (is_pretty && value->child)
		new_line(file, indent);
	fputc(is_object ? '}' : ']', file);
}

void json_write(FILE *file, const cJSON *value)
{
	write_value(file, value, -1);
}

void json_write_pretty(FILE *file, const cJSON *value)
{
	write_value(file, value, 0);
	fputc('\n', file);
}

/* ---- YAML ---- */

/* Readers of YAML 1.1 take these, in any case, for something else than text. */
static bool is_reserved(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on",
					    "off",  "null",  "y",   "n",  NULL};
	char lower[8] = "";
	for (size_t i = 0; text[i]; i++) {
		if (i + 1 == sizeof(lower))
			return false;
		lower[i] = (char)(text[i] | 0x20);
	}
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], lower) == 0)
			return true;
	}
	return false;
}

static bool is_plain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				     "0123456789./-";
	return text[0] && strchr(letters, text[0]) && text[strspn(text, others)] == '\0' &&
	       !is_reserved(text);
}

static void write_yaml_text(FILE *file, const char *text)
{
	if (is_plain(text))
		fputs(text, file);
	else
		write_name(file, text); /* YAML's double quotes take all of JSON's escapes */
}

static bool is_block(const cJSON *value)
{
	return (cJSON_IsObject(value) || cJSON_IsArray(value)) && value->child;
}

static void write_yaml_inline(FILE *file, const cJSON *value)
{
	if (cJSON_IsString(value))
		write_yaml_text(file, value->valuestring);
	else
		write_scalar(file, value); /* also {} and [] */
	fputc('\n', file);
}

/* `is_begun`: the first line's indentation stands already. */
static void write_yaml(FILE *file, const cJSON *value, int indent, bool is_begun)
{
	const cJSON *child;
	cJSON_ArrayForEach(child, value)
	{
		fprintf(file, "%*s", is_begun ? 0 : indent, "");
		is_begun = false;
		if (cJSON_IsObject(value)) {
			write_yaml_text(file, child->string);
			fputs(is_block(child) ? ":\n" : ": ", file);
		} else {
			fputs("- ", file);
		}
		if (is_block(child))
			write_yaml(file, child, indent + INDENT, cJSON_IsArray(value));
		else
			write_yaml_inline(file, child);
	}
}

void json_write_yaml(FILE *file, const cJSON *value)
{
	if (is_block(value))
		write_yaml(file, value, 0, false);
	else
		write_yaml_inline(file, value);
}
