/* SPDX-License-Identifier: MIT */
/*
 * follow.c - JobService.Logs: pass on the output of an attempt.
 *
 * A reader has a target, the attempt that it reads, from the moment at which
 * that attempt is known to have started, durably. Each stream of the target is
 * asked of its node by an order; when the agent's connection is lost the order
 * is given again, from the next byte. No byte is sent twice.
 */
#include "service/follow.h"

#include "service/agent_link.h"
#include "service/job_lists.h"
#include "service/job_read.h"
#include "service/methods.h"

#define STREAMS 2
/* More than that unread, and the agent has to wait; see ctr_grpc_call_impl.writable. */
#define UNREAD_BYTES_MAX (4 * 1024 * 1024)
#define TOO_SLOW         "the reader is too slow: go on at its offset"

struct follow;

struct stream {
	struct follow *follow;
	Centro__V1__LogStream name;
	bool is_wanted, is_done, is_begun;
	uint64_t order;       /* given to the agent and not ended; 0: none */
	uint64_t offset;      /* of the next byte to send on */
	struct ctr_rpc *push; /* that the agent answers on; NULL: none yet */
};

struct follow {
	struct ctr_list link; /* of those of the job */
	struct ctr_rpc *rpc;
	centro_job_id job;
	uint32_t task, index, attempt; /* attempt 0: whichever is the last */
	char task_name[64];
	bool goes_on;         /* until the attempt has ended */
	uint64_t tail_bytes;
	struct centro_attempt_ref target; /* attempt 0: none yet */
	centro_node_id node;              /* of the target */
	bool is_over;                     /* the target has ended */
	struct stream streams[STREAMS];
};

/* ---- to the reader ---- */

static int send_part(struct stream *stream, uint64_t offset, ProtobufCBinaryData data,
		     const char *notice)
{
	struct ctr_rpc *rpc = stream->follow->rpc;
	Centro__V1__JobLogsResponse response = CENTRO__V1__JOB_LOGS_RESPONSE__INIT;
	response.stream = stream->name;
	response.offset = offset;
	response.data = data;
	response.notice = (char *)notice;
	ctr_buf_clear(&rpc->response);
	int error = ctr_rpc_answer(rpc, &response.base);
	return error ? error : ctr_rpc_send(rpc, ctr_buf_bytes(&rpc->response));
}

static void send_notice(struct stream *stream, const char *notice)
{
	send_part(stream, stream->offset, (ProtobufCBinaryData){ 0 }, notice);
}

/* What of `data` the reader has not had. */
static int send_new(struct stream *stream, uint64_t offset, ProtobufCBinaryData data)
{
	uint64_t end = offset + data.len;
	if (stream->is_begun && end <= stream->offset)
		return CENTRO_OK;
	if (stream->is_begun && offset < stream->offset) {
		size_t had = (size_t)(stream->offset - offset);
		data.data += had;
		data.len -= had;
		offset = stream->offset;
	}
	int error = send_part(stream, offset, data, protobuf_c_empty_string);
	if (error)
		return error;
	stream->is_begun = true;
	stream->offset = end;
	return CENTRO_OK;
}

static void drop_order(struct stream *stream)
{
	if (stream->order)
		ctr_map_remove(&stream->follow->rpc->service->orders, stream->order);
	stream->order = 0;
	stream->push = NULL;
}

/* Every stream has been read to the end of the target. */
static void finish_if_done(struct follow *follow)
{
	for (size_t i = 0; i < STREAMS; i++) {
		if (follow->streams[i].is_wanted && !follow->streams[i].is_done)
			return;
	}
	ctr_rpc_finish(follow->rpc, CENTRO_OK, NULL);
}

/* The node cannot be asked: send what was kept here, and say what is missing. */
static void serve_kept(struct stream *stream)
{
	stream->is_done = true;
	struct follow *follow = stream->follow;
	struct ctr_service *service = follow->rpc->service;
	struct ctr_buf *kept = &service->scratch;
	uint64_t offset = 0;
	int error = CENTRO_ERR_NOT_FOUND;
	ctr_buf_clear(kept);
	if (service->keeper)
		error = service->keeper->get(service->keeper->arg, &follow->target,
					     (uint32_t)stream->name, &offset, kept);
	if (error == CENTRO_OK && kept->size > 0) {
		if (offset > stream->offset && follow->tail_bytes == 0)
			send_notice(stream,
				    "the node cannot be asked: only the end of the output was kept");
		error = send_new(stream, offset,
				 (ProtobufCBinaryData){ .len = kept->size, .data = kept->data });
		if (error)
			ctr_rpc_finish(follow->rpc, error, TOO_SLOW);
	} else if (error != CENTRO_OK && error != CENTRO_ERR_NOT_FOUND) {
		send_notice(stream, "what was kept of the output cannot be read");
	} else if (error == CENTRO_ERR_NOT_FOUND && !follow->is_over) {
		send_notice(stream, "the node cannot be asked for the output now");
	}
}

/* ---- to the agent ---- */

static int give_order(struct stream *stream)
{
	struct follow *follow = stream->follow;
	struct ctr_service *service = follow->rpc->service;
	int error = ctr_map_reserve(&service->orders, 1);
	if (error)
		return error;
	Centro__V1__AttemptRef ref;
	Centro__V1__LogOrder order = CENTRO__V1__LOG_ORDER__INIT;
	Centro__V1__GetJobResponse message = CENTRO__V1__GET_JOB_RESPONSE__INIT;
	centro__v1__attempt_ref__init(&ref);
	ctr_codec_set_attempt_ref(&ref, follow->target);
	order.order_id = ++service->last_order;
	order.attempt = &ref;
	order.stream = stream->name;
	order.offset = stream->offset;
	order.tail_bytes = stream->is_begun ? 0 : follow->tail_bytes;
	order.follow = follow->goes_on;
	message.order_case = CENTRO__V1__GET_JOB_RESPONSE__ORDER_LOG;
	message.log = &order;
	ctr_buf_clear(&service->scratch);
	error = ctr_message_encode(&message.base, &service->scratch);
	if (!error)
		error = ctr_agent_link_send(service, follow->node,
					    ctr_buf_bytes(&service->scratch));
	if (error)
		return error;
	stream->order = order.order_id;
	ctr_map_insert(&service->orders, stream->order, stream);
	return CENTRO_OK;
}

/* Nobody reads any more: the agent need not send the rest. */
static void stop_order(struct stream *stream)
{
	struct ctr_service *service = stream->follow->rpc->service;
	Centro__V1__LogOrder order = CENTRO__V1__LOG_ORDER__INIT;
	Centro__V1__GetJobResponse message = CENTRO__V1__GET_JOB_RESPONSE__INIT;
	order.order_id = stream->order;
	order.stop = true;
	message.order_case = CENTRO__V1__GET_JOB_RESPONSE__ORDER_LOG;
	message.log = &order;
	ctr_buf_clear(&service->scratch);
	if (ctr_message_encode(&message.base, &service->scratch) == CENTRO_OK)
		ctr_agent_link_send(service, stream->follow->node,
				    ctr_buf_bytes(&service->scratch));
	drop_order(stream);
}

static void start_orders(struct follow *follow)
{
	struct ctr_service *service = follow->rpc->service;
	bool is_up = ctr_agent_link_is_up(service, follow->node);
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *stream = &follow->streams[i];
		if (!stream->is_wanted || stream->is_done || stream->order)
			continue;
		if (is_up && give_order(stream) == CENTRO_OK)
			continue;
		if (!follow->goes_on || follow->is_over)
			serve_kept(stream);
	}
	finish_if_done(follow);
}

/* Order numbers can be guessed and nodes are known: only the session proves an agent. */
static bool is_from(const struct ctr_service *service, const Centro__V1__PushLogRequest *part,
		    centro_node_id node)
{
	const struct ctr_core *core = ctr_engine_core(service->engine);
	const struct ctr_node *found = core ? ctr_core_find_node(core, node) : NULL;
	return found && part->node_id == node && part->session == found->session;
}

int ctr_follow_push(struct ctr_service *service, const Centro__V1__PushLogRequest *part,
		    struct ctr_rpc *push)
{
	struct stream *stream = ctr_map_find(&service->orders, part->order_id);
	if (!stream || !is_from(service, part, stream->follow->node))
		return CENTRO_ERR_NOT_FOUND;
	struct follow *follow = stream->follow;
	stream->push = push;
	int error = part->data.len > 0 ? send_new(stream, part->offset, part->data) : CENTRO_OK;
	if (error) {
		ctr_rpc_finish(follow->rpc, error, TOO_SLOW);
		return CENTRO_OK;
	}
	if (ctr_grpc_call_queued_bytes(follow->rpc->call) > UNREAD_BYTES_MAX)
		ctr_grpc_call_set_paused(push->call, true);
	bool is_gone = part->notice[0] && !stream->is_begun;
	if (part->notice[0] && !is_gone)
		send_notice(stream, part->notice);
	if (!part->end)
		return CENTRO_OK;
	drop_order(stream);
	if (is_gone)
		serve_kept(stream);
	stream->is_done = true;
	finish_if_done(follow);
	return CENTRO_OK;
}

void ctr_follow_push_closed(struct ctr_service *service, struct ctr_rpc *push)
{
	size_t cursor = 0;
	struct stream *stream;
	while ((stream = ctr_map_next(&service->orders, &cursor))) {
		if (stream->push == push)
			stream->push = NULL;
	}
}

/* ---- what happens to the target ---- */

static void set_target(struct follow *follow, struct centro_attempt_ref ref, centro_node_id node)
{
	CTR_ASSERT(follow->target.attempt == 0);
	CTR_ASSERT(ref.attempt != 0);
	follow->target = ref;
	follow->node = node;
	start_orders(follow);
}

/* The attempt was lost with its node; the next one begins at its own start. */
static void lose_target(struct follow *follow)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *stream = &follow->streams[i];
		drop_order(stream);
		if (stream->is_wanted && stream->is_begun)
			send_notice(stream, "this attempt was lost; the output of the next follows");
		stream->is_done = stream->is_begun = false;
		stream->offset = 0;
	}
	follow->target.attempt = 0;
	follow->node = 0;
}

/* The attempt that was asked for by its number is over; of the next one nothing is wanted. */
static void end_target(struct follow *follow, enum centro_cause cause)
{
	bool is_lost = cause == CENTRO_CAUSE_NODE_LOST;
	follow->is_over = true;
	if (follow->target.attempt == 0) {
		ctr_rpc_finish(follow->rpc, CENTRO_OK, NULL);
		return;
	}
	/* A node that is silent answers no order, though its connection may stand. */
	for (size_t i = 0; i < STREAMS && is_lost; i++) {
		struct stream *stream = &follow->streams[i];
		if (!stream->is_wanted || stream->is_done)
			continue;
		drop_order(stream);
		serve_kept(stream);
	}
	start_orders(follow);
}

static bool concerns(const struct follow *follow, const struct ctr_event *event)
{
	return event->attempt.task == follow->task && event->attempt.index == follow->index &&
	       (follow->attempt == 0 || follow->attempt == event->attempt.attempt);
}

static void follow_event(struct follow *follow, const struct ctr_event *event)
{
	bool has_target = follow->target.attempt != 0;
	switch (event->type) {
	case CENTRO_EVENT_INSTANCE_RUNNING:
		if (!has_target)
			set_target(follow, event->attempt, event->node);
		break;
	case CENTRO_EVENT_INSTANCE_REQUEUED:
		if (follow->attempt != 0)
			end_target(follow, event->cause);
		else if (has_target)
			lose_target(follow);
		break;
	case CENTRO_EVENT_INSTANCE_ENDED:
		follow->is_over = true;
		if (!has_target && event->node != 0)
			set_target(follow, event->attempt, event->node);
		else if (!has_target)
			ctr_rpc_finish(follow->rpc, CENTRO_OK, NULL);
		else
			start_orders(follow);
		break;
	default:
		break;
	}
}

void ctr_follow_event(struct ctr_service *service, const struct ctr_event *event)
{
	if (service->follows.count == 0 || event->attempt.job == 0)
		return;
	struct ctr_list *follows = ctr_job_lists_find(&service->follows, event->attempt.job);
	if (!follows)
		return;
	ctr_list_for_each(node, follows) {
		struct follow *follow = ctr_list_entry(node, struct follow, link);
		if (!follow->rpc->is_finished && concerns(follow, event))
			follow_event(follow, event);
	}
}

static void each_of_node(struct ctr_service *service, centro_node_id node,
			 void (*fn)(struct follow *follow))
{
	size_t cursor = 0;
	const struct ctr_job_list *list;
	while ((list = ctr_map_next(&service->follows, &cursor))) {
		ctr_list_for_each(entry, &list->members) {
			struct follow *follow = ctr_list_entry(entry, struct follow, link);
			if (follow->target.attempt && follow->node == node &&
			    !follow->rpc->is_finished)
				fn(follow);
		}
	}
}

static void orders_lost(struct follow *follow)
{
	for (size_t i = 0; i < STREAMS; i++)
		drop_order(&follow->streams[i]);
	start_orders(follow);
}

void ctr_follow_agent_up(struct ctr_service *service, centro_node_id node)
{
	each_of_node(service, node, orders_lost);
}

void ctr_follow_agent_down(struct ctr_service *service, centro_node_id node)
{
	each_of_node(service, node, orders_lost);
}

/* ---- the call ---- */

static bool wants(const Centro__V1__JobLogsRequest *request, Centro__V1__LogStream name)
{
	return request->stream == CENTRO__V1__LOG_STREAM__both || request->stream == name;
}

static void follow_init(struct follow *follow, struct ctr_rpc *rpc,
			const Centro__V1__JobLogsRequest *request)
{
	static const Centro__V1__LogStream names[STREAMS] = { CENTRO__V1__LOG_STREAM__out,
							      CENTRO__V1__LOG_STREAM__err };
	const uint64_t offsets[STREAMS] = { request->out_offset, request->err_offset };
	ctr_list_init(&follow->link);
	follow->rpc = rpc;
	follow->job = request->id;
	follow->index = request->index;
	follow->attempt = request->attempt;
	follow->goes_on = request->follow;
	follow->tail_bytes = request->tail_bytes;
	memcpy(follow->task_name, request->task, strlen(request->task) + 1);
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *stream = &follow->streams[i];
		stream->follow = follow;
		stream->name = names[i];
		stream->is_wanted = wants(request, names[i]);
		stream->offset = offsets[i];
		stream->is_begun = offsets[i] > 0;
	}
}

static int no_task(struct ctr_rpc *rpc, const struct follow *follow, size_t task_count)
{
	if (follow->task_name[0])
		return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND, "task: the job has none named %s",
				     follow->task_name);
	return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "task: the job has %zu; say which",
			     task_count);
}

/* The attempt asked for is not the last one: only what was kept of it is known. */
static int read_older(struct follow *follow, uint32_t last)
{
	if (follow->attempt > last)
		return ctr_rpc_error(follow->rpc, CENTRO_ERR_NOT_FOUND,
				     "attempt: %u; the last one is %u", follow->attempt, last);
	follow->target = (struct centro_attempt_ref){ follow->job, follow->task, follow->index,
						      follow->attempt };
	follow->is_over = true;
	start_orders(follow);
	return CTR_RPC_LATER;
}

static int follow_live(struct follow *follow, const struct ctr_job *job)
{
	struct ctr_rpc *rpc = follow->rpc;
	size_t t = 0;
	while (t < job->task_count && follow->task_name[0] &&
	       !ctr_bytes_equal(job->tasks[t].name, ctr_bytes_str(follow->task_name)))
		t++;
	if (t == job->task_count || (!follow->task_name[0] && job->task_count != 1))
		return no_task(rpc, follow, job->task_count);
	if (follow->index >= job->tasks[t].count)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND, "index: %u; the task has %u",
				     follow->index, job->tasks[t].count);
	follow->task = (uint32_t)t;
	const struct ctr_instance *instance = &job->tasks[t].instances[follow->index];
	if (follow->attempt && follow->attempt != instance->attempt)
		return read_older(follow, instance->attempt);
	bool is_final = centro_instance_state_is_final(instance->state);
	if (instance->state == CENTRO_INSTANCE_RUNNING || (is_final && instance->node)) {
		follow->is_over = is_final;
		set_target(follow, ctr_instance_ref(instance), instance->node->id);
	} else if (is_final || !follow->goes_on) {
		send_notice(&follow->streams[0], "it has not started: there is no output");
		ctr_rpc_finish(rpc, CENTRO_OK, NULL);
	}
	return CTR_RPC_LATER;
}

/* From the record of a job that has ended. */
static int follow_record(struct follow *follow, const Centro__V1__Job *job)
{
	struct ctr_rpc *rpc = follow->rpc;
	size_t t = 0, count = job->spec ? job->spec->n_tasks : 0;
	while (t < count && follow->task_name[0] &&
	       strcmp(job->spec->tasks[t]->name[0] ? job->spec->tasks[t]->name : "main",
		      follow->task_name) != 0)
		t++;
	if (t == count || (!follow->task_name[0] && count != 1))
		return no_task(rpc, follow, count);
	follow->task = (uint32_t)t;
	follow->is_over = true;
	for (size_t i = 0; i < job->n_instances; i++) {
		const Centro__V1__Instance *instance = job->instances[i];
		if (instance->task != t || instance->index != follow->index)
			continue;
		if (follow->attempt && follow->attempt != instance->attempt)
			return read_older(follow, instance->attempt);
		if (instance->attempt == 0)
			break;
		set_target(follow,
			   (struct centro_attempt_ref){ follow->job, follow->task, follow->index,
							instance->attempt },
			   instance->node_id);
		return CTR_RPC_LATER;
	}
	send_notice(&follow->streams[0], "it never started: there is no output");
	ctr_rpc_finish(rpc, CENTRO_OK, NULL);
	return CTR_RPC_LATER;
}

static void record_found(struct ctr_rpc *rpc, int status, struct centro_bytes bytes)
{
	struct ctr_service *service = rpc->service;
	struct follow *follow = rpc->state;
	ProtobufCMessage *job;
	if (status == CENTRO_ERR_NOT_FOUND)
		ctr_job_not_kept(rpc);
	if (status == CENTRO_OK) {
		ctr_arena_reset(&service->arena, ctr_message_arena_bytes(bytes.size));
		status = ctr_message_decode(&centro__v1__job__descriptor, bytes, &service->arena,
					    &job, &rpc->text);
	}
	if (status == CENTRO_OK)
		status = follow_record(follow, (const Centro__V1__Job *)job);
	if (status != CTR_RPC_LATER)
		ctr_rpc_reply_now(rpc, status);
}

static int job_logs(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobLogsRequest *request = (const Centro__V1__JobLogsRequest *)message;
	struct ctr_service *service = rpc->service;
	const struct ctr_core *core = ctr_engine_core(service->engine);
	if (!core)
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "the server is loading its store");
	struct follow *follow = ctr_alloc_zero(service->allocator, sizeof(*follow));
	if (!follow)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	if (strlen(request->task) >= sizeof(follow->task_name)) {
		ctr_free(service->allocator, follow);
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "task: too long for a task's name");
	}
	follow_init(follow, rpc, request);
	int error = ctr_job_lists_add(&service->follows, service->allocator, follow->job,
				      &follow->link);
	if (error) {
		ctr_free(service->allocator, follow);
		return ctr_rpc_error(rpc, error, "out of memory");
	}
	rpc->state = follow;
	const struct ctr_job *job = ctr_core_find_job(core, request->id);
	return job ? follow_live(follow, job)
		   : ctr_job_read_start(rpc, request->id, record_found);
}

static void logs_writable(struct ctr_rpc *rpc)
{
	struct follow *follow = rpc->state;
	for (size_t i = 0; follow && i < STREAMS; i++) {
		struct ctr_rpc *push = follow->streams[i].push;
		if (push && push->call)
			ctr_grpc_call_set_paused(push->call, false);
	}
}

static void logs_closed(struct ctr_rpc *rpc)
{
	struct ctr_service *service = rpc->service;
	struct follow *follow = rpc->state;
	if (!follow)
		return;
	logs_writable(rpc);
	rpc->state = NULL;
	for (size_t i = 0; i < STREAMS; i++) {
		if (follow->streams[i].order)
			stop_order(&follow->streams[i]);
	}
	ctr_job_lists_remove(&service->follows, service->allocator, follow->job, &follow->link);
	ctr_free(service->allocator, follow);
}

const struct ctr_method ctr_method_job_logs = {
	.path = "/centro.v1.JobService/Logs",
	.request = &centro__v1__job_logs_request__descriptor,
	.request_message = job_logs,
	.writable = logs_writable,
	.closed = logs_closed,
	.is_endless = true,
};
