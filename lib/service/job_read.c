/* SPDX-License-Identifier: MIT */
/*
 * job_read.c - find a job: live, recent, or in history.
 *
 * A read from the store cannot be taken back, so its struct lives until the
 * engine answers; a call that closes meanwhile only lets go of it.
 */
#include "service/job_read.h"

#include <stdio.h>

#include <centro/text.h>

#define FIELD_PENDING_REASON 24

struct job_read {
	struct ctr_job_read read;
	struct ctr_service *service;
	struct ctr_rpc *rpc; /* NULL: the call has closed */
	ctr_job_found_fn *found;
};

int ctr_job_encode_answer(struct ctr_service *service, const struct ctr_job *job,
			  struct ctr_buf *buf)
{
	int error = ctr_codec_encode_job(job, buf);
	if (error || job->state != CENTRO_JOB_PENDING)
		return error;
	struct centro_error_text why;
	ctr_core_explain(ctr_engine_core(service->engine), job, &why);
	if (!why.text[0])
		return CENTRO_OK;
	return ctr_message_append_field(buf, FIELD_PENDING_REASON, ctr_bytes_str(why.text));
}

static void read_done(struct ctr_job_read *read, int status, struct centro_bytes job)
{
	struct job_read *own = CTR_CONTAINER_OF(read, struct job_read, read);
	struct ctr_rpc *rpc = own->rpc;
	ctr_job_found_fn *found = own->found;
	ctr_free(own->service->allocator, own);
	if (!rpc)
		return;
	rpc->read = NULL;
	found(rpc, status, job);
}

static int read_from_store(struct ctr_rpc *rpc, centro_job_id id, ctr_job_found_fn *found)
{
	struct ctr_service *service = rpc->service;
	struct job_read *own = ctr_alloc_zero(service->allocator, sizeof(*own));
	if (!own)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	own->service = service;
	own->rpc = rpc;
	own->found = found;
	own->read.id = id;
	own->read.fn = read_done;
	rpc->read = own;
	ctr_engine_read_job(service->engine, &own->read);
	return CTR_RPC_LATER;
}

int ctr_job_read_start(struct ctr_rpc *rpc, centro_job_id id, ctr_job_found_fn *found)
{
	struct ctr_service *service = rpc->service;
	const struct ctr_core *core = ctr_engine_core(service->engine);
	CTR_ASSERT(!rpc->read);
	if (!core)
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "the server is loading its store");

	const struct ctr_job *job = ctr_core_find_job(core, id);
	if (job) {
		ctr_buf_clear(&service->scratch);
		int error = ctr_job_encode_answer(service, job, &service->scratch);
		if (error)
			return ctr_rpc_error(rpc, error, "the job does not fit into memory");
		found(rpc, CENTRO_OK, ctr_buf_bytes(&service->scratch));
		return CTR_RPC_LATER;
	}
	struct centro_bytes recent = ctr_engine_recent_job(service->engine, id);
	if (recent.size > 0) {
		found(rpc, CENTRO_OK, recent);
		return CTR_RPC_LATER;
	}
	return read_from_store(rpc, id, found);
}

int ctr_job_not_kept(struct ctr_rpc *rpc)
{
	uint64_t keep;
	struct centro_span age;
	char count[32] = "all", time[32] = "any time";
	ctr_engine_history_limits(rpc->service->engine, &keep, &age);
	if (keep != UINT64_MAX)
		snprintf(count, sizeof(count), "the last %llu", (unsigned long long)keep);
	if (age.ns != UINT64_MAX)
		centro_span_format(age, time, sizeof(time));
	return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND,
			     "id: there is no such job, or it is no longer kept: of those that "
			     "have ended %s are, for %s",
			     count, time);
}

void ctr_job_read_closed(struct ctr_rpc *rpc)
{
	struct job_read *own = rpc->read;
	if (own)
		own->rpc = NULL;
	rpc->read = NULL;
}
