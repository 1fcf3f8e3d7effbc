/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_TYPES_H
#define CENTRO_TYPES_H

/**
 * @file
 * The small types that every other header uses.
 *
 * Time is always a parameter: no function of libcentro reads a clock. A
 * caller samples its clocks once per turn of its loop and passes both.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <centro/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A point on a time line. Which line, the name of the variable says. */
struct centro_instant {
	uint64_t ns;
};

/** A length of time. */
struct centro_span {
	uint64_t ns;
};

/** Never reached. */
#define CENTRO_INSTANT_NEVER_NS UINT64_MAX

/**
 * The time as a caller sees it at the start of a turn.
 *
 * `steady` must never go back and must run on while the machine sleeps
 * (CLOCK_BOOTTIME on Linux): leases and limits are counted on it. `wall`
 * (CLOCK_REALTIME) may jump; it is only shown to people.
 */
struct centro_time {
	struct centro_instant steady;
	struct centro_instant wall;
};

/** Borrowed bytes. `data` may be NULL when `size` is 0. Not terminated. */
struct centro_bytes {
	const uint8_t *data;
	size_t size;
};

/** For a person: what was wrong, where, and what would be right. Of several things a line each. */
struct centro_error_text {
	char text[512];
};

/** Never 0 for a job that exists. Never used twice. */
typedef uint64_t centro_job_id;

/** Numbered by the cluster at its first registration. Never 0, never reused. */
typedef uint64_t centro_node_id;

/**
 * Names one attempt: one grant of one task instance to one node. The attempt
 * number only rises, and is the fencing token: a report that carries an older
 * one is refused.
 */
struct centro_attempt_ref {
	centro_job_id job;
	uint32_t task;    /**< position in the job's list of tasks */
	uint32_t index;   /**< instance of the task, 0 for a plain one */
	uint32_t attempt; /**< from 1 */
};

/** In which order what waits is placed. Higher priority first, then the older job. */
enum centro_order {
	/** What does not fit now is passed over, and does not hold up what would fit. */
	CENTRO_ORDER_FILL = 0,
	/** Strict: what does not fit is waited for, and nothing behind it starts. */
	CENTRO_ORDER_FIFO = 1,
};

#ifdef __cplusplus
}
#endif
#endif
