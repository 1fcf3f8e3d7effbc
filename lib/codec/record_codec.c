/* SPDX-License-Identifier: MIT */
/*
 * record_codec.c - records that are neither jobs nor nodes, and what all share.
 *
 * Layer: codec.
 */
#include "codec/record.h"

#include <centro/version.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "codec/wire.h"

/* Of the records that this version writes; and the oldest that can read them. */
#define FORMAT_VERSION     1
#define FORMAT_READABLE_BY 1

/* Of messages in centro/v1/record.proto. */
enum { BATCH_EVENTS = 1, BATCH_CLUSTER_TIME = 2, BATCH_TERM = 3 };
enum { EVENT_NUMBER = 1 };
enum { IDS_JOB = 1, IDS_NODE = 2 };
enum { FORMAT_FIELD_VERSION = 1, FORMAT_FIELD_READABLE_BY = 2, FORMAT_FIELD_WRITTEN_BY = 3 };

/* ---- shared ---- */

int ctr_codec_text(const ProtobufCMessage *message, struct ctr_arena *arena,
		   struct centro_bytes *ret_text, struct centro_error_text *error_text)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *data = ctr_arena_alloc(arena, size);
	if (!data)
		return ctr_arena_error(arena, size, error_text);
	size_t packed = protobuf_c_message_pack(message, data);
	CTR_ASSERT(packed == size);
	*ret_text = ctr_bytes(data, size);
	return CENTRO_OK;
}

int ctr_encode_end(struct ctr_buf *buf, size_t before)
{
	CTR_ASSERT(buf->size >= before);

	if (buf->error != CENTRO_OK)
		ctr_buf_truncate(buf, before);
	return buf->error;
}

int ctr_record_status(int status)
{
	return status == CENTRO_ERR_INVALID ? CENTRO_ERR_CORRUPT : status;
}

int ctr_record_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes bytes,
		      uint64_t fields, struct ctr_arena *arena, ProtobufCMessage **ret_message,
		      struct centro_error_text *text)
{
	ProtobufCMessage *message;
	int status = ctr_message_decode(descriptor, ctr_bytes(NULL, 0), arena, &message, text);
	if (status == CENTRO_OK)
		status = ctr_message_merge(message, bytes, fields, arena, text);
	if (status == CENTRO_OK)
		*ret_message = message;
	return ctr_record_status(status);
}

/* A field that is looked for in an encoded record, without decoding the rest. */
struct slot {
	uint32_t number;
	enum ctr_wire_type type;
	const char *name;
	size_t count;               /* how often it stands there */
	struct ctr_wire_field last; /* all 0 if it does not */
};

static int fill_slots(struct centro_bytes record, struct slot *slots, size_t slot_count,
		      struct centro_error_text *text)
{
	while (record.size > 0) {
		struct ctr_wire_field field;
		const char *fault = ctr_wire_take_field(&record, &field);
		if (fault)
			return ctr_error(text, CENTRO_ERR_CORRUPT, "%s", fault);
		for (size_t i = 0; i < slot_count; i++) {
			if (slots[i].number != field.number)
				continue;
			if (slots[i].type != field.type)
				return ctr_error(text, CENTRO_ERR_CORRUPT, "%s: wire type %d",
						 slots[i].name, field.type);
			slots[i].count++;
			slots[i].last = field;
		}
	}
	return CENTRO_OK;
}

int ctr_record_find(struct centro_bytes record, uint32_t number, const char *name,
		    struct centro_bytes *ret_bytes, struct centro_error_text *text)
{
	struct slot slot = {.number = number, .type = CTR_WIRE_BYTES, .name = name};
	int status = fill_slots(record, &slot, 1, text);
	if (status != CENTRO_OK)
		return status;
	if (slot.count != 1)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "%s: stands there %zu times, not once",
				 name, slot.count);
	*ret_bytes = ctr_wire_bytes(&slot.last);
	return CENTRO_OK;
}

/* ---- times and references ---- */

static bool to_ns(int64_t seconds, int32_t nanos, uint64_t *ret_ns)
{
	if (seconds < 0 || nanos < 0)
		return false;
	uint64_t ns;
	if (__builtin_mul_overflow((uint64_t)seconds, CTR_NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)nanos, &ns))
		return false;
	*ret_ns = ns;
	return true;
}

bool ctr_codec_instant(const Google__Protobuf__Timestamp *message,
		       struct centro_instant *ret_instant)
{
	return to_ns(message->seconds, message->nanos, &ret_instant->ns);
}

bool ctr_codec_span(const Google__Protobuf__Duration *message, struct centro_span *ret_span)
{
	return to_ns(message->seconds, message->nanos, &ret_span->ns);
}

void ctr_codec_set_instant(Google__Protobuf__Timestamp *message, struct centro_instant instant)
{
	message->seconds = (int64_t)(instant.ns / CTR_NS_PER_SEC);
	message->nanos = (int32_t)(instant.ns % CTR_NS_PER_SEC);
}

void ctr_codec_set_span(Google__Protobuf__Duration *message, struct centro_span span)
{
	message->seconds = (int64_t)(span.ns / CTR_NS_PER_SEC);
	message->nanos = (int32_t)(span.ns % CTR_NS_PER_SEC);
}

struct centro_attempt_ref ctr_codec_attempt_ref(const Centro__V1__AttemptRef *message)
{
	if (!message)
		return (struct centro_attempt_ref){0};
	return (struct centro_attempt_ref){
		.job = message->job,
		.task = message->task,
		.index = message->index,
		.attempt = message->attempt,
	};
}

void ctr_codec_set_attempt_ref(Centro__V1__AttemptRef *message, struct centro_attempt_ref ref)
{
	message->job = ref.job;
	message->task = ref.task;
	message->index = ref.index;
	message->attempt = ref.attempt;
}

/* ---- queues ---- */

static const struct ctr_write_row queue_write[] = {
	CTR_WRITE_ROW(1, CTR_WRITE_BYTES, struct ctr_queue, name),
	CTR_WRITE_ROW(2, CTR_WRITE_UINT, struct ctr_queue, weight),
	CTR_WRITE_ROW(3, CTR_WRITE_INT32, struct ctr_queue, priority),
	CTR_WRITE_ROW(4, CTR_WRITE_UINT, struct ctr_queue, revision),
};

static const struct ctr_read_row queue_read_rows[] = {
	CTR_READ_ROW(CTR_READ_TEXT, Centro__V1__Queue, name, struct ctr_set_queue, name),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Queue, weight, struct ctr_set_queue, weight),
	CTR_READ_ROW(CTR_READ_INT32, Centro__V1__Queue, priority, struct ctr_set_queue, priority),
};
static const struct ctr_read_table queue_read =
	CTR_READ_TABLE(queue_read_rows, struct ctr_set_queue);

int ctr_codec_encode_queue(const struct ctr_queue *queue, struct ctr_buf *buf)
{
	size_t before = buf->size;
	CTR_WRITE_FIELDS(queue_write, queue, buf);
	return ctr_encode_end(buf, before);
}

int ctr_codec_decode_queue(struct centro_bytes value, struct ctr_arena *arena,
			   struct ctr_set_queue *ret_queue, uint64_t *ret_revision,
			   struct centro_error_text *text)
{
	ProtobufCMessage *message;
	int status = ctr_record_decode(&centro__v1__queue__descriptor, value, CTR_FIELDS_ALL, arena,
				       &message, text);
	if (status != CENTRO_OK)
		return status;
	struct ctr_set_queue queue = {0};
	status = ctr_read_fields(&queue_read, message, NULL, &queue, arena, text);
	if (status != CENTRO_OK)
		return ctr_record_status(status);
	*ret_queue = queue;
	*ret_revision = ((const Centro__V1__Queue *)message)->revision;
	return CENTRO_OK;
}

/* ---- meta ---- */

int ctr_codec_encode_ids(centro_job_id job, centro_node_id node, struct ctr_buf *buf)
{
	size_t before = buf->size;
	ctr_write_uint(buf, IDS_JOB, job);
	ctr_write_uint(buf, IDS_NODE, node);
	return ctr_encode_end(buf, before);
}

int ctr_codec_decode_ids(struct centro_bytes value, centro_job_id *ret_job,
			 centro_node_id *ret_node, struct centro_error_text *text)
{
	struct slot slots[] = {
		{.number = IDS_JOB, .type = CTR_WIRE_VARINT, .name = "job"},
		{.number = IDS_NODE, .type = CTR_WIRE_VARINT, .name = "node"},
	};
	int status = fill_slots(value, slots, CTR_ARRAY_SIZE(slots), text);
	if (status != CENTRO_OK)
		return status;
	*ret_job = slots[0].last.value;
	*ret_node = slots[1].last.value;
	return CENTRO_OK;
}

int ctr_codec_encode_format(struct ctr_buf *buf)
{
	size_t before = buf->size;
	ctr_write_uint(buf, FORMAT_FIELD_VERSION, FORMAT_VERSION);
	ctr_write_uint(buf, FORMAT_FIELD_READABLE_BY, FORMAT_READABLE_BY);
	ctr_message_append_field(buf, FORMAT_FIELD_WRITTEN_BY,
				 ctr_bytes_str("centro " CENTRO_VERSION_STRING));
	return ctr_encode_end(buf, before);
}

int ctr_codec_decode_format(struct centro_bytes value, struct centro_error_text *text)
{
	struct slot slots[] = {
		{.number = FORMAT_FIELD_VERSION, .type = CTR_WIRE_VARINT, .name = "version"},
		{.number = FORMAT_FIELD_READABLE_BY,
		 .type = CTR_WIRE_VARINT,
		 .name = "readable_by"},
		{.number = FORMAT_FIELD_WRITTEN_BY, .type = CTR_WIRE_BYTES, .name = "written_by"},
	};
	int status = fill_slots(value, slots, CTR_ARRAY_SIZE(slots), text);
	if (status != CENTRO_OK)
		return status;
	uint64_t version = slots[0].last.value, readable_by = slots[1].last.value;
	if (version == 0 || readable_by == 0 || readable_by > version)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "format: version %llu, readable by %llu, cannot be",
				 (unsigned long long)version, (unsigned long long)readable_by);
	if (readable_by > FORMAT_VERSION) {
		struct ctr_quote writer;
		return ctr_error(
			text, CENTRO_ERR_VERSION,
			"the store was written by %s in format %llu, which readers of format "
			"%llu and later understand; this is centro " CENTRO_VERSION_STRING
			", which reads up to format %d: upgrade it",
			ctr_quote(&writer, ctr_bytes(slots[2].last.data, slots[2].last.size)),
			(unsigned long long)version, (unsigned long long)readable_by,
			FORMAT_VERSION);
	}
	return CENTRO_OK;
}

/* ---- events ---- */

static const struct ctr_write_row event_write[] = {
	CTR_WRITE_ROW(EVENT_NUMBER, CTR_WRITE_UINT, struct ctr_event, number),
	CTR_WRITE_ROW(2, CTR_WRITE_UINT, struct ctr_event, type),
	CTR_WRITE_ROW(3, CTR_WRITE_TIME, struct ctr_event, at.wall),
	CTR_WRITE_ROW(4, CTR_WRITE_REF, struct ctr_event, attempt),
	CTR_WRITE_ROW(5, CTR_WRITE_UINT, struct ctr_event, node),
	CTR_WRITE_ROW(6, CTR_WRITE_UINT, struct ctr_event, instance_state),
	CTR_WRITE_ROW(7, CTR_WRITE_UINT, struct ctr_event, job_state),
	CTR_WRITE_ROW(8, CTR_WRITE_UINT, struct ctr_event, cause),
	CTR_WRITE_ROW(9, CTR_WRITE_INT32, struct ctr_event, exit_code),
	CTR_WRITE_ROW(11, CTR_WRITE_UINT, struct ctr_event, signal),
};
static const struct ctr_write_row event_queue_write[] = {
	CTR_WRITE_ROW(10, CTR_WRITE_BYTES, struct ctr_queue, name),
};
static const struct ctr_write_row event_job_write[] = {
	CTR_WRITE_ROW(16, CTR_WRITE_BYTES, struct ctr_job, queue),
	CTR_WRITE_ROW(17, CTR_WRITE_BYTES, struct ctr_job, owner),
};
static const struct ctr_write_row event_task_write[] = {
	CTR_WRITE_ROW(18, CTR_WRITE_BYTES, struct ctr_task, name),
};

int ctr_codec_encode_event(const struct ctr_event *event, const struct ctr_job *job,
			   struct ctr_buf *buf)
{
	size_t before = buf->size;
	size_t mark = ctr_write_begin(buf, BATCH_EVENTS);
	CTR_WRITE_FIELDS(event_write, event, buf);
	if (event->queue)
		CTR_WRITE_FIELDS(event_queue_write, event->queue, buf);
	if (job)
		CTR_WRITE_FIELDS(event_job_write, job, buf);
	if (job && event->instance_state != 0)
		CTR_WRITE_FIELDS(event_task_write, &job->tasks[event->attempt.task], buf);
	ctr_write_end(buf, mark);
	return ctr_encode_end(buf, before);
}

int ctr_codec_encode_events_end(struct centro_instant cluster, uint64_t term, struct ctr_buf *buf)
{
	size_t before = buf->size;
	ctr_write_uint(buf, BATCH_CLUSTER_TIME, cluster.ns);
	ctr_write_uint(buf, BATCH_TERM, term);
	return ctr_encode_end(buf, before);
}

int ctr_codec_decode_events_end(struct centro_bytes value, uint64_t *ret_last_event,
				struct centro_instant *ret_cluster, struct centro_error_text *text)
{
	struct slot batch[] = {
		{.number = BATCH_EVENTS, .type = CTR_WIRE_BYTES, .name = "events"},
		{.number = BATCH_CLUSTER_TIME, .type = CTR_WIRE_VARINT, .name = "cluster_time"},
	};
	struct slot number = {
		.number = EVENT_NUMBER, .type = CTR_WIRE_VARINT, .name = "events.number"};

	int status = fill_slots(value, batch, CTR_ARRAY_SIZE(batch), text);
	if (status == CENTRO_OK)
		status = fill_slots(ctr_bytes(batch[0].last.data, batch[0].last.size), &number, 1,
				    text);
	if (status != CENTRO_OK)
		return status;
	if (number.last.value == 0)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "events: the last one has no number");
	*ret_last_event = number.last.value;
	*ret_cluster = (struct centro_instant){batch[1].last.value};
	return CENTRO_OK;
}
