/* SPDX-License-Identifier: MIT */
/* event_stream.c - follows the events of the cluster. */
#include "event_stream.h"

static void on_message(void *arg, struct centro_bytes message)
{
	struct event_stream *stream = arg;
	const cJSON *event;
	cJSON *answer = json_parse(message);
	if (stream->is_over) {
		cJSON_Delete(answer);
		return;
	}
	if (stream->retry.away_since_ns)
		cli_note(stream->cli, "the server is back");
	retry_reset(&stream->retry);
	cJSON_ArrayForEach(event, json_get(answer, "events")) stream->event(stream->arg, event);
	if (json_u64(answer, "next"))
		stream->next = json_u64(answer, "next");
	cJSON_Delete(answer);
	if (stream->pause)
		stream->pause(stream->arg);
}

/* The stream broke, or the server closed it since it ends, or since we read too slowly. */
static bool may_go_on(const struct event_stream *stream, int status)
{
	if (stream->next == 0)
		return false;
	return status == CENTRO_ERR_UNAVAILABLE || status == CENTRO_ERR_LIMIT ||
	       (status == CENTRO_OK && stream->follows);
}

static void on_done(void *arg, int status, const char *text)
{
	struct event_stream *stream = arg;
	bool is_first = stream->retry.away_since_ns == 0;
	stream->call = NULL;
	if (stream->is_over)
		return;
	if (may_go_on(stream, status) && retry_plan(&stream->retry, cli_steady_ns())) {
		if (is_first)
			cli_note(stream->cli, "the server is away; this goes on at event %llu",
				 (unsigned long long)stream->next);
		return;
	}
	stream->is_over = true;
	if (status != CENTRO_OK)
		stream->code = cli_call_failed(stream->cli, status, text);
}

static cJSON *new_request(const struct event_stream *stream)
{
	cJSON *request = need(cJSON_Duplicate(stream->request, true));
	json_set_bool(request, "follow", stream->follows);
	if (stream->next) {
		json_set_u64(request, "since", stream->next);
		cJSON_DeleteItemFromObjectCaseSensitive(request, "tail");
	}
	return request;
}

void event_stream_pump(struct event_stream *stream)
{
	if (stream->call || stream->is_over || !retry_is_due(&stream->retry, cli_steady_ns()))
		return;
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.message = on_message;
	options.done = on_done;
	options.arg = stream;
	stream->code = cli_call_start(stream->cli, "EventService/Watch", new_request(stream),
				      &options, &stream->call);
	stream->is_over = stream->code != 0;
}

int event_stream_wait_ms(const struct event_stream *stream)
{
	if (stream->call || stream->is_over)
		return -1;
	return retry_wait_ms(&stream->retry, cli_steady_ns());
}

void event_stream_close(struct event_stream *stream)
{
	stream->is_over = true;
	if (stream->call)
		centro_call_cancel(stream->call);
	while (stream->call)
		cli_turn(stream->cli, -1, -1);
	cJSON_Delete(stream->request);
	stream->request = NULL;
}
