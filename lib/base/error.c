/* SPDX-License-Identifier: MIT */
/*
 * error.c - names of the errors, from the one list in centro/error.h.
 *
 * Layer: base, part of the public library.
 */
#include <centro/error.h>

const char *centro_error_name(int error)
{
	switch (error) {
	case CENTRO_OK:
		return "ok";
#define X(name, value, short_name, help) \
	case CENTRO_ERR_##name:          \
		return short_name;
		CENTRO_ERROR_MAP(X)
#undef X
	default:
		return "unknown";
	}
}

const char *centro_error_help(int error)
{
	switch (error) {
	case CENTRO_OK:
		return "it went well";
#define X(name, value, short_name, help) \
	case CENTRO_ERR_##name:          \
		return help;
		CENTRO_ERROR_MAP(X)
#undef X
	default:
		return "not an error of Centro";
	}
}

bool centro_error_is_retryable(int error)
{
	switch (error) {
	case CENTRO_ERR_LIMIT:
	case CENTRO_ERR_FULL:
	case CENTRO_ERR_NOMEM:
	case CENTRO_ERR_LOCKED:
	case CENTRO_ERR_UNAVAILABLE:
	case CENTRO_ERR_DEADLINE:
		return true;
	default:
		return false;
	}
}
