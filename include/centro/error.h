/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_ERROR_H
#define CENTRO_ERROR_H

/**
 * @file
 * Every error that a function of Centro can return.
 *
 * Functions returning int return CENTRO_OK or one of these, all negative.
 * A `ret_` parameter is written only on CENTRO_OK. There is no "last error".
 */

#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, short name, what it means) */
#define CENTRO_ERROR_MAP(X)                                                                  \
	X(INVALID, -4001, "invalid", "an argument or a field is wrong")                      \
	X(NOT_FOUND, -4002, "not_found", "there is no such thing")                           \
	X(EXISTS, -4003, "exists", "there is one already")                                   \
	X(CONFLICT, -4004, "conflict", "the request id was used for a different request")    \
	X(STATE, -4005, "state", "not possible in the present state")                        \
	X(STALE, -4006, "stale", "the attempt or the session is no longer the current one")  \
	X(DENIED, -4007, "denied", "not allowed for this caller")                            \
	X(UNAUTHENTICATED, -4008, "unauthenticated", "the caller is not known")              \
	X(LIMIT, -4009, "limit", "a configured limit is reached")                            \
	X(FULL, -4010, "full", "the store is full")                                          \
	X(NOMEM, -4011, "no_memory", "out of memory")                                        \
	X(IO, -4012, "io", "the store or the system failed; nothing more is acknowledged")   \
	X(CORRUPT, -4013, "corrupt", "stored or received data does not make sense")          \
	X(VERSION, -4014, "version", "written by a newer version that this one cannot read") \
	X(LOCKED, -4015, "locked", "in use by another process")                              \
	X(FENCED, -4016, "fenced", "a newer term has taken over")                            \
	X(COMPACTED, -4017, "compacted", "older than what is kept")                          \
	X(UNAVAILABLE, -4018, "unavailable", "not ready or not reachable now; try again")    \
	X(DEADLINE, -4019, "deadline", "the deadline passed")                                \
	X(CANCELLED, -4020, "cancelled", "cancelled by the caller")                          \
	X(PROTOCOL, -4021, "protocol", "the peer broke the protocol")                        \
	X(UNIMPLEMENTED, -4022, "unimplemented", "not offered here")                         \
	X(ABI, -4023, "abi", "the size of an option struct is not one this library knows")   \
	X(INTERNAL, -4024, "internal", "a defect in Centro")

enum centro_error {
	CENTRO_OK = 0,
#define X(name, value, short_name, help) CENTRO_ERR_##name = value,
	CENTRO_ERROR_MAP(X)
#undef X
};

/** "ok", "invalid", …; "unknown" for a value that is none. A static string. */
CENTRO_API const char *centro_error_name(int error);

/** One phrase for people. A static string. */
CENTRO_API const char *centro_error_help(int error);

/** Whether the same call may succeed later without being changed. */
CENTRO_API bool centro_error_is_retryable(int error);

#ifdef __cplusplus
}
#endif
#endif
