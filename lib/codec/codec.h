/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_CODEC_H
#define CTR_CODEC_CODEC_H

/*
 * Bytes ⇄ messages ⇄ JSON, and messages ⇄ the core's types.
 *
 * The first half is driven by descriptors alone: it knows no message. The
 * second half is tables, a row a field that the core uses.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/problems.h"
#include "centro/v1/agent.pb-c.h"
#include "centro/v1/event.pb-c.h"
#include "centro/v1/job.pb-c.h"
#include "centro/v1/journal.pb-c.h"
#include "centro/v1/node.pb-c.h"
#include "centro/v1/record.pb-c.h"
#include "core/core.h" /* its types alone */
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#define CTR_MESSAGE_DEPTH_MAX 32
#define CTR_JSON_DEPTH_MAX    64

/* ---- any message ---- */

/*
 * Decode what a stranger sent. All memory comes from `arena`, so its cap bounds
 * the cost (a sensible one: ctr_message_arena_bytes()). Refused: nesting over
 * the limit, groups, text that is not UTF-8 or holds U+0000, enum values that
 * the schema does not know, times out of their range. Fields that it does not know
 * are kept. Maps come out sorted by key; of equal keys the last one counts. The
 * message is borrowed from the arena.
 *
 * @retval CENTRO_ERR_INVALID  `text` names the field, by its path
 * @retval CENTRO_ERR_LIMIT    the arena's cap
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_message_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes bytes,
		       struct ctr_arena *arena, ProtobufCMessage **ret_message,
		       struct centro_error_text *text);
/* 16 × wire + 64 KiB. */
size_t ctr_message_arena_bytes(size_t wire_bytes);
/* Append the message. OK, NOMEM, LIMIT: then nothing was appended. */
int ctr_message_encode(const ProtobufCMessage *message, struct ctr_buf *buf);
/* Append one length-delimited field: a tag, a length and `bytes`. */
int ctr_message_append_field(struct ctr_buf *buf, uint32_t field, struct centro_bytes bytes);

/* The descriptor of "centro.v1.Job"; NULL: none of that name in the schema. */
const ProtobufCMessageDescriptor *ctr_schema_find_message(struct centro_bytes full_name);

struct ctr_schema_method {
	const char *path; /* "/centro.v1.JobService/Submit" */
	const ProtobufCMessageDescriptor *request, *response;
	bool client_streams, server_streams;
};
/* NULL: no such method. */
const struct ctr_schema_method *ctr_schema_find_method(struct centro_bytes path);
const struct ctr_schema_method *ctr_schema_get_methods(size_t *ret_count);
/* The schema as a google.protobuf.FileDescriptorSet, imports included, for reflection. */
struct centro_bytes ctr_schema_descriptor_set(void);

/*
 * Proto3 JSON with the names of the schema: 64-bit numbers as strings, enums as
 * words, Timestamp and Duration as text, maps as objects, bytes in base64;
 * fields that have their default are left out. On one line, in the order of
 * the field numbers.
 *
 * @retval CENTRO_ERR_INVALID  a time that no decoder would have let in
 * @retval CENTRO_ERR_NOMEM, _LIMIT
 */
int ctr_json_encode(const ProtobufCMessage *message, struct ctr_buf *buf);
/*
 * Strict: UTF-8, depth, no key twice, nothing behind the end. Accepts the
 * schema's names and their lowerCamelCase, numbers or strings for integers (beyond
 * 2^53 only strings), durations also as "1h30m". A field that the schema does not
 * know is an error which names its path and the nearest known name. What is wrong with
 * several fields is said together, a line each.
 *
 * @retval CENTRO_ERR_INVALID  `text`: "tasks[0].comand: no such field; did you mean \"command\"?",
 *                             or "line 3, column 14: …" when it is not JSON at all
 * @retval CENTRO_ERR_LIMIT    the arena's cap; it bounds cJSON's own memory too
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_json_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes json,
		    struct ctr_arena *arena, ProtobufCMessage **ret_message,
		    struct centro_error_text *text);

/* ---- what the core knows ---- */

/*
 * What is not in the message (owner, request id; agent, session) is left empty.
 * `text` and hash are made here, of the re-encoded message, as a decoder left it:
 * with maps in the order of their keys, equal bodies give equal bytes. All in the
 * arena, or borrowed from the message.
 *
 * @retval CENTRO_ERR_INVALID  a negative time: `text` names the field
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
int ctr_codec_job_spec(const Centro__V1__JobSpec *message, struct ctr_arena *arena,
		       struct ctr_job_spec *ret_spec, struct centro_error_text *text);
/*
 * The same, but what is wrong is added to `problems`, for the core to add what it finds:
 * those fields are 0 in *ret_spec.
 *
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
int ctr_codec_read_job_spec(const Centro__V1__JobSpec *message, struct ctr_arena *arena,
			    struct ctr_job_spec *ret_spec, struct ctr_problems *problems,
			    struct centro_error_text *text);
/* Make it a retry. One request id cannot stand for both a job and a retry of its like. */
void ctr_codec_set_retry(struct ctr_job_spec *spec, centro_job_id retry_of);
int ctr_codec_node_spec(const Centro__V1__NodeInfo *message, struct ctr_arena *arena,
			struct ctr_node_spec *ret_spec, struct centro_error_text *text);
/*
 * From the option structs of the public API; strings must be UTF-8.
 *
 * @retval CENTRO_ERR_INVALID  `text` names the field as it is called in the schema
 * @retval CENTRO_ERR_ABI      a struct's size
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
int ctr_codec_job_spec_from_options(const struct centro_job_options *options,
				    struct ctr_arena *arena, struct ctr_job_spec *ret_spec,
				    struct centro_error_text *text);
int ctr_codec_node_spec_from_options(const struct centro_node_options *options,
				     struct ctr_arena *arena, struct ctr_node_spec *ret_spec,
				     struct centro_error_text *text);

/* False, and nothing written: before 1970 or after 2554; negative or more than 584 years. */
bool ctr_codec_instant(const Google__Protobuf__Timestamp *message,
		       struct centro_instant *ret_instant);
bool ctr_codec_span(const Google__Protobuf__Duration *message, struct centro_span *ret_span);
/* `message` is initialised. */
void ctr_codec_set_instant(Google__Protobuf__Timestamp *message, struct centro_instant instant);
void ctr_codec_set_span(Google__Protobuf__Duration *message, struct centro_span span);

/* NULL: all 0. */
struct centro_attempt_ref ctr_codec_attempt_ref(const Centro__V1__AttemptRef *message);
void ctr_codec_set_attempt_ref(Centro__V1__AttemptRef *message, struct centro_attempt_ref ref);

/*
 * Append a Job message, encoded. A whole one is the two halves behind one
 * another, so that joining what stands in the store needs no decoding. Instances
 * that wait and never had an attempt are left out: a job of 10,000 that has just
 * been submitted has a small record. Where a record would be larger than
 * CTR_RECORD_SIZE_MAX, it has the nodes' numbers without their names.
 *
 * All ctr_codec_encode_*(): CENTRO_OK; _NOMEM, _LIMIT: nothing was appended.
 */
int ctr_codec_encode_job_spec(const struct ctr_job *job, struct ctr_buf *buf);
int ctr_codec_encode_job_state(const struct ctr_job *job, struct ctr_buf *buf);
int ctr_codec_encode_job(const struct ctr_job *job, struct ctr_buf *buf);
/* Append a Node. With `dimensions`, also the fields of answers only; NULL: as it is stored. */
int ctr_codec_encode_node(const struct ctr_node *node, const struct ctr_dimensions *dimensions,
			  struct ctr_buf *buf);
int ctr_codec_encode_queue(const struct ctr_queue *queue, struct ctr_buf *buf);
int ctr_codec_encode_ids(centro_job_id job, centro_node_id node, struct ctr_buf *buf);
int ctr_codec_encode_format(struct ctr_buf *buf);
/*
 * A record of events is one after the other, and its end. `job` is the one that the
 * event is about, as it is now; NULL: none.
 */
int ctr_codec_encode_event(const struct ctr_event *event, const struct ctr_job *job,
			   struct ctr_buf *buf);
int ctr_codec_encode_events_end(struct centro_instant cluster, uint64_t term, struct ctr_buf *buf);

/*
 * Records, back into what ctr_core_load_*() takes. They are as untrusted as
 * bytes from a socket. Everything is borrowed from the arena and from the bytes.
 *
 * @retval CENTRO_ERR_CORRUPT  `text` says which field
 * @retval CENTRO_ERR_LIMIT    the arena's cap
 */
int ctr_codec_decode_job(struct centro_bytes spec, struct centro_bytes state,
			 struct ctr_arena *arena, struct ctr_job_load *ret_job,
			 struct centro_error_text *text);
int ctr_codec_decode_node(struct centro_bytes value, struct ctr_arena *arena,
			  struct ctr_node_load *ret_node, struct centro_error_text *text);
int ctr_codec_decode_queue(struct centro_bytes value, struct ctr_arena *arena,
			   struct ctr_set_queue *ret_queue, uint64_t *ret_revision,
			   struct centro_error_text *text);
int ctr_codec_decode_ids(struct centro_bytes value, centro_job_id *ret_job,
			 centro_node_id *ret_node, struct centro_error_text *text);
/* @retval CENTRO_ERR_VERSION  only a newer version may read the store */
int ctr_codec_decode_format(struct centro_bytes value, struct centro_error_text *text);
/* The number of the last event of a batch, and the cluster time of the batch. */
int ctr_codec_decode_events_end(struct centro_bytes value, uint64_t *ret_last_event,
				struct centro_instant *ret_cluster, struct centro_error_text *text);
/*
 * Of a job in history: what ctr_core_load_request() needs, and when the job ended (0: it is
 * not said). request_id may be empty.
 */
struct ctr_request_load {
	struct centro_bytes owner, request_id;
	uint64_t spec_hash;
	centro_job_id job;
	struct centro_instant wall, end_wall;
};
int ctr_codec_decode_request(struct centro_bytes history, struct ctr_arena *arena,
			     struct ctr_request_load *ret_request, struct centro_error_text *text);
/* Append a Job that says no more than that. */
int ctr_codec_encode_request(const struct ctr_request_load *request, struct ctr_buf *buf);

#endif
