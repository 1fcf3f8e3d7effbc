/* SPDX-License-Identifier: MIT */
/*
 * service.c - the service as a whole: its life, and what happens in the cluster,
 * handed to those parts of it that somebody waits on.
 */
#include "service/service.h"

#include "service/agent_link.h"
#include "service/event_service.h"
#include "service/follow.h"
#include "service/health.h"
#include "service/methods.h"
#include "service/watch.h"

#define HEARTBEAT_DEFAULT_MS 5000

static struct ctr_service *service_of(struct ctr_subscriber *subscriber)
{
	return CTR_CONTAINER_OF(subscriber, struct ctr_service, subscriber);
}

static void on_applied(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	ctr_watch_applied(service_of(subscriber), event);
}

/* Orders first: who reads output may only ask for what the agent knows of. */
static void on_durable(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	ctr_agent_link_event(service_of(subscriber), event);
	ctr_follow_event(service_of(subscriber), event);
	ctr_event_watches_durable(service_of(subscriber), event);
}

static void on_reloaded(struct ctr_subscriber *subscriber)
{
	ctr_watch_reloaded(service_of(subscriber));
	ctr_health_changed(service_of(subscriber));
}

static void init_lists(struct ctr_service *service)
{
	ctr_list_init(&service->open);
	ctr_list_init(&service->spare);
	ctr_list_init(&service->health);
	ctr_list_init(&service->event_watches);
	ctr_map_init(&service->agents, service->allocator);
	ctr_map_init(&service->watches, service->allocator);
	ctr_map_init(&service->follows, service->allocator);
	ctr_map_init(&service->orders, service->allocator);
	ctr_arena_init(&service->arena, service->allocator, SIZE_MAX);
	ctr_arena_init(&service->spec_arena, service->allocator, SIZE_MAX);
	ctr_buf_init(&service->scratch, service->allocator, 0);
	ctr_buf_init(&service->scratch_inner, service->allocator, 0);
}

int ctr_service_new(const struct ctr_service_options *options, struct ctr_service **ret_service)
{
	CTR_ASSERT(options->engine);
	CTR_ASSERT(options->pump);
	struct ctr_service *service = ctr_alloc_zero(options->allocator, sizeof(*service));
	if (!service)
		return CENTRO_ERR_NOMEM;
	service->allocator = options->allocator;
	service->log = options->log;
	service->engine = options->engine;
	service->keeper = options->keeper;
	service->pump = options->pump;
	service->arg = options->arg;
	service->heartbeat = options->heartbeat.ns ? options->heartbeat
						   : ctr_span_ms(HEARTBEAT_DEFAULT_MS);
	init_lists(service);
	service->subscriber.applied = on_applied;
	service->subscriber.durable = on_durable;
	service->subscriber.reloaded = on_reloaded;
	ctr_engine_subscribe(service->engine, &service->subscriber);
	*ret_service = service;
	return CENTRO_OK;
}

void ctr_service_free(struct ctr_service *service)
{
	if (!service)
		return;
	CTR_ASSERT(ctr_list_is_empty(&service->open));
	CTR_ASSERT(service->watches.count == 0);
	ctr_engine_unsubscribe(&service->subscriber);
	ctr_rpc_free_spares(service);
	ctr_map_fini(&service->agents);
	ctr_map_fini(&service->watches);
	ctr_map_fini(&service->follows);
	ctr_map_fini(&service->orders);
	ctr_arena_fini(&service->arena);
	ctr_arena_fini(&service->spec_arena);
	ctr_buf_fini(&service->scratch);
	ctr_buf_fini(&service->scratch_inner);
	ctr_free(service->allocator, service);
}

void ctr_service_set_now(struct ctr_service *service, struct centro_time now)
{
	CTR_ASSERT(now.steady.ns >= service->now.steady.ns);
	service->now = now;
}

const struct ctr_grpc_server_impl *ctr_service_impl(void)
{
	static const struct ctr_grpc_server_impl impl = { .call = ctr_rpc_begin };
	return &impl;
}

void ctr_service_drain(struct ctr_service *service)
{
	service->is_draining = true;
	ctr_health_changed(service);
	ctr_list_for_each(node, &service->open) {
		struct ctr_rpc *rpc = ctr_list_entry(node, struct ctr_rpc, link);
		if (rpc->method->is_endless)
			ctr_rpc_finish(rpc, CENTRO_ERR_UNAVAILABLE, "the server is stopping");
	}
}
