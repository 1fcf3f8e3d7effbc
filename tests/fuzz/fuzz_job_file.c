/* SPDX-License-Identifier: MIT */
/*
 * fuzz_job_file.c - a job file of `centro submit -f`, up to what the core says of it.
 *
 * Whatever YAML is taken gives JSON; whatever is refused is so with a place in the file, or
 * with the file's name if the whole of it is wrong.
 */
#include "message_check.h"

#include <stdio.h>

#include "base/str.h"
#include "codec/json_check.h"
#include "core/spec.h"
#include "job_file.h"

#define NAME "job.yaml"

/* NAME:LINE:COLUMN: or NAME: and something behind it. */
static void check_place(const char *text, size_t file_size)
{
	ck_assert_msg(strncmp(text, NAME ":", sizeof(NAME)) == 0, "%s", text);
	text += sizeof(NAME);
	for (int i = 0; i < 2 && *text != ' '; i++) {
		uint64_t place;
		size_t size = strcspn(text, ":");
		ck_assert_msg(ctr_parse_u64(ctr_bytes(text, size), &place), "%s", text);
		/* One behind the end may be where something is missing. */
		ck_assert(place >= 1 && place <= file_size + 1);
		text += size + 1;
	}
	ck_assert_msg(text[0] == ' ' && text[1] != '\0', "%s", text);
}

/* Of bytes that are no UTF-8: on the line of the first of them. */
static void check_line(const char *text, struct centro_bytes file)
{
	struct fuzz_input rest = {file.data, file.size};
	size_t line = 1, size;
	char expected[64];
	bool is_utf_16 = file.size >= 2 && file.data[0] >= 0xfe && file.data[1] >= 0xfe;
	if (!strstr(text, "UTF-8 octet") || is_utf_16)
		return;
	while ((size = ctr_utf8_next(ctr_bytes(rest.data, rest.size))) > 0)
		line += *fuzz_take(&rest, size).data == '\n';
	snprintf(expected, sizeof(expected), NAME ":%zu:", line);
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s, not %s", text, expected);
}

static void check_job(const char *json)
{
	struct ctr_arena arena;
	ProtobufCMessage *message;
	struct ctr_job_spec spec;
	struct centro_error_text text = {""};
	ctr_arena_init(&arena, NULL, (size_t)64 << 20);
	int status = ctr_json_decode(&centro__v1__job_spec__descriptor, ctr_bytes_str(json), &arena,
				     &message, &text);
	if (status == CENTRO_OK) {
		message_check(message);
		status = ctr_codec_job_spec((const Centro__V1__JobSpec *)message, &arena, &spec,
					    &text);
	}
	if (status == CENTRO_OK)
		status = ctr_job_spec_check(&spec, &text);
	if (status != CENTRO_OK)
		error_text_check(&text);
	ctr_arena_fini(&arena);
}

static void check_jobs(const struct job_file *file, struct centro_bytes bytes)
{
	ck_assert_uint_ge(file->count, 1);
	ck_assert_uint_le(file->count, JOB_FILE_DOCUMENTS_MAX);
	for (size_t i = 0; i < file->count; i++) {
		struct centro_bytes json = ctr_bytes_str(file->jobs[i]);
		struct centro_error_text text;
		size_t values;
		/* What was JSON already is handed on as it stands. */
		if (!ctr_bytes_equal(json, bytes))
			ck_assert_msg(ctr_json_check(json, &values, &text) == CENTRO_OK, "%s: %s",
				      text.text, file->jobs[i]);
		check_job(file->jobs[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_file file;
	struct centro_error_text text = {""};
	FILE *stream =
		size > 0 ? fmemopen((void *)(uintptr_t)data, size, "rb") : fopen("/dev/null", "rb");
	ck_assert_ptr_nonnull(stream);
	int status = job_file_read(stream, NAME, &file, &text);
	fclose(stream);
	if (status == CENTRO_OK) {
		check_jobs(&file, ctr_bytes(data, size));
		job_file_free(&file);
	} else {
		ck_assert_int_eq(status, CENTRO_ERR_INVALID);
		check_place(text.text, size);
		check_line(text.text, ctr_bytes(data, size));
	}
	return 0;
}
