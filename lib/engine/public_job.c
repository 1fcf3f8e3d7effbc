/* SPDX-License-Identifier: MIT */
/*
 * public_job.c - submit, cancel and get of the public API.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "codec/codec.h"
#include "engine/public.h"
#include "store/internal.h"

/* Job.pending_reason */
#define FIELD_PENDING_REASON 24

/* ---- submit ------------------------------------------------------ */

static void answer_submit(struct ctr_call *call)
{
	if (!call->done.submit)
		return;
	struct centro_submit_result result = {
		.size = sizeof(result),
		.status = call->status,
		.job = call->status == CENTRO_OK ? call->job : 0,
		.existing = call->existing,
		.text = ctr_call_text(call),
	};
	call->done.submit(call->arg, &result);
}

static int check_text(const char *name, const char *text, struct centro_error_text *error)
{
	if (!text || ctr_utf8_is_valid(ctr_bytes_str(text)))
		return CENTRO_OK;
	return ctr_error(error, CENTRO_ERR_INVALID, "%s: not valid UTF-8", name);
}

/* Who asks; the spec is complete after it. */
static int set_request(struct ctr_job_spec *spec, const struct centro_request *request,
		       struct centro_error_text *text)
{
	if (!request)
		return CENTRO_OK;
	struct centro_request known;
	if (ctr_known_options(&known, request) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI, "request: its size is not one known here");
	int status = check_text("owner", known.owner, text);
	if (status == CENTRO_OK)
		status = check_text("request_id", known.request_id, text);
	if (status != CENTRO_OK)
		return status;
	spec->owner = ctr_bytes_str(known.owner);
	spec->request_id = ctr_bytes_str(known.request_id);
	return CENTRO_OK;
}

static int submit_spec(struct centro_engine *engine, struct centro_time now,
		       struct ctr_job_spec *spec, const struct centro_request *request,
		       centro_submit_fn *done, void *arg, struct centro_error_text *text)
{
	int status = set_request(spec, request, text);
	if (status != CENTRO_OK)
		return status;
	struct ctr_call *call = ctr_call_new(engine, answer_submit);
	if (!call)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	call->done.submit = done;
	call->arg = arg;
	struct ctr_command command = {
		.type = CTR_COMMAND_SUBMIT,
		.submit.spec = spec,
	};
	return ctr_call_execute(call, done != NULL, now, &command, text);
}

int centro_engine_submit(struct centro_engine *engine, struct centro_time now,
			 const struct centro_job_options *job, const struct centro_request *request,
			 centro_submit_fn *done, void *arg, struct centro_error_text *text)
{
	if (!engine || !job)
		return ctr_error(text, CENTRO_ERR_INVALID, "no job is given");

	struct ctr_job_spec spec;
	ctr_arena_reset(&engine->arena, SIZE_MAX);
	int status = ctr_codec_job_spec_from_options(job, &engine->arena, &spec, text);
	if (status != CENTRO_OK)
		return status;
	return submit_spec(engine, now, &spec, request, done, arg, text);
}

static int decode_spec(struct centro_engine *engine, struct centro_bytes bytes,
		       enum centro_encoding encoding, ProtobufCMessage **ret_message,
		       struct centro_error_text *text)
{
	const ProtobufCMessageDescriptor *type = &centro__v1__job_spec__descriptor;
	ctr_arena_reset(&engine->arena, ctr_message_arena_bytes(bytes.size));
	switch (encoding) {
	case CENTRO_PROTOBUF:
		return ctr_message_decode(type, bytes, &engine->arena, ret_message, text);
	case CENTRO_JSON:
		return ctr_json_decode(type, bytes, &engine->arena, ret_message, text);
	}
	return ctr_error(text, CENTRO_ERR_INVALID, "encoding: %d is none", (int)encoding);
}

/* What cannot be read is named together with what would be refused. */
static int read_spec(struct centro_engine *engine, const Centro__V1__JobSpec *message,
		     struct ctr_job_spec *ret_spec, struct centro_error_text *text)
{
	struct ctr_problems problems;
	ctr_problems_init(&problems);
	int status = ctr_codec_read_job_spec(message, &engine->arena, ret_spec, &problems, text);
	if (status != CENTRO_OK || problems.count == 0)
		return status;
	ctr_job_spec_problems(ret_spec, &problems);
	return ctr_problems_status(&problems, text);
}

int centro_engine_submit_encoded(struct centro_engine *engine, struct centro_time now,
				 struct centro_bytes spec, enum centro_encoding encoding,
				 const struct centro_request *request, centro_submit_fn *done,
				 void *arg, struct centro_error_text *text)
{
	if (!engine)
		return ctr_error(text, CENTRO_ERR_INVALID, "no engine is given");
	if (spec.size > CTR_TEXT_SIZE_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "the specification has %zu bytes; at most %d are taken", spec.size,
				 CTR_TEXT_SIZE_MAX);

	ProtobufCMessage *message;
	struct ctr_job_spec known;
	int status = decode_spec(engine, spec, encoding, &message, text);
	if (status == CENTRO_OK)
		status = read_spec(engine, (const Centro__V1__JobSpec *)message, &known, text);
	if (status != CENTRO_OK)
		return status;
	return submit_spec(engine, now, &known, request, done, arg, text);
}

/* ---- cancel ------------------------------------------------------ */

static void answer_status(struct ctr_call *call)
{
	if (call->done.status)
		call->done.status(call->arg, call->status);
}

int centro_engine_cancel(struct centro_engine *engine, struct centro_time now, centro_job_id job,
			 const char *who, const char *reason, centro_status_fn *done, void *arg)
{
	if (!engine || check_text("who", who, NULL) != CENTRO_OK ||
	    check_text("reason", reason, NULL) != CENTRO_OK)
		return CENTRO_ERR_INVALID;

	struct ctr_call *call = ctr_call_new(engine, answer_status);
	if (!call)
		return CENTRO_ERR_NOMEM;
	call->done.status = done;
	call->arg = arg;
	struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel =
			{
				.job = job,
				.who = ctr_bytes_str(who),
				.reason = ctr_bytes_str(reason),
			},
	};
	return ctr_call_execute(call, done != NULL, now, &command, NULL);
}

/* ---- get --------------------------------------------------------- */

static int to_json(struct centro_engine *engine, struct centro_bytes job)
{
	ctr_arena_reset(&engine->callback_arena, ctr_message_arena_bytes(job.size));
	ctr_buf_clear(&engine->text);
	ProtobufCMessage *message;
	int status = ctr_message_decode(&centro__v1__job__descriptor, job, &engine->callback_arena,
					&message, /* text= */ NULL);
	if (status == CENTRO_OK)
		status = ctr_json_encode(message, &engine->text);
	return status;
}

static void answer_get(struct ctr_call *call)
{
	struct centro_bytes job = ctr_buf_bytes(&call->value);
	if (call->status == CENTRO_OK && call->encoding == CENTRO_JSON) {
		call->status = to_json(call->engine, job);
		job = ctr_buf_bytes(&call->engine->text);
	}
	if (call->status != CENTRO_OK)
		job = ctr_bytes(NULL, 0);
	call->done.get(call->arg, call->status, job);
}

static void job_was_read(struct ctr_job_read *read, int status, struct centro_bytes job)
{
	struct ctr_call *call = ctr_list_entry(read, struct ctr_call, read);
	if (status == CENTRO_OK)
		status = ctr_buf_append_bytes(&call->value, job);
	call->status = status;
	call->answer(call);
	ctr_call_free(call);
}

static int encode_live(const struct centro_engine *engine, const struct ctr_job *job,
		       struct ctr_buf *value)
{
	int status = ctr_codec_encode_job(job, value);
	struct centro_error_text reason = {0};
	ctr_core_explain(ctr_engine_core(engine->engine), job, &reason);
	if (status == CENTRO_OK && reason.text[0] != '\0')
		status = ctr_message_append_field(value, FIELD_PENDING_REASON,
						  ctr_bytes_str(reason.text));
	return status;
}

/* From memory if it is there: then `call` waits as an answer does. */
static int get_job(struct ctr_call *call, centro_job_id id)
{
	struct ctr_engine *engine = call->engine->engine;
	const struct ctr_job *job = ctr_core_find_job(ctr_engine_core(engine), id);
	struct centro_bytes recent = ctr_engine_recent_job(engine, id);
	int status = CENTRO_OK;
	if (job) {
		status = encode_live(call->engine, job, &call->value);
	} else if (recent.size > 0) {
		status = ctr_buf_append_bytes(&call->value, recent);
	} else {
		call->read.id = id;
		call->read.fn = job_was_read;
		ctr_engine_read_job(engine, &call->read);
		return CENTRO_OK;
	}
	if (status == CENTRO_OK)
		ctr_call_wait(call);
	return status;
}

int centro_engine_get_job(struct centro_engine *engine, struct centro_time now, centro_job_id job,
			  enum centro_encoding encoding, centro_get_fn *done, void *arg)
{
	if (!engine || !done || (encoding != CENTRO_PROTOBUF && encoding != CENTRO_JSON))
		return CENTRO_ERR_INVALID;
	if (ctr_engine_get_state(engine->engine) == CTR_ENGINE_FAILED)
		return ctr_engine_get_error(engine->engine, NULL);
	if (ctr_engine_get_state(engine->engine) == CTR_ENGINE_LOADING)
		return CENTRO_ERR_UNAVAILABLE;

	struct ctr_call *call = ctr_call_new(engine, answer_get);
	if (!call)
		return CENTRO_ERR_NOMEM;
	call->encoding = encoding;
	call->done.get = done;
	call->arg = arg;
	int status = get_job(call, job);
	if (status != CENTRO_OK)
		ctr_call_free(call);
	return status;
}
