/* SPDX-License-Identifier: MIT */
/*
 * event_service.c - EventService.Watch: all that has happened, and what happens.
 *
 * A watch is a number, that of the next event, and a filter. Everything is read from
 * the store, page by page, what is new as well: so there is one path, on which no gap
 * and no duplicate can arise, and a reader who is slow costs one page of memory, not
 * what it has missed (I10, I14). The next page is read when the last one has gone
 * out; at the end of what there is, when something becomes durable.
 *
 * Invariant: all below `next` has been sent, or has not passed the filter.
 */
#include "service/event_service.h"

#include "codec/wire.h"
#include "service/event_filter.h"
#include "service/methods.h"

#define FIELD_EVENTS 1
#define FIELD_NEXT   2
#define FIELD_NODE   19 /* of an event */
/* A page: so many records are looked at, or fewer once it has so many bytes. */
#define PAGE_ROWS_MAX  256
#define PAGE_BYTES_MAX (64 * 1024)
/* More than that unread, and no further page is read; see ctr_grpc_call_impl.writable. */
#define UNREAD_BYTES_MAX (4 * 1024 * 1024)
/* Events that did not pass, after which a reader is told how far it has come. */
#define TELL_AFTER 1000

struct watch {
	struct ctr_list link; /* of service.event_watches */
	struct ctr_rpc *rpc;
	struct ctr_event_read read;
	struct ctr_event_filter filter;
	uint64_t next;
	uint64_t told;   /* the `next` that the reader has; 0: none yet */
	bool is_reading; /* a page */
	bool is_blocked; /* until the reader has taken what there is */
	bool is_following;
	bool from_oldest; /* nothing has been read: where `next` is gone, the oldest will do */
	int error;        /* of the page being read */
};

static void read_page(struct watch *watch);

/* ---- a page ---- */

/* One that passed: as it stands in the store, and what only answers have. */
static int add_event(struct watch *watch, struct centro_bytes bytes, const Centro__V1__Event *event)
{
	struct ctr_service *service = watch->rpc->service;
	const struct ctr_core *core = ctr_engine_core(service->engine);
	const struct ctr_node *node =
		core && event->node_id ? ctr_core_find_node(core, event->node_id) : NULL;
	ctr_buf_clear(&service->scratch);
	int error = ctr_buf_append_bytes(&service->scratch, bytes);
	if (!error && node)
		error = ctr_message_append_field(&service->scratch, FIELD_NODE, node->name);
	if (!error)
		error = ctr_message_append_field(&watch->rpc->response, FIELD_EVENTS,
						 ctr_buf_bytes(&service->scratch));
	return error;
}

static int look_at(struct watch *watch, struct centro_bytes bytes)
{
	struct ctr_service *service = watch->rpc->service;
	ProtobufCMessage *message;
	ctr_arena_reset(&service->arena, ctr_message_arena_bytes(bytes.size));
	int error = ctr_message_decode(&centro__v1__event__descriptor, bytes, &service->arena,
				       &message, /* text= */ NULL);
	if (error)
		return error == CENTRO_ERR_INVALID ? CENTRO_ERR_CORRUPT : error;
	const Centro__V1__Event *event = (const Centro__V1__Event *)message;
	if (event->number < watch->next)
		return CENTRO_OK;
	/* Numbers have no gap: a hole is damage. */
	if (event->number > watch->next)
		return CENTRO_ERR_CORRUPT;
	if (ctr_event_filter_passes(&watch->filter, event))
		error = add_event(watch, bytes, event);
	watch->next += !error;
	return error;
}

/* One record of the store; nonzero: the page is full. */
static int batch_row(struct ctr_event_read *read, struct centro_bytes batch)
{
	struct watch *watch = CTR_CONTAINER_OF(read, struct watch, read);
	while (batch.size > 0 && !watch->error) {
		struct ctr_wire_field field;
		if (ctr_wire_take_field(&batch, &field))
			watch->error = CENTRO_ERR_CORRUPT;
		else if (field.number == FIELD_EVENTS && field.type == CTR_WIRE_BYTES)
			watch->error = look_at(watch, ctr_wire_bytes(&field));
	}
	return watch->error || watch->rpc->response.size >= PAGE_BYTES_MAX;
}

/* What was read, if it is worth a message. CENTRO_ERR_LIMIT: later. */
static int send_page(struct watch *watch, bool is_last)
{
	struct ctr_buf *page = &watch->rpc->response;
	bool is_news = page->size > 0 || watch->next - watch->told >= TELL_AFTER;
	if (!is_news && watch->told && !(is_last && watch->told < watch->next))
		return CENTRO_OK;
	size_t before = page->size;
	Centro__V1__EventWatchResponse end = CENTRO__V1__EVENT_WATCH_RESPONSE__INIT;
	end.next = watch->next;
	int error = ctr_message_encode(&end.base, page);
	if (!error)
		error = ctr_rpc_send(watch->rpc, ctr_buf_bytes(page));
	ctr_buf_truncate(page, error ? before : 0);
	if (!error)
		watch->told = watch->next;
	return error;
}

/* ---- the watch ---- */

static void fail(struct watch *watch, int status)
{
	struct ctr_rpc *rpc = watch->rpc;
	if (status == CENTRO_ERR_COMPACTED)
		ctr_rpc_error(rpc, status, "compacted: the oldest retained event is %llu",
			      (unsigned long long)watch->read.oldest);
	else if (status == CENTRO_ERR_CORRUPT)
		ctr_rpc_error(rpc, status, "the record of event %llu cannot be read",
			      (unsigned long long)watch->next);
	else if (status != CENTRO_ERR_NOMEM)
		status = ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "watch again");
	ctr_rpc_finish(rpc, status, rpc->text.text[0] ? rpc->text.text : NULL);
}

/* Send what there is, and see what comes next. */
static void advance(struct watch *watch)
{
	struct ctr_rpc *rpc = watch->rpc;
	bool is_end = watch->next > ctr_engine_durable_event(rpc->service->engine);
	bool is_last = is_end && !watch->is_following;
	int error = send_page(watch, is_last);
	if (error && error != CENTRO_ERR_LIMIT) {
		fail(watch, error);
		return;
	}
	watch->is_blocked = error || ctr_grpc_call_queued_bytes(rpc->call) > UNREAD_BYTES_MAX;
	if (is_last && !error)
		ctr_rpc_finish(rpc, CENTRO_OK, NULL);
	else if (!is_end && !watch->is_blocked)
		read_page(watch);
}

static void page_done(struct ctr_event_read *read, int status)
{
	struct watch *watch = CTR_CONTAINER_OF(read, struct watch, read);
	watch->is_reading = false;
	if (status == CENTRO_ERR_COMPACTED && watch->from_oldest && read->oldest > watch->next) {
		watch->next = read->oldest;
		read_page(watch);
		return;
	}
	watch->from_oldest = false;
	if (status == CENTRO_OK)
		status = watch->error;
	if (status == CENTRO_OK)
		advance(watch);
	else
		fail(watch, status);
}

static void read_page(struct watch *watch)
{
	CTR_ASSERT(!watch->is_reading && !watch->is_blocked);
	watch->is_reading = true;
	watch->read.from = watch->next;
	watch->read.rows_max = PAGE_ROWS_MAX;
	watch->read.row = batch_row;
	watch->read.fn = page_done;
	ctr_engine_read_events(watch->rpc->service->engine, &watch->read);
}

void ctr_event_watches_durable(struct ctr_service *service, const struct ctr_event *event)
{
	/* Once a batch. */
	if (event->number != ctr_engine_durable_event(service->engine))
		return;
	ctr_list_for_each (node, &service->event_watches) {
		struct watch *watch = ctr_list_entry(node, struct watch, link);
		if (!watch->is_reading && !watch->is_blocked && !watch->rpc->is_finished)
			read_page(watch);
	}
}

/* ---- the method ---- */

/* Where to begin; what cannot be is refused. */
static int set_start(struct watch *watch, const Centro__V1__EventWatchRequest *request)
{
	uint64_t end = ctr_engine_durable_event(watch->rpc->service->engine) + 1;
	if (request->since && request->tail)
		return ctr_rpc_error(watch->rpc, CENTRO_ERR_INVALID,
				     "since, tail: give one of them");
	if (request->since > end)
		return ctr_rpc_error(watch->rpc, CENTRO_ERR_COMPACTED,
				     "since: %llu; the next event is only %llu",
				     (unsigned long long)request->since, (unsigned long long)end);
	watch->next = request->since ? request->since : 1;
	watch->from_oldest = request->since == 0;
	if (request->tail && request->tail < end)
		watch->next = end - request->tail;
	return CENTRO_OK;
}

static int event_watch(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__EventWatchRequest *request =
		(const Centro__V1__EventWatchRequest *)message;
	struct ctr_service *service = rpc->service;
	const struct ctr_core *core = ctr_engine_core(service->engine);
	if (!core)
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE,
				     "the server is loading its store");
	struct watch *watch = ctr_alloc_zero(service->allocator, sizeof(*watch));
	if (!watch)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	watch->rpc = rpc;
	watch->is_following = request->follow;
	ctr_event_read_init(&watch->read);
	ctr_list_init(&watch->link);
	rpc->state = watch;
	int error = ctr_event_filter_init(&watch->filter, service->allocator, core, request,
					  &rpc->text);
	if (!error)
		error = set_start(watch, request);
	if (error)
		return error;
	ctr_list_append(&service->event_watches, &watch->link);
	read_page(watch);
	return CTR_RPC_LATER;
}

static void watch_writable(struct ctr_rpc *rpc)
{
	struct watch *watch = rpc->state;
	if (watch && watch->is_blocked && !watch->is_reading)
		advance(watch);
}

static void watch_closed(struct ctr_rpc *rpc)
{
	struct watch *watch = rpc->state;
	if (!watch)
		return;
	rpc->state = NULL;
	ctr_event_read_cancel(&watch->read);
	ctr_list_remove(&watch->link);
	ctr_event_filter_fini(&watch->filter);
	ctr_free(rpc->service->allocator, watch);
}

const struct ctr_method ctr_method_event_watch = {
	.path = "/centro.v1.EventService/Watch",
	.request = &centro__v1__event_watch_request__descriptor,
	.request_message = event_watch,
	.writable = watch_writable,
	.closed = watch_closed,
	.is_endless = true,
};
