/* SPDX-License-Identifier: MIT */
/*
 * claims.c - AgentService.ClaimJob: the server's word that an attempt may start.
 *
 * A claim writes nothing, so one whose answer was lost is made again. A lease
 * counts from when the claim was sent; only one is under way, so that is one
 * moment for all that wait for the answer. An answer that comes when the lease is
 * over already settles nothing: what it granted may run elsewhere soon.
 *
 * Layer: agent.
 */
#include "agent/brain.h"

static struct ctr_attempt *first_claiming(const struct ctr_agent *agent)
{
	return ctr_list_entry(agent->claiming.next, struct ctr_attempt, claim);
}

static void claim_again(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	ctr_list_remove(&attempt->claim);
	attempt->phase = CTR_ATTEMPT_OFFERED;
	ctr_list_append(&agent->offered, &attempt->claim);
}

static bool is_over(const struct ctr_agent *agent, const struct ctr_attempt *attempt)
{
	struct centro_instant end = ctr_after(agent->claim_sent, attempt->lease);
	if (!ctr_reached(end, agent->now.steady))
		return false;
	ctr_log_info(agent->log, "claim answered too late job=%llu attempt=%u",
		     (unsigned long long)attempt->key.job, attempt->key.attempt);
	return true;
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	ProtobufCMessage *message;
	if (ctr_agent_decode(agent, &centro__v1__claim_job_response__descriptor, bytes, &message) !=
	    CENTRO_OK)
		return;
	const Centro__V1__ClaimJobResponse *response =
		(const Centro__V1__ClaimJobResponse *)message;
	if (!ctr_agent_accepts_term(agent, response->term))
		return;
	for (size_t i = 0; i < response->n_granted; i++) {
		struct ctr_attempt *attempt =
			ctr_attempt_find(agent, ctr_codec_attempt_ref(response->granted[i]));
		if (!attempt || attempt->phase != CTR_ATTEMPT_CLAIMING)
			continue;
		if (is_over(agent, attempt))
			claim_again(agent, attempt);
		else
			ctr_attempt_start(agent, attempt);
	}
	/* The others are not granted to us, or not any more. */
	while (!ctr_list_is_empty(&agent->claiming))
		ctr_attempt_drop(agent, first_claiming(agent));
}

/* Whatever the answer did not settle is to be claimed again. */
static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->claim_call = NULL;
	if (status != CTR_GRPC_OK)
		ctr_agent_call_failed(agent, "claim", status, message);
	else if (!ctr_list_is_empty(&agent->claiming))
		ctr_agent_pause(agent);
	while (!ctr_list_is_empty(&agent->claiming)) {
		CTR_ASSERT(first_claiming(agent)->phase == CTR_ATTEMPT_CLAIMING);
		claim_again(agent, first_claiming(agent));
	}
}

static const struct ctr_grpc_call_impl claim_impl = {.message = on_message, .closed = on_closed};

void ctr_agent_claim(struct ctr_agent *agent)
{
	Centro__V1__ClaimJobRequest request = CENTRO__V1__CLAIM_JOB_REQUEST__INIT;
	if (agent->claim_call || ctr_list_is_empty(&agent->offered))
		return;
	CTR_ASSERT(ctr_list_is_empty(&agent->claiming));
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	request.attempts = ctr_agent_make_refs(
		agent, agent->attempt_count < CTR_BATCH_MAX ? agent->attempt_count : CTR_BATCH_MAX);
	if (!request.attempts)
		return;
	request.node_id = agent->node;
	request.session = agent->session;
	request.term = agent->term;
	agent->claim_sent = agent->now.steady;
	while (!ctr_list_is_empty(&agent->offered) && request.n_attempts < CTR_BATCH_MAX) {
		struct ctr_attempt *attempt =
			ctr_list_entry(agent->offered.next, struct ctr_attempt, claim);
		CTR_ASSERT(attempt->phase == CTR_ATTEMPT_OFFERED);
		ctr_list_remove(&attempt->claim);
		attempt->phase = CTR_ATTEMPT_CLAIMING;
		ctr_list_append(&agent->claiming, &attempt->claim);
		ctr_agent_set_ref(request.attempts[request.n_attempts++], attempt);
	}
	agent->claim_call = ctr_agent_call(agent, "/centro.v1.AgentService/ClaimJob", &request.base,
					   &claim_impl, agent, ctr_agent_call_timeout(agent));
	if (!agent->claim_call)
		on_closed(agent, NULL, CTR_GRPC_UNAVAILABLE, (struct centro_bytes){0}, true);
}
