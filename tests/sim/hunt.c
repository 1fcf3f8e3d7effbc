/* SPDX-License-Identifier: MIT */
/*
 * hunt.c - looks for planted bugs: each with the first seed that shows it, and what
 * showed it.
 */
#include <stdlib.h>
#include <string.h>

#include "plant_names.h"
#include "sim.h"

#define PLANT_COUNT ((int)(sizeof(plant_names) / sizeof(plant_names[0])))

static int planted;

/* What the changed sources ask. */
bool ctr_is_planted(int bug);

bool ctr_is_planted(int bug)
{
	return bug == planted;
}

void sim_plant(int bug)
{
	planted = bug;
}

int sim_plant_find(const char *name)
{
	for (int i = 0; i < PLANT_COUNT; i++) {
		if (strcmp(plant_names[i], name) == 0)
			return i + 1;
	}
	fprintf(stderr, "no such plant: %s\n", name);
	exit(2);
}

static const char *outcome_word(enum sim_outcome outcome)
{
	static const char *const words[] = {"fine", "promise", "assertion", "hung"};
	return words[outcome];
}

/* Without the plant nothing must be found: else it is not the plant that was. */
static bool is_sound(const struct ctr_sim_options *options)
{
	char text[256];
	int plant = planted;
	planted = 0;
	enum sim_outcome outcome = sim_run_apart(options, text, NULL);
	planted = plant;
	if (outcome != SIM_FINE)
		printf("seed %llu fails without a plant: %s\n", (unsigned long long)options->seed,
		       text);
	return outcome == SIM_FINE;
}

/* The first seed that finds it. False: none does. */
static bool hunt_one(const struct sim_args *args, int plant)
{
	struct ctr_sim_options options = args->options;
	char text[256];
	planted = plant;
	for (uint64_t i = 0; i < args->seeds; i++) {
		enum sim_outcome outcome = sim_run_apart(&options, text, NULL);
		if (outcome != SIM_FINE && is_sound(&options)) {
			printf("%s %llu %s %s\n", plant_names[plant - 1],
			       (unsigned long long)options.seed, outcome_word(outcome), text);
			fflush(stdout);
			return true;
		}
		options.seed++;
	}
	printf("%s - not found by %llu seeds\n", plant_names[plant - 1],
	       (unsigned long long)args->seeds);
	fflush(stdout);
	return false;
}

int sim_hunt(const struct sim_args *args)
{
	int missed = 0;
	if (args->plant)
		return !hunt_one(args, sim_plant_find(args->plant));
	for (int plant = 1; plant <= PLANT_COUNT; plant++)
		missed += !hunt_one(args, plant);
	printf("%d of %d found\n", PLANT_COUNT - missed, PLANT_COUNT);
	return missed;
}

int sim_hunt_recorded(const struct sim_args *args)
{
	FILE *file = fopen(args->recorded, "r");
	bool seen[PLANTS_MAX] = {false};
	char line[512], name[64];
	unsigned long long seed;
	int missed = 0;
	if (!file) {
		perror(args->recorded);
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		struct sim_args one = *args;
		if (line[0] == '#' || sscanf(line, "%63s %llu", name, &seed) != 2)
			continue;
		one.options.seed = seed;
		one.seeds = 1;
		int plant = sim_plant_find(name);
		seen[plant] = true;
		missed += !hunt_one(&one, plant);
	}
	fclose(file);
	for (int plant = 1; plant <= PLANT_COUNT; plant++) {
		if (seen[plant])
			continue;
		printf("%s has no recorded seed: run --hunt\n", plant_names[plant - 1]);
		missed++;
	}
	return missed;
}
