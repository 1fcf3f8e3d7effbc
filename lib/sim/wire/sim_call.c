/* SPDX-License-Identifier: MIT */
/*
 * sim_call.c - one call over a simulated connection: see sim_conn.c.
 *
 * Invariant: a call is in conn->all and conn->calls until `closed` has returned;
 * once it is in conn->ended nothing but `closed` comes.
 */
#include "sim/wire/conn_private.h"

static void copy_text(char *to, size_t size, struct centro_bytes text)
{
	size_t used = text.size < size ? text.size : size - 1;
	if (used > 0)
		memcpy(to, text.data, used);
	to[used] = '\0';
}

struct ctr_grpc_call *ctr_sim_call_new(struct ctr_grpc_conn *conn, uint32_t id,
				       struct centro_bytes path)
{
	if (ctr_map_reserve(&conn->calls, 1) != CENTRO_OK ||
	    ctr_heap_reserve(&conn->deadlines, conn->calls.count + 1 - conn->deadlines.count) !=
		    CENTRO_OK)
		return NULL;
	struct ctr_grpc_call *call = ctr_alloc(conn->allocator, sizeof(*call));
	if (!call)
		return NULL;
	memset(call, 0, offsetof(struct ctr_grpc_call, text));
	call->conn = conn;
	call->id = id;
	call->deadline = CTR_NEVER;
	call->text[0] = '\0';
	copy_text(call->path, sizeof(call->path), path);
	ctr_list_init(&call->ended);
	ctr_buf_init(&call->held, conn->allocator, 0);
	ctr_list_append(&conn->all, &call->link);
	ctr_map_insert(&conn->calls, id, call);
	return call;
}

static void call_free(struct ctr_grpc_call *call)
{
	struct ctr_grpc_conn *conn = call->conn;
	ctr_heap_remove(&conn->deadlines, &call->by_deadline);
	ctr_map_remove(&conn->calls, call->id);
	ctr_list_remove(&call->link);
	ctr_list_remove(&call->ended);
	ctr_buf_fini(&call->held);
	ctr_free(conn->allocator, call);
}

void ctr_sim_call_end(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes text)
{
	if (!ctr_list_is_empty(&call->ended))
		return;
	call->status = status;
	copy_text(call->text, sizeof(call->text), text);
	ctr_list_append(&call->conn->ended, &call->ended);
}

void ctr_sim_calls_close(struct ctr_grpc_conn *conn)
{
	struct ctr_list *first = conn->ended.next;
	if (first == &conn->ended)
		return;
	struct ctr_grpc_call *call = ctr_list_entry(first, struct ctr_grpc_call, ended);
	bool never_sent = !conn->server && !call->is_sent;
	if (call->impl && call->impl->closed)
		call->impl->closed(call->arg, call, call->status, ctr_bytes_str(call->text),
				   never_sent);
	call_free(call);
}

static void deliver(struct ctr_grpc_call *call, uint32_t type, struct centro_bytes payload)
{
	const struct ctr_grpc_call_impl *impl = call->impl;
	if (!impl || call->is_finished)
		return;
	if (type == CTR_SIM_MESSAGE && impl->message)
		impl->message(call->arg, call, payload);
	if (type == CTR_SIM_HALF_CLOSE && impl->half_closed)
		impl->half_closed(call->arg, call);
}

void ctr_sim_call_frame(struct ctr_grpc_call *call, const struct ctr_sim_frame *frame,
			struct centro_bytes payload)
{
	if (!ctr_list_is_empty(&call->ended))
		return;
	switch (frame->type) {
	case CTR_SIM_FINISH:
		ctr_sim_call_end(call, (enum ctr_grpc_status)frame->status, payload);
		return;
	case CTR_SIM_CANCEL:
		ctr_sim_call_end(call, CTR_GRPC_CANCELLED, (struct centro_bytes){0});
		return;
	default:
		break;
	}
	if (call->is_paused) {
		(void)ctr_buf_append(&call->held, frame, sizeof(*frame));
		(void)ctr_buf_append_bytes(&call->held, payload);
		return;
	}
	deliver(call, frame->type, payload);
}

/* ---- what the layers above call ---- */

int ctr_grpc_call_start(struct ctr_grpc_conn *conn, const char *path,
			const struct ctr_grpc_metadata *metadata, size_t metadata_count,
			struct centro_instant now, struct centro_instant deadline,
			const struct ctr_grpc_call_impl *impl, void *arg,
			struct ctr_grpc_call **ret_call)
{
	CTR_ASSERT(metadata_count == 0);
	if (ctr_grpc_conn_is_draining(conn) || conn->is_over)
		return CENTRO_ERR_UNAVAILABLE;
	struct ctr_grpc_call *call = ctr_sim_call_new(conn, conn->last_id + 1, ctr_bytes_str(path));
	if (!call)
		return CENTRO_ERR_NOMEM;
	if (ctr_sim_conn_put(conn, CTR_SIM_OPEN, call->id, 0, ctr_bytes_str(path)) != CENTRO_OK) {
		call_free(call);
		return CENTRO_ERR_NOMEM;
	}
	conn->last_id++;
	call->impl = impl;
	call->arg = arg;
	call->deadline = deadline;
	if (deadline.ns != CENTRO_INSTANT_NEVER_NS)
		ctr_heap_push(&conn->deadlines, &call->by_deadline, deadline.ns);
	*ret_call = call;
	return CENTRO_OK;
}

void ctr_grpc_call_set_impl(struct ctr_grpc_call *call, const struct ctr_grpc_call_impl *impl,
			    void *arg)
{
	call->impl = impl;
	call->arg = arg;
}

void *ctr_grpc_call_get_arg(const struct ctr_grpc_call *call)
{
	return call->arg;
}

struct ctr_grpc_conn *ctr_grpc_call_get_conn(const struct ctr_grpc_call *call)
{
	return call->conn;
}

struct centro_bytes ctr_grpc_call_get_path(const struct ctr_grpc_call *call)
{
	return ctr_bytes_str(call->path);
}

bool ctr_grpc_call_get_metadata(const struct ctr_grpc_call *call, const char *name,
				struct centro_bytes *ret_value)
{
	return false;
}

struct centro_instant ctr_grpc_call_get_deadline(const struct ctr_grpc_call *call)
{
	return call->deadline;
}

int ctr_grpc_call_send(struct ctr_grpc_call *call, struct centro_bytes message)
{
	bool is_closed_here = !call->conn->server && call->is_half_closed;
	if (call->is_finished || is_closed_here || !ctr_list_is_empty(&call->ended))
		return CENTRO_ERR_STATE;
	return ctr_sim_conn_put(call->conn, CTR_SIM_MESSAGE, call->id, 0, message);
}

size_t ctr_grpc_call_queued_bytes(const struct ctr_grpc_call *call)
{
	return 0;
}

void ctr_grpc_call_half_close(struct ctr_grpc_call *call)
{
	if (call->is_half_closed || call->is_finished)
		return;
	call->is_half_closed = true;
	(void)ctr_sim_conn_put(call->conn, CTR_SIM_HALF_CLOSE, call->id, 0,
			       (struct centro_bytes){0});
}

void ctr_grpc_call_finish(struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  const char *message)
{
	if (call->is_finished)
		return;
	call->is_finished = true;
	struct centro_bytes text = message ? ctr_bytes_str(message) : (struct centro_bytes){0};
	(void)ctr_sim_conn_put(call->conn, CTR_SIM_FINISH, call->id, status, text);
}

void ctr_grpc_call_cancel(struct ctr_grpc_call *call)
{
	if (call->is_finished)
		return;
	call->is_finished = true;
	(void)ctr_sim_conn_put(call->conn, CTR_SIM_CANCEL, call->id, 0, (struct centro_bytes){0});
	ctr_sim_call_end(call, CTR_GRPC_CANCELLED, ctr_bytes_str("cancelled"));
}

/* What was held back follows at once: nobody un-pauses from inside its own callback. */
void ctr_grpc_call_set_paused(struct ctr_grpc_call *call, bool paused)
{
	struct ctr_sim_frame frame;
	struct centro_bytes payload, held = ctr_buf_bytes(&call->held);
	call->is_paused = paused;
	while (!call->is_paused && ctr_sim_frame_take(&held, &frame, &payload))
		deliver(call, frame.type, payload);
	ctr_buf_consume(&call->held, call->held.size - held.size);
}
