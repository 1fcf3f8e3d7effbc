/* SPDX-License-Identifier: MIT */
/*
 * rpc.c - the life of one call: method, request, answer, wait, end.
 *
 * A call's struct outlives nothing: when the wire closes the call, the wait for
 * its commit is cancelled and the struct goes to the spares, with its buffers.
 */
#include "service/rpc.h"

#include <stdarg.h>
#include <stdio.h>

#include "service/job_read.h"
#include "service/methods.h"

#define SPARES_MAX          1024
#define SPARE_RESPONSE_MAX  (64 * 1024)
#define RESPONSE_BYTES_MAX  (64 * 1024 * 1024)

static void release_answer(struct ctr_release *release, int status);

static struct ctr_rpc *rpc_new(struct ctr_service *service)
{
	struct ctr_rpc *rpc;
	if (ctr_list_is_empty(&service->spare)) {
		rpc = ctr_alloc_zero(service->allocator, sizeof(*rpc));
		if (!rpc)
			return NULL;
		ctr_list_init(&rpc->link);
		ctr_buf_init(&rpc->response, service->allocator, RESPONSE_BYTES_MAX);
	} else {
		rpc = ctr_list_entry(service->spare.next, struct ctr_rpc, link);
		ctr_list_remove(&rpc->link);
		service->spare_count--;
	}
	rpc->service = service;
	rpc->got_request = rpc->is_finished = rpc->is_text_long = false;
	rpc->status = CENTRO_OK;
	rpc->text.text[0] = '\0';
	rpc->read = rpc->state = NULL;
	ctr_release_init(&rpc->release, release_answer);
	ctr_list_append(&service->open, &rpc->link);
	return rpc;
}

static void rpc_destroy(struct ctr_rpc *rpc)
{
	ctr_list_remove(&rpc->link);
	ctr_buf_fini(&rpc->response);
	ctr_free(rpc->service->allocator, rpc);
}

static void rpc_recycle(struct ctr_rpc *rpc)
{
	struct ctr_service *service = rpc->service;
	CTR_ASSERT(!rpc->call);
	CTR_ASSERT(!rpc->read);

	if (service->spare_count >= SPARES_MAX || rpc->response.capacity > SPARE_RESPONSE_MAX) {
		rpc_destroy(rpc);
		return;
	}
	ctr_list_remove(&rpc->link);
	ctr_buf_clear(&rpc->response);
	ctr_list_append(&service->spare, &rpc->link);
	service->spare_count++;
}

void ctr_rpc_free_spares(struct ctr_service *service)
{
	ctr_list_for_each_safe(node, &service->spare)
		rpc_destroy(ctr_list_entry(node, struct ctr_rpc, link));
	service->spare_count = 0;
}

int ctr_rpc_error(struct ctr_rpc *rpc, int error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(rpc->text.text, sizeof(rpc->text.text), format, arguments);
	va_end(arguments);
	return error;
}

int ctr_rpc_problems(struct ctr_rpc *rpc, const struct ctr_problems *problems)
{
	char told[CTR_PROBLEMS_TOLD_SIZE_MAX];
	CTR_ASSERT(problems->count > 0);

	ctr_problems_tell(problems, told, sizeof(told));
	ctr_buf_clear(&rpc->response);
	rpc->is_text_long =
		ctr_buf_append(&rpc->response, told, strlen(told) + 1) == CENTRO_OK;
	/* Without memory: its beginning. */
	return ctr_problems_status(problems, &rpc->text);
}

static const char *error_text(const struct ctr_rpc *rpc)
{
	if (rpc->is_text_long)
		return (const char *)rpc->response.data;
	return rpc->text.text[0] ? rpc->text.text : NULL;
}

int ctr_rpc_answer(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	int error = ctr_message_encode(message, &rpc->response);
	return error ? ctr_rpc_error(rpc, error, "the answer does not fit into memory") : CENTRO_OK;
}

static void pump(struct ctr_rpc *rpc)
{
	struct ctr_service *service = rpc->service;
	service->pump(service->arg, ctr_grpc_call_get_conn(rpc->call));
}

void ctr_rpc_finish(struct ctr_rpc *rpc, int status, const char *text)
{
	if (!rpc->call || rpc->is_finished)
		return;
	rpc->is_finished = true;
	ctr_release_cancel(&rpc->release);
	const char *message = text ? text : status == CENTRO_OK ? NULL : centro_error_help(status);
	ctr_grpc_call_finish(rpc->call, ctr_grpc_status_from_error(status), message);
	pump(rpc);
}

int ctr_rpc_send(struct ctr_rpc *rpc, struct centro_bytes message)
{
	if (!rpc->call || rpc->is_finished)
		return CENTRO_ERR_STATE;
	int error = ctr_grpc_call_send(rpc->call, message);
	if (!error)
		pump(rpc);
	return error;
}

void ctr_rpc_reply_now(struct ctr_rpc *rpc, int status)
{
	if (status != CENTRO_OK) {
		ctr_rpc_finish(rpc, status, error_text(rpc));
		return;
	}
	int error = ctr_rpc_send(rpc, ctr_buf_bytes(&rpc->response));
	ctr_rpc_finish(rpc, error, NULL);
}

static void release_answer(struct ctr_release *release, int status)
{
	struct ctr_rpc *rpc = CTR_CONTAINER_OF(release, struct ctr_rpc, release);
	if (status == CENTRO_OK)
		ctr_rpc_reply_now(rpc, rpc->status);
	else if (status == CENTRO_ERR_FULL)
		ctr_rpc_finish(rpc, status, "the store is full: nothing was changed");
	else
		ctr_rpc_finish(rpc, CENTRO_ERR_UNAVAILABLE,
			       "the store did not confirm it; whether it was done is unknown: ask again");
}

void ctr_rpc_reply(struct ctr_rpc *rpc, int status)
{
	CTR_ASSERT(rpc->call);
	if (ctr_engine_get_state(rpc->service->engine) != CTR_ENGINE_READY) {
		ctr_rpc_reply_now(rpc, status);
		return;
	}
	rpc->status = status;
	ctr_engine_release(rpc->service->engine, &rpc->release);
}

/* ---- what the wire calls ---- */

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct ctr_rpc *rpc = arg;
	struct ctr_service *service = rpc->service;
	if (rpc->is_finished)
		return;
	if (rpc->got_request && !rpc->method->client_streams) {
		ctr_rpc_finish(rpc, CENTRO_ERR_INVALID, "this method takes one request message");
		return;
	}
	rpc->got_request = true;

	ctr_arena_reset(&service->arena, ctr_message_arena_bytes(message.size));
	ProtobufCMessage *request;
	int status = ctr_message_decode(rpc->method->request, message, &service->arena, &request,
					&rpc->text);
	if (status != CENTRO_OK) {
		ctr_rpc_reply_now(rpc, status);
		return;
	}
	status = rpc->method->request_message(rpc, request);
	if (status != CTR_RPC_LATER)
		ctr_rpc_reply(rpc, status);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	struct ctr_rpc *rpc = arg;
	if (rpc->is_finished)
		return;
	if (rpc->method->half_closed)
		rpc->method->half_closed(rpc);
	else if (!rpc->got_request)
		ctr_rpc_finish(rpc, CENTRO_ERR_INVALID, "the call has no request message");
}

static void on_writable(void *arg, struct ctr_grpc_call *call)
{
	struct ctr_rpc *rpc = arg;
	if (rpc->method->writable && !rpc->is_finished)
		rpc->method->writable(rpc);
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct ctr_rpc *rpc = arg;
	CTR_ASSERT(rpc->call == call);

	ctr_release_cancel(&rpc->release);
	rpc->call = NULL;
	ctr_job_read_closed(rpc);
	if (rpc->method->closed)
		rpc->method->closed(rpc);
	rpc_recycle(rpc);
}

static const struct ctr_grpc_call_impl call_impl = {
	.message = on_message,
	.half_closed = on_half_closed,
	.writable = on_writable,
	.closed = on_closed,
};

static void refuse_unknown(const struct ctr_service *service, struct ctr_grpc_call *call,
			   struct centro_bytes path)
{
	struct centro_error_text text;
	struct ctr_buf shown;
	ctr_buf_init(&shown, service->allocator, 0);
	ctr_escape(&shown, path, 128);
	ctr_error(&text, CENTRO_ERR_UNIMPLEMENTED, "no method %.*s; see server reflection",
		  (int)shown.size, shown.size ? (const char *)shown.data : "");
	ctr_buf_fini(&shown);
	ctr_grpc_call_finish(call, CTR_GRPC_UNIMPLEMENTED, text.text);
}

void ctr_rpc_begin(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	const struct ctr_peer *peer = arg;
	struct centro_bytes path = ctr_grpc_call_get_path(call);
	const struct ctr_method *method = ctr_method_find(path);
	if (!method) {
		refuse_unknown(peer->service, call, path);
		return;
	}
	struct ctr_rpc *rpc = rpc_new(peer->service);
	if (!rpc) {
		ctr_grpc_call_finish(call, CTR_GRPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	rpc->call = call;
	rpc->peer = peer;
	rpc->method = method;
	ctr_grpc_call_set_impl(call, &call_impl, rpc);
}
