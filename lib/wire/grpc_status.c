/* SPDX-License-Identifier: MIT */
/*
 * grpc_status.c - gRPC's status codes, their names, and which of Centro's
 * errors travels as which.
 *
 * Several errors share a status, so the way back gives the one that a caller
 * would handle the same way: what is retryable stays so.
 *
 * Layer: wire.
 */
#include "wire/grpc.h"

#include <centro/error.h>

const char *ctr_grpc_status_name(uint32_t status)
{
	static const char *const names[CTR_GRPC_STATUS_COUNT] = {
#define X(name) [CTR_GRPC_##name] = #name,
		CTR_GRPC_STATUS_MAP(X)
#undef X
	};

	return status < CTR_GRPC_STATUS_COUNT ? names[status] : names[CTR_GRPC_UNKNOWN];
}

enum ctr_grpc_status ctr_grpc_status_from_error(int error)
{
	switch (error) {
	case CENTRO_OK:
		return CTR_GRPC_OK;
	case CENTRO_ERR_INVALID:
		return CTR_GRPC_INVALID_ARGUMENT;
	case CENTRO_ERR_NOT_FOUND:
		return CTR_GRPC_NOT_FOUND;
	case CENTRO_ERR_EXISTS:
	case CENTRO_ERR_CONFLICT:
		return CTR_GRPC_ALREADY_EXISTS;
	case CENTRO_ERR_STATE:
	case CENTRO_ERR_VERSION:
		return CTR_GRPC_FAILED_PRECONDITION;
	case CENTRO_ERR_STALE:
		return CTR_GRPC_ABORTED;
	case CENTRO_ERR_DENIED:
		return CTR_GRPC_PERMISSION_DENIED;
	case CENTRO_ERR_UNAUTHENTICATED:
		return CTR_GRPC_UNAUTHENTICATED;
	case CENTRO_ERR_LIMIT:
	case CENTRO_ERR_FULL:
	case CENTRO_ERR_NOMEM:
		return CTR_GRPC_RESOURCE_EXHAUSTED;
	case CENTRO_ERR_CORRUPT:
		return CTR_GRPC_DATA_LOSS;
	case CENTRO_ERR_COMPACTED:
		return CTR_GRPC_OUT_OF_RANGE;
	/* Another server, or this one started anew, may well do it. */
	case CENTRO_ERR_IO:
	case CENTRO_ERR_LOCKED:
	case CENTRO_ERR_FENCED:
	case CENTRO_ERR_UNAVAILABLE:
		return CTR_GRPC_UNAVAILABLE;
	case CENTRO_ERR_DEADLINE:
		return CTR_GRPC_DEADLINE_EXCEEDED;
	case CENTRO_ERR_CANCELLED:
		return CTR_GRPC_CANCELLED;
	case CENTRO_ERR_UNIMPLEMENTED:
		return CTR_GRPC_UNIMPLEMENTED;
	case CENTRO_ERR_PROTOCOL:
	case CENTRO_ERR_ABI:
	case CENTRO_ERR_INTERNAL:
		return CTR_GRPC_INTERNAL;
	default:
		return CTR_GRPC_UNKNOWN;
	}
}

int ctr_grpc_status_to_error(uint32_t status)
{
	static const int errors[CTR_GRPC_STATUS_COUNT] = {
		[CTR_GRPC_OK] = CENTRO_OK,
		[CTR_GRPC_CANCELLED] = CENTRO_ERR_CANCELLED,
		[CTR_GRPC_UNKNOWN] = CENTRO_ERR_INTERNAL,
		[CTR_GRPC_INVALID_ARGUMENT] = CENTRO_ERR_INVALID,
		[CTR_GRPC_DEADLINE_EXCEEDED] = CENTRO_ERR_DEADLINE,
		[CTR_GRPC_NOT_FOUND] = CENTRO_ERR_NOT_FOUND,
		[CTR_GRPC_ALREADY_EXISTS] = CENTRO_ERR_EXISTS,
		[CTR_GRPC_PERMISSION_DENIED] = CENTRO_ERR_DENIED,
		[CTR_GRPC_RESOURCE_EXHAUSTED] = CENTRO_ERR_LIMIT,
		[CTR_GRPC_FAILED_PRECONDITION] = CENTRO_ERR_STATE,
		[CTR_GRPC_ABORTED] = CENTRO_ERR_STALE,
		[CTR_GRPC_OUT_OF_RANGE] = CENTRO_ERR_COMPACTED,
		[CTR_GRPC_UNIMPLEMENTED] = CENTRO_ERR_UNIMPLEMENTED,
		[CTR_GRPC_INTERNAL] = CENTRO_ERR_INTERNAL,
		[CTR_GRPC_UNAVAILABLE] = CENTRO_ERR_UNAVAILABLE,
		[CTR_GRPC_DATA_LOSS] = CENTRO_ERR_CORRUPT,
		[CTR_GRPC_UNAUTHENTICATED] = CENTRO_ERR_UNAUTHENTICATED,
	};

	return status < CTR_GRPC_STATUS_COUNT ? errors[status] : CENTRO_ERR_INTERNAL;
}
