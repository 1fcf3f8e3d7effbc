/* SPDX-License-Identifier: MIT */
/*
 * reflection_service.c - grpc.reflection.v1 and v1alpha, whose messages are the
 * same on the wire.
 *
 * Files are handed out as the bytes that protoc made, so nothing in them is lost;
 * symbols are looked for in those bytes. Field numbers are descriptor.proto's.
 */
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "service/methods.h"
#include "service/raw_field.h"

enum {
	SET_FILE = 1,
	ANY_NAME = 1, /* of a file, message, enum, field, value, service and method */
	FILE_PACKAGE = 2,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_ONEOF = 8,
	ENUM_VALUE = 2,
	SERVICE_METHOD = 2,
};

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

static struct centro_bytes name_of(struct centro_bytes descriptor)
{
	struct centro_bytes name = { 0 };
	ctr_raw_field_find(descriptor, ANY_NAME, 0, &name);
	return name;
}

/* The member of `descriptor` in `field` that has this name. */
static bool find_named(struct centro_bytes descriptor, uint32_t field, struct centro_bytes name,
		       struct centro_bytes *ret_member)
{
	struct centro_bytes member;
	for (uint32_t i = 0; ctr_raw_field_find(descriptor, field, i, &member); i++) {
		if (!ctr_bytes_equal(name_of(member), name))
			continue;
		*ret_member = member;
		return true;
	}
	return false;
}

/* Cut the part before the first dot off; false: there was none left. */
static bool next_part(struct centro_bytes *path, struct centro_bytes *ret_part)
{
	if (path->size == 0)
		return false;
	const uint8_t *dot = memchr(path->data, '.', path->size);
	size_t size = dot ? (size_t)(dot - path->data) : path->size;
	*ret_part = ctr_bytes(path->data, size);
	size_t skip = dot ? size + 1 : size;
	*path = ctr_bytes(path->data + skip, path->size - skip);
	return true;
}

/* `rest` is what follows the message's own name. */
static bool message_has(struct centro_bytes message, struct centro_bytes rest)
{
	struct centro_bytes part, member;
	while (next_part(&rest, &part)) {
		if (find_named(message, MESSAGE_NESTED, part, &member)) {
			message = member;
			continue;
		}
		if (find_named(message, MESSAGE_ENUM, part, &member))
			return rest.size == 0 || find_named(member, ENUM_VALUE, rest, &member);
		return rest.size == 0 && (find_named(message, MESSAGE_FIELD, part, &member) ||
					  find_named(message, MESSAGE_ONEOF, part, &member));
	}
	return true;
}

static bool file_has_symbol(struct centro_bytes file, struct centro_bytes symbol)
{
	struct centro_bytes package = { 0 }, part, member;
	ctr_raw_field_find(file, FILE_PACKAGE, 0, &package);
	if (!ctr_bytes_starts_with(symbol, package) || symbol.size <= package.size ||
	    symbol.data[package.size] != '.')
		return false;
	struct centro_bytes rest =
		ctr_bytes(symbol.data + package.size + 1, symbol.size - package.size - 1);
	if (!next_part(&rest, &part))
		return false;
	if (find_named(file, FILE_MESSAGE, part, &member))
		return message_has(member, rest);
	if (find_named(file, FILE_ENUM, part, &member))
		return rest.size == 0 || find_named(member, ENUM_VALUE, rest, &member);
	if (find_named(file, FILE_SERVICE, part, &member))
		return rest.size == 0 || find_named(member, SERVICE_METHOD, rest, &member);
	return false;
}

static bool find_file_of_symbol(struct centro_bytes symbol, struct centro_bytes *ret_file)
{
	struct centro_bytes set = ctr_schema_descriptor_set(), file;
	for (uint32_t i = 0; ctr_raw_field_find(set, SET_FILE, i, &file); i++) {
		if (!file_has_symbol(file, symbol))
			continue;
		*ret_file = file;
		return true;
	}
	return false;
}

/* ---- answers ---- */

static int send_response(struct ctr_rpc *rpc, reflection_request *request,
			 reflection_response *response)
{
	response->valid_host = request->host;
	response->original_request = request;
	ctr_buf_clear(&rpc->response);
	int error = ctr_rpc_answer(rpc, &response->base);
	return error ? error : ctr_rpc_send(rpc, ctr_buf_bytes(&rpc->response));
}

static int send_error(struct ctr_rpc *rpc, reflection_request *request,
		      enum ctr_grpc_status code, const char *text)
{
	Grpc__Reflection__V1__ErrorResponse error = GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;
	reflection_response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	error.error_code = (int32_t)code;
	error.error_message = (char *)text;
	response.message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	response.error_response = &error;
	return send_response(rpc, request, &response);
}

static int send_file(struct ctr_rpc *rpc, reflection_request *request, struct centro_bytes file)
{
	ProtobufCBinaryData data = { .len = file.size, .data = (uint8_t *)file.data };
	Grpc__Reflection__V1__FileDescriptorResponse files =
		GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
	reflection_response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	files.n_file_descriptor_proto = 1;
	files.file_descriptor_proto = &data;
	response.message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	response.file_descriptor_response = &files;
	return send_response(rpc, request, &response);
}

#define SERVICES_MAX 32

static size_t collect_services(struct ctr_arena *arena,
			       Grpc__Reflection__V1__ServiceResponse *services)
{
	struct centro_bytes set = ctr_schema_descriptor_set(), file, service;
	size_t count = 0;
	for (uint32_t f = 0; ctr_raw_field_find(set, SET_FILE, f, &file); f++) {
		struct centro_bytes package = { 0 };
		ctr_raw_field_find(file, FILE_PACKAGE, 0, &package);
		for (uint32_t s = 0; ctr_raw_field_find(file, FILE_SERVICE, s, &service); s++) {
			struct centro_bytes name = name_of(service);
			char *full = ctr_arena_array(arena, package.size + name.size + 2, 1);
			if (!full || count == SERVICES_MAX)
				return count;
			memcpy(full, package.data, package.size);
			full[package.size] = '.';
			memcpy(full + package.size + 1, name.data, name.size);
			grpc__reflection__v1__service_response__init(&services[count]);
			services[count++].name = full;
		}
	}
	return count;
}

static int send_services(struct ctr_rpc *rpc, reflection_request *request)
{
	Grpc__Reflection__V1__ServiceResponse services[SERVICES_MAX];
	Grpc__Reflection__V1__ServiceResponse *pointers[SERVICES_MAX];
	Grpc__Reflection__V1__ListServiceResponse list =
		GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;
	reflection_response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	list.n_service = collect_services(&rpc->service->arena, services);
	for (size_t i = 0; i < list.n_service; i++)
		pointers[i] = &services[i];
	list.service = pointers;
	response.message_response_case =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	response.list_services_response = &list;
	return send_response(rpc, request, &response);
}

static int send_file_by_name(struct ctr_rpc *rpc, reflection_request *request)
{
	struct centro_bytes file;
	if (find_named(ctr_schema_descriptor_set(), SET_FILE,
		       ctr_bytes_str(request->file_by_filename), &file))
		return send_file(rpc, request, file);
	return send_error(rpc, request, CTR_GRPC_NOT_FOUND, "there is no file of that name");
}

static int send_file_of_symbol(struct ctr_rpc *rpc, reflection_request *request)
{
	struct centro_bytes file;
	if (find_file_of_symbol(ctr_bytes_str(request->file_containing_symbol), &file))
		return send_file(rpc, request, file);
	return send_error(rpc, request, CTR_GRPC_NOT_FOUND, "no file defines that symbol");
}

static int reflect(struct ctr_rpc *rpc, reflection_request *request)
{
	switch (request->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		return send_services(rpc, request);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		return send_file_by_name(rpc, request);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		return send_file_of_symbol(rpc, request);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		return send_error(rpc, request, CTR_GRPC_UNIMPLEMENTED,
				  "the schema has no extensions");
	default:
		return send_error(rpc, request, CTR_GRPC_INVALID_ARGUMENT,
				  "message_request: not set");
	}
}

static int reflection_message(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	int error = reflect(rpc, (reflection_request *)message);
	if (error)
		ctr_rpc_finish(rpc, error, NULL);
	return CTR_RPC_LATER;
}

static void reflection_half_closed(struct ctr_rpc *rpc)
{
	ctr_rpc_finish(rpc, CENTRO_OK, NULL);
}

#define REFLECTION(version)                                                                        \
	const struct ctr_method ctr_method_reflection_##version = {                                \
		.path = "/grpc.reflection." #version ".ServerReflection/ServerReflectionInfo",     \
		.request = &grpc__reflection__v1__server_reflection_request__descriptor,           \
		.client_streams = true,                                                            \
		.request_message = reflection_message,                                             \
		.half_closed = reflection_half_closed,                                             \
		.is_endless = true,                                                                \
	}

REFLECTION(v1);
REFLECTION(v1alpha);
