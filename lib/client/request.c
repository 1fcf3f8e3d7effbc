/* SPDX-License-Identifier: MIT */
/*
 * request.c - what a call is made of: its method, by name, and its request, in
 * protobuf whatever it came in.
 *
 * A request in protobuf is decoded too, so that what is wrong with it is said here,
 * and not by a server later.
 *
 * Layer: client.
 */
#include "client/call.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define PACKAGE         "centro.v1."
#define METHOD_SIZE_MAX 200

const struct ctr_schema_method *ctr_client_find_method(const char *name)
{
	char path[METHOD_SIZE_MAX];
	CTR_ASSERT(name);

	const char *slash = strchr(name, '/');
	const char *dot = strchr(name, '.');
	const char *prefix = name[0] == '/' ? "" : dot && slash && dot < slash ? "/" : "/" PACKAGE;
	int size = snprintf(path, sizeof(path), "%s%s", prefix, name);
	if (size < 0 || (size_t)size >= sizeof(path))
		return NULL;
	return ctr_schema_find_method(ctr_bytes(path, (size_t)size));
}

int ctr_client_encode_request(struct ctr_client *client, const struct ctr_schema_method *method,
			      enum centro_encoding encoding, struct centro_bytes request,
			      struct ctr_buf *ret_buf, struct centro_error_text *text)
{
	ProtobufCMessage *message;
	struct ctr_arena *arena = &client->request_arena;
	int status;

	if (request.size > CTR_CLIENT_REQUEST_BYTES_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "the request has %zu bytes; it may have %zu", request.size,
				 CTR_CLIENT_REQUEST_BYTES_MAX);
	ctr_arena_reset(arena, ctr_message_arena_bytes(request.size));
	if (encoding == CENTRO_JSON)
		status = ctr_json_decode(method->request, request, arena, &message, text);
	else
		status = ctr_message_decode(method->request, request, arena, &message, text);
	if (status != CENTRO_OK)
		return status;

	status = encoding == CENTRO_JSON ? ctr_message_encode(message, ret_buf)
					 : ctr_buf_append_bytes(ret_buf, request);
	if (status != CENTRO_OK)
		ctr_error(text, status, "%s", centro_error_help(status));
	return status;
}
