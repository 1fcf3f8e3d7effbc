/* SPDX-License-Identifier: MIT */
#ifndef CLI_SIM_REPLAY_H
#define CLI_SIM_REPLAY_H

/* centro sim --replay FILE: what a server recorded, once more. */

#include "args.h"

#define EXIT_SIM_DIVERGED 1

/* --seed, of a what-if and of a replay; the ids of the verb's other flags are below. */
#define SIM_FLAG_SEED 64
/* The flags of a replay alone, with ids above. */
extern const struct flag sim_replay_flags[];

/* One of them was given. */
bool sim_replay_is_wanted(const struct args *args);
/* 0: the same came of everything; EXIT_SIM_DIVERGED: it did not; else it has been said. */
int cli_sim_replay(struct cli *cli, const struct args *args);

#endif
