/* SPDX-License-Identifier: MIT */
/*
 * plan.c - what will go wrong, and when: drawn before the run begins, so that one
 * fault can be left out without another changing.
 */
#include "sim/cluster/world.h"

#define FOR_MIN_NS (100 * CTR_NS_PER_MS)
/* 100 ms << 11 is some minutes. */
#define FOR_DOUBLINGS 11
#define ONLY_DRAINS   (UINT32_C(1) << CTR_SIM_NODE_DRAIN)

static void on_begin(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_fault_begin(world, CTR_CONTAINER_OF(timer, struct ctr_sim_fault, begin));
}

static void on_end(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_fault_end(world, CTR_CONTAINER_OF(timer, struct ctr_sim_fault, end));
}

/* Of all but the operator's, which is_operators() gives. */
static enum ctr_sim_fault_kind draw_kind(struct ctr_prng *prng, uint32_t allowed)
{
	while (allowed != ONLY_DRAINS) {
		uint64_t kind = ctr_prng_below(prng, CTR_SIM_NODE_DRAIN);
		if (allowed & (UINT32_C(1) << kind))
			return (enum ctr_sim_fault_kind)kind;
	}
	return CTR_SIM_NODE_DRAIN;
}

/*
 * What an operator does takes the place of a few of the others, by a generator of its
 * own: what goes wrong otherwise is the same with it and without.
 */
static bool is_operators(struct ctr_prng *prng, uint32_t allowed)
{
	bool is_drawn = ctr_sim_chance(prng, 1000000 / CTR_SIM_FAULT_KINDS);
	return allowed == ONLY_DRAINS || ((allowed & ONLY_DRAINS) && is_drawn);
}

/* Short ones are as likely as long ones. */
static uint64_t draw_length(struct ctr_prng *prng)
{
	uint64_t least = FOR_MIN_NS << ctr_prng_below(prng, FOR_DOUBLINGS);
	return ctr_sim_between(prng, least, 2 * least);
}

static bool is_skipped(const struct ctr_sim_options *options, uint32_t index)
{
	for (size_t i = 0; i < options->skipped_count; i++) {
		if (options->skipped[i] == index)
			return true;
	}
	return false;
}

/* Half of the runs have few kinds of faults, which lets each go further. */
static uint32_t draw_kinds(struct ctr_prng *prng, uint32_t allowed)
{
	uint32_t kinds = allowed;
	uint64_t some = ctr_prng_next(prng);
	if (ctr_sim_chance(prng, 500000))
		kinds &= (uint32_t)(some >> 32);
	return kinds != 0 ? kinds : allowed;
}

uint32_t ctr_sim_plan_count(const struct ctr_sim_options *options)
{
	uint64_t seconds = options->length.ns / CTR_NS_PER_SEC;
	return (uint32_t)(options->faults_per_hour * seconds / 3600);
}

void ctr_sim_plan_make(struct ctr_sim_world *world)
{
	const struct ctr_sim_options *options = &world->options;
	struct ctr_prng prng, operators;
	uint64_t count = ctr_sim_plan_count(options);
	ctr_prng_init(&prng, options->seed ^ 'p');
	ctr_prng_init(&operators, options->seed ^ 'd');
	uint32_t kinds = draw_kinds(&prng, options->faults);
	if (kinds == 0 || count == 0)
		return;
	world->faults = ctr_sim_alloc(count * sizeof(*world->faults));
	world->fault_count = (uint32_t)count;
	for (uint32_t i = 0; i < count; i++) {
		struct ctr_sim_fault *fault = &world->faults[i];
		fault->begin.fn = on_begin;
		fault->end.fn = on_end;
		fault->index = i;
		fault->kind = draw_kind(&prng, kinds);
		if (is_operators(&operators, kinds))
			fault->kind = CTR_SIM_NODE_DRAIN;
		fault->at_ns = ctr_sim_between(&prng, 0, options->length.ns);
		fault->for_ns = draw_length(&prng);
		fault->a = ctr_prng_next(&prng);
		fault->b = ctr_prng_next(&prng);
		if (!is_skipped(options, i))
			ctr_sim_at(world, &fault->begin, fault->at_ns);
	}
}
