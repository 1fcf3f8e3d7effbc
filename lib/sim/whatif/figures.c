/* SPDX-License-Identifier: MIT */
/*
 * figures.c - waits, slowdowns and fairness out of when each job started.
 *
 * Layer: sim.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "sim/whatif/run.h"

#define PPM             1000000
#define SLOWDOWN_RUN_NS (10 * CTR_NS_PER_SEC) /* shorter runs count as this: Feitelson, Rudolph */

uint64_t ctr_bounded_slowdown_ppm(uint64_t wait_ns, uint64_t run_ns)
{
	CTR_ASSERT(wait_ns <= INT64_MAX && run_ns <= INT64_MAX);

	uint64_t bound_ns = run_ns > SLOWDOWN_RUN_NS ? run_ns : SLOWDOWN_RUN_NS;
	uint64_t slowdown = (uint64_t)(((ctr_area)wait_ns + run_ns) * PPM / bound_ns);
	return slowdown > PPM ? slowdown : PPM;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* By nearest rank: the smallest value that at least `percent` of all do not exceed. */
static uint64_t percentile(const uint64_t *values, size_t count, uint64_t percent)
{
	return values[(count * percent + 99) / 100 - 1];
}

struct centro_sim_spread ctr_spread(uint64_t *values, size_t count)
{
	ctr_area sum = 0;
	if (count == 0)
		return (struct centro_sim_spread){0};
	qsort(values, count, sizeof(*values), compare);
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return (struct centro_sim_spread){
		.mean = (uint64_t)(sum / count),
		.p50 = percentile(values, count, 50),
		.p90 = percentile(values, count, 90),
		.p99 = percentile(values, count, 99),
		.max = values[count - 1],
	};
}

uint64_t ctr_jain_ppm(const uint64_t *values, size_t count)
{
	ctr_area sum = 0, squares = 0;
	int shift = 0;
	if (count == 0)
		return PPM;
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	/* The index is of ratios, so all may be made smaller: then no product overflows. */
	while (sum >> shift >> 53)
		shift++;
	sum = 0;
	for (size_t i = 0; i < count; i++) {
		sum += values[i] >> shift;
		squares += (ctr_area)(values[i] >> shift) * (values[i] >> shift);
	}
	return squares > 0 ? (uint64_t)(sum * sum * PPM / count / squares) : PPM;
}

static void add_to_group(struct ctr_group_sum *group, uint64_t wait_ns, uint64_t slowdown_ppm)
{
	group->jobs++;
	group->wait_ns += wait_ns;
	group->slowdown_ppm += slowdown_ppm;
}

/* `waits` and `slowdowns` of the jobs that ran; and what else follows from each. */
static void collect(struct centro_sim *sim, uint64_t *waits, uint64_t *slowdowns)
{
	const struct centro_workload *workload = sim->workload;
	size_t at = 0;
	sim->figures.digest = workload->job_count;
	for (size_t i = 0; i < workload->job_count; i++) {
		const struct ctr_workload_job *job = &workload->jobs[i];
		uint64_t start_ns = sim->jobs[i].start_ns;
		sim->figures.digest = ctr_hash_u64(sim->figures.digest ^ start_ns);
		if (start_ns == CENTRO_INSTANT_NEVER_NS)
			continue;
		uint64_t end_ns = start_ns + job->run_ns;
		if (sim->figures.last_end.ns < end_ns)
			sim->figures.last_end.ns = end_ns;
		waits[at] = start_ns - job->submit_ns;
		slowdowns[at] = ctr_bounded_slowdown_ppm(waits[at], job->run_ns);
		add_to_group(&sim->users[job->user], waits[at], slowdowns[at]);
		add_to_group(&sim->queues[job->queue], waits[at], slowdowns[at]);
		at++;
	}
	CTR_ASSERT(at == sim->figures.ended);
}

/* Over the users of whom a job ran; `values` has room for all. */
static uint64_t fairness_ppm(const struct centro_sim *sim, uint64_t *values)
{
	size_t count = 0;
	for (uint32_t i = 0; i < sim->workload->users.count; i++) {
		const struct ctr_group_sum *user = &sim->users[i];
		if (user->jobs > 0)
			values[count++] = (uint64_t)(user->slowdown_ppm / user->jobs);
	}
	return ctr_jain_ppm(values, count);
}

int ctr_figures(struct centro_sim *sim)
{
	const struct centro_workload *workload = sim->workload;
	struct centro_sim_figures *figures = &sim->figures;
	/* A user has a job, so there is room for their values, too. */
	size_t count = workload->job_count + 1;
	uint64_t *waits = ctr_alloc_array(sim->allocator, count, sizeof(*waits));
	uint64_t *slowdowns = ctr_alloc_array(sim->allocator, count, sizeof(*slowdowns));
	int status = waits && slowdowns ? CENTRO_OK : CENTRO_ERR_NOMEM;
	if (status == CENTRO_OK) {
		figures->jobs = workload->job_count;
		figures->nodes = sim->plan.nodes;
		figures->first_submit.ns = sim->meter.begin_ns;
		figures->last_end.ns = sim->meter.begin_ns;
		collect(sim, waits, slowdowns);
		figures->makespan = ctr_between(figures->first_submit, figures->last_end);
		figures->waiting_max = sim->meter.waiting_max;
		figures->wait_ns = ctr_spread(waits, (size_t)figures->ended);
		figures->slowdown_ppm = ctr_spread(slowdowns, (size_t)figures->ended);
		figures->fairness_ppm = fairness_ppm(sim, waits);
	}
	ctr_free(sim->allocator, waits);
	ctr_free(sim->allocator, slowdowns);
	return status;
}
