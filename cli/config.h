/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

/*
 * A config file: YAML, one mapping from a flag's name (without the dashes) to a
 * scalar, or to a list of scalars for a flag that may be repeated. "true" is the
 * value of a flag that takes none; "false" leaves it away.
 */

#include <getopt.h>
#include <stdbool.h>

#include <centro/error.h>

/*
 * One setting, as if "--name value" had been given; `value` is NULL for a flag
 * without one. Borrowed for the call: keep a copy. Nonzero ends the reading.
 */
typedef int config_setting_fn(void *arg, int option, const char *value,
			      struct centro_error_text *text);

/*
 * Read `path` and call `setting` for each flag that it sets. Names are those of
 * `options`; others are refused, as are anchors, tags and nesting. On an error
 * `text` says where: "FILE:3: no such setting: lisen; did you mean listen?"
 */
int config_read(const char *path, const struct option *options, config_setting_fn *setting,
		void *arg, struct centro_error_text *text);

#endif
