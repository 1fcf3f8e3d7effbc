/* SPDX-License-Identifier: MIT */
/*
 * reader.c - streams from the server that outlive a lost connection.
 *
 * Every part of the output carries its offset, so that what was read before a
 * connection broke is neither lost nor printed twice.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "outcome.h"
#include "print.h"

static int start_call(struct cli *cli, const char *method, cJSON *request,
		      struct centro_call_options *options)
{
	struct centro_error_text text = { "" };
	char *body = cJSON_PrintUnformatted(request);
	cJSON_Delete(request);
	options->encoding = CENTRO_JSON;
	int error = centro_client_call(
		cli->client, method,
		(struct centro_bytes){ (const uint8_t *)body, body ? strlen(body) : 0 }, options,
		NULL, &text);
	free(body);
	return error ? cli_call_failed(cli, error, text.text) : 0;
}

/* ---- watch ---- */

static void watch_message(void *arg, struct centro_bytes message)
{
	struct job_watch *watch = arg;
	cJSON *answer = cJSON_ParseWithLength((const char *)message.data, message.size);
	cJSON *job = cJSON_DetachItemFromObjectCaseSensitive(answer, "job");
	cJSON_Delete(answer);
	if (!job)
		return;
	cJSON_Delete(watch->last);
	watch->last = job;
	watch->is_lost_said = false;
	watch->is_done = outcome_is_final(job);
}

static void watch_done(void *arg, int status, const char *text)
{
	struct job_watch *watch = arg;
	watch->is_open = false;
	if (watch->is_done || status == CENTRO_OK || status == CENTRO_ERR_CANCELLED)
		return;
	if (status != CENTRO_ERR_UNAVAILABLE || !watch->last) {
		watch->code = cli_call_failed(watch->cli, status, text);
		watch->is_done = true;
		return;
	}
	if (!watch->is_lost_said)
		cli_error(watch->cli, 0, "the server is away; job %llu goes on; trying again",
			  (unsigned long long)watch->job);
	watch->is_lost_said = true;
}

void job_watch_pump(struct job_watch *watch)
{
	if (watch->is_open || watch->is_done)
		return;
	cJSON *request = cJSON_CreateObject();
	json_add_u64(request, "id", watch->job);
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.message = watch_message;
	options.done = watch_done;
	options.arg = watch;
	watch->code = start_call(watch->cli, "JobService/Watch", request, &options);
	watch->is_open = watch->code == 0;
	watch->is_done = watch->code != 0;
}

void job_watch_free(struct job_watch *watch)
{
	cJSON_Delete(watch->last);
	watch->last = NULL;
}

/* ---- output ---- */

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

/* In place; the number of bytes. The server writes it, so it is well formed or ends early. */
static size_t decode_base64(char *text)
{
	size_t used = 0;
	uint32_t bits = 0;
	unsigned bit_count = 0;
	for (const char *c = text; digit_of(*c) >= 0; c++) {
		bits = bits << 6 | (uint32_t)digit_of(*c);
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			text[used++] = (char)(bits >> bit_count);
		}
	}
	return used;
}

static void write_new(uint64_t *next, uint64_t offset, const char *data, size_t size, FILE *file)
{
	if (offset + size <= *next)
		return;
	size_t had = offset < *next ? (size_t)(*next - offset) : 0;
	fwrite(data + had, 1, size - had, file);
	fflush(file);
	*next = offset + size;
}

static void log_message(void *arg, struct centro_bytes message)
{
	struct log_reader *reader = arg;
	cJSON *part = cJSON_ParseWithLength((const char *)message.data, message.size);
	const cJSON *data = json_member(part, "data");
	bool is_err = strcmp(json_text(part, "stream"), "err") == 0;
	const char *notice = json_text(part, "notice");
	if (notice[0])
		cli_error(reader->cli, 0, "%s", notice);
	if (cJSON_IsString(data))
		write_new(is_err ? &reader->err_offset : &reader->out_offset,
			  json_u64(part, "offset"), data->valuestring,
			  decode_base64(data->valuestring), is_err ? stderr : stdout);
	cJSON_Delete(part);
}

static void log_done(void *arg, int status, const char *text)
{
	struct log_reader *reader = arg;
	reader->is_open = false;
	if (status == CENTRO_ERR_UNAVAILABLE && reader->follow)
		return;
	reader->is_done = true;
	if (status != CENTRO_OK && status != CENTRO_ERR_CANCELLED)
		reader->code = cli_call_failed(reader->cli, status, text);
}

void log_reader_pump(struct log_reader *reader)
{
	if (reader->is_open || reader->is_done)
		return;
	cJSON *request = cJSON_CreateObject();
	json_add_u64(request, "id", reader->job);
	cJSON_AddStringToObject(request, "task", reader->task ? reader->task : "");
	cJSON_AddNumberToObject(request, "index", reader->index);
	cJSON_AddNumberToObject(request, "attempt", reader->attempt);
	cJSON_AddStringToObject(request, "stream", reader->stream);
	cJSON_AddBoolToObject(request, "follow", reader->follow);
	json_add_u64(request, "out_offset", reader->out_offset);
	json_add_u64(request, "err_offset", reader->err_offset);
	if (reader->out_offset == 0 && reader->err_offset == 0)
		json_add_u64(request, "tail_bytes", reader->tail_bytes);
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.message = log_message;
	options.done = log_done;
	options.arg = reader;
	reader->code = start_call(reader->cli, "JobService/Logs", request, &options);
	reader->is_open = reader->code == 0;
	reader->is_done = reader->code != 0;
}
