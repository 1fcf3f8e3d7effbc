/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* Messages on stdout in the format of --output; see docs/json.md. */

#include "json.h"

/* Whether --output and -q leave it to the verb to print a table. */
bool output_is_table(const struct cli *cli);
/*
 * Print `messages` (an array) in any other format; `name_of` gives what -q and
 * `-o name` print of one. With `as_one` a single message is no array in JSON.
 */
void output_print(const struct cli *cli, const cJSON *messages, bool as_one,
		  const char *(*name_of)(const cJSON *message));
/* For `name_of`: the member "id". */
const char *output_id(const cJSON *message);

#endif
