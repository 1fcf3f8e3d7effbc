/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_CLOCK_H
#define CTR_ENGINE_CLOCK_H

/*
 * Cluster time: what is counted on one steady clock after another, over restarts
 * and take-overs. It starts at the high water that the last event record holds,
 * goes on with the owner's steady clock, and never goes back.
 */

#include "core/model.h"

struct ctr_clock {
	struct centro_instant steady;  /* the latest that was seen */
	struct centro_instant cluster; /* at that point */
	struct centro_instant wall;
};

void ctr_cluster_clock_init(struct ctr_clock *clock, struct centro_time now);
/* Take note of the owner's time. An earlier one than before counts as the same. */
void ctr_cluster_clock_advance(struct ctr_clock *clock, struct centro_time now);
/* It is at least this late. */
void ctr_cluster_clock_raise(struct ctr_clock *clock, struct centro_instant cluster);

struct ctr_now ctr_cluster_clock_now(const struct ctr_clock *clock);
/* At another point of the owner's clocks, without taking note of it. */
struct ctr_now ctr_cluster_clock_at(const struct ctr_clock *clock, struct centro_time time);
/* When the owner's steady clock will stand where cluster time is `cluster`. */
struct centro_instant ctr_cluster_clock_to_steady(const struct ctr_clock *clock,
						  struct centro_instant cluster);

#endif
