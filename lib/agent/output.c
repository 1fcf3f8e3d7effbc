/* SPDX-License-Identifier: MIT */
/*
 * output.c - output on its way to the server: what somebody reads now, by an order
 * of the server, and the last part of each stream when an attempt has ended.
 *
 * Each is a PushLog call of its own, filled only as far as it drains, so that a
 * slow reader costs no memory.
 */
#include "agent/brain.h"

#define PART_BYTES   (64 * 1024)
#define QUEUED_MAX   (256 * 1024) /* unsent in one call */
#define STREAMS_MAX  1000
#define LOOK_EVERY_MS 50

struct log_stream {
	struct ctr_agent *agent;
	struct ctr_list link;
	struct ctr_grpc_call *call; /* NULL: not started, or closed */
	uint64_t order;             /* 0: the last part of an attempt that has ended */
	struct ctr_ref_key key;
	enum ctr_log_stream name;
	uint64_t offset;
	bool follow;
	bool is_done; /* the end has been sent */
};

static void stream_free(struct log_stream *stream)
{
	struct ctr_agent *agent = stream->agent;
	ctr_list_remove(&stream->link);
	ctr_free(agent->allocator, stream);
}

static struct centro_attempt_ref ref_of(const struct log_stream *stream)
{
	return (struct centro_attempt_ref){ stream->key.job, stream->key.task, stream->key.index,
					    stream->key.attempt };
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
	part.data = (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)data };
	part.end = end;
	part.notice = (char *)notice;
	ctr_buf_clear(&agent->scratch);
	if (ctr_message_encode(&part.base, &agent->scratch) != CENTRO_OK ||
	    ctr_grpc_call_send(stream->call, ctr_buf_bytes(&agent->scratch)) != CENTRO_OK)
		return false;
	stream->offset += size;
	return true;
}

static void send_end(struct log_stream *stream, const char *notice)
{
	if (send_part(stream, NULL, 0, true, notice)) {
		stream->is_done = true;
		ctr_grpc_call_half_close(stream->call);
	} else {
		ctr_grpc_call_cancel(stream->call);
	}
}

/* Nothing more will be written: the attempt has ended, or is not known here any more. */
static bool is_complete(const struct log_stream *stream)
{
	struct ctr_attempt *attempt = ctr_attempt_find(stream->agent, ref_of(stream));
	return !attempt || attempt->phase == CTR_ATTEMPT_ENDED;
}

/* Send what there is, as far as the call drains. */
static void stream_pump(struct log_stream *stream)
{
	struct ctr_agent *agent = stream->agent;
	struct centro_attempt_ref ref = ref_of(stream);
	uint8_t data[PART_BYTES];
	while (!stream->is_done && stream->call &&
	       ctr_grpc_call_queued_bytes(stream->call) < QUEUED_MAX) {
		size_t size = 0;
		/* Before reading: what it wrote up to its end must not be missed. */
		bool complete = is_complete(stream);
		int error = agent->host->read_log(agent->host_arg, &ref, stream->name,
						  stream->offset, data, sizeof(data), &size);
		if (error == CENTRO_ERR_NOT_FOUND && !complete && stream->follow)
			return;
		if (error) {
			send_end(stream, error == CENTRO_ERR_NOT_FOUND
						 ? "the output is not kept on the node any more"
						 : "the output cannot be read on the node");
		} else if (size > 0) {
			if (!send_part(stream, data, size, false, ""))
				return;
		} else if (complete || !stream->follow) {
			send_end(stream, "");
		} else {
			return;
		}
	}
}

static void on_writable(void *arg, struct ctr_grpc_call *call)
{
	stream_pump(arg);
}

/* The last part of an attempt's stream is with the server, or cannot be. */
static void tail_done(struct log_stream *stream)
{
	struct ctr_agent *agent = stream->agent;
	struct ctr_attempt *attempt = ctr_attempt_find(agent, ref_of(stream));
	if (!attempt || attempt->tails == 0)
		return;
	if (--attempt->tails == 0)
		ctr_attempt_end(agent, attempt);
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct log_stream *stream = arg;
	stream->call = NULL;
	if (stream->order == 0)
		tail_done(stream);
	stream_free(stream);
}

static const struct ctr_grpc_call_impl push_impl = { .writable = on_writable, .closed = on_closed };

static struct log_stream *stream_start(struct ctr_agent *agent, const struct log_stream *model)
{
	struct log_stream *stream = ctr_alloc_zero(agent->allocator, sizeof(*stream));
	if (!stream)
		return NULL;
	*stream = *model;
	stream->agent = agent;
	ctr_list_init(&stream->link);
	ctr_list_append(&agent->log_streams, &stream->link);
	stream->call = ctr_agent_call(agent, "/centro.v1.AgentService/PushLog", NULL, &push_impl,
				      stream, (struct centro_span){ 0 });
	if (stream->call)
		return stream;
	stream_free(stream);
	return NULL;
}

static void stop_order(struct ctr_agent *agent, uint64_t order)
{
	ctr_list_for_each(node, &agent->log_streams) {
		struct log_stream *stream = ctr_list_entry(node, struct log_stream, link);
		if (stream->order == order && stream->call)
			ctr_grpc_call_cancel(stream->call);
	}
}

static bool too_many(const struct ctr_agent *agent)
{
	size_t count = 0;
	ctr_list_for_each(node, &agent->log_streams)
		count++;
	return count >= STREAMS_MAX;
}

void ctr_output_order(struct ctr_agent *agent, const Centro__V1__LogOrder *order)
{
	if (order->order_id == 0)
		return;
	if (order->stop) {
		stop_order(agent, order->order_id);
		return;
	}
	if (!order->attempt || too_many(agent))
		return;
	struct log_stream model = {
		.order = order->order_id,
		.key = ctr_ref_key_of(ctr_codec_attempt_ref(order->attempt)),
		.name = order->stream == CENTRO__V1__LOG_STREAM__err ? CTR_LOG_ERR : CTR_LOG_OUT,
		.offset = order->offset,
		.follow = order->follow,
	};
	uint64_t bytes;
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(order->attempt);
	if (order->tail_bytes > 0 &&
	    agent->host->get_log_size(agent->host_arg, &ref, model.name, &bytes) == CENTRO_OK)
		model.offset = bytes > order->tail_bytes ? bytes - order->tail_bytes : 0;
	struct log_stream *stream = stream_start(agent, &model);
	if (stream)
		stream_pump(stream);
}

void ctr_output_send_tails(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	static const enum ctr_log_stream names[] = { CTR_LOG_OUT, CTR_LOG_ERR };
	struct centro_attempt_ref ref = ctr_attempt_ref(attempt);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		uint64_t bytes;
		if (agent->host->get_log_size(agent->host_arg, &ref, names[i], &bytes) !=
			    CENTRO_OK ||
		    bytes == 0)
			continue;
		const struct log_stream model = {
			.key = attempt->key,
			.name = names[i],
			.offset = bytes > CTR_TAIL_BYTES ? bytes - CTR_TAIL_BYTES : 0,
		};
		struct log_stream *stream = stream_start(agent, &model);
		if (!stream)
			continue;
		attempt->tails++;
		uint8_t data[CTR_TAIL_BYTES];
		size_t size = 0;
		agent->host->read_log(agent->host_arg, &ref, names[i], stream->offset, data,
				      sizeof(data), &size);
		if (send_part(stream, data, size, true, ""))
			ctr_grpc_call_half_close(stream->call);
		else
			ctr_grpc_call_cancel(stream->call);
		stream->is_done = true;
	}
}

struct centro_instant ctr_output_turn(struct ctr_agent *agent)
{
	bool follows = false;
	ctr_list_for_each(node, &agent->log_streams) {
		struct log_stream *stream = ctr_list_entry(node, struct log_stream, link);
		if (stream->is_done)
			continue;
		stream_pump(stream);
		follows = true;
	}
	return follows ? ctr_after(agent->now.steady, ctr_span_ms(LOOK_EVERY_MS)) : CTR_NEVER;
}

void ctr_output_free_all(struct ctr_agent *agent)
{
	ctr_list_for_each_safe(node, &agent->log_streams)
		stream_free(ctr_list_entry(node, struct log_stream, link));
}
