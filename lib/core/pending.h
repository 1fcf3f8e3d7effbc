/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_PENDING_H
#define CTR_CORE_PENDING_H

/*
 * What waits, in order: priority (highest first), then age, which is the job's
 * id, then task and index. Within a line the instances are in that order, and
 * the lines by their best instance.
 *
 * A line of which nothing fits is parked, and not looked at again before there
 * is more room somewhere. "More room" is counted by placement (`freed`). In strict
 * order it holds up all the others instead.
 */

#include "core/shape.h"

struct ctr_pending {
	struct ctr_tree trees[2]; /* of lines: to be tried in this pass, and parked */
	uint8_t open;             /* which of them is which */
	uint64_t seen;            /* of `freed`, when the pass began */
	bool in_pass;             /* it has begun and is not over */
	bool is_strict;           /* nothing is ever parked */
	uint64_t count;           /* instances */
};

void ctr_pending_init(struct ctr_pending *pending, bool is_strict);
void ctr_pending_init_line(struct ctr_line *line, struct ctr_shape *shape);

void ctr_pending_add(struct ctr_pending *pending, struct ctr_line *line,
		     struct ctr_instance *instance);
void ctr_pending_remove(struct ctr_pending *pending, struct ctr_line *line,
			struct ctr_instance *instance);

/* The line to try next; NULL: nothing that waits can fit now. */
struct ctr_line *ctr_pending_next(struct ctr_pending *pending, uint64_t freed);
/* The best of all in strict order, whether it can fit or not; NULL: nothing waits. */
const struct ctr_instance *ctr_pending_head(const struct ctr_pending *pending);
/* Its best instance. Something of it waits. */
struct ctr_instance *ctr_pending_first(const struct ctr_line *line);
/*
 * How many are granted together, from the first on: of a gang all that wait, which
 * stand next to one another. Something of the line waits.
 */
uint32_t ctr_pending_together(const struct ctr_line *line);
/* What is free up to now is too little for them. */
void ctr_pending_park(struct ctr_pending *pending, struct ctr_line *line, uint64_t freed);

/* <0: `a` goes first. */
int ctr_instance_compare(const struct ctr_instance *a, const struct ctr_instance *b);

#endif
