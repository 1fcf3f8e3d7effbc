/* SPDX-License-Identifier: MIT */
/* text.c - text for people. */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

#define NS_PER_SEC UINT64_C(1000000000)

/* The size of the UTF-8 character at `text` and its number; 0: it is none. */
static size_t decode(const char *text, uint32_t *ret_code)
{
	const unsigned char *c = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (size == 0 || c[0] > 0xf4)
		return 0;
	uint32_t code = size == 1 ? c[0] : c[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0; /* also at the terminator */
		code = code << 6 | (c[i] & 0x3fu);
	}
	if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return size;
}

size_t text_next(const char *text, bool *ret_is_control)
{
	uint32_t code = 0;
	size_t size = decode(text, &code);
	*ret_is_control = size == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0);
	return size > 0 ? size : 1;
}

void text_write_escaped(FILE *file, const char *text)
{
	while (*text) {
		bool is_control;
		size_t size = text_next(text, &is_control);
		for (size_t i = 0; i < size && is_control; i++)
			fprintf(file, "\\x%02x", (unsigned char)text[i]);
		if (!is_control)
			fwrite(text, 1, size, file);
		text += size;
	}
}

/* What a writer writes, on the heap. */
static char *written(void (*write)(FILE *file, const char *text), const char *text)
{
	char *result = NULL;
	size_t size;
	FILE *file = need(open_memstream(&result, &size));
	write(file, text);
	if (fclose(file) != 0)
		need(NULL);
	return need(result);
}

char *text_escaped(const char *text)
{
	return written(text_write_escaped, text);
}

static int is_combining(uint32_t code)
{
	return (code >= 0x300 && code < 0x370) || (code >= 0x200b && code < 0x2010) ||
	       (code >= 0xfe00 && code < 0xfe10);
}

size_t text_width(const char *text)
{
	size_t width = 0;
	while (*text) {
		uint32_t code = 0;
		size_t size = decode(text, &code);
		width += !is_combining(code);
		text += size > 0 ? size : 1;
	}
	return width;
}

static void write_quoted(FILE *file, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";
	if (word[0] && word[strspn(word, plain)] == '\0') {
		fputs(word, file);
		return;
	}
	fputc('\'', file);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\'", file);
		fputc(*word, file);
	}
	fputc('\'', file);
}

char *text_shell_quoted(const char *word)
{
	return written(write_quoted, word);
}

const char *text_age(uint64_t ns, char *buffer, size_t size)
{
	unsigned long long s = ns / NS_PER_SEC;
	if (s < 10)
		snprintf(buffer, size, "%llu.%llus", s,
			 (unsigned long long)(ns % NS_PER_SEC / (NS_PER_SEC / 10)));
	else if (s < 60)
		snprintf(buffer, size, "%llus", s);
	else if (s < 3600)
		snprintf(buffer, size, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buffer, size, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		snprintf(buffer, size, "%llud%lluh", s / 86400, s / 3600 % 24);
	return buffer;
}

uint64_t text_parse_time(const char *text)
{
	struct tm utc = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	time_t seconds = rest ? timegm(&utc) : 0;
	if (seconds <= 0)
		return 0;
	uint64_t ns = (uint64_t)seconds * NS_PER_SEC;
	if (*rest == '.')
		for (uint64_t unit = NS_PER_SEC / 10; *++rest >= '0' && *rest <= '9'; unit /= 10)
			ns += (uint64_t)(*rest - '0') * unit;
	return ns;
}

const char *text_time(uint64_t ns, char *buffer, size_t size)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	struct tm utc;
	if (gmtime_r(&seconds, &utc))
		snprintf(buffer, size, "%04d-%02d-%02d %02d:%02d:%02d UTC", utc.tm_year + 1900,
			 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
	else
		snprintf(buffer, size, "?");
	return buffer;
}

uint64_t text_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}
