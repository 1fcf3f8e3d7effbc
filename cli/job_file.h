/* SPDX-License-Identifier: MIT */
#ifndef CLI_JOB_FILE_H
#define CLI_JOB_FILE_H

/*
 * Job files: YAML (and so JSON) turned into JSON. Anchors, aliases, tags and keys
 * given twice are refused. Plain scalars follow YAML 1.2's core schema: null,
 * true, false, decimal numbers; all others, and quoted ones, are strings.
 */

#include <stdio.h>

#include <cjson/cJSON.h>
#include <centro/error.h>

#define JOB_FILE_BYTES_MAX     (8 * 1024 * 1024)
#define JOB_FILE_DEPTH_MAX     32
#define JOB_FILE_DOCUMENTS_MAX 1000

/*
 * An array of the documents in `file`. NULL: `text` says why, as
 * "NAME:LINE:COLUMN: what is wrong".
 */
cJSON *job_file_read(FILE *file, const char *name, struct centro_error_text *text);

#endif
