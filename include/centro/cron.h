/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_CRON_H
#define CENTRO_CRON_H

/**
 * @file
 * When something that recurs is due: cron expressions in a time zone. What an
 * expression says, and what happens where a clock is changed, is in
 * docs/schedules.md.
 *
 * Ownership: nothing is kept, and no memory is taken.
 * Threads: any.
 * Time: all instants are of the wall clock, since 1970.
 *
 * A zone is given as the bytes of its file (TZif, RFC 9636), such as those of
 * /usr/share/zoneinfo/Europe/Berlin. They may be any: what is no such file is
 * refused. No bytes at all are UTC.
 */

#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The first instant behind `after` at which `expression` is due.
 *
 * `anchor` is what "@every 90s" counts from; other expressions do not look at it.
 * `text` may be NULL.
 *
 * @retval CENTRO_ERR_NOT_FOUND  never, or not before the year 2554
 * @retval CENTRO_ERR_INVALID    the expression is wrong, or the zone counts leap
 *                               seconds
 * @retval CENTRO_ERR_LIMIT      either is too long
 * @retval CENTRO_ERR_CORRUPT    the zone is no zone file
 * @retval CENTRO_ERR_VERSION    the zone file is newer than this library
 */
CENTRO_API int centro_cron_next(const char *expression, struct centro_bytes zone,
				struct centro_instant anchor, struct centro_instant after,
				struct centro_instant *ret_next, struct centro_error_text *text);

/**
 * What the clocks of a zone are ahead of UTC at an instant, in seconds. `text` may be
 * NULL. Fails as centro_cron_next() does of the zone.
 */
CENTRO_API int centro_zone_offset(struct centro_bytes zone, struct centro_instant at,
				  int32_t *ret_offset_s, struct centro_error_text *text);

#ifdef __cplusplus
}
#endif
#endif
