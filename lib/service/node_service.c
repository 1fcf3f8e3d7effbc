/* SPDX-License-Identifier: MIT */
/* node_service.c - NodeService: the nodes there are, one of them, and what may run there. */
#include "service/methods.h"

#define PAGE_SIZE_DEFAULT 100
#define PAGE_SIZE_MAX     1000
#define LOOKED_AT_MAX     100000 /* in one call, when a filter passes over most */

static const struct ctr_core *core_of(struct ctr_rpc *rpc)
{
	const struct ctr_core *core = ctr_engine_core(rpc->service->engine);
	if (!core)
		ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "the server is loading its store");
	return core;
}

/* The node that a request names. */
static int find_node(struct ctr_rpc *rpc, uint64_t id, const char *name,
		     const struct ctr_node **ret_node)
{
	const struct ctr_core *core = core_of(rpc);
	if (!core)
		return CENTRO_ERR_UNAVAILABLE;
	if (id == 0 && name[0] == '\0')
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "id, name: give one of them");

	const struct ctr_node *node = id ? ctr_core_find_node(core, id)
					 : ctr_core_find_node_by_name(core, ctr_bytes_str(name));
	if (!node)
		return ctr_rpc_error(rpc, CENTRO_ERR_NOT_FOUND, "%s: there is no such node",
				     id ? "id" : "name");
	*ret_node = node;
	return CENTRO_OK;
}

static int node_get(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__NodeGetRequest *request = (const Centro__V1__NodeGetRequest *)message;
	const struct ctr_node *node;
	int status = find_node(rpc, request->id, request->name, &node);
	if (status != CENTRO_OK)
		return status;
	return ctr_codec_encode_node(node, ctr_core_dimensions(core_of(rpc)), &rpc->response);
}

static bool is_wanted(const Centro__V1__NodeListRequest *request, const struct ctr_node *node)
{
	if (request->datacenter[0] &&
	    !ctr_bytes_equal(node->datacenter, ctr_bytes_str(request->datacenter)))
		return false;
	for (size_t i = 0; i < request->n_states; i++) {
		if ((int)request->states[i] == node->state)
			return true;
	}
	return request->n_states == 0;
}

/* The token of the next page is the last id looked at. */
static int list_page(struct ctr_rpc *rpc, const Centro__V1__NodeListRequest *request,
		     const struct ctr_core *core, uint64_t after)
{
	struct ctr_service *service = rpc->service;
	uint32_t wanted = request->page_size ? request->page_size : PAGE_SIZE_DEFAULT;
	uint32_t looked_at = 0;
	const struct ctr_node *node;
	while (wanted > 0 && looked_at++ < LOOKED_AT_MAX &&
	       (node = ctr_core_node_above(core, after))) {
		after = node->id;
		if (!is_wanted(request, node))
			continue;
		wanted--;
		ctr_buf_clear(&service->scratch);
		int error =
			ctr_codec_encode_node(node, ctr_core_dimensions(core), &service->scratch);
		if (!error)
			error = ctr_message_append_field(&rpc->response, 1,
							 ctr_buf_bytes(&service->scratch));
		if (error)
			return error;
	}
	if (!ctr_core_node_above(core, after))
		return CENTRO_OK;
	ctr_buf_clear(&service->scratch);
	int error = ctr_buf_append_u64(&service->scratch, after);
	return error ? error
		     : ctr_message_append_field(&rpc->response, 2,
						ctr_buf_bytes(&service->scratch));
}

static int node_list(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__NodeListRequest *request = (const Centro__V1__NodeListRequest *)message;
	const struct ctr_core *core = core_of(rpc);
	uint64_t after = 0;
	if (!core)
		return CENTRO_ERR_UNAVAILABLE;
	if (request->page_size > PAGE_SIZE_MAX)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "page_size: %u; at most %d",
				     request->page_size, PAGE_SIZE_MAX);
	if (request->page_token[0] && !ctr_parse_u64(ctr_bytes_str(request->page_token), &after))
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID,
				     "page_token: not one that this method gave");
	return list_page(rpc, request, core, after);
}

/* ---- Drain, Undrain ---- */

static int append_node(struct ctr_rpc *rpc, centro_node_id id)
{
	struct ctr_service *service = rpc->service;
	const struct ctr_core *core = core_of(rpc);
	const struct ctr_node *node = core ? ctr_core_find_node(core, id) : NULL;
	if (!node)
		return CENTRO_ERR_UNAVAILABLE;
	ctr_buf_clear(&service->scratch);
	int error = ctr_codec_encode_node(node, ctr_core_dimensions(core), &service->scratch);
	return error ? error
		     : ctr_message_append_field(&rpc->response, 1,
						ctr_buf_bytes(&service->scratch));
}

static int execute(struct ctr_rpc *rpc, const struct ctr_command *command)
{
	struct ctr_result result;
	int status = ctr_engine_execute(rpc->service->engine, rpc->service->now, command, &result);
	if (status == CENTRO_OK)
		return append_node(rpc, result.node);
	rpc->text = result.text;
	return status;
}

static int node_drain(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__NodeDrainRequest *request = (const Centro__V1__NodeDrainRequest *)message;
	const struct ctr_node *node;
	int status = find_node(rpc, request->id, request->name, &node);
	if (status != CENTRO_OK)
		return status;
	struct ctr_command command = {
		.type = CTR_COMMAND_DRAIN,
		.drain = {.node = node->id,
			  .who = ctr_bytes_str(rpc->peer->name),
			  .reason = ctr_bytes_str(request->reason),
			  .has_deadline = request->deadline != NULL},
	};
	if (request->deadline && !ctr_codec_span(request->deadline, &command.drain.deadline))
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "deadline: out of range");
	return execute(rpc, &command);
}

static int node_undrain(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__NodeUndrainRequest *request =
		(const Centro__V1__NodeUndrainRequest *)message;
	const struct ctr_node *node;
	int status = find_node(rpc, request->id, request->name, &node);
	if (status != CENTRO_OK)
		return status;
	const struct ctr_command command = {.type = CTR_COMMAND_UNDRAIN,
					    .undrain = {.node = node->id}};
	return execute(rpc, &command);
}

const struct ctr_method ctr_method_node_list = {
	.path = "/centro.v1.NodeService/List",
	.request = &centro__v1__node_list_request__descriptor,
	.request_message = node_list,
};
const struct ctr_method ctr_method_node_get = {
	.path = "/centro.v1.NodeService/Get",
	.request = &centro__v1__node_get_request__descriptor,
	.request_message = node_get,
};
const struct ctr_method ctr_method_node_drain = {
	.path = "/centro.v1.NodeService/Drain",
	.request = &centro__v1__node_drain_request__descriptor,
	.request_message = node_drain,
};
const struct ctr_method ctr_method_node_undrain = {
	.path = "/centro.v1.NodeService/Undrain",
	.request = &centro__v1__node_undrain_request__descriptor,
	.request_message = node_undrain,
};
