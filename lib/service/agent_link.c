/* SPDX-License-Identifier: MIT */
/*
 * agent_link.c - AgentService.GetJob: orders, each sent the moment it is durable.
 *
 * Every order derives from state that stands in the store: assignments from
 * grants, kills from cancelled jobs and drained nodes. So nothing is remembered here, and a
 * stream that is opened anew begins with all that still holds.
 */
#include "service/agent_link.h"

#include "service/follow.h"
#include "service/methods.h"
#include "service/raw_field.h"

#define FIELD_ASSIGNMENT      1
#define FIELD_KILL            2
#define FIELD_ASSIGNMENT_TASK 5
#define FIELD_SPEC_TASKS      4
#define FIELD_TASK_NAME       1

struct ctr_agent_link {
	struct ctr_rpc *rpc;
	centro_node_id node;
	uint64_t session;
};

static struct ctr_agent_link *find_link(const struct ctr_service *service, centro_node_id node)
{
	return ctr_map_find(&service->agents, node);
}

bool ctr_agent_link_is_up(const struct ctr_service *service, centro_node_id node)
{
	return find_link(service, node) != NULL;
}

int ctr_agent_link_send(struct ctr_service *service, centro_node_id node, struct centro_bytes order)
{
	struct ctr_agent_link *link = find_link(service, node);
	return link ? ctr_rpc_send(link->rpc, order) : CENTRO_ERR_UNAVAILABLE;
}

/* The task as the client wrote it, with its name filled in; a later field wins. */
static int append_task(struct ctr_buf *buf, const struct ctr_job *job, const struct ctr_task *task,
		       uint32_t position)
{
	struct centro_bytes raw;
	if (!ctr_raw_field_find(job->text, FIELD_SPEC_TASKS, position, &raw))
		return CENTRO_ERR_CORRUPT;
	int error = ctr_buf_append_bytes(buf, raw);
	return error ? error : ctr_message_append_field(buf, FIELD_TASK_NAME, task->name);
}

/* What the job says of itself, terminated, as protobuf-c wants it: the text of a job is not. */
static int set_names(struct ctr_service *service, const struct ctr_job *job,
		     Centro__V1__Assignment *assignment)
{
	assignment->job_name = ctr_arena_strdup(&service->arena, job->name);
	assignment->queue = ctr_arena_strdup(&service->arena, job->queue);
	assignment->owner = ctr_arena_strdup(&service->arena, job->owner);
	return assignment->job_name && assignment->queue && assignment->owner ? CENTRO_OK
									      : CENTRO_ERR_NOMEM;
}

static int encode_assignment(struct ctr_service *service, const struct ctr_instance *instance,
			     struct ctr_buf *buf)
{
	const struct ctr_job *job = instance->job;
	const struct ctr_task *task = &job->tasks[instance->task];
	Centro__V1__AttemptRef ref;
	Google__Protobuf__Duration lease;
	Centro__V1__Assignment assignment = CENTRO__V1__ASSIGNMENT__INIT;
	centro__v1__attempt_ref__init(&ref);
	ctr_codec_set_attempt_ref(&ref, ctr_instance_ref(instance));
	google__protobuf__duration__init(&lease);
	ctr_codec_set_span(&lease, task->lease);
	assignment.attempt = &ref;
	assignment.term = ctr_engine_get_term(service->engine);
	assignment.lease = &lease;

	struct ctr_buf *inner = &service->scratch_inner;
	ctr_buf_clear(inner);
	int error = set_names(service, job, &assignment);
	if (!error)
		error = append_task(inner, job, task, instance->task);
	ctr_buf_clear(buf);
	if (!error)
		error = ctr_message_encode(&assignment.base, buf);
	if (!error)
		error = ctr_message_append_field(buf, FIELD_ASSIGNMENT_TASK, ctr_buf_bytes(inner));
	return error;
}

/* Wrap what `inner` holds as one member of GetJobResponse's oneof, and send it. */
static void send_order(struct ctr_agent_link *link, uint32_t field, struct centro_bytes inner)
{
	struct ctr_service *service = link->rpc->service;
	struct ctr_buf *outer = &service->scratch_inner;
	ctr_buf_clear(outer);
	int error = ctr_message_append_field(outer, field, inner);
	if (!error)
		error = ctr_rpc_send(link->rpc, ctr_buf_bytes(outer));
	if (error)
		ctr_log_debug(service->log, "order not sent node=%llu error=%s",
			      (unsigned long long)link->node, centro_error_name(error));
}

static void send_assignment(struct ctr_agent_link *link, const struct ctr_instance *instance)
{
	struct ctr_service *service = link->rpc->service;
	ctr_arena_reset(&service->arena, ctr_message_arena_bytes(0));
	int error = encode_assignment(service, instance, &service->scratch);
	if (error == CENTRO_OK)
		send_order(link, FIELD_ASSIGNMENT, ctr_buf_bytes(&service->scratch));
	else
		ctr_log_error(service->log, "assignment not encoded job=%llu error=%s",
			      (unsigned long long)instance->job->id, centro_error_name(error));
}

static void send_kill(struct ctr_agent_link *link, const struct ctr_instance *instance,
		      Centro__V1__Cause cause)
{
	struct ctr_service *service = link->rpc->service;
	Centro__V1__AttemptRef ref;
	Google__Protobuf__Duration grace;
	Centro__V1__KillOrder kill = CENTRO__V1__KILL_ORDER__INIT;
	centro__v1__attempt_ref__init(&ref);
	ctr_codec_set_attempt_ref(&ref, ctr_instance_ref(instance));
	google__protobuf__duration__init(&grace);
	ctr_codec_set_span(&grace, instance->job->tasks[instance->task].kill_grace);
	kill.attempt = &ref;
	kill.cause = cause;
	kill.grace = &grace;
	ctr_buf_clear(&service->scratch);
	if (ctr_message_encode(&kill.base, &service->scratch) == CENTRO_OK)
		send_order(link, FIELD_KILL, ctr_buf_bytes(&service->scratch));
}

static bool awaits_claim(const struct ctr_service *service, const struct ctr_instance *instance)
{
	return instance->state == CENTRO_INSTANCE_ASSIGNED && !instance->claimed &&
	       instance->assign_event <= ctr_engine_durable_event(service->engine);
}

/* What cannot have been started the core ends by itself. */
static void send_clear(struct ctr_agent_link *link, const struct ctr_instance *instance)
{
	if (instance->node->revision <= ctr_engine_durable_event(link->rpc->service->engine) &&
	    ctr_instance_may_have_started(instance))
		send_kill(link, instance, CENTRO__V1__CAUSE__drained);
}

/* What the agent should know of one grant, and may know already. */
static void send_due(struct ctr_agent_link *link, const struct ctr_instance *instance)
{
	if (instance->job->cancelled_by)
		send_kill(link, instance, CENTRO__V1__CAUSE__cancel);
	else if (ctr_node_is_cleared(instance->node))
		send_clear(link, instance);
	else if (awaits_claim(link->rpc->service, instance))
		send_assignment(link, instance);
}

static void send_all_due(struct ctr_agent_link *link, const struct ctr_node *node)
{
	ctr_list_for_each(entry, &node->attempts)
		send_due(link, ctr_list_entry(entry, struct ctr_instance, on_node));
}

void ctr_agent_link_resend(struct ctr_service *service, const struct ctr_node *node)
{
	struct ctr_agent_link *link = find_link(service, node->id);
	if (link)
		send_all_due(link, node);
}

static void event_assigned(struct ctr_service *service, const struct ctr_event *event)
{
	struct ctr_agent_link *link = find_link(service, event->node);
	if (!link)
		return;
	const struct ctr_instance *instance =
		ctr_core_find_attempt(ctr_engine_core(service->engine), &event->attempt);
	if (instance && awaits_claim(service, instance) && !instance->job->cancelled_by &&
	    !ctr_node_is_cleared(instance->node))
		send_assignment(link, instance);
}

static void event_cancelled(struct ctr_service *service, const struct ctr_event *event)
{
	const struct ctr_job *job =
		ctr_core_find_job(ctr_engine_core(service->engine), event->attempt.job);
	for (size_t t = 0; job && t < job->task_count; t++) {
		for (uint32_t i = 0; i < job->tasks[t].count; i++) {
			const struct ctr_instance *instance = &job->tasks[t].instances[i];
			bool is_granted = instance->state == CENTRO_INSTANCE_ASSIGNED ||
					  instance->state == CENTRO_INSTANCE_RUNNING;
			struct ctr_agent_link *link =
				is_granted ? find_link(service, instance->node->id) : NULL;
			if (link)
				send_kill(link, instance, CENTRO__V1__CAUSE__cancel);
		}
	}
}

static void event_draining(struct ctr_service *service, const struct ctr_event *event)
{
	const struct ctr_node *node =
		ctr_core_find_node(ctr_engine_core(service->engine), event->node);
	if (node && ctr_node_is_cleared(node))
		ctr_agent_link_resend(service, node);
}

void ctr_agent_link_event(struct ctr_service *service, const struct ctr_event *event)
{
	if (event->type == CENTRO_EVENT_INSTANCE_ASSIGNED)
		event_assigned(service, event);
	else if (event->type == CENTRO_EVENT_JOB_CANCEL_REQUESTED)
		event_cancelled(service, event);
	else if (event->type == CENTRO_EVENT_NODE_DRAINING)
		event_draining(service, event);
}

/* ---- the stream ---- */

static int link_open(struct ctr_rpc *rpc, const struct ctr_node *node, uint64_t session)
{
	struct ctr_service *service = rpc->service;
	struct ctr_agent_link *old = ctr_map_remove(&service->agents, node->id);
	if (old)
		ctr_rpc_finish(old->rpc, CENTRO_ERR_STALE, "the agent has opened a newer stream");
	int error = ctr_map_reserve(&service->agents, 1);
	struct ctr_agent_link *link =
		error ? NULL : ctr_alloc_zero(service->allocator, sizeof(*link));
	if (!link)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	link->rpc = rpc;
	link->node = node->id;
	link->session = session;
	rpc->state = link;
	ctr_map_insert(&service->agents, node->id, link);
	send_all_due(link, node);
	ctr_follow_agent_up(service, node->id);
	return CTR_RPC_LATER;
}

static int get_job(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__GetJobRequest *request = (const Centro__V1__GetJobRequest *)message;
	const struct ctr_core *core = ctr_engine_core(rpc->service->engine);
	if (!core)
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE,
				     "the server is loading its store");
	const struct ctr_node *node = ctr_core_find_node(core, request->node_id);
	if (!node)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND,
				     "node_id: there is no node %llu; send a heartbeat first",
				     (unsigned long long)request->node_id);
	if (node->session != request->session)
		return ctr_rpc_error(rpc, CENTRO_ERR_STALE,
				     "session: not the node's present one; send a heartbeat first");
	return link_open(rpc, node, request->session);
}

static void get_job_closed(struct ctr_rpc *rpc)
{
	struct ctr_service *service = rpc->service;
	struct ctr_agent_link *link = rpc->state;
	if (!link)
		return;
	rpc->state = NULL;
	if (find_link(service, link->node) == link) {
		ctr_map_remove(&service->agents, link->node);
		ctr_follow_agent_down(service, link->node);
	}
	ctr_free(service->allocator, link);
}

const struct ctr_method ctr_method_get_job = {
	.path = "/centro.v1.AgentService/GetJob",
	.request = &centro__v1__get_job_request__descriptor,
	.request_message = get_job,
	.closed = get_job_closed,
	.is_endless = true,
};
