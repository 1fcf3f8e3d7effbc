/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_STR_H
#define CTR_BASE_STR_H

/* Parsing and printing of small things, strict and locale-independent. */

#include "base/buf.h"

/* Decimal digits only, all of `text`, no sign, no leading zero but "0". */
bool ctr_parse_u64(struct centro_bytes text, uint64_t *ret_value);
/* The same with a leading '-' allowed, but not before "0". */
bool ctr_parse_i64(struct centro_bytes text, int64_t *ret_value);

#define CTR_NAME_SIZE_MAX 63

/* [a-z][a-z0-9_-]*, at most CTR_NAME_SIZE_MAX bytes: names of tasks, queues, datacenters. */
bool ctr_is_name(struct centro_bytes text);

/*
 * RFC 3339 in UTC with as many of 0, 3, 6, 9 decimals as are needed, as
 * proto3 JSON wants it, of the time since 1970. INVALID: outside the years 1 to
 * 9999, or `nanos` is not in 0 to 999,999,999.
 */
int ctr_time_format(struct ctr_buf *buf, int64_t seconds, int32_t nanos);
/* Any offset ("Z", "+02:00") and 1 to 9 decimals are accepted; no leap second. */
bool ctr_time_parse(struct centro_bytes text, int64_t *ret_seconds, int32_t *ret_nanos);

/*
 * Text from outside, made fit for a log line or a terminal: control characters
 * and what is not UTF-8 become \xNN, and at most `size_max` bytes of it are shown,
 * then "…".
 */
int ctr_escape(struct ctr_buf *buf, struct centro_bytes text, size_t size_max);

/* snprintf into an error text; `text` may be NULL. Returns `error`. */
int ctr_error(struct centro_error_text *text, int error, const char *format, ...)
	CENTRO_PRINTF(3, 4);

#endif
