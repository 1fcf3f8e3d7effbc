/* SPDX-License-Identifier: MIT */
#ifndef CLI_DEV_FILE_H
#define CLI_DEV_FILE_H

/*
 * Where `centro dev` says that it is: $XDG_RUNTIME_DIR/centro/dev.json, or
 * /tmp/centro-UID/dev.json where there is no such folder. It is believed only
 * if it and its folder belong to this user and nobody else may write to them.
 */

#include "cli.h"

/* In place of what stood there. 0, or the exit code: it has been said. */
int dev_file_write(const struct cli *cli, const char *address);
/* Only if this process wrote it. */
void dev_file_remove(void);
/* The address of a `centro dev` that runs, on the heap; NULL: there is none. */
char *dev_file_read(void);

#endif
