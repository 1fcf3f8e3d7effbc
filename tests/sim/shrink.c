/* SPDX-License-Identifier: MIT */
/*
 * shrink.c - a shorter run that fails in the same way: first as few faults as
 * possible (Zeller's delta debugging: halves, quarters, … are left out for as long as
 * it still fails), then fewer jobs, clients, nodes and servers. What makes the run
 * longer is not taken.
 */
#include <string.h>

#include "sim.h"

struct shrinker {
	struct sim_args *args;
	char promise[8]; /* what it must go on to break; "" : it crashes */
	uint32_t kept[SKIPPED_MAX];
	size_t kept_count, planned;
	unsigned tries;
	uint64_t steps; /* of the shortest run so far */
};

static bool still_fails(struct shrinker *shrinker, const struct ctr_sim_options *options)
{
	char text[256];
	uint64_t steps;
	enum sim_outcome outcome = sim_run_apart(options, text, &steps);
	shrinker->tries++;
	if (shrinker->promise[0] == '\0')
		return outcome == SIM_CRASHED || outcome == SIM_HUNG;
	if (outcome != SIM_BROKEN || steps > shrinker->steps ||
	    strncmp(text, shrinker->promise, strlen(shrinker->promise)) != 0)
		return false;
	shrinker->steps = steps;
	return true;
}

/* Everything but `kept`, less those from `first` to `end`. */
static void skip_others(struct shrinker *shrinker, size_t first, size_t end)
{
	struct sim_args *args = shrinker->args;
	bool stays[SKIPPED_MAX] = {false};
	for (size_t i = 0; i < shrinker->kept_count; i++) {
		if (i < first || i >= end)
			stays[shrinker->kept[i]] = true;
	}
	args->options.skipped_count = 0;
	for (uint32_t i = 0; i < shrinker->planned; i++) {
		if (!stays[i])
			args->skipped[args->options.skipped_count++] = i;
	}
	args->options.skipped = args->skipped;
}

static void drop_kept(struct shrinker *shrinker, size_t first, size_t end)
{
	memmove(shrinker->kept + first, shrinker->kept + end,
		(shrinker->kept_count - end) * sizeof(*shrinker->kept));
	shrinker->kept_count -= end - first;
}

static void shrink_faults(struct shrinker *shrinker)
{
	for (size_t size = (shrinker->kept_count + 1) / 2; size > 0; size /= 2) {
		for (size_t at = 0; at < shrinker->kept_count;) {
			size_t end =
				at + size < shrinker->kept_count ? at + size : shrinker->kept_count;
			skip_others(shrinker, at, end);
			if (still_fails(shrinker, &shrinker->args->options))
				drop_kept(shrinker, at, end);
			else
				at = end;
		}
	}
	skip_others(shrinker, 0, 0);
}

/* The least value from 1 on with which it fails, by doubling and halving; 0: none found. */
static void shrink_number(struct shrinker *shrinker, uint32_t *value, uint32_t most)
{
	const uint32_t before = *value;
	for (uint32_t tried = 1; tried < most; tried *= 2) {
		*value = tried;
		if (still_fails(shrinker, &shrinker->args->options))
			return;
	}
	*value = before;
}

static void note_planned(struct shrinker *shrinker, uint32_t planned)
{
	shrinker->planned = planned < SKIPPED_MAX ? planned : SKIPPED_MAX;
	for (uint32_t i = 0; i < shrinker->planned; i++)
		shrinker->kept[shrinker->kept_count++] = i;
}

void sim_shrink(struct sim_args *args)
{
	static struct shrinker shrinker;
	char text[256];
	shrinker = (struct shrinker){.args = args};
	if (sim_run_apart(&args->options, text, &shrinker.steps) == SIM_BROKEN)
		snprintf(shrinker.promise, sizeof(shrinker.promise), "%.*s",
			 (int)strcspn(text, ":"), text);
	note_planned(&shrinker, ctr_sim_count_faults(&args->options));
	shrink_faults(&shrinker);
	shrink_number(&shrinker, &args->options.jobs_max, 4096);
	shrink_number(&shrinker, &args->options.clients, 3);
	shrink_number(&shrinker, &args->options.nodes, 12);
	shrink_number(&shrinker, &args->options.servers, 3);
	fprintf(stderr, "%zu of %zu faults are left after %u runs\n", shrinker.kept_count,
		shrinker.planned, shrinker.tries);
}
