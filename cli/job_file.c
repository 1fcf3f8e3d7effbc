/* SPDX-License-Identifier: MIT */
/* job_file.c - reads a job file whole, and finds out what it is. */
#include "job_file.h"

#include <stdlib.h>
#include <string.h>

#include <centro/error.h>
#include <cjson/cJSON.h>

#include "cli.h"
#include "yaml_json.h"

static int fail(struct centro_error_text *text, int error, const char *name, const char *what)
{
	snprintf(text->text, sizeof(text->text), "%.200s: %s", name, what);
	return error;
}

/* Terminated, on the heap; NULL: `text` says why. */
static char *read_all(FILE *file, const char *name, size_t *ret_size,
		      struct centro_error_text *text)
{
	char *bytes = need(malloc(JOB_FILE_BYTES_MAX + 2));
	size_t size = fread(bytes, 1, JOB_FILE_BYTES_MAX + 1, file);
	const char *wrong = ferror(file)                ? "cannot be read"
			    : size > JOB_FILE_BYTES_MAX ? "has more than 4 MiB"
			    : memchr(bytes, '\0', size) ? "has a NUL byte in it"
							: NULL;
	if (wrong) {
		fail(text, CENTRO_ERR_INVALID, name, wrong);
		free(bytes);
		return NULL;
	}
	bytes[size] = '\0';
	*ret_size = size;
	return bytes;
}

static bool is_json_object(const char *text, size_t size)
{
	cJSON *json = cJSON_ParseWithLengthOpts(text, size + 1, NULL, /* terminated= */ true);
	bool is_object = cJSON_IsObject(json);
	cJSON_Delete(json);
	return is_object;
}

int job_file_read(FILE *file, const char *name, struct job_file *ret_file,
		  struct centro_error_text *text)
{
	size_t size;
	char *bytes = read_all(file, name, &size, text);
	if (!bytes)
		return CENTRO_ERR_INVALID;
	struct job_file result = {0};
	int error = CENTRO_OK;
	if (is_json_object(bytes, size)) {
		result.jobs = need(calloc(1, sizeof(*result.jobs)));
		result.jobs[result.count++] = bytes;
	} else {
		error = yaml_to_json(bytes, size, name, &result, text);
		free(bytes);
	}
	if (error == CENTRO_OK && result.count == 0)
		error = fail(text, CENTRO_ERR_INVALID, name, "there is no job in it");
	if (error) {
		job_file_free(&result);
		return error;
	}
	*ret_file = result;
	return CENTRO_OK;
}

void job_file_free(struct job_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->jobs[i]);
	free(file->jobs);
	*file = (struct job_file){0};
}
