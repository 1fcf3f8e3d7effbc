/* SPDX-License-Identifier: MIT */
/*
 * agent_service.c - Heartbeat, ClaimJob and UpdateStatus.
 *
 * An agent is trusted only with what is granted to its own node: the core checks
 * node, session and attempt of everything that it says.
 */
#include "service/agent_link.h"
#include "service/methods.h"

#define ATTEMPTS_MAX 20000 /* held by one agent, or named in one request */

/* A server of an older term than the agent has seen must not speak (I5). */
static int check_term(struct ctr_rpc *rpc, uint64_t seen)
{
	uint64_t own = ctr_engine_get_term(rpc->service->engine);
	if (ctr_engine_get_state(rpc->service->engine) != CTR_ENGINE_READY)
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "the server is loading its store");
	if (seen > own)
		return ctr_rpc_error(rpc, CENTRO_ERR_FENCED,
				     "term: the agent has seen %llu, this server's is %llu",
				     (unsigned long long)seen, (unsigned long long)own);
	return CENTRO_OK;
}

static int too_many(struct ctr_rpc *rpc, const char *field, size_t count)
{
	return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "%s: %zu of them; send at most %d", field,
			     count, ATTEMPTS_MAX);
}

/* References as the core takes them, in the arena. NULL: no memory. */
static struct centro_attempt_ref *take_refs(struct ctr_service *service,
					    Centro__V1__AttemptRef *const *messages, size_t count)
{
	struct centro_attempt_ref *refs =
		ctr_arena_array(&service->arena, count + 1, sizeof(*refs));
	for (size_t i = 0; refs && i < count; i++)
		refs[i] = ctr_codec_attempt_ref(messages[i]);
	return refs;
}

/* ---- Heartbeat ---- */

static int register_node(struct ctr_rpc *rpc, const Centro__V1__HeartbeatRequest *request,
			 centro_node_id *ret_node)
{
	struct ctr_service *service = rpc->service;
	if (!request->node)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "node: missing; it says who beats");
	struct ctr_node_spec spec;
	int status = ctr_codec_node_spec(request->node, &service->arena, &spec, &rpc->text);
	if (status != CENTRO_OK)
		return status;
	spec.agent_id = request->agent_id;
	spec.session = request->session;

	struct ctr_command command = { .type = CTR_COMMAND_REGISTER,
				       .register_node = { .spec = &spec } };
	struct ctr_result result;
	status = ctr_engine_execute(service->engine, service->now, &command, &result);
	if (status != CENTRO_OK)
		rpc->text = result.text;
	else
		*ret_node = result.node;
	return status;
}

/* Which node beats: one that says all of itself, or only the number that it was told. */
static int beating_node(struct ctr_rpc *rpc, const Centro__V1__HeartbeatRequest *request,
			centro_node_id *ret_node)
{
	if (request->node)
		return register_node(rpc, request, ret_node);
	if (request->node_id == 0)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "node: missing; it says who beats");
	const struct ctr_node *node =
		ctr_core_find_node(ctr_engine_core(rpc->service->engine), request->node_id);
	if (!node || node->agent_id != request->agent_id)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND,
				     "node_id: %llu is no node of this agent; send `node`",
				     (unsigned long long)request->node_id);
	*ret_node = node->id;
	return CENTRO_OK;
}

/* Often enough for the shortest lease to be renewed twice before it ends. */
static struct centro_span heartbeat_interval(const struct ctr_service *service,
					     const struct centro_span *leases, size_t count)
{
	struct centro_span interval = service->heartbeat;
	for (size_t i = 0; i < count; i++) {
		if (leases[i].ns > 0 && leases[i].ns / 3 < interval.ns)
			interval.ns = leases[i].ns / 3;
	}
	return interval;
}

static Centro__V1__HeartbeatResponse__Renewal *new_renewal(struct ctr_arena *arena,
							   Centro__V1__AttemptRef *ref,
							   struct centro_span lease)
{
	Centro__V1__HeartbeatResponse__Renewal *renewal =
		ctr_arena_array(arena, 1, sizeof(*renewal));
	Google__Protobuf__Duration *duration = ctr_arena_array(arena, 1, sizeof(*duration));
	if (!renewal || !duration)
		return NULL;
	centro__v1__heartbeat_response__renewal__init(renewal);
	google__protobuf__duration__init(duration);
	ctr_codec_set_span(duration, lease);
	renewal->attempt = ref;
	renewal->lease = duration;
	return renewal;
}

/*
 * What is granted no more has no lease. Most leases are of one length, which is said once
 * for all of them. False: no memory.
 */
static bool fill_answer(struct ctr_arena *arena, const Centro__V1__HeartbeatRequest *request,
			const struct centro_span *leases, struct centro_span common,
			Centro__V1__HeartbeatResponse *response)
{
	response->renewals =
		ctr_arena_array(arena, request->n_held + 1, sizeof(*response->renewals));
	response->revoked = ctr_arena_array(arena, request->n_held + 1, sizeof(*response->revoked));
	if (!response->renewals || !response->revoked)
		return false;
	for (size_t i = 0; i < request->n_held; i++) {
		if (leases[i].ns == 0) {
			response->revoked[response->n_revoked++] = request->held[i];
		} else if (leases[i].ns != common.ns) {
			Centro__V1__HeartbeatResponse__Renewal *renewal =
				new_renewal(arena, request->held[i], leases[i]);
			if (!renewal)
				return false;
			response->renewals[response->n_renewals++] = renewal;
		}
	}
	return true;
}

/* That of the first: 0 if nothing is renewed. */
static struct centro_span common_lease(const struct centro_span *leases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (leases[i].ns > 0)
			return leases[i];
	}
	return (struct centro_span){0};
}

static int answer_heartbeat(struct ctr_rpc *rpc, const Centro__V1__HeartbeatRequest *request,
			    centro_node_id node, const struct centro_span *leases)
{
	Google__Protobuf__Duration interval, lease;
	struct centro_span common = common_lease(leases, request->n_held);
	Centro__V1__HeartbeatResponse response = CENTRO__V1__HEARTBEAT_RESPONSE__INIT;
	google__protobuf__duration__init(&interval);
	google__protobuf__duration__init(&lease);
	ctr_codec_set_span(&interval, heartbeat_interval(rpc->service, leases, request->n_held));
	response.node_id = node;
	response.term = ctr_engine_get_term(rpc->service->engine);
	response.interval = &interval;
	ctr_codec_set_span(&lease, common);
	response.lease = common.ns > 0 ? &lease : NULL;
	if (!fill_answer(&rpc->service->arena, request, leases, common, &response))
		return CENTRO_ERR_NOMEM;
	return ctr_message_encode(&response.base, &rpc->response);
}

static int heartbeat(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__HeartbeatRequest *request = (const Centro__V1__HeartbeatRequest *)message;
	struct ctr_service *service = rpc->service;
	if (request->n_held > ATTEMPTS_MAX)
		return too_many(rpc, "held", request->n_held);
	centro_node_id node = 0;
	int status = check_term(rpc, request->term);
	if (status == CENTRO_OK)
		status = beating_node(rpc, request, &node);
	if (status != CENTRO_OK)
		return status;

	struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = { .node = node,
			       .session = request->session,
			       .held = take_refs(service, request->held, request->n_held),
			       .held_count = request->n_held,
			       .ret_lease = ctr_arena_array(&service->arena, request->n_held + 1,
							    sizeof(struct centro_span)) },
	};
	if (!command.heartbeat.held || !command.heartbeat.ret_lease)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	struct ctr_result result;
	status = ctr_engine_execute(service->engine, service->now, &command, &result);
	if (status != CENTRO_OK) {
		rpc->text = result.text;
		return status;
	}
	status = answer_heartbeat(rpc, request, node, command.heartbeat.ret_lease);
	ctr_agent_link_resend(service,
			      ctr_core_find_node(ctr_engine_core(service->engine), node));
	return status;
}

/* ---- ClaimJob ---- */

static int answer_claim(struct ctr_rpc *rpc, const Centro__V1__ClaimJobRequest *request,
			const bool *granted)
{
	Centro__V1__ClaimJobResponse response = CENTRO__V1__CLAIM_JOB_RESPONSE__INIT;
	response.term = ctr_engine_get_term(rpc->service->engine);
	response.granted = ctr_arena_array(&rpc->service->arena, request->n_attempts + 1,
					   sizeof(*response.granted));
	if (!response.granted)
		return CENTRO_ERR_NOMEM;
	for (size_t i = 0; i < request->n_attempts; i++) {
		if (granted[i])
			response.granted[response.n_granted++] = request->attempts[i];
	}
	return ctr_message_encode(&response.base, &rpc->response);
}

static int claim_job(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__ClaimJobRequest *request = (const Centro__V1__ClaimJobRequest *)message;
	struct ctr_service *service = rpc->service;
	if (request->n_attempts > ATTEMPTS_MAX)
		return too_many(rpc, "attempts", request->n_attempts);
	int status = check_term(rpc, request->term);
	if (status != CENTRO_OK)
		return status;

	struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim = { .node = request->node_id,
			   .session = request->session,
			   .attempts = take_refs(service, request->attempts, request->n_attempts),
			   .attempt_count = request->n_attempts,
			   .durable_event = ctr_engine_durable_event(service->engine),
			   .ret_granted = ctr_arena_array(&service->arena, request->n_attempts + 1,
							  sizeof(bool)) },
	};
	if (!command.claim.attempts || !command.claim.ret_granted)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	struct ctr_result result;
	status = ctr_engine_execute(service->engine, service->now, &command, &result);
	if (status == CENTRO_OK)
		status = answer_claim(rpc, request, command.claim.ret_granted);
	else
		rpc->text = result.text;
	/* It rests on durable grants alone, so it need not wait for the open batch. */
	ctr_rpc_reply_now(rpc, status);
	return CTR_RPC_LATER;
}

/* ---- UpdateStatus ---- */

/* 0 when it was not said, or makes no sense: then the server's own is taken. */
static struct centro_instant wall_of(const Google__Protobuf__Timestamp *time)
{
	struct centro_instant wall = { 0 };
	if (time)
		ctr_codec_instant(time, &wall);
	return wall;
}

static int report_one(struct ctr_rpc *rpc, const Centro__V1__UpdateStatusRequest *request,
		      const Centro__V1__StatusUpdate *update, bool *ret_stale)
{
	struct ctr_service *service = rpc->service;
	if (!update->attempt || update->state == CENTRO__V1__STATUS_UPDATE__STATE__unspecified)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID,
				     "updates: each needs an attempt and a state");
	struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = { .node = request->node_id,
			    .session = request->session,
			    .attempt = ctr_codec_attempt_ref(update->attempt),
			    .ended = update->state == CENTRO__V1__STATUS_UPDATE__STATE__ended,
			    .cause = (enum centro_cause)update->cause,
			    .exit_code = update->exit_code,
			    .signal = update->signal,
			    .message = ctr_bytes_str(update->message),
			    .wall = wall_of(update->time) },
	};
	struct ctr_result result;
	int status = ctr_engine_execute(service->engine, service->now, &command, &result);
	*ret_stale = status == CENTRO_ERR_STALE || status == CENTRO_ERR_NOT_FOUND;
	if (*ret_stale)
		return CENTRO_OK;
	if (status != CENTRO_OK)
		rpc->text = result.text;
	return status;
}

static int update_status(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__UpdateStatusRequest *request =
		(const Centro__V1__UpdateStatusRequest *)message;
	if (request->n_updates > ATTEMPTS_MAX)
		return too_many(rpc, "updates", request->n_updates);
	int status = check_term(rpc, request->term);
	if (status != CENTRO_OK)
		return status;
	const struct ctr_node *node = ctr_core_find_node(
		ctr_engine_core(rpc->service->engine), request->node_id);
	if (!node || node->session != request->session)
		return ctr_rpc_error(rpc, CENTRO_ERR_STALE,
				     "session: not the node's present one; send a heartbeat first");

	Centro__V1__UpdateStatusResponse response = CENTRO__V1__UPDATE_STATUS_RESPONSE__INIT;
	response.term = ctr_engine_get_term(rpc->service->engine);
	response.stale = ctr_arena_array(&rpc->service->arena, request->n_updates + 1,
					 sizeof(*response.stale));
	if (!response.stale)
		return CENTRO_ERR_NOMEM;
	for (size_t i = 0; i < request->n_updates; i++) {
		bool is_stale;
		status = report_one(rpc, request, request->updates[i], &is_stale);
		if (status != CENTRO_OK)
			return status;
		if (is_stale)
			response.stale[response.n_stale++] = request->updates[i]->attempt;
	}
	return ctr_message_encode(&response.base, &rpc->response);
}

const struct ctr_method ctr_method_heartbeat = {
	.path = "/centro.v1.AgentService/Heartbeat",
	.request = &centro__v1__heartbeat_request__descriptor,
	.request_message = heartbeat,
};
const struct ctr_method ctr_method_claim_job = {
	.path = "/centro.v1.AgentService/ClaimJob",
	.request = &centro__v1__claim_job_request__descriptor,
	.request_message = claim_job,
};
const struct ctr_method ctr_method_update_status = {
	.path = "/centro.v1.AgentService/UpdateStatus",
	.request = &centro__v1__update_status_request__descriptor,
	.request_message = update_status,
};
