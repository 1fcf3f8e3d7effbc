/* SPDX-License-Identifier: MIT */
/* clock.c - a machine's clocks, as functions of true time. In integers, rounded down. */
#include "sim/cluster/world.h"

#define MILLION 1000000

struct centro_time ctr_sim_clock_at(const struct ctr_sim_clock *clock, uint64_t true_ns)
{
	CTR_ASSERT(true_ns >= clock->true_ns);
	unsigned __int128 passed = true_ns - clock->true_ns;
	passed = passed * (uint64_t)(MILLION + clock->rate_ppm) / MILLION;
	uint64_t steady = clock->steady_ns + (uint64_t)passed;
	uint64_t wall = steady + (uint64_t)clock->wall_offset_ns;
	return (struct centro_time){.steady = {steady}, .wall = {wall}};
}

uint64_t ctr_sim_clock_true(const struct ctr_sim_clock *clock, struct centro_instant steady)
{
	uint64_t rate = (uint64_t)(MILLION + clock->rate_ppm);
	if (rate == 0)
		return UINT64_MAX; /* it stands still */
	bool is_past = steady.ns < clock->steady_ns;
	unsigned __int128 passed =
		is_past ? clock->steady_ns - steady.ns : steady.ns - clock->steady_ns;
	passed = (passed * MILLION + rate - 1) / rate;
	if (is_past)
		return passed < clock->true_ns ? clock->true_ns - (uint64_t)passed : 0;
	return passed > UINT64_MAX / 2 ? UINT64_MAX : clock->true_ns + (uint64_t)passed;
}

void ctr_sim_clock_set_rate(struct ctr_sim_clock *clock, uint64_t true_ns, int32_t rate_ppm)
{
	clock->steady_ns = ctr_sim_clock_at(clock, true_ns).steady.ns;
	clock->true_ns = true_ns;
	clock->rate_ppm = rate_ppm;
}
