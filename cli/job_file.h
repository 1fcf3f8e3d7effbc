/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_FILE_H
#define CLI_JOB_FILE_H

/*
 * Job files, YAML or JSON, turned into the JSON of the API.
 *
 * A JSON file is handed on as it stands. Of YAML, anchors, aliases, tags and keys
 * given twice are refused. Plain scalars are read by YAML 1.2's core schema, with
 * one liberty: null, true and false are what they say, but a number is handed on
 * as a string with the spelling that it has, since the API reads it as a number
 * where it wants one, and as a text where it wants a text: `command: [sleep, 60]`
 * and `env: {VERSION: 1.10}` mean what they seem to.
 */

#include <stddef.h>
#include <stdio.h>

#include <centro/types.h>

#define JOB_FILE_BYTES_MAX     ((size_t)4 << 20)
#define JOB_FILE_DEPTH_MAX     32
#define JOB_FILE_DOCUMENTS_MAX 1000 /* what JobService.SubmitMany takes */

struct job_file {
	char **jobs; /* each the JSON of a JobSpec */
	size_t count;
};

/*
 * Read it all. 0; or, negative, an enum centro_error, and `text` says what is
 * wrong: "NAME:LINE:COLUMN: ...". There is at least one job.
 */
int job_file_read(FILE *file, const char *name, struct job_file *ret_file,
		  struct centro_error_text *text);
void job_file_free(struct job_file *file);

#endif
