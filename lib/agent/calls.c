/* SPDX-License-Identifier: MIT */
/*
 * calls.c - what an agent says to its server: heartbeats, claims and reports, each
 * with at most one call under way, so that what gathers meanwhile goes together.
 *
 * A call that fails changes nothing: what it was to say is said again.
 */
#include "agent/brain.h"

#define CALL_TIMEOUT_MS  10000
#define RETRY_MS         500
#define MESSAGE_SHOWN    256

struct ctr_grpc_call *ctr_agent_call(struct ctr_agent *agent, const char *path,
				     const ProtobufCMessage *request,
				     const struct ctr_grpc_call_impl *impl, void *arg,
				     struct centro_span timeout)
{
	struct ctr_grpc_conn *conn = ctr_channel_conn(agent->channel);
	struct ctr_grpc_call *call;
	struct centro_instant now = agent->now.steady;
	struct centro_instant deadline = timeout.ns ? ctr_after(now, timeout) : CTR_NEVER;
	if (!conn || ctr_grpc_call_start(conn, path, NULL, 0, now, deadline, impl, arg, &call) !=
			     CENTRO_OK)
		return NULL;
	if (!request)
		return call;
	struct ctr_buf *bytes = &agent->scratch;
	ctr_buf_clear(bytes);
	int error = ctr_message_encode(request, bytes);
	if (!error)
		error = ctr_grpc_call_send(call, ctr_buf_bytes(bytes));
	if (error)
		ctr_grpc_call_cancel(call); /* `closed` tells the rest */
	else
		ctr_grpc_call_half_close(call);
	return call;
}

const ProtobufCMessage *ctr_agent_decode(struct ctr_agent *agent,
					 const ProtobufCMessageDescriptor *descriptor,
					 struct centro_bytes bytes)
{
	ProtobufCMessage *message;
	struct centro_error_text text;
	ctr_arena_reset(&agent->arena, ctr_message_arena_bytes(bytes.size) + 64 * 1024);
	if (ctr_message_decode(descriptor, bytes, &agent->arena, &message, &text) == CENTRO_OK)
		return message;
	ctr_log_warn(agent->log, "answer not understood error=%s", text.text);
	return NULL;
}

bool ctr_agent_accepts_term(struct ctr_agent *agent, uint64_t term)
{
	if (term < agent->term) {
		ctr_log_warn(agent->log, "ignored a server of an older term=%llu newest=%llu",
			     (unsigned long long)term, (unsigned long long)agent->term);
		return false;
	}
	agent->term = term;
	return true;
}

void ctr_agent_call_failed(struct ctr_agent *agent, const char *what, enum ctr_grpc_status status,
			   struct centro_bytes message)
{
	int error = ctr_grpc_status_to_error(status);
	struct ctr_buf shown;
	ctr_buf_init(&shown, agent->allocator, 0);
	ctr_escape(&shown, message, MESSAGE_SHOWN);
	ctr_log(agent->log, status == CTR_GRPC_UNAVAILABLE ? CENTRO_LOG_DEBUG : CENTRO_LOG_WARN,
		"%s failed status=%s: %.*s", what, ctr_grpc_status_name(status), (int)shown.size,
		shown.size ? (const char *)shown.data : "");
	ctr_buf_fini(&shown);
	agent->retry_due = ctr_after(agent->now.steady, ctr_span_ms(RETRY_MS));
	if (error == CENTRO_ERR_STALE || error == CENTRO_ERR_NOT_FOUND) {
		agent->is_registered = false;
		agent->heartbeat_due = agent->retry_due;
	}
}

static void set_ref(Centro__V1__AttemptRef *message, const struct ctr_attempt *attempt)
{
	centro__v1__attempt_ref__init(message);
	ctr_codec_set_attempt_ref(message, ctr_attempt_ref(attempt));
}

/* `count` references and pointers to them, in the arena. NULL: no memory. */
static Centro__V1__AttemptRef **make_refs(struct ctr_agent *agent, size_t count)
{
	Centro__V1__AttemptRef **pointers =
		ctr_arena_array(&agent->arena, count + 1, sizeof(*pointers));
	Centro__V1__AttemptRef *refs = ctr_arena_array(&agent->arena, count + 1, sizeof(*refs));
	if (!pointers || !refs)
		return NULL;
	for (size_t i = 0; i < count; i++)
		pointers[i] = &refs[i];
	return pointers;
}

/* ---- Heartbeat ---- */

static struct centro_span span_of(const Google__Protobuf__Duration *duration)
{
	struct centro_span span = { 0 };
	if (duration)
		ctr_codec_span(duration, &span);
	return span;
}

static void renew(struct ctr_agent *agent, const Centro__V1__HeartbeatResponse *response)
{
	for (size_t i = 0; i < response->n_renewals; i++) {
		const Centro__V1__HeartbeatResponse__Renewal *renewal = response->renewals[i];
		struct ctr_attempt *attempt =
			renewal->attempt
				? ctr_attempt_find(agent, ctr_codec_attempt_ref(renewal->attempt))
				: NULL;
		if (attempt && attempt->phase == CTR_ATTEMPT_STARTED && !attempt->is_revoked)
			agent->host->set_lease(agent->host_arg, attempt->handle,
					       ctr_after(agent->heartbeat_sent,
							 span_of(renewal->lease)));
	}
	for (size_t i = 0; i < response->n_revoked; i++) {
		struct ctr_attempt *attempt =
			ctr_attempt_find(agent, ctr_codec_attempt_ref(response->revoked[i]));
		if (attempt && attempt->phase >= CTR_ATTEMPT_STARTED)
			ctr_attempt_revoke(agent, attempt);
	}
}

static void heartbeat_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	const Centro__V1__HeartbeatResponse *response =
		(const Centro__V1__HeartbeatResponse *)ctr_agent_decode(
			agent, &centro__v1__heartbeat_response__descriptor, bytes);
	if (!response || !ctr_agent_accepts_term(agent, response->term))
		return;
	if (!agent->is_registered)
		ctr_log_info(agent->log, "registered node=%llu term=%llu",
			     (unsigned long long)response->node_id,
			     (unsigned long long)response->term);
	agent->node = response->node_id;
	agent->is_registered = true;
	struct centro_span interval = span_of(response->interval);
	if (interval.ns == 0 || interval.ns > agent->heartbeat_max.ns)
		interval = agent->heartbeat_max;
	agent->heartbeat_due = ctr_after(agent->heartbeat_sent, interval);
	renew(agent, response);
}

static void heartbeat_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			     struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->heartbeat_call = NULL;
	if (status == CTR_GRPC_OK)
		return;
	ctr_agent_call_failed(agent, "heartbeat", status, message);
	agent->heartbeat_due = agent->retry_due;
	if (status == CTR_GRPC_ALREADY_EXISTS || status == CTR_GRPC_PERMISSION_DENIED) {
		agent->error = ctr_grpc_status_to_error(status);
		ctr_log_error(agent->log, "the server refuses this node: %.*s", (int)message.size,
			      message.size ? (const char *)message.data : "");
	}
}

static const struct ctr_grpc_call_impl heartbeat_impl = { .message = heartbeat_message,
							  .closed = heartbeat_closed };

static size_t collect_held(struct ctr_agent *agent, Centro__V1__AttemptRef **refs)
{
	size_t count = 0;
	ctr_list_for_each(node, &agent->all) {
		const struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (attempt->phase >= CTR_ATTEMPT_STARTED && !attempt->is_revoked)
			set_ref(refs[count++], attempt);
	}
	return count;
}

void ctr_agent_heartbeat(struct ctr_agent *agent)
{
	Centro__V1__HeartbeatRequest request = CENTRO__V1__HEARTBEAT_REQUEST__INIT;
	if (agent->heartbeat_call)
		return;
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	struct centro_error_text text;
	ProtobufCMessage *info;
	if (ctr_message_decode(&centro__v1__node_info__descriptor, ctr_buf_bytes(&agent->node_info),
			       &agent->arena, &info, &text) != CENTRO_OK)
		return;
	request.node = (Centro__V1__NodeInfo *)info;
	request.agent_id = agent->agent_id;
	request.session = agent->session;
	request.term = agent->term;
	request.held = make_refs(agent, agent->attempt_count);
	if (!request.held)
		return;
	request.n_held = collect_held(agent, request.held);
	agent->heartbeat_sent = agent->now.steady;
	agent->heartbeat_due = ctr_after(agent->now.steady, agent->heartbeat_max);
	agent->heartbeat_call =
		ctr_agent_call(agent, "/centro.v1.AgentService/Heartbeat", &request.base,
			       &heartbeat_impl, agent, ctr_span_ms(CALL_TIMEOUT_MS));
}

/* ---- GetJob ---- */

static void take_kill(struct ctr_agent *agent, const Centro__V1__KillOrder *kill)
{
	struct ctr_attempt *attempt =
		kill->attempt ? ctr_attempt_find(agent, ctr_codec_attempt_ref(kill->attempt)) : NULL;
	if (attempt && !attempt->is_revoked)
		ctr_attempt_kill(agent, attempt, (enum centro_cause)kill->cause,
				 kill->grace ? span_of(kill->grace) : attempt->kill_grace);
}

static void orders_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	const Centro__V1__GetJobResponse *order =
		(const Centro__V1__GetJobResponse *)ctr_agent_decode(
			agent, &centro__v1__get_job_response__descriptor, bytes);
	if (!order)
		return;
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
		break;
	}
}

static void orders_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->orders_call = NULL;
	ctr_agent_call_failed(agent, "stream of orders", status, message);
}

static const struct ctr_grpc_call_impl orders_impl = { .message = orders_message,
						       .closed = orders_closed };

void ctr_agent_listen(struct ctr_agent *agent)
{
	Centro__V1__GetJobRequest request = CENTRO__V1__GET_JOB_REQUEST__INIT;
	request.node_id = agent->node;
	request.session = agent->session;
	agent->orders_call = ctr_agent_call(agent, "/centro.v1.AgentService/GetJob", &request.base,
					    &orders_impl, agent, (struct centro_span){ 0 });
}

/* ---- ClaimJob ---- */

static void claim_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	const Centro__V1__ClaimJobResponse *response =
		(const Centro__V1__ClaimJobResponse *)ctr_agent_decode(
			agent, &centro__v1__claim_job_response__descriptor, bytes);
	if (!response || !ctr_agent_accepts_term(agent, response->term))
		return;
	/* Starting one needs the arena that the answer lies in: mark them first. */
	for (size_t i = 0; i < response->n_granted; i++) {
		struct ctr_attempt *attempt =
			ctr_attempt_find(agent, ctr_codec_attempt_ref(response->granted[i]));
		if (attempt && attempt->phase == CTR_ATTEMPT_CLAIMING)
			ctr_list_append(&agent->offered, &attempt->claim_link);
	}
	ctr_list_for_each_safe(node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (attempt->phase != CTR_ATTEMPT_CLAIMING)
			continue;
		bool is_granted = !ctr_list_is_empty(&attempt->claim_link);
		ctr_list_remove(&attempt->claim_link);
		if (is_granted)
			ctr_attempt_start(agent, attempt);
		else
			ctr_attempt_drop(agent, attempt);
	}
}

/* Whatever the answer did not settle is to be claimed again. */
static void claim_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->claim_call = NULL;
	if (status != CTR_GRPC_OK)
		ctr_agent_call_failed(agent, "claim", status, message);
	ctr_list_for_each_safe(node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (attempt->phase != CTR_ATTEMPT_CLAIMING)
			continue;
		attempt->phase = CTR_ATTEMPT_OFFERED;
		if (attempt->kill_wanted)
			ctr_attempt_drop(agent, attempt);
		else
			ctr_list_append(&agent->offered, &attempt->claim_link);
	}
}

static const struct ctr_grpc_call_impl claim_impl = { .message = claim_message,
						      .closed = claim_closed };

void ctr_agent_claim(struct ctr_agent *agent)
{
	Centro__V1__ClaimJobRequest request = CENTRO__V1__CLAIM_JOB_REQUEST__INIT;
	if (agent->claim_call || ctr_list_is_empty(&agent->offered))
		return;
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	request.attempts = make_refs(agent, CTR_BATCH_MAX);
	if (!request.attempts)
		return;
	request.node_id = agent->node;
	request.session = agent->session;
	request.term = agent->term;
	agent->claim_sent = agent->now.steady;
	while (!ctr_list_is_empty(&agent->offered) && request.n_attempts < CTR_BATCH_MAX) {
		struct ctr_attempt *attempt =
			ctr_list_entry(agent->offered.next, struct ctr_attempt, claim_link);
		ctr_list_remove(&attempt->claim_link);
		attempt->phase = CTR_ATTEMPT_CLAIMING;
		set_ref(request.attempts[request.n_attempts++], attempt);
	}
	agent->claim_call = ctr_agent_call(agent, "/centro.v1.AgentService/ClaimJob", &request.base,
					   &claim_impl, agent, ctr_span_ms(CALL_TIMEOUT_MS));
	if (!agent->claim_call)
		claim_closed(agent, NULL, CTR_GRPC_UNAVAILABLE, (struct centro_bytes){ 0 }, true);
}

/* ---- UpdateStatus ---- */

/* What a report said of an attempt is durable. */
static void acknowledge(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	bool end_was_told = attempt->end_in_report;
	attempt->in_report = attempt->end_in_report = false;
	attempt->start_reported = true;
	if (end_was_told || (attempt->is_revoked && attempt->phase == CTR_ATTEMPT_ENDED))
		ctr_attempt_drop(agent, attempt);
}

static void report_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct ctr_agent *agent = arg;
	const Centro__V1__UpdateStatusResponse *response =
		(const Centro__V1__UpdateStatusResponse *)ctr_agent_decode(
			agent, &centro__v1__update_status_response__descriptor, bytes);
	if (!response || !ctr_agent_accepts_term(agent, response->term))
		return;
	for (size_t i = 0; i < response->n_stale; i++) {
		struct ctr_attempt *attempt =
			ctr_attempt_find(agent, ctr_codec_attempt_ref(response->stale[i]));
		if (attempt && attempt->in_report)
			ctr_attempt_revoke(agent, attempt);
	}
	ctr_list_for_each_safe(node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (attempt->in_report)
			acknowledge(agent, attempt);
	}
}

/* Whatever was not acknowledged is to be reported again. */
static void report_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  struct centro_bytes message, bool never_sent)
{
	struct ctr_agent *agent = arg;
	agent->report_call = NULL;
	if (status != CTR_GRPC_OK)
		ctr_agent_call_failed(agent, "report", status, message);
	ctr_list_for_each_safe(node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		if (!attempt->in_report)
			continue;
		attempt->in_report = attempt->end_in_report = false;
		if (attempt->is_revoked && attempt->phase == CTR_ATTEMPT_ENDED)
			ctr_attempt_drop(agent, attempt);
		else
			ctr_attempt_report(agent, attempt);
	}
}

static const struct ctr_grpc_call_impl report_impl = { .message = report_message,
						       .closed = report_closed };

struct report {
	struct ctr_agent *agent;
	Centro__V1__StatusUpdate **updates;
	size_t count;
};

static bool add_update(struct report *report, const struct ctr_attempt *attempt,
		       Centro__V1__StatusUpdate__State state, struct centro_instant wall)
{
	struct ctr_arena *arena = &report->agent->arena;
	Centro__V1__StatusUpdate *update = ctr_arena_array(arena, 1, sizeof(*update));
	Centro__V1__AttemptRef *ref = ctr_arena_array(arena, 1, sizeof(*ref));
	Google__Protobuf__Timestamp *time = ctr_arena_array(arena, 1, sizeof(*time));
	if (!update || !ref || !time)
		return false;
	centro__v1__status_update__init(update);
	google__protobuf__timestamp__init(time);
	set_ref(ref, attempt);
	ctr_codec_set_instant(time, wall);
	update->attempt = ref;
	update->state = state;
	update->time = wall.ns ? time : NULL;
	if (state == CENTRO__V1__STATUS_UPDATE__STATE__ended) {
		update->cause = (Centro__V1__Cause)attempt->end.cause;
		update->exit_code = attempt->end.exit_code;
		update->signal = attempt->end.signal;
		update->message = (char *)attempt->end.message;
	}
	report->updates[report->count++] = update;
	return true;
}

static void add_attempt(struct report *report, struct ctr_attempt *attempt)
{
	bool has_ended = attempt->phase == CTR_ATTEMPT_ENDED && attempt->tails == 0;
	bool ok = true;
	if (!attempt->start_reported && attempt->start_wall.ns)
		ok = add_update(report, attempt, CENTRO__V1__STATUS_UPDATE__STATE__running,
				attempt->start_wall);
	if (ok && has_ended)
		ok = add_update(report, attempt, CENTRO__V1__STATUS_UPDATE__STATE__ended,
				attempt->end.end_wall);
	ctr_list_remove(&attempt->report_link);
	attempt->in_report = true;
	attempt->end_in_report = ok && has_ended;
}

void ctr_agent_report(struct ctr_agent *agent)
{
	Centro__V1__UpdateStatusRequest request = CENTRO__V1__UPDATE_STATUS_REQUEST__INIT;
	if (agent->report_call || ctr_list_is_empty(&agent->reports))
		return;
	ctr_arena_reset(&agent->arena, SIZE_MAX);
	struct report report = { .agent = agent };
	report.updates =
		ctr_arena_array(&agent->arena, CTR_BATCH_MAX + 2, sizeof(*report.updates));
	if (!report.updates)
		return;
	while (!ctr_list_is_empty(&agent->reports) && report.count < CTR_BATCH_MAX)
		add_attempt(&report, ctr_list_entry(agent->reports.next, struct ctr_attempt,
						    report_link));
	request.node_id = agent->node;
	request.session = agent->session;
	request.term = agent->term;
	request.updates = report.updates;
	request.n_updates = report.count;
	agent->report_call =
		ctr_agent_call(agent, "/centro.v1.AgentService/UpdateStatus", &request.base,
			       &report_impl, agent, ctr_span_ms(CALL_TIMEOUT_MS));
	if (!agent->report_call)
		report_closed(agent, NULL, CTR_GRPC_UNAVAILABLE, (struct centro_bytes){ 0 }, true);
}
