/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_SIM_SIM_H
#define CTR_TESTS_SIM_SIM_H

/* What the files of the seed runner share. */

#include <stdio.h>

#include "sim/cluster/cluster.h"

#define SKIPPED_MAX 4096

struct sim_args {
	struct ctr_sim_options options;
	uint64_t seeds;  /* how many, from options.seed on */
	uint64_t cpu_ms; /* stop beginning new ones after so much; 0: no limit */
	bool shrinks, is_json, hunts, is_speed;
	const char *plant;                   /* NULL: none */
	const char *recorded;                /* a file of plants and seeds; NULL: none */
	bool has_only, is_kept[SKIPPED_MAX]; /* --only */
	uint32_t skipped[SKIPPED_MAX];       /* the others, by their place in the plan */
};

/* Exits with 2 and says what is wrong, or with 0 after --help. */
void sim_args_parse(struct sim_args *args, int argc, char **argv);
/* The command that makes the same run again. */
void sim_args_print(FILE *out, const struct sim_args *args, const struct ctr_sim_options *options);

enum sim_outcome {
	SIM_FINE,
	SIM_BROKEN,  /* a promise; text says which */
	SIM_CRASHED, /* an assertion, or a signal */
	SIM_HUNG,    /* it did not end */
};
/*
 * One run in a process of its own, which may die. `text` of 256 bytes says what was
 * wrong; *ret_steps is 0 if it died, and may be NULL.
 */
enum sim_outcome sim_run_apart(const struct ctr_sim_options *options, char *text,
			       uint64_t *ret_steps);

/* Make a failing run short: fewer faults, jobs, clients, nodes. Changes args. */
void sim_shrink(struct sim_args *args);

#define PLANTS_MAX 128
/* Switch one on; 0: none. */
void sim_plant(int bug);
/* The number of a plant by name or number; exits with 2 if there is none. 0 in a build without. */
int sim_plant_find(const char *name);
/* Find each plant by up to args->seeds seeds. The number of those not found. */
int sim_hunt(const struct sim_args *args);
/* Run the recorded seeds: each must find its plant. The number of those that do not. */
int sim_hunt_recorded(const struct sim_args *args);

#endif
