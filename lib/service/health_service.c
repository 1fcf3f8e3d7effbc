/* SPDX-License-Identifier: MIT */
/*
 * health_service.c - grpc.health.v1 (gRPC's health checking protocol).
 *
 * "" is the server as a whole. Every service is in the same health: a server
 * that is loading, draining or whose store failed serves none.
 */
#include "service/health.h"

#include "grpc/health/v1/health.pb-c.h"
#include "service/methods.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

struct health_watch {
	struct ctr_list link; /* of the service */
	struct ctr_rpc *rpc;
	bool is_known; /* of a service that this server has */
	serving_status told;
};

static bool is_known(struct centro_bytes name)
{
	static const char *const names[] = { "",
					     "centro.v1.JobService",
					     "centro.v1.NodeService",
					     "centro.v1.AgentService",
					     "grpc.health.v1.Health",
					     "grpc.reflection.v1.ServerReflection",
					     "grpc.reflection.v1alpha.ServerReflection" };
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		if (ctr_bytes_equal(name, ctr_bytes_str(names[i])))
			return true;
	}
	return false;
}

static serving_status health_of(const struct ctr_service *service)
{
	bool serves = !service->is_draining &&
		      ctr_engine_get_state(service->engine) == CTR_ENGINE_READY;
	return serves ? STATUS(SERVING) : STATUS(NOT_SERVING);
}

static int health_check(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
		(const Grpc__Health__V1__HealthCheckRequest *)message;
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
	int status = CENTRO_ERR_NOT_FOUND;
	if (is_known(ctr_bytes_str(request->service))) {
		response.status = health_of(rpc->service);
		status = ctr_rpc_answer(rpc, &response.base);
	} else {
		ctr_rpc_error(rpc, status, "service: this server has none of that name");
	}
	/* It tells nothing of the store, so there is nothing to wait for. */
	ctr_rpc_reply_now(rpc, status);
	return CTR_RPC_LATER;
}

static void tell(struct health_watch *watch)
{
	struct ctr_rpc *rpc = watch->rpc;
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
	watch->told = watch->is_known ? health_of(rpc->service) : STATUS(SERVICE_UNKNOWN);
	response.status = watch->told;
	ctr_buf_clear(&rpc->response);
	int error = ctr_rpc_answer(rpc, &response.base);
	if (!error)
		error = ctr_rpc_send(rpc, ctr_buf_bytes(&rpc->response));
	if (error)
		ctr_rpc_finish(rpc, error, NULL);
}

void ctr_health_changed(struct ctr_service *service)
{
	serving_status health = health_of(service);
	ctr_list_for_each(node, &service->health) {
		struct health_watch *watch = ctr_list_entry(node, struct health_watch, link);
		if (watch->is_known && watch->told != health)
			tell(watch);
	}
}

static int health_watch(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
		(const Grpc__Health__V1__HealthCheckRequest *)message;
	struct health_watch *watch = ctr_alloc_zero(rpc->service->allocator, sizeof(*watch));
	if (!watch)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOMEM, "out of memory");
	watch->rpc = rpc;
	watch->is_known = is_known(ctr_bytes_str(request->service));
	ctr_list_append(&rpc->service->health, &watch->link);
	rpc->state = watch;
	tell(watch);
	return CTR_RPC_LATER;
}

static void health_closed(struct ctr_rpc *rpc)
{
	struct health_watch *watch = rpc->state;
	if (!watch)
		return;
	rpc->state = NULL;
	ctr_list_remove(&watch->link);
	ctr_free(rpc->service->allocator, watch);
}

const struct ctr_method ctr_method_health_check = {
	.path = "/grpc.health.v1.Health/Check",
	.request = &grpc__health__v1__health_check_request__descriptor,
	.request_message = health_check,
};
const struct ctr_method ctr_method_health_watch = {
	.path = "/grpc.health.v1.Health/Watch",
	.request = &grpc__health__v1__health_check_request__descriptor,
	.request_message = health_watch,
	.closed = health_closed,
	.is_endless = true,
};
