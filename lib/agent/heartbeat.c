/* SPDX-License-Identifier: MIT */
/*
 * heartbeat.c - AgentService.Heartbeat: registers the node, renews leases, and
 * hears what is no longer granted.
 *
 * A lease counts from the sending of the heartbeat, which lies before any moment
 * from which the server counts (I4).
 *
 * Layer: agent.
 */
#include "agent/brain.h"

#define MESSAGE_SHOWN 256

static struct centro_span span_of(const Google__Protobuf__Duration *duration)
{
	struct centro_span span = {0};
	if (duration)
		ctr_codec_span(duration, &span);
	return span;
}

static void renew(struct ctr_agent *agent, struct ctr_attempt *attempt, struct centro_span lease)
{
	attempt->is_held = false;
	if (attempt->phase != CTR_ATTEMPT_STARTED || attempt->is_revoked || lease.ns == 0 ||
	    attempt->lease.ns == CTR_LEASE_ENDLESS.ns)
		return;
	agent->host->set_lease(agent->host_arg, attempt->handle,
			       ctr_after(agent->heartbeat_sent, lease));
}

static void renew_one(struct ctr_agent *agent,
		      const Centro__V1__HeartbeatResponse__Renewal *renewal)
{
	struct ctr_attempt *attempt =
		renewal->attempt ? ctr_attempt_find(agent, ctr_codec_attempt_ref(renewal->attempt))
				 : NULL;
	if (attempt)
		renew(agent, attempt, span_of(renewal->lease));
}

/* Only what the heartbeat named: what was started since has its lease from its claim. */
static void renew_others(struct ctr_agent *agent, struct centro_span lease)
{
	ctr_list_for_each (node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (attempt->is_held)
			renew(agent, attempt, lease);
	}
}

static void revoke_one(struct ctr_agent *agent, const Centro__V1__AttemptRef *ref)
{
	struct ctr_attempt *attempt = ctr_attempt_find(agent, ctr_codec_attempt_ref(ref));
	/* Those that are offered or claimed were not named in the heartbeat. */
	if (!attempt || attempt->phase < CTR_ATTEMPT_STARTED || attempt->is_revoked)
		return;
	ctr_log_info(agent->log, "no longer granted job=%llu task=%u index=%u attempt=%u",
		     (unsigned long long)ref->job, ref->task, ref->index, ref->attempt);
	ctr_attempt_revoke(agent, attempt);
}

static void note_registration(struct ctr_agent *agent,
			      const Centro__V1__HeartbeatResponse *response)
{
	if (!agent->is_registered)
		ctr_log_info(agent->log, "registered node=%llu term=%llu",
			     (unsigned long long)response->node_id,
			     (unsigned long long)response->term);
	agent->node = response->node_id;
	agent->is_registered = agent->is_known = true;
	agent->interval = span_of(response->interval);
	if (agent->interval.ns == 0 || agent->interval.ns > agent->heartbeat_max.ns)
		agent->interval = agent->heartbeat_max;
	agent->heartbeat_due = ctr_after(agent->heartbeat_sent, agent->interval);
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	ProtobufCMessage *message;
	if (ctr_agent_decode(agent, &centro__v1__heartbeat_response__descriptor, bytes, &message) !=
	    CENTRO_OK)
		return;
	const Centro__V1__HeartbeatResponse *response =
		(const Centro__V1__HeartbeatResponse *)message;
	if (!ctr_agent_accepts_term(agent, response->term))
		return;
	note_registration(agent, response);
	for (size_t i = 0; i < response->n_renewals; i++)
		renew_one(agent, response->renewals[i]);
	for (size_t i = 0; i < response->n_revoked; i++)
		revoke_one(agent, response->revoked[i]);
	renew_others(agent, span_of(response->lease));
}

static void note_refusal(struct ctr_agent *agent, enum ctr_grpc_status status,
			 struct centro_bytes message)
{
	struct ctr_buf shown;
	ctr_buf_init(&shown, agent->allocator, 0);
	ctr_escape(&shown, message, MESSAGE_SHOWN);
	agent->error = ctr_grpc_status_to_error(status);
	ctr_log_error(agent->log, "the server refuses this node: %.*s", (int)shown.size,
		      shown.size ? (const char *)shown.data : "");
	ctr_buf_fini(&shown);
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->heartbeat_call = NULL;
	if (status == CTR_GRPC_OK)
		return;
	agent->is_known = false;
	ctr_agent_call_failed(agent, "heartbeat", status, message);
	agent->heartbeat_due = agent->retry_due;
	/* If the connection is gone too, that is forgotten with it. */
	agent->is_turned_away = status == CTR_GRPC_UNAVAILABLE;
	if (status == CTR_GRPC_ALREADY_EXISTS || status == CTR_GRPC_PERMISSION_DENIED)
		note_refusal(agent, status, message);
}

static const struct ctr_grpc_call_impl heartbeat_impl = {.message = on_message,
							 .closed = on_closed};

static size_t collect_held(struct ctr_agent *agent, Centro__V1__AttemptRef **refs)
{
	size_t count = 0;
	ctr_list_for_each (node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		attempt->is_held = attempt->phase >= CTR_ATTEMPT_STARTED && !attempt->is_revoked;
		if (attempt->is_held)
			ctr_agent_set_ref(refs[count++], attempt);
	}
	return count;
}

void ctr_agent_heartbeat(struct ctr_agent *agent)
{
	Centro__V1__HeartbeatRequest request = CENTRO__V1__HEARTBEAT_REQUEST__INIT;
	CTR_ASSERT(!agent->heartbeat_call);
	/* Whatever comes of this one: without memory it must not be tried in a loop. */
	agent->heartbeat_due = ctr_after(agent->now.steady, agent->heartbeat_max);
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	if (agent->is_known)
		request.node_id = agent->node;
	else
		request.node = (Centro__V1__NodeInfo *)agent->node_info;
	request.agent_id = agent->agent_id;
	request.session = agent->session;
	request.term = agent->term;
	request.held = ctr_agent_make_refs(agent, agent->attempt_count);
	if (!request.held)
		return;
	request.n_held = collect_held(agent, request.held);
	agent->heartbeat_sent = agent->now.steady;
	agent->heartbeat_call =
		ctr_agent_call(agent, "/centro.v1.AgentService/Heartbeat", &request.base,
			       &heartbeat_impl, agent, ctr_agent_call_timeout(agent));
}
