/* SPDX-License-Identifier: MIT */
/*
 * clock.c - cluster time.
 *
 * Invariant: neither `steady` nor `cluster` ever goes back. Wall time may, and
 * is passed on as it comes.
 *
 * Layer: engine.
 */
#include "engine/clock.h"

#include "base/assert.h"
#include "base/time.h"

void ctr_cluster_clock_init(struct ctr_clock *clock, struct centro_time now)
{
	*clock = (struct ctr_clock){.steady = now.steady, .wall = now.wall};
}

void ctr_cluster_clock_advance(struct ctr_clock *clock, struct centro_time now)
{
	struct ctr_now at = ctr_cluster_clock_at(clock, now);
	CTR_ASSERT(at.cluster.ns >= clock->cluster.ns);

	if (now.steady.ns > clock->steady.ns)
		clock->steady = now.steady;
	clock->cluster = at.cluster;
	clock->wall = now.wall;
}

void ctr_cluster_clock_raise(struct ctr_clock *clock, struct centro_instant cluster)
{
	if (cluster.ns > clock->cluster.ns)
		clock->cluster = cluster;
}

struct ctr_now ctr_cluster_clock_now(const struct ctr_clock *clock)
{
	return (struct ctr_now){.cluster = clock->cluster, .wall = clock->wall};
}

struct ctr_now ctr_cluster_clock_at(const struct ctr_clock *clock, struct centro_time time)
{
	struct centro_span elapsed = ctr_between(clock->steady, time.steady);
	return (struct ctr_now){
		.cluster = ctr_after(clock->cluster, elapsed),
		.wall = time.wall,
	};
}

struct centro_instant ctr_cluster_clock_to_steady(const struct ctr_clock *clock,
						  struct centro_instant cluster)
{
	if (cluster.ns == CENTRO_INSTANT_NEVER_NS)
		return CTR_NEVER;
	return ctr_after(clock->steady, ctr_between(clock->cluster, cluster));
}
