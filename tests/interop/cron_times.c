/* SPDX-License-Identifier: MIT */
/*
 * cron_times.c - what lib/core makes of schedules, for a foreign implementation to compare.
 *
 * Each line of stdin has a zone's file, a second since 1970, a count and a cron expression,
 * with tabs between. Each line of stdout has as many seconds as are due next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/time.h"
#include "core/cron.h"

#define ZONE_SIZE_MAX 65536

static void fail(const char *line, const char *why)
{
	fprintf(stderr, "%s: %s\n", line, why);
	exit(EXIT_FAILURE);
}

static struct ctr_zone_time read_zone(const char *path, uint8_t *bytes)
{
	struct ctr_zone_time zone;
	struct centro_error_text why = {""};
	FILE *file = fopen(path, "rb");
	if (!file)
		fail(path, "cannot be opened");
	size_t size = fread(bytes, 1, ZONE_SIZE_MAX, file);
	fclose(file);
	if (ctr_zone_time_parse(ctr_bytes(bytes, size), &zone, &why) != CENTRO_OK)
		fail(path, why.text);
	return zone;
}

static void print_times(const struct ctr_cron *cron, const struct ctr_zone_time *zone,
			struct centro_instant at, int count)
{
	for (int i = 0; i < count; i++) {
		at = ctr_cron_next(cron, zone, (struct centro_instant){0}, at);
		if (at.ns == CENTRO_INSTANT_NEVER_NS)
			break;
		printf("%s%llu", i > 0 ? " " : "", (unsigned long long)(at.ns / CTR_NS_PER_SEC));
	}
	printf("\n");
}

static void answer(char *line)
{
	static uint8_t bytes[ZONE_SIZE_MAX];
	unsigned long long after;
	char path[256];
	int count, begin = 0;
	struct ctr_cron cron;
	struct centro_error_text why = {""};
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%255s %llu %d %n", path, &after, &count, &begin) != 3 || begin == 0)
		fail(line, "is not of the form that is read");
	if (ctr_cron_parse(ctr_bytes_str(line + begin), &cron, &why) != CENTRO_OK)
		fail(line, why.text);
	struct ctr_zone_time zone = read_zone(path, bytes);
	print_times(&cron, &zone, (struct centro_instant){after * CTR_NS_PER_SEC}, count);
}

int main(void)
{
	char line[1024];
	while (fgets(line, sizeof(line), stdin))
		answer(line);
	return EXIT_SUCCESS;
}
