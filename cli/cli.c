/* SPDX-License-Identifier: MIT */
/* cli.c - small things that every verb needs: errors, and reading JSON answers. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void say(const struct cli *cli, const char *format, va_list arguments)
{
	fprintf(stderr, "centro%s%s: ", cli->verb ? " " : "", cli->verb ? cli->verb : "");
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int cli_error(const struct cli *cli, int code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(cli, format, arguments);
	va_end(arguments);
	return code;
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(cli, format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try: centro help%s%s\n", cli->verb ? " " : "", cli->verb ? cli->verb : "");
	return EXIT_CLI_USAGE;
}

const cJSON *json_member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
	const cJSON *member = json_member(object, name);
	return cJSON_IsString(member) ? member->valuestring : "";
}

uint64_t json_u64(const cJSON *object, const char *name)
{
	const cJSON *member = json_member(object, name);
	if (cJSON_IsString(member))
		return strtoull(member->valuestring, NULL, 10);
	return cJSON_IsNumber(member) && member->valuedouble > 0 ? (uint64_t)member->valuedouble : 0;
}

int json_int(const cJSON *object, const char *name)
{
	const cJSON *member = json_member(object, name);
	return cJSON_IsNumber(member) ? member->valueint : 0;
}

void json_add_u64(cJSON *object, const char *name, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	cJSON_AddStringToObject(object, name, text);
}

/* "2026-01-31T09:30:00.123Z", as the schema's JSON has it. */
uint64_t json_time_ns(const cJSON *object, const char *name)
{
	const char *text = json_text(object, name);
	struct tm utc = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	if (!rest)
		return 0;
	uint64_t ns = (uint64_t)timegm(&utc) * 1000000000;
	uint64_t unit = 100000000;
	if (*rest == '.') {
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			ns += (uint64_t)(*rest - '0') * unit;
	}
	return ns;
}
