/* SPDX-License-Identifier: MIT */
#ifndef CLI_SHIM_PATH_H
#define CLI_SHIM_PATH_H

/* Where centro-shim lies: beside this program, or where it was installed. */

#include <stdbool.h>
#include <stddef.h>

bool shim_path_find(char *path, size_t size);

#endif
