/* SPDX-License-Identifier: MIT */
/*
 * swf.c - the Standard Workload Format (Feitelson and others, version 2.2).
 *
 * A line is 18 numbers with blanks between them; some files lack the last, the
 * think time, which nothing here uses. -1 is "unknown". Lines that begin with ';'
 * are comments, of which the header's "MaxProcs: 256" and "MaxNodes: 256" count.
 *
 * A job of P processors is a gang of P instances of one core. Its size is what it
 * was allocated, or else what it asked for. What cannot be simulated is left out
 * and counted: a job without a run time or a size never ran (a cancelled one,
 * mostly), and the parts of a job that was checkpointed (status 2 to 4) stand
 * beside a line that sums them up.
 *
 * Source: www.cs.huji.ac.il/labs/parallel/workload/swf.html
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"
#include "sim/whatif/input.h"

#define COLUMNS       18
#define COLUMNS_SHORT 17

enum column {
	JOB,
	SUBMIT,
	WAIT,
	RUN,
	ALLOCATED,
	CPU_TIME,
	MEMORY,
	REQUESTED,
	REQUESTED_TIME,
	REQUESTED_MEMORY,
	STATUS,
	USER,
	GROUP,
	EXECUTABLE,
	QUEUE,
	PARTITION,
	PRECEDING,
	THINK_TIME,
};

static const char *const titles[COLUMNS] = {
	[JOB] = "field 1 (job number)",
	[SUBMIT] = "field 2 (submit time)",
	[WAIT] = "field 3 (wait time)",
	[RUN] = "field 4 (run time)",
	[ALLOCATED] = "field 5 (allocated processors)",
	[CPU_TIME] = "field 6 (average CPU time)",
	[MEMORY] = "field 7 (used memory)",
	[REQUESTED] = "field 8 (requested processors)",
	[REQUESTED_TIME] = "field 9 (requested time)",
	[REQUESTED_MEMORY] = "field 10 (requested memory)",
	[STATUS] = "field 11 (status)",
	[USER] = "field 12 (user)",
	[GROUP] = "field 13 (group)",
	[EXECUTABLE] = "field 14 (executable)",
	[QUEUE] = "field 15 (queue)",
	[PARTITION] = "field 16 (partition)",
	[PRECEDING] = "field 17 (preceding job)",
	[THINK_TIME] = "field 18 (think time)",
};

/* Which letter goes before the number of a queue, by enum centro_queue_by. */
static const struct {
	enum column column;
	char letter;
} queue_fields[] = {
	[CENTRO_QUEUE_BY_QUEUE] = {QUEUE, 'q'},
	[CENTRO_QUEUE_BY_PARTITION] = {PARTITION, 'p'},
	[CENTRO_QUEUE_BY_GROUP] = {GROUP, 'g'},
	[CENTRO_QUEUE_BY_USER] = {USER, 'u'},
};

struct swf_line {
	uint64_t values[COLUMNS]; /* times in nanoseconds */
	bool known[COLUMNS];
};

/* ---- the header ---- */

/* The number behind `key` in a comment; 0: it is another comment. */
static uint64_t header_number(struct centro_bytes comment, const char *key)
{
	uint64_t number = 0;
	struct centro_bytes prefix = ctr_bytes_str(key);
	while (comment.size > 0 &&
	       (comment.data[0] == ';' || comment.data[0] == ' ' || comment.data[0] == '\t'))
		comment = ctr_bytes(comment.data + 1, comment.size - 1);
	if (!ctr_bytes_starts_with(comment, prefix))
		return 0;
	size_t at = prefix.size;
	while (at < comment.size && (comment.data[at] == ' ' || comment.data[at] == '\t'))
		at++;
	for (; at < comment.size && comment.data[at] >= '0' && comment.data[at] <= '9'; at++) {
		if (number <= UINT32_MAX)
			number = number * 10 + (uint64_t)(comment.data[at] - '0');
	}
	return number < UINT32_MAX ? number : UINT32_MAX;
}

static void take_comment(struct centro_workload *workload, struct centro_bytes comment)
{
	uint64_t processors = header_number(comment, "MaxProcs:");
	uint64_t nodes = header_number(comment, "MaxNodes:");
	if (processors > 0)
		workload->processors_max = processors;
	if (nodes > 0)
		workload->nodes_max = nodes;
}

/* ---- a job ---- */

static bool is_time(enum column column)
{
	return column == SUBMIT || column == RUN;
}

/* The columns that nothing uses must be numbers, or the line is of another format. */
static int take_column(const struct ctr_line *line, enum column column, struct swf_line *values,
		       struct centro_error_text *text)
{
	static const uint8_t unused[COLUMNS] = {
		[WAIT] = 1,           [CPU_TIME] = 1,         [MEMORY] = 1,
		[REQUESTED_TIME] = 1, [REQUESTED_MEMORY] = 1, [THINK_TIME] = 1};
	struct centro_bytes field = line->fields[column];
	bool *known = &values->known[column];
	uint64_t *value = &values->values[column];

	if (is_time(column))
		return ctr_field_seconds(field, titles[column], known, value, text);
	if (!unused[column])
		return ctr_field_number(field, titles[column], UINT32_MAX, known, value, text);
	for (size_t i = 0; i < field.size; i++) {
		if (!memchr("0123456789.+-eE", field.data[i], 15))
			return ctr_error(text, CENTRO_ERR_INVALID, "%s is %s; it must be a number",
					 titles[column], ctr_show(field).text);
	}
	return CENTRO_OK;
}

static int parse(struct centro_bytes text_line, struct swf_line *ret_line,
		 struct centro_error_text *text)
{
	struct ctr_line line;
	ctr_line_split(text_line, ' ', &line);
	if (line.count != COLUMNS && line.count != COLUMNS_SHORT)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "it has %zu columns; a line of SWF has %d, or %d without the last",
				 line.count, COLUMNS, COLUMNS_SHORT);
	for (size_t i = 0; i < line.count; i++) {
		int status = take_column(&line, (enum column)i, ret_line, text);
		if (status != CENTRO_OK)
			return status;
	}
	if (!ret_line->known[SUBMIT])
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%s is -1; when the job came must be known", titles[SUBMIT]);
	return CENTRO_OK;
}

/* "u12", "unknown": terminated, and its size. */
static struct centro_bytes name_of(char *buffer, size_t size, const struct swf_line *line,
				   enum column column, char letter)
{
	struct centro_error_text name;
	if (line->known[column])
		ctr_error(&name, CENTRO_OK, "%c%llu", letter,
			  (unsigned long long)line->values[column]);
	else
		ctr_error(&name, CENTRO_OK, "unknown");
	CTR_ASSERT(strlen(name.text) < size);
	memcpy(buffer, name.text, strlen(name.text) + 1);
	return ctr_bytes_str(buffer);
}

static int add_job(struct centro_workload *workload, const struct swf_line *line,
		   struct centro_error_text *text)
{
	char user[16], queue[16];
	unsigned by = workload->options.queue_by;
	uint64_t processors =
		line->values[ALLOCATED] > 0 ? line->values[ALLOCATED] : line->values[REQUESTED];
	if (line->known[STATUS] && line->values[STATUS] >= 2 && line->values[STATUS] <= 4) {
		workload->partial++;
		return CENTRO_OK;
	}
	if (!line->known[RUN] || processors == 0) {
		workload->never_ran++;
		return CENTRO_OK;
	}
	const struct ctr_workload_entry entry = {
		.submit_ns = line->values[SUBMIT],
		.run_ns = line->values[RUN],
		.number = line->known[JOB] ? line->values[JOB] : workload->job_count + 1,
		.shape = {.cpu_milli = 1000, .count = (uint32_t)processors},
		.user = name_of(user, sizeof(user), line, USER, 'u'),
		.queue = name_of(queue, sizeof(queue), line, queue_fields[by].column,
				 queue_fields[by].letter),
	};
	return ctr_workload_add_job(workload, &entry, text);
}

int ctr_swf_take(struct ctr_input *input, struct centro_bytes line, struct centro_error_text *text)
{
	struct swf_line values = {0};
	if (line.data[0] == ';') {
		take_comment(input->workload, line);
		return CENTRO_OK;
	}
	int status = parse(line, &values, text);
	return status == CENTRO_OK ? add_job(input->workload, &values, text) : status;
}
