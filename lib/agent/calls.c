/* SPDX-License-Identifier: MIT */
/*
 * calls.c - what all calls of an agent to its server have in common.
 *
 * Of each method at most one call is under way, so that what gathers meanwhile
 * goes together. A call that fails changes nothing: what it was to say is said
 * again.
 *
 * Layer: agent.
 */
#include "agent/brain.h"

#define CALL_TIMEOUT_MS_MIN 1000
#define CALL_TIMEOUT_MS_MAX 10000
#define RETRY_MS            500
#define MESSAGE_SHOWN       256

struct centro_span ctr_agent_call_timeout(const struct ctr_agent *agent)
{
	struct centro_span least = ctr_span_ms(CALL_TIMEOUT_MS_MIN);
	struct centro_span most = ctr_span_ms(CALL_TIMEOUT_MS_MAX);
	struct centro_span twice = {agent->interval.ns * 2};
	if (twice.ns < least.ns)
		return least;
	return twice.ns > most.ns ? most : twice;
}

struct ctr_grpc_call *ctr_agent_call(struct ctr_agent *agent, const char *path,
				     const ProtobufCMessage *request,
				     const struct ctr_grpc_call_impl *impl, void *arg,
				     struct centro_span timeout)
{
	struct ctr_grpc_conn *conn = ctr_channel_conn(agent->channel);
	struct ctr_grpc_call *call;
	struct centro_instant now = agent->now.steady;
	struct centro_instant deadline = timeout.ns ? ctr_after(now, timeout) : CTR_NEVER;
	if (!conn ||
	    ctr_grpc_call_start(conn, path, NULL, 0, now, deadline, impl, arg, &call) != CENTRO_OK)
		return NULL;
	if (!request)
		return call;
	ctr_buf_clear(&agent->scratch);
	int error = ctr_message_encode(request, &agent->scratch);
	if (!error)
		error = ctr_grpc_call_send(call, ctr_buf_bytes(&agent->scratch));
	if (error)
		ctr_grpc_call_cancel(call); /* `closed` tells the rest */
	else
		ctr_grpc_call_half_close(call);
	return call;
}

int ctr_agent_decode(struct ctr_agent *agent, const ProtobufCMessageDescriptor *descriptor,
		     struct centro_bytes bytes, ProtobufCMessage **ret_message)
{
	struct centro_error_text text = {""};
	/* An assignment needs as much again for its environment. */
	ctr_arena_reset(&agent->arena, 2 * ctr_message_arena_bytes(bytes.size));
	int error = ctr_message_decode(descriptor, bytes, &agent->arena, ret_message, &text);
	if (error)
		ctr_log_warn(agent->log, "answer not understood error=%s", text.text);
	return error;
}

void ctr_agent_leave_server(struct ctr_agent *agent)
{
	struct ctr_grpc_conn *conn = ctr_channel_conn(agent->channel);
	agent->is_registered = false;
	if (!conn)
		return;
	struct ctr_grpc_call *calls[] = {agent->heartbeat_call, agent->orders_call,
					 agent->claim_call, agent->report_call};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(calls); i++) {
		if (calls[i])
			ctr_grpc_call_cancel(calls[i]);
	}
	ctr_output_cancel_all(agent);
	ctr_grpc_conn_drain(conn, agent->now.steady);
}

bool ctr_agent_accepts_term(struct ctr_agent *agent, uint64_t term)
{
	if (term >= agent->term) {
		agent->term = term;
		return true;
	}
	ctr_log_warn(agent->log, "left a server of an older term=%llu newest=%llu",
		     (unsigned long long)term, (unsigned long long)agent->term);
	ctr_agent_leave_server(agent);
	return false;
}

void ctr_agent_pause(struct ctr_agent *agent)
{
	agent->retry_due = ctr_after(agent->now.steady, ctr_span_ms(RETRY_MS));
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
	ctr_agent_pause(agent);
	if (error == CENTRO_ERR_STALE || error == CENTRO_ERR_NOT_FOUND) {
		agent->is_registered = false;
		agent->heartbeat_due = agent->retry_due;
	}
}

void ctr_agent_set_ref(Centro__V1__AttemptRef *message, const struct ctr_attempt *attempt)
{
	centro__v1__attempt_ref__init(message);
	ctr_codec_set_attempt_ref(message, ctr_attempt_ref(attempt));
}

Centro__V1__AttemptRef **ctr_agent_make_refs(struct ctr_agent *agent, size_t count)
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
