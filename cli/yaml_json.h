/* SPDX-License-Identifier: MIT */
#ifndef CLI_YAML_JSON_H
#define CLI_YAML_JSON_H

/* YAML to JSON; see job_file.h for what is taken and what it means. */

#include "job_file.h"

/* Append each document to `file`, also when a later one is wrong. As job_file_read(). */
int yaml_to_json(const char *bytes, size_t size, const char *name, struct job_file *file,
		 struct centro_error_text *text);

#endif
