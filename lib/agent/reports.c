/* SPDX-License-Identifier: MIT */
/*
 * reports.c - AgentService.UpdateStatus: what became of attempts, told until the
 * server has answered.
 *
 * Invariant: of an attempt its start is told before its end, or with it.
 *
 * A report that the server calls wrong must not hold up all others for ever: then
 * updates go one by one, and the one that is wrong is given up.
 *
 * Layer: agent.
 */
#include "agent/brain.h"

static struct ctr_attempt *first_told(const struct ctr_agent *agent)
{
	return ctr_list_entry(agent->reporting.next, struct ctr_attempt, told);
}

/* What the report said of an attempt is durable. */
static void acknowledge(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	ctr_list_remove(&attempt->told);
	attempt->start_acknowledged |= attempt->start_told;
	if (attempt->end_told)
		ctr_attempt_drop(agent, attempt);
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	ProtobufCMessage *message;
	if (ctr_agent_decode(agent, &centro__v1__update_status_response__descriptor, bytes,
			     &message) != CENTRO_OK)
		return;
	const Centro__V1__UpdateStatusResponse *response =
		(const Centro__V1__UpdateStatusResponse *)message;
	if (!ctr_agent_accepts_term(agent, response->term))
		return;
	for (size_t i = 0; i < response->n_stale; i++) {
		struct ctr_attempt *attempt =
			ctr_attempt_find(agent, ctr_codec_attempt_ref(response->stale[i]));
		/* The verdict is on what was told now: not on one that came meanwhile. */
		if (!attempt || ctr_list_is_empty(&attempt->told))
			continue;
		ctr_list_remove(&attempt->told);
		if (!attempt->is_revoked)
			ctr_attempt_revoke(agent, attempt);
	}
	while (!ctr_list_is_empty(&agent->reporting))
		acknowledge(agent, first_told(agent));
	agent->report_max = CTR_BATCH_MAX;
}

/* The server will never take this one. */
static void give_up(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	ctr_log_error(agent->log, "report given up job=%llu attempt=%u cause=%d",
		      (unsigned long long)attempt->key.job, attempt->key.attempt,
		      (int)attempt->end.cause);
	attempt->start_told = true;
	acknowledge(agent, attempt);
}

/* Whatever was not acknowledged is to be told again. */
static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	bool is_refused = status == CTR_GRPC_INVALID_ARGUMENT;
	agent->report_call = NULL;
	if (status != CTR_GRPC_OK)
		ctr_agent_call_failed(agent, "report", status, message);
	else if (!ctr_list_is_empty(&agent->reporting))
		ctr_agent_pause(agent);
	if (is_refused && agent->report_max == 1 && !ctr_list_is_empty(&agent->reporting))
		give_up(agent, first_told(agent));
	if (is_refused)
		agent->report_max = 1;
	while (!ctr_list_is_empty(&agent->reporting)) {
		struct ctr_attempt *attempt = first_told(agent);
		ctr_list_remove(&attempt->told);
		/* Unless it waits again already, with its end. */
		if (!attempt->is_revoked && ctr_list_is_empty(&attempt->report))
			ctr_list_append(&agent->reports, &attempt->report);
	}
}

static const struct ctr_grpc_call_impl report_impl = {.message = on_message, .closed = on_closed};

static bool add_update(struct ctr_agent *agent, Centro__V1__UpdateStatusRequest *request,
		       const struct ctr_attempt *attempt, bool has_ended)
{
	struct ctr_arena *arena = &agent->arena;
	struct centro_instant wall = has_ended ? attempt->end.end_wall : attempt->start_wall;
	Centro__V1__StatusUpdate *update = ctr_arena_array(arena, 1, sizeof(*update));
	Centro__V1__AttemptRef *ref = ctr_arena_array(arena, 1, sizeof(*ref));
	Google__Protobuf__Timestamp *time = ctr_arena_array(arena, 1, sizeof(*time));
	if (!update || !ref || !time)
		return false;
	centro__v1__status_update__init(update);
	google__protobuf__timestamp__init(time);
	ctr_agent_set_ref(ref, attempt);
	ctr_codec_set_instant(time, wall);
	update->attempt = ref;
	update->time = wall.ns ? time : NULL;
	update->state = CENTRO__V1__STATUS_UPDATE__STATE__running;
	if (has_ended) {
		update->state = CENTRO__V1__STATUS_UPDATE__STATE__ended;
		update->cause = (Centro__V1__Cause)attempt->end.cause;
		update->exit_code = attempt->end.exit_code;
		update->signal = attempt->end.signal;
		update->message = (char *)attempt->end.message;
	}
	request->updates[request->n_updates++] = update;
	return true;
}

/* Its start, its end, or both. False: there was no memory for all of it. */
static bool add_attempt(struct ctr_agent *agent, Centro__V1__UpdateStatusRequest *request,
			struct ctr_attempt *attempt)
{
	attempt->start_told = attempt->end_told = false;
	if (!attempt->start_acknowledged && attempt->start_wall.ns != 0) {
		if (!add_update(agent, request, attempt, false))
			return false;
		attempt->start_told = true;
	}
	if (attempt->phase == CTR_ATTEMPT_ENDED) {
		if (!add_update(agent, request, attempt, true))
			return false;
		attempt->end_told = true;
	}
	return true;
}

/* What there is no memory for stays in line: an attempt whose start is told, for its end. */
static void fill_report(struct ctr_agent *agent, Centro__V1__UpdateStatusRequest *request)
{
	bool is_whole = true;
	while (is_whole && !ctr_list_is_empty(&agent->reports) &&
	       request->n_updates < agent->report_max) {
		struct ctr_attempt *attempt =
			ctr_list_entry(agent->reports.next, struct ctr_attempt, report);
		is_whole = add_attempt(agent, request, attempt);
		if (is_whole)
			ctr_list_remove(&attempt->report);
		if (is_whole || attempt->start_told)
			ctr_list_append(&agent->reporting, &attempt->told);
	}
}

void ctr_agent_report(struct ctr_agent *agent)
{
	Centro__V1__UpdateStatusRequest request = CENTRO__V1__UPDATE_STATUS_REQUEST__INIT;
	if (agent->report_call || ctr_list_is_empty(&agent->reports))
		return;
	CTR_ASSERT(ctr_list_is_empty(&agent->reporting));
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	/* Each attempt may bring two, the last one too. */
	size_t count = agent->attempt_count < agent->report_max ? agent->attempt_count * 2
								: agent->report_max + 1;
	request.updates = ctr_arena_array(&agent->arena, count, sizeof(*request.updates));
	if (!request.updates) {
		ctr_agent_pause(agent);
		return;
	}
	request.node_id = agent->node;
	request.session = agent->session;
	request.term = agent->term;
	fill_report(agent, &request);
	if (request.n_updates == 0) {
		ctr_agent_pause(agent);
		return;
	}
	agent->report_call =
		ctr_agent_call(agent, "/centro.v1.AgentService/UpdateStatus", &request.base,
			       &report_impl, agent, ctr_agent_call_timeout(agent));
	if (!agent->report_call)
		on_closed(agent, NULL, CTR_GRPC_UNAVAILABLE, (struct centro_bytes){0}, true);
}
