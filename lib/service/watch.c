/* SPDX-License-Identifier: MIT */
/*
 * watch.c - JobService.Watch: the job as it is, then after each change.
 *
 * A snapshot is encoded right when an event has been applied, since the state
 * may be ahead by the time the event is durable; it is sent when it is. Changes
 * that become durable together give one snapshot, the last.
 */
#include "service/watch.h"

#include "service/job_lists.h"
#include "service/job_read.h"
#include "service/methods.h"

struct watch;

/* What the watcher sees once `release` comes. */
struct snapshot {
	struct ctr_release release;
	struct ctr_list link; /* of watch.snapshots, oldest first */
	struct watch *watch;
	struct ctr_buf message; /* a JobWatchResponse */
	bool is_last;
};

struct watch {
	struct ctr_rpc *rpc;
	centro_job_id job;
	struct ctr_list link; /* of those of the same job */
	struct ctr_list snapshots;
};

static void snapshot_free(struct snapshot *snapshot)
{
	const struct centro_allocator *allocator = snapshot->watch->rpc->service->allocator;
	ctr_release_cancel(&snapshot->release);
	ctr_list_remove(&snapshot->link);
	ctr_buf_fini(&snapshot->message);
	ctr_free(allocator, snapshot);
}

static void snapshot_release(struct ctr_release *release, int status)
{
	struct snapshot *snapshot = CTR_CONTAINER_OF(release, struct snapshot, release);
	struct ctr_rpc *rpc = snapshot->watch->rpc;
	if (status == CENTRO_OK)
		status = ctr_rpc_send(rpc, ctr_buf_bytes(&snapshot->message));
	bool is_last = snapshot->is_last;
	snapshot_free(snapshot);

	if (status == CENTRO_ERR_LIMIT)
		ctr_rpc_finish(rpc, status, "the reader is too slow: watch again");
	else if (status != CENTRO_OK)
		ctr_rpc_finish(rpc, CENTRO_ERR_UNAVAILABLE, "watch again");
	else if (is_last)
		ctr_rpc_finish(rpc, CENTRO_OK, NULL);
}

/* The snapshot that becomes durable with the open batch, emptied. NULL: no memory. */
static struct snapshot *snapshot_of_batch(struct watch *watch)
{
	struct ctr_service *service = watch->rpc->service;
	if (!ctr_list_is_empty(&watch->snapshots)) {
		struct snapshot *last =
			ctr_list_entry(watch->snapshots.prev, struct snapshot, link);
		if (last->release.batch == ctr_engine_batch(service->engine)) {
			ctr_buf_clear(&last->message);
			return last;
		}
	}
	struct snapshot *snapshot = ctr_alloc_zero(service->allocator, sizeof(*snapshot));
	if (!snapshot)
		return NULL;
	snapshot->watch = watch;
	ctr_list_init(&snapshot->link);
	ctr_buf_init(&snapshot->message, service->allocator, 0);
	ctr_release_init(&snapshot->release, snapshot_release);
	ctr_list_append(&watch->snapshots, &snapshot->link);
	ctr_engine_release(service->engine, &snapshot->release);
	return snapshot;
}

static void watch_show(struct watch *watch, struct centro_bytes job, bool is_last)
{
	struct snapshot *snapshot = snapshot_of_batch(watch);
	int error = snapshot ? ctr_message_append_field(&snapshot->message, 1, job)
			     : CENTRO_ERR_NOMEM;
	if (error)
		ctr_rpc_finish(watch->rpc, error, "out of memory: watch again");
	else
		snapshot->is_last = is_last;
}

void ctr_watch_applied(struct ctr_service *service, const struct ctr_event *event)
{
	if (service->watches.count == 0 || event->attempt.job == 0)
		return;
	struct ctr_list *watches = ctr_job_lists_find(&service->watches, event->attempt.job);
	if (!watches)
		return;
	const struct ctr_job *job =
		ctr_core_find_job(ctr_engine_core(service->engine), event->attempt.job);
	CTR_ASSERT(job);
	ctr_buf_clear(&service->scratch);
	if (ctr_job_encode_answer(service, job, &service->scratch) != CENTRO_OK)
		return;
	ctr_list_for_each(node, watches)
		watch_show(ctr_list_entry(node, struct watch, link),
			   ctr_buf_bytes(&service->scratch), centro_job_state_is_final(job->state));
}

void ctr_watch_reloaded(struct ctr_service *service)
{
	size_t cursor = 0;
	const struct ctr_job_list *list;
	while ((list = ctr_map_next(&service->watches, &cursor))) {
		ctr_list_for_each(node, &list->members)
			ctr_rpc_finish(ctr_list_entry(node, struct watch, link)->rpc,
				       CENTRO_ERR_UNAVAILABLE,
				       "the server read its store anew: watch again");
	}
}

static int watch_live(struct ctr_rpc *rpc, const struct ctr_job *job)
{
	struct ctr_service *service = rpc->service;
	struct watch *watch = ctr_alloc_zero(service->allocator, sizeof(*watch));
	if (!watch)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	watch->rpc = rpc;
	watch->job = job->id;
	ctr_list_init(&watch->link);
	ctr_list_init(&watch->snapshots);
	int error = ctr_job_lists_add(&service->watches, service->allocator, job->id, &watch->link);
	if (error) {
		ctr_free(service->allocator, watch);
		return ctr_rpc_error(rpc, error, "out of memory");
	}
	rpc->state = watch;
	ctr_buf_clear(&service->scratch);
	if (ctr_job_encode_answer(service, job, &service->scratch) != CENTRO_OK)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	watch_show(watch, ctr_buf_bytes(&service->scratch), centro_job_state_is_final(job->state));
	return CTR_RPC_LATER;
}

/* It has ended: one message, and the end. */
static void watch_found(struct ctr_rpc *rpc, int status, struct centro_bytes job)
{
	if (status == CENTRO_OK)
		status = ctr_message_append_field(&rpc->response, 1, job);
	else if (status == CENTRO_ERR_NOT_FOUND)
		status = ctr_job_not_kept(rpc);
	ctr_rpc_reply(rpc, status);
}

static int job_watch(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobWatchRequest *request = (const Centro__V1__JobWatchRequest *)message;
	const struct ctr_core *core = ctr_engine_core(rpc->service->engine);
	const struct ctr_job *job = core ? ctr_core_find_job(core, request->id) : NULL;
	if (job)
		return watch_live(rpc, job);
	return ctr_job_read_start(rpc, request->id, watch_found);
}

static void watch_closed(struct ctr_rpc *rpc)
{
	struct ctr_service *service = rpc->service;
	struct watch *watch = rpc->state;
	if (!watch)
		return;
	rpc->state = NULL;
	ctr_job_lists_remove(&service->watches, service->allocator, watch->job, &watch->link);
	ctr_list_for_each_safe(node, &watch->snapshots)
		snapshot_free(ctr_list_entry(node, struct snapshot, link));
	ctr_free(service->allocator, watch);
}

const struct ctr_method ctr_method_job_watch = {
	.path = "/centro.v1.JobService/Watch",
	.request = &centro__v1__job_watch_request__descriptor,
	.request_message = job_watch,
	.closed = watch_closed,
	.is_endless = true,
};
