/* SPDX-License-Identifier: MIT */
/*
 * client.c - which call is sent when, and which one is given up.
 *
 * Invariants: `calls` is the length of the three lists together. The heap of
 * deadlines has room for all of them, so that putting a call back cannot fail.
 * While a call waits the channel is needed; when none does, it may rest.
 *
 * Layer: client.
 */
#include "client/client.h"

#include <centro/text.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "client/call.h"

/* Nobody types `centro` and waits for seconds after the server is back. */
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 1000
/* A server that vanished without a word is noticed after both. */
#define KEEPALIVE_MS         30000
#define KEEPALIVE_TIMEOUT_MS 10000

#define UNREACHABLE_HINT "is centrod running? start one with: centro dev"

static struct centro_call *first(const struct ctr_list *list)
{
	return ctr_list_entry(list->next, struct centro_call, node);
}

/* ---- the channel's news ---- */

static void on_up(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	struct ctr_client *client = arg;
	client->resume = now;
	ctr_log_debug(client->log, "connected");
}

static void on_down(void *arg, struct ctr_channel *channel, struct centro_instant now, int error)
{
	struct ctr_client *client = arg;
	ctr_log_debug(client->log, "disconnected error=%s last=\"%s\"", centro_error_name(error),
		      ctr_channel_last_error(channel));
	/* Calls that it had not sent wait again, and this may have been the end of the turn. */
	if (!ctr_list_is_empty(&client->waiting))
		ctr_channel_need(channel, now);
}

/* A whole round of addresses failed: what has no deadline of its own ends here. */
static void on_failed(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	struct ctr_client *client = arg;
	struct centro_error_text round, text;
	struct ctr_list hopeless;

	ctr_channel_round_error(channel, &round);
	ctr_log_debug(client->log, "no server is reachable: %s", round.text);
	ctr_error(&text, CENTRO_ERR_UNAVAILABLE, "cannot reach a server: %.380s; " UNREACHABLE_HINT,
		  round.text);

	/* Apart first: `done` may make new calls, and these wait for the next round. */
	ctr_list_init(&hopeless);
	ctr_list_for_each_safe (node, &client->waiting) {
		struct centro_call *call = ctr_list_entry(node, struct centro_call, node);
		if (ctr_call_limit(call).ns != CENTRO_INSTANT_NEVER_NS)
			continue;
		ctr_list_remove(node);
		ctr_list_append(&hopeless, node);
	}
	while (!ctr_list_is_empty(&hopeless))
		ctr_call_end(first(&hopeless), CENTRO_ERR_UNAVAILABLE, text.text);
}

/* ---- life ---- */

static int new_channel(struct ctr_client *client, const struct ctr_client_options *options,
		       struct centro_instant now, struct centro_error_text *text)
{
	struct ctr_channel_options channel_options = {
		.allocator = client->allocator,
		.limits =
			{
				.keepalive = ctr_span_ms(KEEPALIVE_MS),
				.keepalive_timeout = ctr_span_ms(KEEPALIVE_TIMEOUT_MS),
			},
		.addresses = options->servers,
		.address_count = options->server_count,
		.backoff_min = ctr_span_ms(BACKOFF_MIN_MS),
		.backoff_max = ctr_span_ms(BACKOFF_MAX_MS),
		.connect_timeout = options->connect_timeout,
		.seed = options->seed,
		.up = on_up,
		.down = on_down,
		.failed = on_failed,
		.arg = client,
	};
	return ctr_channel_new(&channel_options, now, /* eager= */ false, &client->channel, text);
}

int ctr_client_new(const struct ctr_client_options *options, struct centro_instant now,
		   struct ctr_client **ret_client, struct centro_error_text *text)
{
	CTR_ASSERT(ret_client);
	CTR_ASSERT(options->servers || options->server_count == 0);

	struct ctr_client *client = ctr_alloc_zero(options->allocator, sizeof(*client));
	if (!client)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	client->allocator = options->allocator;
	client->log = options->log;
	client->now = now;
	client->queued = options->queued;
	client->queued_arg = options->arg;
	ctr_list_init(&client->waiting);
	ctr_list_init(&client->started);
	ctr_list_init(&client->cancelled);
	ctr_heap_init(&client->deadlines, client->allocator);
	ctr_arena_init(&client->request_arena, client->allocator, SIZE_MAX);
	ctr_arena_init(&client->message_arena, client->allocator, SIZE_MAX);
	ctr_buf_init(&client->json, client->allocator, 0);
	int status = new_channel(client, options, now, text);
	if (status != CENTRO_OK) {
		ctr_client_free(client);
		return status;
	}
	*ret_client = client;
	return CENTRO_OK;
}

static void end_all(struct ctr_list *list)
{
	while (!ctr_list_is_empty(list))
		ctr_call_end(first(list), CENTRO_ERR_CANCELLED,
			     centro_error_help(CENTRO_ERR_CANCELLED));
}

void ctr_client_free(struct ctr_client *client)
{
	if (!client)
		return;
	client->is_closing = true;
	ctr_channel_free(client->channel); /* ends what is started */
	end_all(&client->waiting);
	end_all(&client->cancelled);
	CTR_ASSERT(ctr_list_is_empty(&client->started));
	CTR_ASSERT(client->calls == 0);
	CTR_ASSERT(client->request_bytes == 0);
	ctr_heap_fini(&client->deadlines);
	ctr_arena_fini(&client->request_arena);
	ctr_arena_fini(&client->message_arena);
	ctr_buf_fini(&client->json);
	ctr_free(client->allocator, client);
}

struct ctr_channel *ctr_client_channel(const struct ctr_client *client)
{
	return client->channel;
}

size_t ctr_client_calls(const struct ctr_client *client)
{
	return client->calls;
}

/* ---- calls ---- */

static void tell_queued(struct ctr_client *client)
{
	if (client->queued)
		client->queued(client->queued_arg);
}

static int check_room(struct ctr_client *client, struct centro_error_text *text)
{
	if (client->is_closing)
		return ctr_error(text, CENTRO_ERR_STATE, "the client is being freed");
	if (client->calls >= CTR_CLIENT_CALLS_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT, "%zu calls are open, as many as may be",
				 client->calls);
	if (client->request_bytes > CTR_CLIENT_QUEUE_BYTES_MAX - CTR_CLIENT_REQUEST_BYTES_MAX)
		return ctr_error(
			text, CENTRO_ERR_LIMIT,
			"the requests of the %zu open calls hold %zu bytes; end some first",
			client->calls, client->request_bytes);
	if (ctr_heap_reserve(&client->deadlines, client->calls + 1 - client->deadlines.count) !=
	    CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	return CENTRO_OK;
}

static struct centro_call *new_call(struct ctr_client *client, struct centro_instant now,
				    const struct ctr_schema_method *method,
				    const struct centro_call_options *options)
{
	struct centro_call *call = ctr_alloc_zero(client->allocator, sizeof(*call));
	if (!call)
		return NULL;
	call->client = client;
	call->method = method;
	call->encoding = options->encoding;
	call->timeout = options->timeout;
	call->deadline = options->timeout.ns == 0 ? CTR_NEVER : ctr_after(now, options->timeout);
	call->patience = CTR_NEVER;
	call->is_idempotent = options->is_idempotent;
	call->message = options->message;
	call->done = options->done;
	call->arg = options->arg;
	ctr_list_init(&call->node);
	ctr_buf_init(&call->request, client->allocator, 0);
	return call;
}

int ctr_client_call(struct ctr_client *client, struct centro_instant now, const char *method,
		    struct centro_bytes request, const struct centro_call_options *options,
		    struct centro_call **ret_call, struct centro_error_text *text)
{
	const struct ctr_schema_method *found = ctr_client_find_method(method);
	if (!found)
		return ctr_error(text, CENTRO_ERR_UNIMPLEMENTED,
				 "\"%.200s\" is not a method of the schema", method);
	int status = check_room(client, text);
	if (status != CENTRO_OK)
		return status;
	struct centro_call *call = new_call(client, now, found, options);
	if (!call)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	status = ctr_client_encode_request(client, found, options->encoding, request,
					   &call->request, text);
	if (status != CENTRO_OK) {
		ctr_buf_fini(&call->request);
		ctr_free(client->allocator, call);
		return status;
	}
	client->calls++;
	client->request_bytes += call->request.size;
	ctr_call_enqueue(call);
	ctr_channel_need(client->channel, now);
	if (ret_call)
		*ret_call = call;
	tell_queued(client);
	return CENTRO_OK;
}

void ctr_client_cancel(struct centro_call *call)
{
	struct ctr_client *client = call->client;
	CTR_ASSERT(client->calls > 0);
	if (call->is_cancelled)
		return;
	call->is_cancelled = true;
	tell_queued(client);
	if (call->grpc) {
		ctr_grpc_call_cancel(call->grpc);
		return;
	}
	ctr_list_remove(&call->node);
	ctr_heap_remove(&client->deadlines, &call->by_deadline);
	ctr_list_append(&client->cancelled, &call->node);
}

/* ---- turns ---- */

static void end_cancelled(struct ctr_client *client)
{
	end_all(&client->cancelled);
}

static void end_late(struct ctr_client *client, struct centro_call *call)
{
	struct centro_error_text round, text;
	char span[32];
	bool is_deadline = call->deadline.ns != CENTRO_INSTANT_NEVER_NS;
	struct centro_span limit =
		is_deadline ? call->timeout : ctr_span_ms(CTR_CLIENT_PATIENCE_MS);

	ctr_channel_round_error(client->channel, &round);
	int status =
		ctr_error(&text, is_deadline ? CENTRO_ERR_DEADLINE : CENTRO_ERR_UNAVAILABLE,
			  "%sno server was reached within %s%s%.300s; " UNREACHABLE_HINT,
			  is_deadline ? "" : "the connection broke before the answer came, and ",
			  centro_span_format(limit, span, sizeof(span)), round.text[0] ? ": " : "",
			  round.text);
	ctr_call_end(call, status, text.text);
}

static void end_overdue(struct ctr_client *client, struct centro_instant now)
{
	struct ctr_heap_node *node;
	while ((node = ctr_heap_first(&client->deadlines)) != NULL && node->key <= now.ns)
		end_late(client, CTR_CONTAINER_OF(node, struct centro_call, by_deadline));
}

static void start_waiting(struct ctr_client *client, struct centro_instant now)
{
	while (!ctr_list_is_empty(&client->waiting) && ctr_reached(client->resume, now)) {
		struct centro_call *call = first(&client->waiting);
		struct ctr_grpc_conn *conn = ctr_channel_conn(client->channel);
		if (!conn) {
			ctr_channel_need(client->channel, now);
			return;
		}
		int status = ctr_call_start(call, conn, now);
		if (status == CENTRO_ERR_LIMIT)
			return; /* the end of another one makes room */
		if (status == CENTRO_ERR_UNAVAILABLE) {
			ctr_channel_need(client->channel, now); /* it has begun to drain */
			return;
		}
		if (status != CENTRO_OK)
			ctr_call_end(call, status, centro_error_help(status));
	}
}

void ctr_client_turn(struct ctr_client *client, struct centro_instant now)
{
	CTR_ASSERT(!client->is_closing);
	CTR_ASSERT(now.ns >= client->now.ns);
	client->now = now;
	end_cancelled(client);
	end_overdue(client, now);
	start_waiting(client, now);
	if (ctr_list_is_empty(&client->waiting))
		ctr_channel_rest(client->channel);
}

struct centro_instant ctr_client_wake(const struct ctr_client *client)
{
	struct centro_instant wake = CTR_NEVER;
	struct ctr_heap_node *node = ctr_heap_first(&client->deadlines);

	if (!ctr_list_is_empty(&client->cancelled))
		return client->now;
	if (node)
		wake.ns = node->key;
	if (!ctr_list_is_empty(&client->waiting) && client->resume.ns > client->now.ns)
		wake = ctr_earlier(wake, client->resume);
	return wake;
}
