/* SPDX-License-Identifier: MIT */
/*
 * log_service.c - AgentService.PushLog: output that comes from agents, for those
 * who read it now, or the end of it for keeping.
 */
#include "service/follow.h"
#include "service/methods.h"

#define KEPT_BYTES_MAX (64 * 1024)

/* Only of an attempt that this agent holds now: it may write over nothing else. */
static bool may_keep(struct ctr_service *service, const Centro__V1__PushLogRequest *part,
		     struct centro_attempt_ref *ret_ref)
{
	const struct ctr_core *core = ctr_engine_core(service->engine);
	if (!core || !part->attempt || part->data.len > KEPT_BYTES_MAX)
		return false;
	*ret_ref = ctr_codec_attempt_ref(part->attempt);
	const struct ctr_instance *instance = ctr_core_find_attempt(core, ret_ref);
	return instance && instance->node && instance->node->id == part->node_id &&
	       instance->node->session == part->session;
}

static void keep(struct ctr_service *service, const Centro__V1__PushLogRequest *part)
{
	struct centro_attempt_ref ref;
	if (!service->keeper || !may_keep(service, part, &ref))
		return;
	int error = service->keeper->put(service->keeper->arg, &ref, (uint32_t)part->stream,
					 part->offset, ctr_bytes(part->data.data, part->data.len));
	if (error)
		ctr_log_warn(service->log, "output not kept job=%llu error=%s",
			     (unsigned long long)ref.job, centro_error_name(error));
}

static int push_log(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__PushLogRequest *part = (const Centro__V1__PushLogRequest *)message;
	struct ctr_service *service = rpc->service;
	if (part->stream != CENTRO__V1__LOG_STREAM__out &&
	    part->stream != CENTRO__V1__LOG_STREAM__err)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "stream: out or err");
	if (part->order_id == 0) {
		keep(service, part);
		return CTR_RPC_LATER;
	}
	if (ctr_follow_push(service, part, rpc) != CENTRO_OK) {
		ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND, "order_id: nobody reads it any more");
		ctr_rpc_reply_now(rpc, CENTRO_ERR_NOT_FOUND);
	}
	return CTR_RPC_LATER;
}

static void push_half_closed(struct ctr_rpc *rpc)
{
	ctr_rpc_reply_now(rpc, CENTRO_OK);
}

static void push_closed(struct ctr_rpc *rpc)
{
	ctr_follow_push_closed(rpc->service, rpc);
}

const struct ctr_method ctr_method_push_log = {
	.path = "/centro.v1.AgentService/PushLog",
	.request = &centro__v1__push_log_request__descriptor,
	.client_streams = true,
	.request_message = push_log,
	.half_closed = push_half_closed,
	.closed = push_closed,
};
