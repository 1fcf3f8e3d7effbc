/* SPDX-License-Identifier: MIT */
/*
 * orders.c - AgentService.GetJob: the stream of orders. What it says can come again,
 * and means the same then.
 *
 * Layer: agent.
 */
#include "agent/brain.h"

/*
 * A kill of an attempt that is not here: it ended and was acknowledged, or an
 * agent before this one lost it before it was prepared. Nothing runs, and to say so
 * ends what would else wait for the lease to be over.
 */
static void answer_unknown(struct ctr_agent *agent, struct centro_attempt_ref ref,
			   enum centro_cause cause)
{
	struct ctr_attempt *attempt = ctr_attempt_add(agent, ref, CTR_ATTEMPT_OFFERED, 0);
	if (attempt)
		ctr_attempt_kill(agent, attempt, cause, (struct centro_span){0});
}

static void take_kill(struct ctr_agent *agent, const Centro__V1__KillOrder *kill)
{
	if (!kill->attempt)
		return;
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(kill->attempt);
	struct ctr_attempt *attempt = ctr_attempt_find(agent, ref);
	enum centro_cause cause = (enum centro_cause)kill->cause;
	if (cause == CENTRO_CAUSE_NONE)
		cause = CENTRO_CAUSE_CANCEL;
	if (!attempt) {
		answer_unknown(agent, ref, cause);
		return;
	}
	struct centro_span grace = attempt->kill_grace;
	if (kill->grace)
		ctr_codec_span(kill->grace, &grace);
	if (!attempt->is_revoked)
		ctr_attempt_kill(agent, attempt, cause, grace);
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	ProtobufCMessage *message;
	int error =
		ctr_agent_decode(agent, &centro__v1__get_job_response__descriptor, bytes, &message);
	if (error == CENTRO_ERR_NOMEM)
		ctr_agent_listen_anew(agent);
	if (error)
		return;
	const Centro__V1__GetJobResponse *order = (const Centro__V1__GetJobResponse *)message;
	switch (order->order_case) {
	case CENTRO__V1__GET_JOB_RESPONSE__ORDER_ASSIGNMENT:
		ctr_attempt_offer(agent, order->assignment);
		break;
	case CENTRO__V1__GET_JOB_RESPONSE__ORDER_KILL:
		take_kill(agent, order->kill);
		break;
	case CENTRO__V1__GET_JOB_RESPONSE__ORDER_LOG:
		ctr_output_order(agent, order->log);
		break;
	default:
		break; /* of a newer server */
	}
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->orders_call = NULL;
	ctr_agent_call_failed(agent, "stream of orders", status, message);
}

static const struct ctr_grpc_call_impl orders_impl = {.message = on_message, .closed = on_closed};

void ctr_agent_listen(struct ctr_agent *agent)
{
	Centro__V1__GetJobRequest request = CENTRO__V1__GET_JOB_REQUEST__INIT;
	CTR_ASSERT(!agent->orders_call);
	request.node_id = agent->node;
	request.session = agent->session;
	agent->orders_call = ctr_agent_call(agent, "/centro.v1.AgentService/GetJob", &request.base,
					    &orders_impl, agent, (struct centro_span){0});
}

void ctr_agent_listen_anew(struct ctr_agent *agent)
{
	if (agent->orders_call)
		ctr_grpc_call_cancel(agent->orders_call);
}
