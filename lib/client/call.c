/* SPDX-License-Identifier: MIT */
/*
 * call.c - one call: from waiting to a gRPC call and back, and its end.
 *
 * Invariant: a call is in exactly one list of its client; `grpc` is set exactly
 * in `started`; it is in the heap of deadlines exactly when it waits and has one.
 *
 * Layer: client.
 */
#include "client/call.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define TEXT_SIZE 4608
/* Before the next call is tried on a connection that refused one. */
#define REFUSED_PAUSE_MS 50

/* ---- messages ---- */

/* Fills client->json. False: the message makes no sense; see the failure. */
static bool to_json(struct centro_call *call, struct centro_bytes message)
{
	struct ctr_client *client = call->client;
	struct centro_error_text why = {""};
	ProtobufCMessage *decoded;

	ctr_arena_reset(&client->message_arena, ctr_message_arena_bytes(message.size));
	ctr_buf_clear(&client->json);
	int status = ctr_message_decode(call->method->response, message, &client->message_arena,
					&decoded, &why);
	if (status == CENTRO_OK)
		status = ctr_json_encode(decoded, &client->json);
	if (status == CENTRO_OK)
		return true;
	call->failure = status == CENTRO_ERR_NOMEM ? status : CENTRO_ERR_PROTOCOL;
	ctr_error(&call->failure_text, status, "the server's answer makes no sense: %.400s",
		  why.text[0] ? why.text : centro_error_help(status));
	return false;
}

static void on_message(void *arg, struct ctr_grpc_call *grpc, struct centro_bytes message)
{
	struct centro_call *call = arg;
	CTR_ASSERT(call->grpc == grpc);
	if (call->is_cancelled || call->failure != CENTRO_OK)
		return;

	call->has_message = true;
	if (call->encoding == CENTRO_JSON) {
		if (!to_json(call, message)) {
			ctr_grpc_call_cancel(grpc);
			return;
		}
		message = ctr_buf_bytes(&call->client->json);
	}
	if (call->message)
		call->message(call->arg, message);
}

/* ---- the end ---- */

/* Whether the call may be sent again after it ended so. */
static bool may_go_again(const struct centro_call *call, enum ctr_grpc_status status,
			 bool never_sent)
{
	if (call->is_cancelled || call->client->is_closing || call->has_message ||
	    call->failure != CENTRO_OK)
		return false;
	if (never_sent)
		return true;
	/* On a connection that stands it is the server's own word, and not to be doubted. */
	return call->is_idempotent && status == CTR_GRPC_UNAVAILABLE &&
	       !ctr_channel_conn(call->client->channel);
}

static void copy_text(char *buffer, size_t size, struct centro_bytes text, int error)
{
	if (text.size == 0) {
		snprintf(buffer, size, "%s", centro_error_help(error));
		return;
	}
	size_t used = text.size < size ? text.size : size - 1;
	memcpy(buffer, text.data, used);
	if (used < text.size)
		used = ctr_utf8_cut(buffer, used);
	buffer[used] = '\0';
}

static void end_by_grpc(struct centro_call *call, enum ctr_grpc_status grpc_status,
			struct centro_bytes message)
{
	char text[TEXT_SIZE];
	int status = ctr_grpc_status_to_error(grpc_status);

	if (call->failure != CENTRO_OK) {
		ctr_call_end(call, call->failure, call->failure_text.text);
	} else if (call->is_cancelled || call->client->is_closing) {
		ctr_call_end(call, CENTRO_ERR_CANCELLED, centro_error_help(CENTRO_ERR_CANCELLED));
	} else if (status == CENTRO_OK && !call->has_message && !call->method->server_streams) {
		ctr_call_end(call, CENTRO_ERR_PROTOCOL, "the server's answer is empty");
	} else {
		copy_text(text, sizeof(text), message, status);
		ctr_call_end(call, status, text);
	}
}

static void on_closed(void *arg, struct ctr_grpc_call *grpc, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct centro_call *call = arg;
	struct ctr_client *client = call->client;

	CTR_ASSERT(call->grpc == grpc);
	call->grpc = NULL;
	if (!may_go_again(call, status, never_sent)) {
		end_by_grpc(call, status, message);
		return;
	}
	if (ctr_channel_conn(client->channel))
		client->resume = ctr_after(client->now, ctr_span_ms(REFUSED_PAUSE_MS));
	if (!never_sent && call->patience.ns == CENTRO_INSTANT_NEVER_NS)
		call->patience = ctr_after(client->now, ctr_span_ms(CTR_CLIENT_PATIENCE_MS));
	ctr_call_enqueue(call);
}

void ctr_call_end(struct centro_call *call, int status, const char *text)
{
	struct ctr_client *client = call->client;

	CTR_ASSERT(!call->grpc);
	CTR_ASSERT(text);
	CTR_ASSERT(client->calls > 0);
	ctr_list_remove(&call->node);
	ctr_heap_remove(&client->deadlines, &call->by_deadline);
	client->calls--;
	client->request_bytes -= call->request.size;
	if (call->done)
		call->done(call->arg, status, text);
	ctr_buf_fini(&call->request);
	ctr_free(client->allocator, call);
}

/* ---- the start ---- */

static const struct ctr_grpc_call_impl call_impl = {
	.message = on_message,
	.closed = on_closed,
};

int ctr_call_start(struct centro_call *call, struct ctr_grpc_conn *conn, struct centro_instant now)
{
	CTR_ASSERT(!call->grpc);
	int status = ctr_grpc_call_start(conn, call->method->path, NULL, 0, now, call->deadline,
					 &call_impl, call, &call->grpc);
	if (status != CENTRO_OK)
		return status;

	ctr_list_remove(&call->node);
	ctr_list_append(&call->client->started, &call->node);
	ctr_heap_remove(&call->client->deadlines, &call->by_deadline);
	status = ctr_grpc_call_send(call->grpc, ctr_buf_bytes(&call->request));
	if (status == CENTRO_OK) {
		ctr_grpc_call_half_close(call->grpc);
		return CENTRO_OK;
	}
	/* Its end comes by `closed`, with this as the reason. */
	call->failure = status;
	ctr_error(&call->failure_text, status, "%s", centro_error_help(status));
	ctr_grpc_call_cancel(call->grpc);
	return CENTRO_OK;
}

struct centro_instant ctr_call_limit(const struct centro_call *call)
{
	return call->deadline.ns != CENTRO_INSTANT_NEVER_NS ? call->deadline : call->patience;
}

void ctr_call_enqueue(struct centro_call *call)
{
	struct ctr_client *client = call->client;
	CTR_ASSERT(!call->grpc);
	CTR_ASSERT(!call->is_cancelled);

	ctr_list_remove(&call->node);
	ctr_list_append(&client->waiting, &call->node);
	struct centro_instant limit = ctr_call_limit(call);
	if (limit.ns != CENTRO_INSTANT_NEVER_NS)
		ctr_heap_push(&client->deadlines, &call->by_deadline, limit.ns);
}
