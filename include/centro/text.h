/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_TEXT_H
#define CENTRO_TEXT_H

/**
 * @file
 * Quantities as people write them, in one spelling for flags, files and
 * messages.
 */

#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * "90s", "1h30m", "250ms", "1.5s", "2d": decimal numbers with the units ns, us,
 * ms, s, m, h, d, largest first. A bare number is refused, except "0".
 *
 * @retval CENTRO_ERR_INVALID  not a duration, or more than about 584 years
 */
CENTRO_API int centro_span_parse(const char *text, struct centro_span *ret_span);

/**
 * Exact, largest unit first, a fraction at most on the last: "1h30m", "1.5s",
 * "250ms". centro_span_parse() reads it back. Returns `buffer`; 32 bytes hold any.
 */
CENTRO_API const char *centro_span_format(struct centro_span span, char *buffer, size_t size);

/**
 * Bytes: "512MiB", "4GiB", "4G" (the same: powers of 1024), "100MB" (powers of
 * 1000), "1.5GiB"; a bare number is bytes. One space before the unit is allowed.
 *
 * @retval CENTRO_ERR_INVALID  not a size, or more than 2^64-1 bytes
 */
CENTRO_API int centro_size_parse(const char *text, uint64_t *ret_bytes);

/** "1.5 GiB", for people: at most one decimal. Returns `buffer`. */
CENTRO_API const char *centro_size_format(uint64_t bytes, char *buffer, size_t size);

/**
 * Cores as thousandths: "2", "1.5", "250m".
 *
 * @retval CENTRO_ERR_INVALID  not a number of cores, finer than a thousandth,
 *                             or more than 2^32-1 thousandths
 */
CENTRO_API int centro_cpu_parse(const char *text, uint32_t *ret_cpu_milli);

#ifdef __cplusplus
}
#endif
#endif
