/* SPDX-License-Identifier: MIT */
/*
 * output.c - output on its way to the server, by PushLog: what somebody reads now, by
 * an order of the server, and the last part of each stream when an attempt has
 * ended.
 *
 * Each is a call of its own, filled only as far as it drains, so that a slow reader
 * costs no memory. The last parts are with the server before the end is reported,
 * or whoever waits for the end could miss them.
 *
 * Layer: agent.
 */
#include "agent/brain.h"

#define PART_BYTES    ((size_t)64 * 1024)
#define TAIL_BYTES    PART_BYTES           /* of each stream, kept by the server */
#define QUEUED_MAX    ((size_t)256 * 1024) /* unsent in one call */
#define ORDERS_MAX    256                  /* read at once … */
#define REFUSALS_MAX  64                   /* … and told that it is too much */
#define TAILS_MAX     32                   /* calls under way */
#define TAIL_TRIES    10
#define LOOK_EVERY_MS 50
#define PUSH_LOG      "/centro.v1.AgentService/PushLog"

struct log_stream {
	struct ctr_agent *agent;
	struct ctr_list link;
	struct ctr_grpc_call *call; /* NULL: not started, or closed */
	uint64_t order;             /* 0: the last part of an attempt that has ended */
	struct ctr_ref_key key;
	enum ctr_log_stream name;
	uint64_t offset;
	bool follow;
	bool is_done;    /* the end has been sent */
	bool is_stopped; /* nobody wants it any more */
};

/* ---- one stream ---- */

static struct centro_attempt_ref ref_of(const struct log_stream *stream)
{
	return (struct centro_attempt_ref){stream->key.job, stream->key.task, stream->key.index,
					   stream->key.attempt};
}

static void stream_free(struct log_stream *stream)
{
	struct ctr_agent *agent = stream->agent;
	size_t *count = stream->order == 0 ? &agent->tail_count : &agent->log_stream_count;
	CTR_ASSERT(*count > 0);
	(*count)--;
	ctr_list_remove(&stream->link);
	ctr_free(agent->allocator, stream);
}

/* NULL: not now. */
static struct log_stream *stream_start(struct ctr_agent *agent, const struct log_stream *model,
				       const struct ctr_grpc_call_impl *impl)
{
	struct log_stream *stream = ctr_alloc_zero(agent->allocator, sizeof(*stream));
	if (!stream)
		return NULL;
	*stream = *model;
	stream->agent = agent;
	stream->call = ctr_agent_call(agent, PUSH_LOG, NULL, impl, stream, (struct centro_span){0});
	if (!stream->call) {
		ctr_free(agent->allocator, stream);
		return NULL;
	}
	ctr_list_init(&stream->link);
	ctr_list_append(&agent->log_streams, &stream->link);
	(*(stream->order == 0 ? &agent->tail_count : &agent->log_stream_count))++;
	return stream;
}

/* One message of the stream. */
static bool send_part(struct log_stream *stream, const uint8_t *data, size_t size, bool end,
		      const char *notice)
{
	struct ctr_agent *agent = stream->agent;
	Centro__V1__AttemptRef ref;
	Centro__V1__PushLogRequest part = CENTRO__V1__PUSH_LOG_REQUEST__INIT;
	centro__v1__attempt_ref__init(&ref);
	ctr_codec_set_attempt_ref(&ref, ref_of(stream));
	part.node_id = agent->node;
	part.session = agent->session;
	part.order_id = stream->order;
	part.attempt = &ref;
	part.stream = (Centro__V1__LogStream)stream->name;
	part.offset = stream->offset;
	part.data = (ProtobufCBinaryData){.len = size, .data = (uint8_t *)data};
	part.end = end;
	part.notice = (char *)notice;
	ctr_buf_clear(&agent->scratch);
	if (ctr_message_encode(&part.base, &agent->scratch) != CENTRO_OK ||
	    ctr_grpc_call_send(stream->call, ctr_buf_bytes(&agent->scratch)) != CENTRO_OK)
		return false;
	stream->offset += size;
	return true;
}

/* The last message. */
static void send_end(struct log_stream *stream, const uint8_t *data, size_t size,
		     const char *notice)
{
	stream->is_done = true;
	if (send_part(stream, data, size, true, notice))
		ctr_grpc_call_half_close(stream->call);
	else
		ctr_grpc_call_cancel(stream->call);
}

/* ---- what somebody reads ---- */

/* Nothing more will be written: the attempt has ended, or is not known here any more. */
static bool is_complete(const struct log_stream *stream)
{
	struct ctr_attempt *attempt = ctr_attempt_find(stream->agent, ref_of(stream));
	return !attempt || attempt->phase == CTR_ATTEMPT_ENDED;
}

/* One message, if there is anything to say. False: nothing now. */
static bool send_next(struct log_stream *stream)
{
	struct ctr_agent *agent = stream->agent;
	struct centro_attempt_ref ref = ref_of(stream);
	uint8_t data[PART_BYTES];
	size_t size = 0;
	/* Before reading: what it wrote up to its end must not be missed. */
	bool complete = is_complete(stream);
	int error = agent->host->read_log(agent->host_arg, &ref, stream->name, stream->offset, data,
					  sizeof(data), &size);
	if (error == CENTRO_ERR_NOT_FOUND && !complete) {
		/* It is about to start. */
		error = CENTRO_OK;
		size = 0;
	}
	if (error)
		send_end(stream, NULL, 0,
			 error == CENTRO_ERR_NOT_FOUND
				 ? "the output is not kept on the node any more"
				 : "the output cannot be read on the node");
	else if (size > 0)
		return send_part(stream, data, size, false, "");
	else if (complete || !stream->follow)
		send_end(stream, NULL, 0, "");
	return false;
}

/* Send what there is, as far as the call drains. */
static void stream_pump(struct log_stream *stream)
{
	while (!stream->is_done && stream->call &&
	       ctr_grpc_call_queued_bytes(stream->call) < QUEUED_MAX && send_next(stream))
		;
}

static void on_writable(void *arg, struct ctr_grpc_call *call)
{
	stream_pump(arg);
}

static void on_order_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			    struct centro_bytes message, bool never_sent)
{
	struct log_stream *stream = arg;
	struct ctr_agent *agent = stream->agent;
	/* It broke for want of memory, here or there, and somebody waits for the rest. */
	bool is_broken = status == CTR_GRPC_RESOURCE_EXHAUSTED ||
			 (status == CTR_GRPC_CANCELLED && !stream->is_stopped);
	stream_free(stream);
	if (is_broken)
		ctr_agent_listen_anew(agent);
}

static const struct ctr_grpc_call_impl order_impl = {.writable = on_writable,
						     .closed = on_order_closed};

static void stop_order(struct ctr_agent *agent, uint64_t order)
{
	ctr_list_for_each (node, &agent->log_streams) {
		struct log_stream *stream = ctr_list_entry(node, struct log_stream, link);
		if (stream->order != order || !stream->call)
			continue;
		stream->is_stopped = true;
		ctr_grpc_call_cancel(stream->call);
	}
}

void ctr_output_order(struct ctr_agent *agent, const Centro__V1__LogOrder *order)
{
	if (order->order_id == 0)
		return;
	if (order->stop) {
		stop_order(agent, order->order_id);
		return;
	}
	if (!order->attempt || agent->log_stream_count >= ORDERS_MAX + REFUSALS_MAX)
		return;
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(order->attempt);
	struct log_stream model = {
		.order = order->order_id,
		.key = ctr_ref_key_of(ref),
		.name = order->stream == CENTRO__V1__LOG_STREAM__err ? CTR_LOG_ERR : CTR_LOG_OUT,
		.offset = order->offset,
		.follow = order->follow,
	};
	uint64_t bytes;
	if (order->tail_bytes > 0 &&
	    agent->host->get_log_size(agent->host_arg, &ref, model.name, &bytes) == CENTRO_OK)
		model.offset = bytes > order->tail_bytes ? bytes - order->tail_bytes : 0;
	bool is_too_much = agent->log_stream_count >= ORDERS_MAX;
	struct log_stream *stream = stream_start(agent, &model, &order_impl);
	if (!stream)
		ctr_agent_listen_anew(agent);
	else if (is_too_much)
		send_end(stream, NULL, 0, "too many read from this node at once; try again");
	else
		stream_pump(stream);
}

/* ---- the last of it ---- */

/* All of one attempt's are through, or not. */
static void tails_settled(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	CTR_ASSERT(attempt->phase == CTR_ATTEMPT_ENDED);
	CTR_ASSERT(ctr_list_is_empty(&attempt->report));
	bool again = attempt->tail_failed && ++attempt->tail_tries < TAIL_TRIES;
	if (attempt->tail_failed && !again)
		ctr_log_warn(agent->log, "last output not kept job=%llu",
			     (unsigned long long)attempt->key.job);
	ctr_list_append(again ? &agent->tails : &agent->reports, &attempt->report);
}

static void on_tail_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			   struct centro_bytes message, bool never_sent)
{
	struct log_stream *stream = arg;
	struct ctr_agent *agent = stream->agent;
	struct ctr_attempt *attempt = ctr_attempt_find(agent, ref_of(stream));
	stream_free(stream);
	if (!attempt || attempt->tails == 0)
		return; /* it was revoked meanwhile */
	/* What the server refuses it would refuse again. */
	if (status == CTR_GRPC_UNAVAILABLE || status == CTR_GRPC_CANCELLED)
		attempt->tail_failed = true;
	if (--attempt->tails == 0)
		tails_settled(agent, attempt);
}

static const struct ctr_grpc_call_impl tail_impl = {.closed = on_tail_closed};

static void send_tail(struct ctr_agent *agent, struct ctr_attempt *attempt,
		      enum ctr_log_stream name)
{
	struct centro_attempt_ref ref = ctr_attempt_ref(attempt);
	uint8_t data[TAIL_BYTES];
	uint64_t bytes = 0;
	size_t size = 0;
	if (agent->host->get_log_size(agent->host_arg, &ref, name, &bytes) != CENTRO_OK ||
	    bytes == 0)
		return;
	const struct log_stream model = {
		.key = attempt->key,
		.name = name,
		.offset = bytes > TAIL_BYTES ? bytes - TAIL_BYTES : 0,
	};
	if (agent->host->read_log(agent->host_arg, &ref, name, model.offset, data, sizeof(data),
				  &size) != CENTRO_OK)
		return;
	struct log_stream *stream = stream_start(agent, &model, &tail_impl);
	if (!stream) {
		attempt->tail_failed = true;
		return;
	}
	attempt->tails++;
	send_end(stream, data, size, "");
}

void ctr_output_send_tails(struct ctr_agent *agent)
{
	/* Those that fail come back, so no more than there are now. */
	for (size_t left = agent->attempt_count;
	     left > 0 && !ctr_list_is_empty(&agent->tails) && agent->tail_count < TAILS_MAX;
	     left--) {
		struct ctr_attempt *attempt =
			ctr_list_entry(agent->tails.next, struct ctr_attempt, report);
		ctr_list_remove(&attempt->report);
		attempt->tail_failed = false;
		CTR_ASSERT(attempt->tails == 0);
		send_tail(agent, attempt, CTR_LOG_OUT);
		send_tail(agent, attempt, CTR_LOG_ERR);
		if (attempt->tails == 0)
			tails_settled(agent, attempt);
	}
}

/* ---- all of them ---- */

struct centro_instant ctr_output_turn(struct ctr_agent *agent)
{
	bool follows = false;
	ctr_list_for_each (node, &agent->log_streams) {
		struct log_stream *stream = ctr_list_entry(node, struct log_stream, link);
		if (stream->is_done)
			continue;
		stream_pump(stream);
		follows = true;
	}
	return follows ? ctr_after(agent->now.steady, ctr_span_ms(LOOK_EVERY_MS)) : CTR_NEVER;
}

void ctr_output_cancel_all(struct ctr_agent *agent)
{
	ctr_list_for_each (node, &agent->log_streams) {
		struct log_stream *stream = ctr_list_entry(node, struct log_stream, link);
		if (stream->call)
			ctr_grpc_call_cancel(stream->call);
	}
}

void ctr_output_free_all(struct ctr_agent *agent)
{
	ctr_list_for_each_safe (node, &agent->log_streams)
		stream_free(ctr_list_entry(node, struct log_stream, link));
}
