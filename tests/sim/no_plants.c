/* SPDX-License-Identifier: MIT */
/* no_plants.c - the build in which nothing is planted. */
#include <stdlib.h>

#include "sim.h"

void sim_plant(int bug)
{
}

int sim_plant_find(const char *name)
{
	fputs("nothing is planted in this build: use sim_planted\n", stderr);
	exit(2);
}

int sim_hunt(const struct sim_args *args)
{
	return sim_plant_find("");
}

int sim_hunt_recorded(const struct sim_args *args)
{
	return sim_plant_find("");
}
