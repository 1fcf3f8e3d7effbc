/* SPDX-License-Identifier: MIT */
/* log_stream.c - copies the output of one attempt. */
#include "log_stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t base64_decode(char *text)
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

/* All of it, also to a descriptor that somebody made non-blocking. */
static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, data, size);
		if (written < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		else if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			data += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* `last`: of what is to be printed. */
static void make_room(struct live_line *line, char last)
{
	live_line_clear(line);
	if (line)
		line->is_midline = last != '\n';
}

/* What of the part has not been printed yet. */
static void print_part(struct log_stream *stream, bool is_err, uint64_t offset, const char *data,
		       size_t size)
{
	uint64_t *next = &stream->next[is_err];
	if (offset + size <= *next)
		return;
	size_t had = offset < *next ? (size_t)(*next - offset) : 0;
	make_room(stream->cli->live_line, data[size - 1]);
	if (!write_all(is_err ? STDERR_FILENO : STDOUT_FILENO, data + had, size - had))
		stream->is_pipe_broken = true;
	*next = offset + size;
}

static void on_message(void *arg, struct centro_bytes message)
{
	struct log_stream *stream = arg;
	cJSON *part = json_parse(message);
	const cJSON *data = json_get(part, "data");
	const char *notice = json_text(part, "notice");

	stream->moved_ns = cli_steady_ns();
	retry_reset(&stream->retry);
	if (notice[0])
		cli_note(stream->cli, "%s", notice);
	if (cJSON_IsString(data)) {
		bool is_err = strcmp(json_text(part, "stream"), "err") == 0;
		size_t size = base64_decode(data->valuestring);
		print_part(stream, is_err, json_u64(part, "offset"), data->valuestring, size);
	}
	cJSON_Delete(part);
}

/* LIMIT: we read too slowly for the server, which asks us to go on where we are. */
static bool may_go_on(const struct log_stream *stream, int status)
{
	bool has_moved = stream->moved_ns > 0;
	return (status == CENTRO_ERR_UNAVAILABLE && (stream->follow || has_moved)) ||
	       (status == CENTRO_ERR_LIMIT && has_moved);
}

static void on_done(void *arg, int status, const char *text)
{
	struct log_stream *stream = arg;
	stream->call = NULL;
	if (stream->is_over)
		return;
	if (may_go_on(stream, status) && retry_plan(&stream->retry, cli_steady_ns()))
		return;
	stream->is_over = true;
	if (status != CENTRO_OK)
		stream->code = cli_call_failed(stream->cli, status, text);
}

static cJSON *new_request(const struct log_stream *stream)
{
	cJSON *request = json_object();
	json_set_u64(request, "id", stream->job);
	json_set_text(request, "task", stream->task);
	json_set_int(request, "index", stream->index);
	json_set_int(request, "attempt", stream->attempt);
	json_set_text(request, "stream", stream->stream);
	json_set_bool(request, "follow", stream->follow);
	if (stream->next[0] > 0 || stream->next[1] > 0) {
		json_set_u64(request, "out_offset", stream->next[0]);
		json_set_u64(request, "err_offset", stream->next[1]);
	} else {
		json_set_u64(request, "tail_bytes", stream->tail_bytes);
	}
	return request;
}

void log_stream_pump(struct log_stream *stream)
{
	if (stream->call || stream->is_over || !retry_is_due(&stream->retry, cli_steady_ns()))
		return;
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.message = on_message;
	options.done = on_done;
	options.arg = stream;
	stream->code = cli_call_start(stream->cli, "JobService/Logs", new_request(stream), &options,
				      &stream->call);
	stream->is_over = stream->code != 0;
}

int log_stream_wait_ms(const struct log_stream *stream)
{
	if (stream->call || stream->is_over)
		return -1;
	return retry_wait_ms(&stream->retry, cli_steady_ns());
}

void log_stream_close(struct log_stream *stream)
{
	stream->is_over = true;
	if (stream->call)
		centro_call_cancel(stream->call);
	while (stream->call)
		cli_turn(stream->cli, -1, -1);
}
