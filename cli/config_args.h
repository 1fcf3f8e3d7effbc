/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_ARGS_H
#define CLI_CONFIG_ARGS_H

/* A config file's settings, as if they had been typed before the other flags. */

#include "args.h"

/*
 * If argv names a --config file, replace argv by one with the settings of the file
 * that the verb takes, then what was typed, so that a flag wins. Names that no
 * verb has are refused. 0, or the exit code.
 */
int config_args_expand(struct cli *cli, const struct verb *verb, int *argc, char ***argv);

#endif
