/* SPDX-License-Identifier: MIT */
/* cmd_schedule.c - when a cron expression is due next. Asks no server. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <centro/cron.h>

#include "cmd.h"
#include "output.h"
#include "table.h"
#include "text.h"

#define ZONE_FOLDER   "/usr/share/zoneinfo/"
#define ZONE_SIZE_MAX 65536
#define COUNT_DEFAULT 10
#define COUNT_MAX     1000
#define NS_PER_SEC    UINT64_C(1000000000)

enum {
	ZONE = 1,
	COUNT,
	AFTER,
};

static const struct flag flags[] = {
	{ZONE, "zone", 'z', "ZONE", "such as Europe/Berlin; else UTC"},
	{COUNT, "count", 'n', "N", "how many times; else 10"},
	{AFTER, "after", 0, "TIME", "such as 2026-01-31T09:30:00Z; else now"},
	{0},
};

struct request {
	const char *expression, *zone; /* borrowed */
	struct centro_instant after;
	int64_t count;
	uint8_t zone_bytes[ZONE_SIZE_MAX];
	size_t zone_size; /* 0: UTC */
};

/* ---- asking ---- */

static int set_after(const struct cli *cli, const char *value, struct request *request)
{
	const char *end = value + strspn(value, "0123456789-:.T");
	request->after.ns = text_parse_time(value);
	if (request->after.ns == 0 || strcmp(end, "Z") != 0)
		return cli_usage_error(cli,
				       "--after: \"%s\" is no time; one is "
				       "2026-01-31T09:30:00Z",
				       value);
	return 0;
}

static int set_flag(const struct cli *cli, const struct arg *arg, struct request *request)
{
	switch (arg->id) {
	case COUNT:
		return args_parse_number(cli, "count", arg->value, 1, COUNT_MAX, &request->count);
	case AFTER:
		return set_after(cli, arg->value, request);
	default:
		request->zone = arg->value;
		return 0;
	}
}

/* Names of files below the folder, and of nothing else. */
static bool is_zone_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+-_/";
	return name[0] && name[0] != '/' && name[strspn(name, letters)] == '\0';
}

static int read_zone(const struct cli *cli, struct request *request)
{
	char path[256];
	int length = snprintf(path, sizeof(path), ZONE_FOLDER "%s", request->zone);
	FILE *file = NULL;
	if (strcmp(request->zone, "UTC") == 0)
		return 0;
	if (is_zone_name(request->zone) && (size_t)length < sizeof(path))
		file = fopen(path, "re");
	if (!file)
		return cli_usage_error(cli,
				       "--zone: there is no \"%s\" in " ZONE_FOLDER "; one "
				       "is Europe/Berlin",
				       request->zone);
	request->zone_size = fread(request->zone_bytes, 1, ZONE_SIZE_MAX, file);
	fclose(file);
	if (request->zone_size == 0)
		return cli_usage_error(cli, "--zone: \"%s\" is no zone", request->zone);
	return 0;
}

static int parse_request(const struct cli *cli, const struct args *args, struct request *request)
{
	int code = 0;
	if (args->word_count == 0 || strcmp(args->words[0], "next") != 0)
		return cli_usage_error(cli, "say: centro schedule next \"30 6 * * mon-fri\"");
	if (args->word_count != 2)
		return cli_usage_error(cli, "when? One expression, in quotes, such as "
					    "\"30 6 * * mon-fri\"");
	request->expression = args->words[1];
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(cli, &args->flags[i], request);
	return code ? code : read_zone(cli, request);
}

/* ---- answering ---- */

struct clock_style {
	const char *weekdays; /* of four characters; NULL: none */
	char separator;       /* of date and time */
};

static const struct clock_style for_people = {"Sun Mon Tue Wed Thu Fri Sat ", ' '};
static const struct clock_style for_programs = {NULL, 'T'};

/* "2026-01-31T09:30:00" and `suffix`, of a clock that is so much ahead of UTC. */
static const char *write_clock(char *buffer, size_t size, struct centro_instant at,
			       int32_t offset_s, const struct clock_style *style,
			       const char *suffix)
{
	time_t clock = (time_t)(at.ns / NS_PER_SEC) + offset_s;
	struct tm tm = {0};
	char fraction[16] = "";
	if (at.ns % NS_PER_SEC != 0)
		snprintf(fraction, sizeof(fraction), ".%09u", (unsigned)(at.ns % NS_PER_SEC));
	gmtime_r(&clock, &tm);
	snprintf(buffer, size, "%.*s%04d-%02d-%02d%c%02d:%02d:%02d%s%s", style->weekdays ? 4 : 0,
		 style->weekdays ? style->weekdays + 4 * tm.tm_wday : "", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, style->separator, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 fraction, suffix);
	return buffer;
}

static const char *write_offset(char *buffer, size_t size, int32_t offset_s)
{
	int minutes = abs(offset_s) / 60;
	snprintf(buffer, size, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	return buffer;
}

static const char *name_of(const cJSON *moment)
{
	return json_text(moment, "time");
}

/* One of the times, as a row and as a message. */
static void add_moment(struct table *table, cJSON *moments, struct centro_instant at,
		       int32_t offset_s)
{
	char text[64], offset[16];
	cJSON *moment = json_object();
	write_offset(offset, sizeof(offset), offset_s);
	table_add(table, TINT_NONE, "%s %s",
		  write_clock(text, sizeof(text), at, offset_s, &for_people, ""), offset);
	table_add(table, TINT_NONE, "%s",
		  write_clock(text, sizeof(text), at, 0, &for_programs, "Z"));
	json_set_text(moment, "time", text);
	json_set_text(moment, "local_time",
		      write_clock(text, sizeof(text), at, offset_s, &for_programs, offset));
	json_append(moments, moment);
}

/* All that are asked for, or as many as there are. */
static int find_moments(const struct cli *cli, const struct request *request, struct table *table,
			cJSON *moments)
{
	struct centro_bytes zone = {request->zone_bytes, request->zone_size};
	struct centro_instant at = request->after;
	struct centro_error_text text = {""};
	for (int64_t i = 0; i < request->count; i++) {
		int32_t offset_s = 0;
		int status =
			centro_cron_next(request->expression, zone, request->after, at, &at, &text);
		if (status == CENTRO_OK)
			status = centro_zone_offset(zone, at, &offset_s, &text);
		if (status == CENTRO_ERR_NOT_FOUND && i > 0)
			break;
		if (status != CENTRO_OK)
			return cli_usage_error(cli, "%s", text.text);
		add_moment(table, moments, at, offset_s);
	}
	return 0;
}

static int cmd_schedule(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = {"TIME", "UTC"};
	struct request request = {.zone = "UTC", .count = COUNT_DEFAULT};
	struct table table;
	request.after.ns = text_now_ns() / NS_PER_SEC * NS_PER_SEC;
	int code = parse_request(cli, args, &request);
	if (code)
		return code;

	cJSON *moments = json_array();
	table_init(&table, titles, 2);
	code = find_moments(cli, &request, &table, moments);
	if (code == 0 && output_is_table(cli))
		table_print(&table, cli);
	else if (code == 0)
		output_print(cli, moments, false, name_of);
	table_free(&table);
	cJSON_Delete(moments);
	return code;
}

const struct verb verb_schedule = {
	.name = "schedule",
	.arguments = "next EXPRESSION",
	.summary = "When a cron expression is due, without asking a server.",
	.details = "EXPRESSION is of five fields, in quotes: \"30 6 * * mon-fri\"; or @hourly, "
		   "@daily,\n"
		   "@weekly, @monthly, @yearly, or \"@every 1h30m\", which here counts from "
		   "--after.\n",
	.flags = {flags},
	.run = cmd_schedule,
};
