/* SPDX-License-Identifier: MIT */
/*
 * job_service.c - Submit, SubmitMany, Get and Cancel.
 *
 * Nothing is checked here that the core checks: a request id, a queue or a
 * limit is looked at where the state changes. A job that is refused is looked at once
 * more, for the whole list of what is wrong with it.
 */
#include "service/job_read.h"
#include "service/methods.h"

#define SUBMIT_MANY_MAX 1000

static int read_spec(struct ctr_rpc *rpc, const Centro__V1__JobSubmitRequest *request,
		     struct ctr_job_spec *ret_spec, struct centro_error_text *text)
{
	struct ctr_service *service = rpc->service;
	if (!request->job)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "job: missing; it says what to run");
	ctr_arena_reset(&service->spec_arena, ctr_message_arena_bytes(CTR_TEXT_SIZE_MAX));
	int status = ctr_codec_read_job_spec(request->job, &service->spec_arena, ret_spec,
					     &service->problems, text);
	if (status != CENTRO_OK)
		return status;
	ret_spec->owner = ctr_bytes_str(rpc->peer->name);
	ret_spec->request_id = ctr_bytes_str(request->request_id);
	if (request->retry_of)
		ctr_codec_set_retry(ret_spec, request->retry_of);
	return CENTRO_OK;
}

static int execute_submit(struct ctr_rpc *rpc, const struct ctr_job_spec *spec, bool dry_run,
			  struct ctr_result *ret_result)
{
	struct ctr_service *service = rpc->service;
	struct ctr_command command = { .type = CTR_COMMAND_SUBMIT, .submit = { .spec = spec } };
	if (dry_run)
		return ctr_engine_try_submit(service->engine, service->now, spec, ret_result);
	return ctr_engine_execute(service->engine, service->now, &command, ret_result);
}

static void list_problems(struct ctr_service *service, const struct ctr_job_spec *spec)
{
	const struct ctr_core *core = ctr_engine_core(service->engine);
	if (core)
		ctr_core_submit_problems(core, spec, &service->problems);
	else
		ctr_job_spec_problems(spec, &service->problems);
}

/* An error is in the result, or is a list in service->problems. */
static int submit_one(struct ctr_rpc *rpc, const Centro__V1__JobSubmitRequest *request,
		      struct ctr_result *ret_result)
{
	struct ctr_service *service = rpc->service;
	struct ctr_job_spec spec;
	*ret_result = (struct ctr_result){ .status = CENTRO_OK };
	ctr_problems_init(&service->problems);

	int status = read_spec(rpc, request, &spec, &ret_result->text);
	if (status != CENTRO_OK)
		return status;
	if (service->problems.count == 0)
		status = execute_submit(rpc, &spec, request->dry_run, ret_result);
	else
		status = CENTRO_ERR_INVALID;
	if (status == CENTRO_ERR_INVALID)
		list_problems(service, &spec);
	return status;
}

static void set_submit_response(Centro__V1__JobSubmitResponse *response,
				const struct ctr_result *result)
{
	centro__v1__job_submit_response__init(response);
	response->id = result->job;
	response->existing = result->existing;
}

static int submit_and_answer(struct ctr_rpc *rpc, const Centro__V1__JobSubmitRequest *request)
{
	struct ctr_result result;
	int status = submit_one(rpc, request, &result);
	if (rpc->service->problems.count > 0)
		return ctr_rpc_problems(rpc, &rpc->service->problems);
	if (status != CENTRO_OK) {
		rpc->text = result.text;
		return status;
	}
	Centro__V1__JobSubmitResponse response;
	set_submit_response(&response, &result);
	return ctr_rpc_answer(rpc, &response.base);
}

/* ---- retries ---- */

/* What the request said, while the job is being read. */
struct retry {
	centro_job_id job;
	bool dry_run;
	char request_id[];
};

static void retry_free(struct ctr_rpc *rpc)
{
	ctr_free(rpc->service->allocator, rpc->state);
	rpc->state = NULL;
}

/* The job as it was submitted, once more. */
static int retry_job(struct ctr_rpc *rpc, const struct retry *retry, const Centro__V1__Job *job)
{
	Centro__V1__JobSubmitRequest request = CENTRO__V1__JOB_SUBMIT_REQUEST__INIT;
	if (!centro_job_state_is_final((int)job->state))
		return ctr_rpc_error(rpc, CENTRO_ERR_STATE,
				     "retry_of: job %llu is %s; only what has ended can be retried",
				     (unsigned long long)retry->job,
				     centro_job_state_name((int)job->state));
	request.job = job->spec;
	request.request_id = (char *)retry->request_id;
	request.dry_run = retry->dry_run;
	request.retry_of = retry->job;
	return submit_and_answer(rpc, &request);
}

static void retry_found(struct ctr_rpc *rpc, int status, struct centro_bytes bytes)
{
	struct ctr_service *service = rpc->service;
	const struct retry *retry = rpc->state;
	ProtobufCMessage *job;
	if (status == CENTRO_ERR_NOT_FOUND)
		ctr_rpc_error(rpc, status, "retry_of: there is no job %llu, or it is no longer kept",
			      (unsigned long long)retry->job);
	if (status == CENTRO_OK) {
		ctr_arena_reset(&service->arena, ctr_message_arena_bytes(bytes.size));
		status = ctr_message_decode(&centro__v1__job__descriptor, bytes, &service->arena,
					    &job, &rpc->text);
	}
	if (status == CENTRO_OK)
		status = retry_job(rpc, retry, (const Centro__V1__Job *)job);
	retry_free(rpc);
	ctr_rpc_reply(rpc, status);
}

static int retry_start(struct ctr_rpc *rpc, const Centro__V1__JobSubmitRequest *request)
{
	size_t id_size = strlen(request->request_id) + 1;
	if (request->job)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID,
				     "job: there already, from retry_of; leave one of them out");
	struct retry *retry =
		ctr_alloc_zero(rpc->service->allocator, sizeof(*retry) + id_size);
	if (!retry)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	retry->job = request->retry_of;
	retry->dry_run = request->dry_run;
	memcpy(retry->request_id, request->request_id, id_size);
	rpc->state = retry;
	int status = ctr_job_read_start(rpc, retry->job, retry_found);
	if (status != CTR_RPC_LATER)
		retry_free(rpc);
	return status;
}

static int job_submit(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobSubmitRequest *request = (const Centro__V1__JobSubmitRequest *)message;
	return request->retry_of ? retry_start(rpc, request) : submit_and_answer(rpc, request);
}

/* ---- several ---- */

/* `buffer` has CTR_PROBLEMS_TOLD_SIZE_MAX bytes. */
static const char *tell_refusal(const struct ctr_service *service, int status,
				const struct ctr_result *result, char *buffer)
{
	if (service->problems.count > 0)
		return ctr_problems_tell(&service->problems, buffer, CTR_PROBLEMS_TOLD_SIZE_MAX);
	return result->text.text[0] ? result->text.text : centro_error_help(status);
}

/* One message of results at a time, so that the answer needs no array of them. */
static int append_submit_result(struct ctr_rpc *rpc, int status, const struct ctr_result *result)
{
	char told[CTR_PROBLEMS_TOLD_SIZE_MAX];
	Centro__V1__JobSubmitResponse job;
	Centro__V1__JobSubmitManyResponse__Result one =
		CENTRO__V1__JOB_SUBMIT_MANY_RESPONSE__RESULT__INIT;
	if (status == CENTRO_OK) {
		set_submit_response(&job, result);
		one.job = &job;
	} else {
		one.code = ctr_grpc_status_from_error(status);
		one.message = (char *)tell_refusal(rpc->service, status, result, told);
	}
	struct ctr_buf *scratch = &rpc->service->scratch;
	ctr_buf_clear(scratch);
	int error = ctr_message_encode(&one.base, scratch);
	return error ? error : ctr_message_append_field(&rpc->response, 1, ctr_buf_bytes(scratch));
}

/* A retry has to read what it is one of. */
static int submit_of_many(struct ctr_rpc *rpc, const Centro__V1__JobSubmitRequest *request,
			  struct ctr_result *ret_result)
{
	if (!request->retry_of)
		return submit_one(rpc, request, ret_result);
	ctr_problems_init(&rpc->service->problems);
	return ctr_error(&ret_result->text, CENTRO_ERR_INVALID,
			 "retry_of: %llu; a retry is submitted alone",
			 (unsigned long long)request->retry_of);
}

static int job_submit_many(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobSubmitManyRequest *request =
		(const Centro__V1__JobSubmitManyRequest *)message;
	if (request->n_requests > SUBMIT_MANY_MAX)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID,
				     "requests: %zu of them; send at most %d at once",
				     request->n_requests, SUBMIT_MANY_MAX);

	for (size_t i = 0; i < request->n_requests; i++) {
		struct ctr_result result;
		int status = submit_of_many(rpc, request->requests[i], &result);
		int error = append_submit_result(rpc, status, &result);
		if (error)
			return ctr_rpc_error(rpc, error, "the answer does not fit into memory");
	}
	return CENTRO_OK;
}

/* ---- Get ---- */

static int no_job(struct ctr_rpc *rpc, centro_job_id id)
{
	return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND, "id: there is no job %llu",
			     (unsigned long long)id);
}

static void get_found(struct ctr_rpc *rpc, int status, struct centro_bytes job)
{
	if (status == CENTRO_OK)
		status = ctr_buf_append_bytes(&rpc->response, job);
	else if (status == CENTRO_ERR_NOT_FOUND)
		status = ctr_job_not_kept(rpc);
	ctr_rpc_reply(rpc, status);
}

static int job_get(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobGetRequest *request = (const Centro__V1__JobGetRequest *)message;
	if (request->id == 0)
		return no_job(rpc, 0);
	return ctr_job_read_start(rpc, request->id, get_found);
}

/* ---- Cancel ---- */

/* A job that the core does not know: it has ended, or never was. */
static void cancel_found(struct ctr_rpc *rpc, int status, struct centro_bytes job)
{
	if (status == CENTRO_OK)
		status = ctr_rpc_error(rpc, CENTRO_ERR_STATE,
				       "id: the job has ended; what is final stays final");
	else if (status == CENTRO_ERR_NOT_FOUND)
		status = ctr_job_not_kept(rpc);
	ctr_rpc_reply(rpc, status);
}

static int answer_cancelled(struct ctr_rpc *rpc, centro_job_id id)
{
	struct ctr_service *service = rpc->service;
	const struct ctr_job *job = ctr_core_find_job(ctr_engine_core(service->engine), id);
	CTR_ASSERT(job);
	ctr_buf_clear(&service->scratch);
	int error = ctr_codec_encode_job(job, &service->scratch);
	if (!error)
		error = ctr_message_append_field(&rpc->response, 1,
						 ctr_buf_bytes(&service->scratch));
	return error;
}

static int job_cancel(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobCancelRequest *request = (const Centro__V1__JobCancelRequest *)message;
	struct ctr_service *service = rpc->service;
	if (request->id == 0)
		return no_job(rpc, 0);

	struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = { .job = request->id,
			    .who = ctr_bytes_str(rpc->peer->name),
			    .reason = ctr_bytes_str(request->reason) },
	};
	struct ctr_result result;
	int status = ctr_engine_execute(service->engine, service->now, &command, &result);
	if (status == CENTRO_ERR_NOT_FOUND)
		return ctr_job_read_start(rpc, request->id, cancel_found);
	if (status != CENTRO_OK) {
		rpc->text = result.text;
		return status;
	}
	return answer_cancelled(rpc, request->id);
}

const struct ctr_method ctr_method_job_submit = {
	.path = "/centro.v1.JobService/Submit",
	.request = &centro__v1__job_submit_request__descriptor,
	.request_message = job_submit,
	.closed = retry_free,
};
const struct ctr_method ctr_method_job_submit_many = {
	.path = "/centro.v1.JobService/SubmitMany",
	.request = &centro__v1__job_submit_many_request__descriptor,
	.request_message = job_submit_many,
};
const struct ctr_method ctr_method_job_get = {
	.path = "/centro.v1.JobService/Get",
	.request = &centro__v1__job_get_request__descriptor,
	.request_message = job_get,
};
const struct ctr_method ctr_method_job_cancel = {
	.path = "/centro.v1.JobService/Cancel",
	.request = &centro__v1__job_cancel_request__descriptor,
	.request_message = job_cancel,
};
